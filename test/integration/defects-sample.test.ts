// Ten of the original's defects, put back one after the other into a copy of src/: each must be seen by the test that its patch
// names. All of them, and the mutants, are `npm run defects` and `npm run mutations`.
import { availableParallelism, tmpdir } from "node:os";

import { expect, it } from "vitest";

import { patchesOf, sampleOf } from "../patches/collections.ts";
import { runPatches } from "../patches/run-patches.ts";

it("ten of the original's defects, put back, are each seen by their test", async ({ signal }) => {
  const lines: string[] = [];
  const { results, mistakes } = await runPatches({
    root: process.cwd(),
    temporary: tmpdir(),
    patches: sampleOf(patchesOf("defects"), 10),
    workers: Math.min(2, availableParallelism()),
    services: () => Promise.resolve({}),
    say: (line) => void lines.push(line),
    signal,
  });
  const others = results.filter(({ verdict }) => verdict.kind !== "caught").map(({ patch }) => patch.name);
  expect([mistakes, others, results.length], lines.join("\n")).toEqual([[], [], 10]);
});
