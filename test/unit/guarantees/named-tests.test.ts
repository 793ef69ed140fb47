// docs/guarantees.md and docs/security.md name tests by file and title: every one of them exists, and every catalogue case has a row.
import { existsSync, readFileSync } from "node:fs";

import { expect, it } from "vitest";

import { hasLiteral } from "../../support/titles.ts";

const document = readFileSync("docs/guarantees.md", "utf8");
const security = readFileSync("docs/security.md", "utf8");
const named = [...`${document}${security}`.matchAll(/`(test\/[\w./-]+\.test\.ts)` "([^"]+)"/gu)].map(
  ([, file = "", title = ""]) => ({
    file,
    title,
  }),
);

it("names tests", () => {
  expect(named.length).toBeGreaterThan(80);
});

it("names only tests that exist, by the title that they have", () => {
  const missing = named.filter(
    ({ file, title }) => !existsSync(file) || !hasLiteral(readFileSync(file, "utf8"), title),
  );
  expect(missing).toEqual([]);
});

it.each([
  { what: "faults", letter: "R", count: 35, document },
  { what: "attacks", letter: "S", count: 22, document: security },
])("has a row for each case of $what, with a test or the word that there is none", ({ letter, count, document }) => {
  const rows = [...document.matchAll(/^\| ([RS]\d\d) +\| [^|]+\| ([^\n]+) \|$/gmu)];
  const cases = Array.from({ length: count }, (_, i) => `${letter}${String(i + 1).padStart(2, "0")}`);
  expect(rows.map(([, name]) => name)).toEqual(cases);
  for (const [, name = "", shown = ""] of rows) {
    const none = shown.trim() === "none: see below";
    expect(
      none ? document.includes(`- ${name}:`) || document.includes(`- ${name} `) : shown.includes("test/"),
      name,
    ).toBe(true);
  }
});
