// docs/parity.md: written from its rows, an answer to every item of the sheet, and no test that stands for more than three of them. That the
// tests have passed is checked at the end of the whole run (test/whole/parity.test.ts).
import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

import { parityDocument } from "../../parity/print.ts";
import { paritySections, settingsTest } from "../../parity/sections.ts";
import { defectNumbers, unpatchedDefects } from "../../patches/collections.ts";
import { hasTitle } from "../../support/titles.ts";

const rows = paritySections().flatMap((section) => section.rows);

it("is written by `node test/parity/print.ts`", () => {
  expect(readFileSync("docs/parity.md", "utf8")).toBe(parityDocument());
});

it("answers every item once", () => {
  const items = rows.map(({ item }) => item);
  expect(new Set(items).size).toBe(items.length);
  expect(items.filter((item) => item.startsWith("8 "))).toHaveLength(75);
  expect(items.filter((item) => item.startsWith("10 "))).toEqual(defectNumbers.map((number) => `10 ${number}`));
  for (const section of ["1", "2", "3", "4", "5", "6", "7", "9"])
    expect(
      items.some((item) => item.startsWith(`${section}.`) || item.startsWith(`${section} `)),
      section,
    ).toBe(true);
});

it("says how what is better is better, and why what was dropped was", () => {
  expect(rows.filter(({ verdict, how }) => verdict !== "same" && how === "").map(({ item }) => item)).toEqual([]);
});

it("names tests that are there, by their whole titles", () => {
  const sources = (file: string): string =>
    // The test of the settings has its titles from their table.
    readFileSync(file, "utf8") + (file === settingsTest ? readFileSync("test/parity/settings.ts", "utf8") : "");
  const missing = rows.filter(({ test }) => test !== null && !hasTitle(sources(test.file), test.title));
  expect(missing.map(({ item, test }) => [item, test])).toEqual([]);
});

it("names a test for every row but those that say why there is none, in a file that exists, and none for more than three", () => {
  const untested = unpatchedDefects().map(({ defect }) => `10 ${defect}`);
  expect(rows.filter(({ test }) => test === null).map(({ item }) => item)).toEqual(untested);
  const served = new Map<string, string[]>();
  for (const { item, test } of rows) {
    if (test === null) continue;
    expect(existsSync(test.file), test.file).toBe(true);
    const name = `${test.file} > ${test.title}`;
    served.set(name, [...(served.get(name) ?? []), item]);
  }
  expect([...served].filter(([, items]) => items.length > 3)).toEqual([]);
});
