// The two collections of patches, and what is said of the original's defects that no patch can put back. Owns what must be in
// a head, and that every defect of the parity sheet's section 10 is answered exactly once. docs/parity.md is made of the same.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { type Patch, readPatch } from "./patch.ts";

/** Defects of the original by section of the parity sheet. */
const sections = { A: 19, B: 10, C: 12, D: 17, E: 12, F: 13, G: 9, H: 13 } as const;

/** Their numbers, in the sheet's order. */
export const defectNumbers: readonly string[] = Object.entries(sections).flatMap(([section, count]) =>
  Array.from({ length: count }, (_, i) => `${section}${String(i + 1)}`),
);

/** A defect without a patch. */
export interface Unpatched {
  readonly defect: string;
  /** What the original does, in a few words. */
  readonly breaks: string;
  /** same: kept, because callers count on it. dropped: it can't be here. */
  readonly verdict: "same" | "dropped";
  readonly why: string;
}

/** What a kind of patch is called, and where it is. */
export const collections = {
  mutants: { folder: "test/mutants", keys: ["breaks"] },
  defects: { folder: "test/defects", keys: ["defect", "breaks", "ours"] },
} as const;
/** One of the two. */
export type CollectionName = keyof typeof collections;

/** All patches of a collection, by name. Throws an error that names the patch whose head is wrong. */
export function patchesOf(name: CollectionName, root = "."): readonly Patch[] {
  const { folder, keys } = collections[name];
  return readdirSync(join(root, folder))
    .filter((file) => file.endsWith(".patch"))
    .sort()
    .map((file) => readPatch(file.slice(0, -".patch".length), readFileSync(join(root, folder, file), "utf8"), keys));
}

/** The defects that no patch can put back. */
export function unpatchedDefects(root = "."): readonly Unpatched[] {
  const text = readFileSync(join(root, collections.defects.folder, "not-applicable.json"), "utf8");
  return JSON.parse(text) as readonly Unpatched[];
}

/** A sample of so many, spread over all of them: the same ones every time. */
export function sampleOf(patches: readonly Patch[], size: number): readonly Patch[] {
  if (patches.length <= size) return patches;
  return Array.from({ length: size }, (_, i) => patches[Math.floor((i * patches.length) / size)]).filter(
    (patch) => patch !== undefined,
  );
}
