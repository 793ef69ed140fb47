// Sensitive data rules as an org may tell them: tolerant of all that is odd, and within bounds.
import { describe, expect, it } from "vitest";

import { dataRulesOf } from "../../../../../src/clients/salesforce/live-agent/data-rules.ts";

const rule = { id: "0GO1", name: "Cards", pattern: "\\d{16}", replacement: "****", actionType: "Replace" };
const read = { id: "0GO1", name: "Cards", pattern: "\\d{16}", replacement: "****" };

describe("sensitive data rules", () => {
  it.each([undefined, null, 7, "rules", { 0: rule }])("that are told as %j are not told", (told) => {
    expect(dataRulesOf(told)).toEqual({});
  });

  it("are read in their order, and what is no rule is left out", () => {
    expect(dataRulesOf([null, rule, "x", [rule], {}, { actionType: "Replace" }, { ...rule, name: "Second" }])).toEqual({
      dataRules: [read, { ...read, name: "Second" }],
    });
  });

  it.each<[string, object, object]>([
    ["without a name has its id", { name: undefined }, { name: "0GO1" }],
    ["without name and id has none", { name: "", id: null }, { name: "unnamed", id: null }],
    ["of an unknown action hides what it finds", { actionType: "Mask" }, {}],
    ["without action and replacement takes out what it finds", { actionType: 1, replacement: {} }, { replacement: "" }],
    ["that removes has no replacement", { actionType: "REMOVE" }, { replacement: "" }],
    ["without a pattern can't be applied, and says so later", { pattern: { a: 1 } }, { pattern: "" }],
    ["with a pattern of 1,001 characters can't be applied", { pattern: "x".repeat(1_001) }, { pattern: "" }],
    [
      "with a replacement of 101 characters has 100",
      { replacement: "x".repeat(101) },
      { replacement: "x".repeat(100) },
    ],
    ["with a name of 81 characters has 80", { name: "x".repeat(81) }, { name: "x".repeat(80) }],
  ])("one %s", (_what, change, expected) => {
    expect(dataRulesOf([{ ...rule, ...change }])).toEqual({ dataRules: [{ ...read, ...expected }] });
  });

  it("beyond 50, or beyond 8,000 characters of patterns, stay as rules that can't be applied", () => {
    const many = dataRulesOf(Array.from({ length: 60 }, () => rule)).dataRules ?? [];
    expect([many.length, many.at(-1)]).toEqual([51, { id: null, name: "10 more", pattern: "", replacement: "" }]);
    const long = dataRulesOf(Array.from({ length: 10 }, () => ({ ...rule, pattern: "x".repeat(1_000) }))).dataRules;
    expect(long?.map(({ pattern }) => pattern.length)).toEqual([...Array<number>(8).fill(1_000), 0, 0]);
  });
});
