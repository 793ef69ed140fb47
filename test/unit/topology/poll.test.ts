// Which chat is polled, and the answer of a poll as records.
import { describe, expect, it } from "vitest";

import type { DeskEvent } from "../../../src/processors/messages/generated.ts";
import type { EndChat } from "../../../src/processors/interconnection/commands.ts";
import type { Closed } from "../../../src/processors/interconnection/state.ts";
import { polledOf, slices } from "../../../src/topology/poll.ts";
import { blankDeskEvent } from "../../support/blank-desk-event.ts";
import { active, session, stateWith } from "../../support/owner-parts.ts";

const said = (number: number, text: string): DeskEvent => ({
  ...blankDeskEvent,
  ...{ number, kind: "said", text, agentName: "A" },
});

describe("the chat that is polled", () => {
  const { chatId } = active;
  const end: EndChat = { lane: "desk", kind: "EndChat", seq: 2, chatId, session, giveUpAt: 0 };
  const closed: Closed = { ...active, status: "CLOSED", endedAt: 0, lastPosition: 7 };

  const { recent: _1, repeats: _2, ...lost } = closed;

  it("is the one at the desk", () => {
    expect(polledOf(stateWith([]))).toMatchObject({
      chatId,
      session,
      position: 4,
      resumeToken: "token",
      isOver: false,
    });
    expect(polledOf(stateWith([], { interconnection: null }))).toBeNull();
  });

  it("is one that is over until its end is told there, from where it stood", () => {
    const over = polledOf(stateWith([end], { interconnection: closed }));
    expect(over).toEqual({ chatId, session, position: 7, resumeToken: null, isOver: true });
    expect(polledOf(stateWith([], { interconnection: closed }))).toBeNull();
  });

  it("is resynced first where its session had moved, and nothing was read there yet", () => {
    const interconnection = { ...closed, lastPosition: -1 };
    const over = polledOf(stateWith([{ ...end, isUnsynced: true }], { interconnection }));
    expect(over).toEqual({ chatId, session, position: -1, resumeToken: "", isOver: true });
  });

  it.each([
    ["another chat's", { ...end, chatId: "earlier" }, closed],
    ["of a session that has moved since", { ...end, session: { ...session, generation: "g2" } }, closed],
    [
      "of a session that is given up whole, of whose chat nobody knows what was told",
      { ...end, isUnsynced: true },
      lost,
    ],
    ["of a session in which no agent was asked for", end, { ...closed, status: "FAILED" as const }],
  ])("is none where that end is %s", (_whose, pending, interconnection) => {
    expect(polledOf(stateWith([pending], { interconnection }))).toBeNull();
  });
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
