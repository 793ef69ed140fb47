// Every library that the product runs with has a home in the import rules: a new one gets its place decided, not found out.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

import { expect, it } from "vitest";

interface ImportRules {
  readonly homes: readonly { readonly names: readonly string[]; readonly home: string }[];
  readonly pureLibraries: readonly string[];
}

const rules = (await import(pathToFileURL(".dependency-cruiser.js").href)) as ImportRules;
const manifest = JSON.parse(readFileSync("package.json", "utf8")) as {
  readonly dependencies: Readonly<Record<string, string>>;
};
const placed = [...rules.homes.flatMap(({ names }) => names), ...rules.pureLibraries].sort();

it("gives each dependency a home, or says that it is pure", () => {
  expect(Object.keys(manifest.dependencies).filter((name) => !placed.includes(name))).toEqual([]);
});

it("gives each dependency one home", () => {
  expect(placed).toEqual([...new Set(placed)]);
});

it("pins each dependency to one version", () => {
  const loose = Object.entries(manifest.dependencies).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
  expect(loose).toEqual([]);
});
