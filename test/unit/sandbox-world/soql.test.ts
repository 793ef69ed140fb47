// SOQL of the simulated org: the parser, string escapes, and what a query finds or is refused for.
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";

import { manualClock } from "../../../sandbox/world/clock.ts";
import { seededIds } from "../../../sandbox/world/ids.ts";
import { DataError } from "../../../sandbox/world/salesforce/errors.ts";
import { objectNamed } from "../../../sandbox/world/salesforce/objects.ts";
import type { SalesforceRecord } from "../../../sandbox/world/salesforce/objects.ts";
import { runQuery } from "../../../sandbox/world/salesforce/query.ts";
import { recordStore } from "../../../sandbox/world/salesforce/records.ts";
import type { Records } from "../../../sandbox/world/salesforce/records.ts";
import { parseSoql } from "../../../sandbox/world/salesforce/soql.ts";
import { START_MS } from "./harness.ts";

let records: Records;

function create(object: string, fields: Record<string, unknown>): SalesforceRecord {
  const type = objectNamed(object);
  if (type === undefined) {
    throw new Error(`no such object ${object}`);
  }
  return records.create(type, fields, { autoAssign: false });
}

function find(soql: string): readonly Record<string, unknown>[] {
  return runQuery(records, soql, "52").records;
}

function refusal(soql: string): { readonly code: string; readonly message: string } {
  try {
    runQuery(records, soql, "52");
  } catch (error) {
    if (error instanceof DataError) {
      return { code: error.errorCode, message: error.message };
    }
    throw error;
  }
  throw new Error("the query was not refused");
}

beforeEach(() => {
  records = recordStore(manualClock(START_MS), seededIds(1));
});

