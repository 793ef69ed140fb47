// The answer of a poll as records.
import { describe, expect, it } from "vitest";

import type { DeskEvent } from "../../../src/processors/messages/generated.ts";
import { slices } from "../../../src/topology/poll.ts";
import { blankDeskEvent } from "../../support/blank-desk-event.ts";

const said = (number: number, text: string): DeskEvent => ({
  ...blankDeskEvent,
  ...{ number, kind: "said", text, agentName: "A" },
});

describe("the events of an answer", () => {
  it("are one record, however few", () => {
    expect(slices([])).toEqual([[]]);
    expect(slices([said(0, "a")])).toHaveLength(1);
  });

  it("are records bounded in number and words, in order, none left out", () => {
    const many = Array.from({ length: 250 }, (_, i) => said(i, "a"));
    expect(slices(many).map((part) => part.length)).toEqual([100, 100, 50]);
    const long = Array.from({ length: 5 }, (_, i) => said(i, "x".repeat(90_000)));
    expect(slices(long).map((part) => part.map(({ number }) => number))).toEqual([[0, 1], [2, 3], [4]]);
    expect(slices([said(0, "x".repeat(900_000)), said(1, "a")])).toHaveLength(2);
    const rule = { id: null, name: "r", pattern: "x".repeat(120_000), replacement: "" };
    expect(slices([0, 1].map((number) => ({ ...said(number, "a"), dataRules: [rule] })))).toHaveLength(2);
  });
});
