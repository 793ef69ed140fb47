// The patches of the repository: heads are whole, every defect of the original is answered once, and no test is asked too much.
import { existsSync, readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { applied, type Patch } from "../../patches/patch.ts";
import { collections, defectNumbers, patchesOf, sampleOf, unpatchedDefects } from "../../patches/collections.ts";
import { hasTitle } from "../../support/titles.ts";

const defects = patchesOf("defects");

describe("the defects of the original", () => {
  it("are 105, each answered once", () => {
    expect(defectNumbers).toHaveLength(105);
    const answered = [...defects.map(({ head }) => head["defect"]), ...unpatchedDefects().map(({ defect }) => defect)];
    expect(answered.toSorted()).toEqual(defectNumbers.toSorted());
  });

  it("are named by their place in the sheet", () => {
    for (const { name, head } of defects) {
      const place = String(defectNumbers.indexOf(head["defect"] ?? "") + 1).padStart(3, "0");
      expect(name).toMatch(new RegExp(`^d${place}-${(head["defect"] ?? "").toLowerCase()}-[a-z0-9-]+$`));
    }
  });

  it("have a better behaviour each, said in the head, and a test that no more than two others share", () => {
    expect(defects.filter(({ head }) => !/^better: /.test(head["ours"] ?? "")).map(({ name }) => name)).toEqual([]);
    const serves = Map.groupBy(defects, ({ test }) => `${test.file} > ${test.title}`);
    expect([...serves].filter(([, served]) => served.length > 3).map(([test]) => test)).toEqual([]);
  });

  it("without a patch say why", () => {
    for (const { breaks, verdict, why } of unpatchedDefects()) {
      expect(["same", "dropped"]).toContain(verdict);
      expect(Math.min(breaks.length, why.length)).toBeGreaterThan(20);
    }
  });
});

it.each(["mutants", "defects"] as const)("all %s fit the code as it is; make anew what does not", (name) => {
  const fits = ({ files }: Patch): boolean =>
    files.every(({ path, hunks }) => existsSync(path) && applied(readFileSync(path, "utf8"), hunks) !== null);
  expect(
    patchesOf(name)
      .filter((patch) => !fits(patch))
      .map((patch) => patch.name),
  ).toEqual([]);
});

it.each(["mutants", "defects"] as const)(
  "all %s name tests that are there; give them the new title when one is renamed",
  (name) => {
    const isThere = ({ test }: Patch): boolean =>
      existsSync(test.file) && hasTitle(readFileSync(test.file, "utf8"), test.title);
    expect(
      patchesOf(name)
        .filter((patch) => !isThere(patch))
        .map((patch) => patch.name),
    ).toEqual([]);
  },
);

it("a sample is spread over all, and the same every time", () => {
  const sample = sampleOf(defects, 10);
  expect(sample).toEqual(sampleOf(defects, 10));
  expect(new Set(sample).size).toBe(Math.min(10, defects.length));
  expect(sampleOf(defects.slice(0, 3), 10)).toHaveLength(3);
});

it("mutants are at least twenty", () => {
  expect(patchesOf("mutants").length).toBeGreaterThanOrEqual(20);
  expect(Object.keys(collections)).toEqual(["mutants", "defects"]);
});
