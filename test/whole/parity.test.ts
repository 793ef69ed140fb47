// Every test that docs/parity.md names has run and passed. Of a run that was narrowed, only the levels that ran whole are judged.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

import { paritySections } from "../parity/sections.ts";
import { passedFileVariable } from "../support/closing-line.ts";
import { levelsBeforeVariable } from "../support/outputs.ts";

it("every test that docs/parity.md names has passed in this run", () => {
  const levels = (process.env[levelsBeforeVariable] ?? "").split(",").filter(Boolean);
  const passed = new Set(
    levels.length === 0 ? [] : readFileSync(process.env[passedFileVariable] ?? "", "utf8").split("\n"),
  );
  const named = paritySections().flatMap(({ rows }) =>
    rows.flatMap(({ item, test }) => (test === null ? [] : [{ item, test }])),
  );
  const due = named.filter(({ test }) => levels.some((level) => test.file.startsWith(`test/${level}/`)));
  console.log(
    `${String(due.length)} of ${String(named.length)} rows judged, of the levels ${levels.join(", ") || "none"}`,
  );
  const missing = due.filter(({ test }) => !passed.has(`${test.file} > ${test.title}`));
  expect(missing.map(({ item, test }) => `${item}: ${test.file} > ${test.title}`)).toEqual([]);
});
