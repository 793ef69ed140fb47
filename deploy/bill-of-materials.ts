// The bill of materials of the image, CycloneDX 1.5: every package that `npm ci --omit=dev --omit=optional` installs, with version and checksum.
// From the lockfile, because npm's own `npm sbom` leaves packages out that another kind of dependency needs too (npm 11). Run by the
// Dockerfile: node deploy/bill-of-materials.ts > sbom.cdx.json
import { readFileSync } from "node:fs";

interface Locked {
  readonly version: string;
  readonly integrity: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
}

/** A lockfile, of which only the packages are looked at. */
export interface Lock {
  readonly packages: Readonly<Record<string, Locked>>;
}

/** One package of the bill. */
export interface Component {
  readonly type: "library";
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly hashes: readonly [{ readonly alg: "SHA-512"; readonly content: string }];
}

/** The bill as an object, packages by name; one that is there in two versions stands twice. */
export function billOfMaterials(lock: Lock): { readonly components: readonly Component[] } {
  const { "": product, ...packages } = lock.packages;
  const components = new Map<string, Component>();
  for (const [path, locked] of Object.entries(packages))
    if (!(locked.dev ?? locked.optional ?? locked.devOptional ?? false)) {
      const component = componentOf(path, locked);
      components.set(component.purl, component);
    }
  const bill = {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: { component: { type: "application", name: "salesforce-integration", version: product?.version } },
    components: [...components.values()].sort((a, b) => (a.purl < b.purl ? -1 : 1)),
  };
  return bill;
}

function componentOf(path: string, { version, integrity }: Locked): Component {
  const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
  const content = Buffer.from(integrity.replace("sha512-", ""), "base64").toString("hex");
  const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
  return { type: "library", name, version, purl, hashes: [{ alg: "SHA-512", content }] };
}

if (import.meta.main)
  process.stdout.write(
    `${JSON.stringify(billOfMaterials(JSON.parse(readFileSync("package-lock.json", "utf8")) as Lock), null, 2)}\n`,
  );
