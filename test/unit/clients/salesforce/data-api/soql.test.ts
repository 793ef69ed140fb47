// SOQL literals: whatever goes in comes back as one literal.
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  queryPath,
  soqlDateTime,
  soqlNumber,
  soqlString,
} from "../../../../../src/clients/salesforce/data-api/soql.ts";

/** Reads a SOQL string literal as the reference describes it, from `'` on: the value, and what stands behind it. */
function readLiteral(text: string): { value: string; rest: string } {
  const named: Record<string, string> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f", "\\": "\\", "'": "'", '"': '"' };
  let value = "";
  for (let at = 1; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === "'") return { value, rest: text.slice(at + 1) };
    if (character !== "\\") {
      value += character;
      continue;
    }
    at += 1;
    const escaped = named[text.charAt(at)];
    if (escaped === undefined) throw new Error("unknown escape");
    value += escaped;
  }
  throw new Error("literal does not end");
}

describe("a SOQL string", () => {
  it.each([
    ["plain", "'plain'"],
    ["O'Neil", String.raw`'O\'Neil'`],
    [String.raw`a\' OR Name != '`, String.raw`'a\\\' OR Name != \''`],
    ["two\nlines", String.raw`'two\nlines'`],
    ["", "''"],
  ])("%j", (value, literal) => {
    expect(soqlString(value)).toBe(literal);
  });

  it("holds whatever a user wrote, and nothing of it gets out", () => {
    const holds = (value: string): boolean => {
      const read = readLiteral(`${soqlString(value)} ORDER`);
      return read.value === value && read.rest === " ORDER";
    };
    const hard = fc.string({ unit: fc.constantFrom("'", "\\", "\n", "n", " ", "O", "R") });
    for (const values of [fc.string({ unit: "binary" }), hard])
      expect(fc.check(fc.property(values, holds))).toMatchObject({ failed: false });
  });
});

it.each([
  [17, "17"],
  [-1.5, "-1.5"],
  [0, "0"],
  [1e21, null],
  [1e-7, null],
  [Number.POSITIVE_INFINITY, null],
])("the number %d as SOQL is %s", (value, literal) => {
  expect(soqlNumber(value)).toBe(literal);
});

describe("the path of a query", () => {
  it("brings every character to the query", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (value) => {
        const path = queryPath("52", `SELECT Id FROM Contact WHERE Email = ${soqlString(value)}`);
        const soql = new URL(path, "https://org.example").searchParams.get("q");
        expect(soql).toBe(`SELECT Id FROM Contact WHERE Email = ${soqlString(value)}`.toWellFormed());
      }),
    );
  });

  it("leaves no composite reference and no raw sign of its own", () => {
    const path = queryPath("52", "WHERE Email = '@{ref.id}+&#% '");
    expect(path).toBe("/services/data/v52.0/query/?q=WHERE%20Email%20%3D%20'%40%7Bref.id%7D%2B%26%23%25%20'");
  });

  it("takes half a surrogate pair", () => {
    expect(queryPath("52", "'\ud83d'")).toBe("/services/data/v52.0/query/?q='%EF%BF%BD'");
  });
});

it("a SOQL date-time is in UTC, cut to the second", () => {
  expect(soqlDateTime(Date.UTC(2026, 10, 22, 12, 0, 0, 999))).toBe("2026-11-22T12:00:00Z");
});
