// The bill of materials names what the service can load, found here by walking from its own dependencies through what is installed.
import { existsSync, readFileSync } from "node:fs";

import { expect, it } from "vitest";

import { billOfMaterials, type Lock } from "../../../deploy/bill-of-materials.ts";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

const read = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));

/** Where Node finds a package from a folder. */
function folderOf(name: string, from: string): string {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf("/node_modules/")))) {
    const folder = `${at === "" ? "" : `${at}/`}node_modules/${name}`;
    if (existsSync(`${folder}/package.json`)) return folder;
    if (at === "") throw new Error(`${name} is not installed`);
  }
}

function reached(): ReadonlySet<string> {
  const found = new Set<string>();
  const seen = new Set<string>();
  const walk = (folder: string): void => {
    const { dependencies, peerDependencies, peerDependenciesMeta } = read(
      `${folder === "" ? "." : folder}/package.json`,
    ) as Manifest;
    const peers = Object.keys(peerDependencies ?? {}).filter((name) => peerDependenciesMeta?.[name]?.optional !== true);
    for (const name of [...Object.keys(dependencies ?? {}), ...peers]) {
      const next = folderOf(name, folder);
      if (seen.has(next)) continue;
      seen.add(next);
      const { version } = read(`${next}/package.json`) as Manifest;
      found.add(`${name}@${version}`);
      walk(next);
    }
  };
  walk("");
  return found;
}

it("S19: the bill of materials is what the service's dependencies reach, each with its checksum", () => {
  const { components } = billOfMaterials(read("package-lock.json") as Lock);
  expect(components.map(({ name, version }) => `${name}@${version}`).sort()).toEqual([...reached()].sort());
  expect(components.length).toBeGreaterThan(90);
  for (const { hashes } of components) expect(hashes[0].content).toMatch(/^[0-9a-f]{128}$/);
});