describe("the parser", () => {
  it("reads every clause", () => {
    const soql =
      "select Id, Account.X__c FROM Contact WHERE (Email = 'a@b.c' OR Phone != null) AND NOT LastName LIKE 'A%' ORDER BY LastName DESC NULLS LAST, Id LIMIT 5 OFFSET 2";
    expect(parseSoql(soql)).toMatchObject({
      fields: ["Id", "Account.X__c"],
      from: "Contact",
      where: { kind: "and", parts: [{ kind: "or" }, { kind: "not", part: { operator: "like" } }] },
      orderBy: [
        { field: "LastName", descending: true, nullsLast: true },
        { field: "Id", descending: false, nullsLast: false },
      ],
      limit: 5,
      offset: 2,
    });
  });

  it.each([
    ["nothing", ""],
    ["no FROM", "SELECT Id"],
    ["no fields", "SELECT FROM Contact"],
    ["a trailing comma", "SELECT Id, FROM Contact"],
    ["an unclosed text", "SELECT Id FROM Contact WHERE Email = 'a"],
    ["an unescaped quote", "SELECT Id FROM Contact WHERE LastName = 'O'Brien'"],
    ["an unknown escape", String.raw`SELECT Id FROM Contact WHERE LastName = 'a\qb'`],
    ["a text in double quotes", 'SELECT Id FROM Contact WHERE LastName = "a"'],
    ["AND and OR without parentheses", "SELECT Id FROM Contact WHERE Id = null AND Id = null OR Id = null"],
    ["an open parenthesis", "SELECT Id FROM Contact WHERE (Email = 'a'"],
    ["no value", "SELECT Id FROM Contact WHERE Email ="],
    ["a bare word as value", "SELECT Id FROM Contact WHERE Email = ada"],
    ["an unknown operator", "SELECT Id FROM Contact WHERE Email ~ 'a'"],
    ["something behind the end", "SELECT Id FROM Contact LIMIT 1 1"],
    ["a broken limit", "SELECT Id FROM Contact LIMIT -1"],
    ["a second statement", "SELECT Id FROM Contact; SELECT Id FROM Case"],
  ])("refuses %s", (_name, soql) => {
    expect(refusal(soql).code).toBe("MALFORMED_QUERY");
  });

  it("says what is missing where AND and OR are mixed", () => {
    const soql = "SELECT Id FROM Contact WHERE Id = null OR Id = null AND Id = null";
    expect(refusal(soql).message).toContain("parentheses around mixed AND and OR");
  });

  it("resolves every escape of the reference", () => {
    const soql = String.raw`SELECT Id FROM Contact WHERE LastName = '\n\r\t\b\f\"\'\\\u0041\_\%'`;
    expect(parseSoql(soql).where).toMatchObject({ values: [{ value: "\n\r\t\b\f\"'\\A_%" }] });
  });

  it("reads any text back that is quoted by the two rules of the reference", () => {
    const unit = fc.constantFrom(
      ...Array.from(String.raw`'\"%_nru0041); OR=`),
      "\n",
      "\u0000",
      "é",
      "\u{1f600}",
      "\ud800",
    );
    fc.assert(
      fc.property(fc.string({ unit }), (value) => {
        const quoted = value.replace(/[\\']/g, (character) => `\\${character}`);
        const { where } = parseSoql(`SELECT Id FROM Contact WHERE LastName = '${quoted}'`);
        expect(where).toMatchObject({ values: [{ kind: "string", value }] });
      }),
    );
  });
});

describe("finding", () => {
  it("answers with the org's field names, attributes, and null for what is not set", () => {
    const contact = create("Contact", { LastName: "Ada", Email: "Ada@Example.org" });
    expect(find("SELECT id , firstName , EMAIL FROM contact WHERE email = 'ada@example.ORG'")).toEqual([
      {
        attributes: { type: "Contact", url: `/services/data/v52.0/sobjects/Contact/${contact.Id}` },
        Id: contact.Id,
        FirstName: null,
        Email: "Ada@Example.org",
      },
    ]);
  });

  it("follows a path to a parent, in SELECT and in WHERE", () => {
    const account = create("Account", { Name: "Acme", Tier__c: "gold" });
    create("Contact", { LastName: "Ada", AccountId: account.Id });
    create("Contact", { LastName: "Bob" });
    const [ada, ...others] = find("SELECT LastName, Account.Tier__c FROM Contact WHERE Account.Tier__c = 'gold'");
    expect(others).toEqual([]);
    expect(ada).toMatchObject({ LastName: "Ada", Account: { attributes: { type: "Account" }, Tier__c: "gold" } });
    expect(find("SELECT Account.Name FROM Contact WHERE LastName = 'Bob'")).toMatchObject([{ Account: null }]);
  });

  it("compares numbers, dates, ids of both lengths, lists and null", () => {
    const ada = create("Contact", { LastName: "Ada", Age__c: 30 });
    create("Contact", { LastName: "Bob", Age__c: 40, MobilePhone: "55" });
    const names = (where: string): unknown[] =>
      find(`SELECT LastName FROM Contact WHERE ${where}`).map((one) => one["LastName"]);
    expect(names("Age__c > 30")).toEqual(["Bob"]);
    expect(names("Age__c <= 30")).toEqual(["Ada"]);
    expect(names(`Id = '${ada.Id.slice(0, 15)}'`)).toEqual(["Ada"]);
    expect(names(`Id = '${ada.Id}' AND LastName = 'Bob'`)).toEqual([]);
    expect(names("LastName IN ('bob', 'eva')")).toEqual(["Bob"]);
    expect(names("LastName NOT IN ('bob', 'eva')")).toEqual(["Ada"]);
    expect(names("MobilePhone = null")).toEqual(["Ada"]);
    expect(names("MobilePhone != null")).toEqual(["Bob"]);
    expect(names("CreatedDate >= 2026-01-15T12:00:00Z")).toEqual(["Ada", "Bob"]);
    expect(names("CreatedDate > 2026-01-15T12:00:00Z")).toEqual([]);
  });

  it("finds by a field whatever became of the records since it was first asked for", () => {
    const emails = (value: string): unknown[] =>
      find(`SELECT LastName FROM Contact WHERE Email = '${value}' AND LastName != null`).map((one) => one["LastName"]);
    expect(emails("a@example.org")).toEqual([]);
    const ada = create("Contact", { LastName: "Ada", Email: "a@example.org" });
    expect(emails("A@example.org")).toEqual(["Ada"]);
    const type = objectNamed("Contact");
    if (type !== undefined) {
      records.update(type, ada.Id, { Email: "b@example.org" });
    }
    expect([emails("a@example.org"), emails("b@example.org")]).toEqual([[], ["Ada"]]);
    records.transaction(() => {
      create("Contact", { LastName: "Eva", Email: "b@example.org" });
      return false;
    });
    expect(emails("b@example.org")).toEqual(["Ada"]);
  });

  it("takes % and _ for wildcards in LIKE, and escaped ones for themselves", () => {
    for (const LastName of ["100%", "100x", "a_b", "axb", String.raw`back\slash`]) {
      create("Contact", { LastName });
    }
    const like = (value: string): unknown[] =>
      find(`SELECT LastName FROM Contact WHERE LastName LIKE '${value}'`).map((one) => one["LastName"]);
    expect(like("100_")).toEqual(["100%", "100x"]);
    expect(like(String.raw`100\%`)).toEqual(["100%"]);
    expect(like(String.raw`A\_B`)).toEqual(["a_b"]);
    expect(like(String.raw`%\\%`)).toEqual([String.raw`back\slash`]);
  });

  it("orders, limits, offsets and counts", () => {
    for (const [LastName, Title] of [
      ["c", "x"],
      ["a", null],
      ["b", "x"],
    ]) {
      create("Contact", { LastName, Title });
    }
    const names = (rest: string): unknown[] =>
      find(`SELECT LastName FROM Contact ${rest}`).map((one) => one["LastName"]);
    expect(names("ORDER BY LastName")).toEqual(["a", "b", "c"]);
    expect(names("ORDER BY Title NULLS LAST, LastName DESC")).toEqual(["c", "b", "a"]);
    expect(names("ORDER BY LastName LIMIT 1 OFFSET 1")).toEqual(["b"]);
    expect(runQuery(records, "SELECT COUNT() FROM Contact WHERE Title = 'x'", "52").totalSize).toBe(2);
  });
});

describe("refusals", () => {
  it.each([
    ["an unknown object", "SELECT Id FROM Unicorn", "INVALID_TYPE", "sObject type 'Unicorn' is not supported."],
    ["an unknown field", "SELECT Id, Colour FROM Contact", "INVALID_FIELD", "No such column 'Colour'"],
    [
      "an unknown field in WHERE",
      "SELECT Id FROM Contact WHERE Colour = 'x'",
      "INVALID_FIELD",
      "No such column 'Colour'",
    ],
    [
      "an unknown relationship",
      "SELECT Boss.Name FROM Contact",
      "INVALID_FIELD",
      "Didn't understand relationship 'Boss'",
    ],
    ["a filter on long text", "SELECT Id FROM Case WHERE Description = 'x'", "INVALID_FIELD", "can not be filtered"],
    [
      "a number for text",
      "SELECT Id FROM Contact WHERE MobilePhone = 55",
      "INVALID_FIELD",
      "should be enclosed in quotes",
    ],
    ["no id", "SELECT Id FROM Contact WHERE Id = 'x'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: x"],
    ["a prototype name", "SELECT constructor FROM Contact", "INVALID_FIELD", "No such column 'constructor'"],
  ])("refuses %s, also when there is nothing to find", (_name, soql, code, message) => {
    expect(refusal(soql).code).toBe(code);
    expect(refusal(soql).message).toContain(message);
  });
});
