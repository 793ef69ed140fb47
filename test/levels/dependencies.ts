// What the service is made of beside its own code: exact versions, every package with its checksum from the registry and from nowhere else, none
// that runs a script when it is installed, and installed what is locked (reliability catalogue, S19). Offline: what npm itself does with a
// checksum, it does at `npm ci`. A step of check.ts; `node test/levels/dependencies.ts` runs it alone.
import { existsSync, readFileSync } from "node:fs";

/** A package as a lockfile has it. */
export interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly inBundle?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
}

type Names = Readonly<Record<string, string>>;

/** What is judged of one folder. */
export interface Project {
  readonly manifest: {
    readonly dependencies?: Names;
    readonly devDependencies?: Names;
    readonly optionalDependencies?: Names;
    readonly overrides?: Names;
    readonly scripts?: Names;
  };
  readonly lock: { readonly lockfileVersion?: number; readonly packages?: Readonly<Record<string, LockedPackage>> };
  /** The folder's .npmrc, line by line. */
  readonly npmrc: readonly string[];
  /** npm's own list of what it has installed, by the same paths; null where nothing is. */
  readonly installed: Readonly<Record<string, LockedPackage>> | null;
  /** Version that the package.json at an installed path gives; null when there is none. */
  versionAt(path: string): string | null;
}

const registry = "https://registry.npmjs.org/";
/** Have a script and do their work without it: esbuild's spares a start of Node, protobufjs's looks at who depends on it. */
const scriptsLeftOut = ["esbuild", "protobufjs"];
const kinds = ["dependencies", "devDependencies", "optionalDependencies"] as const;

/** Every fault, as a sentence that names its package; none when all is well. */
export function dependencyFaults(project: Project): readonly string[] {
  const { manifest, lock, npmrc } = project;
  const { "": root, ...packages } = lock.packages ?? {};
  const own = root as Project["manifest"] | undefined;
  return [
    ...["ignore-scripts=true", "save-exact=true"]
      .filter((line) => !npmrc.includes(line))
      .map((line) => `.npmrc does not say ${line}.`),
    ...npmrc
      .filter((line) => /registry|_auth|token/i.test(line))
      .map(() => ".npmrc names a registry or a token: whoever installs says which."),
    ...["preinstall", "install", "postinstall", "prepare"]
      .filter((name) => manifest.scripts?.[name] !== undefined)
      .map((name) => `The script ${name} would run at every installation.`),
    ...[...kinds, "overrides" as const].flatMap((kind) =>
      Object.entries(manifest[kind] ?? {})
        .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
        .map(([name]) => `${name} has no exact version in ${kind}.`),
    ),
    ...(lock.lockfileVersion === 3 ? [] : ["package-lock.json is not of version 3."]),
    ...kinds
      .filter((kind) => sorted(own?.[kind]) !== sorted(manifest[kind]))
      .map((kind) => `package-lock.json was made for other ${kind} than package.json has.`),
    ...Object.entries(packages).flatMap(([path, locked]) => packageFaults(path, locked)),
    ...installedFaults(packages, project),
  ];
}

function packageFaults(
  path: string,
  { version, resolved, integrity, link, inBundle, hasInstallScript }: LockedPackage,
): readonly string[] {
  const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
  const faults: (string | false)[] = [
    version === undefined && `${path} has no version.`,
    link === true && `${path} is a link.`,
    inBundle === true && `${path} comes inside another package, without a checksum of its own.`,
    resolved !== undefined && !resolved.startsWith(registry) && `${path} does not come from the registry.`,
    !/^sha512-[\w+/]{86}==$/.test(integrity ?? "") && `${path} has no SHA-512.`,
    hasInstallScript === true &&
      !scriptsLeftOut.includes(name) &&
      `${path} has a script that wants to run when it is installed.`,
  ];
  return faults.filter((fault) => fault !== false);
}

/** What is there must be what is locked; packages for other machines are left out. */
function installedFaults(
  packages: Readonly<Record<string, LockedPackage>>,
  { installed, versionAt }: Project,
): readonly string[] {
  if (installed === null) return [];
  return [
    ...Object.entries(installed).flatMap(([path, { version, integrity }]) => {
      const locked = packages[path];
      if (locked === undefined) return [`${path} is installed and not locked.`];
      if (locked.integrity !== integrity) return [`${path} was installed by another checksum than is locked.`];
      return locked.version === version && versionAt(path) === version
        ? []
        : [`${path} is not the version that is locked.`];
    }),
    ...Object.entries(packages)
      .filter(([path, { optional }]) => optional !== true && installed[path] === undefined)
      .map(([path]) => `${path} is locked and not installed.`),
  ];
}

function sorted(names: Names = {}): string {
  return JSON.stringify(Object.entries(names).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Reads a folder. Throws where its package.json or lockfile is none. */
export function readProject(folder: string): Project {
  const read = (path: string): unknown => JSON.parse(readFileSync(`${folder}/${path}`, "utf8"));
  const list = "node_modules/.package-lock.json";
  const npmrc = existsSync(`${folder}/.npmrc`) ? `${folder}/.npmrc` : ".npmrc";
  return {
    manifest: read("package.json") as Project["manifest"],
    lock: read("package-lock.json") as Project["lock"],
    npmrc: readFileSync(npmrc, "utf8")
      .split("\n")
      .map((line) => line.trim()),
    installed: existsSync(`${folder}/${list}`) ? ((read(list) as Project["lock"]).packages ?? {}) : null,
    versionAt(path) {
      const file = `${path}/package.json`;
      return existsSync(`${folder}/${file}`) ? ((read(file) as { readonly version?: string }).version ?? null) : null;
    },
  };
}

/** Folders with packages of their own; the examples are installed by `npm ci --ignore-scripts`. */
export const projects = [".", "examples/analytics", "examples/producer"] as const;

if (import.meta.main) {
  const faults = projects.flatMap((folder) =>
    dependencyFaults(readProject(folder)).map((fault) => `${folder}: ${fault}`),
  );
  for (const fault of faults) console.log(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
