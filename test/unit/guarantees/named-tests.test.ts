// docs/guarantees.md names tests by file and title: every one of them exists, and every guarantee and catalogue case has a row.
import { existsSync, readFileSync } from "node:fs";

import { expect, it } from "vitest";

const document = readFileSync("docs/guarantees.md", "utf8");
const named = [...document.matchAll(/`(test\/[\w./-]+\.test\.ts)` "([^"]+)"/gu)].map(([, file = "", title = ""]) => ({
  file,
  title,
}));

it("names tests", () => {
  expect(named.length).toBeGreaterThan(80);
});

it("names only tests that exist, by the title that they have", () => {
  const missing = named.filter(({ file, title }) => !existsSync(file) || !readFileSync(file, "utf8").includes(title));
  expect(missing).toEqual([]);
});

it("has a row for each case of faults, with a test or the word that there is none", () => {
  const rows = [...document.matchAll(/^\| (R\d\d) +\| [^|]+\| ([^\n]+) \|$/gmu)];
  const cases = Array.from({ length: 35 }, (_, i) => `R${String(i + 1).padStart(2, "0")}`);
  expect(rows.map(([, name]) => name)).toEqual(cases);
  for (const [, name = "", shown = ""] of rows) {
    const none = shown.trim() === "none: see below";
    expect(
      none ? document.includes(`- ${name}:`) || document.includes(`- ${name} `) : shown.includes("test/"),
      name,
    ).toBe(true);
  }
});
