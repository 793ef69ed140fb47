// The arithmetic of the example of analytics: repeats, order and reasons of later versions do not matter.
import { describe, expect, it } from "vitest";

import type { ChatEvent, ChatEventKind } from "../../../src/processors/messages/generated.ts";
import { chatEventExamples } from "./chat-event-examples.ts";

interface Example {
  figuresOf(facts: readonly ChatEvent[]): {
    readonly chats: readonly Readonly<Record<string, unknown>>[];
    readonly refused: readonly unknown[];
  };
}

/** By address: the example is no part of this program. */
const address = new URL("../../../examples/analytics/figures.js", import.meta.url).href;
const { figuresOf } = (await import(address)) as Example;

/** Facts of one chat, numbered in their order: kind, second, and what else they say. */
function chat(
  chatId: string | null,
  told: readonly (readonly [ChatEventKind, number, Partial<ChatEvent>?])[],
): ChatEvent[] {
  return told.map(([kind, second, more = {}], i) => {
    const example = chatEventExamples().get(kind);
    if (example === undefined) throw new Error(`nothing tells ${kind}`);
    const head = { chatId, sequence: chatId === null ? 0 : i + 1, eventId: `${chatId ?? "none"}/${String(i)}` };
    return { ...example, ...head, agentName: null, caseId: null, requestId: null, occurredAt: second * 1_000, ...more };
  });
}

const agentName = "Ana Torres";
const whole = chat("whole", [
  ["requested", 1, { requestId: "r1" }],
  ["case_created", 2, { requestId: "r1", caseId: "500x" }],
  ["waiting", 3, { requestId: "r1" }],
  ["accepted", 10, { agentName }],
  ["message_in", 11],
  ["message_in", 12],
  ["message_failed", 13],
  ["file", 14],
  ["message_out", 15, { agentName }],
  ["waiting", 16],
  ["transferred", 17, { agentName: "Bruno Díaz" }],
  ["ended", 40, { reason: "agent" }],
  ["handed_back", 41, { botState: "from-sf-success" }],
]);
const unanswered = chat("unanswered", [
  ["requested", 1, { requestId: "r2" }],
  ["waiting", 2, { requestId: "r2" }],
  ["ended", 9, { reason: "finish", requestId: "r3" }],
]);
const refused = chat("refused", [
  ["requested", 1, { requestId: "r4" }],
  ["refused", 2, { requestId: "r4", reason: "expired" }],
]);
const never = chat(null, [["refused", 1, { requestId: "r5", reason: "chat_open" }]]);
const facts = [...whole, ...unanswered, ...refused, ...never];

describe("the example's figures", () => {
  it("tell chats apart, and what became of each", () => {
    const figures = figuresOf(facts);
    expect(figures.chats).toMatchObject([
      {
        ...{ chatId: "whole", requestId: "r1", caseId: "500x", outcome: "answered", endedBy: "agent", reason: "agent" },
        ...{ waitedMs: 7_000, durationMs: 30_000, agents: ["Ana Torres", "Bruno Díaz"], handedBack: "from-sf-success" },
        ...{ messagesIn: 2, filesIn: 1, messagesOut: 1, messagesFailed: 1, isWhole: true },
      },
      { outcome: "unanswered", endedBy: "finish", waitedMs: 7_000, durationMs: null, handedBack: null, isWhole: true },
      { outcome: "refused", endedBy: null, reason: "expired", waitedMs: null, isWhole: true },
    ]);
    expect(figures.refused).toHaveLength(2);
    expect(figures.refused).toContainEqual({ requestId: "r4", reason: "expired" });
    expect(figures.refused).toContainEqual({ requestId: "r5", reason: "chat_open" });
  });

  it("are the same when facts come twice, and out of order", () => {
    expect(figuresOf([...facts, ...facts.slice(3, 9), ...never])).toEqual(figuresOf(facts));
    expect(figuresOf(whole.toReversed())).toEqual(figuresOf(whole));
  });

  it.each([0, 4, 8])("say when a fact is missing: the one at %i", (missing) => {
    expect(figuresOf(whole.filter((_fact, i) => i !== missing)).chats).toMatchObject([{ isWhole: false }]);
  });

  it("of a chat that goes on have no end", () => {
    expect(figuresOf(whole.slice(0, 1)).chats).toMatchObject([{ outcome: "opening", endedBy: null }]);
    expect(figuresOf(whole.slice(0, 3)).chats).toMatchObject([{ outcome: "waiting", waitedMs: null }]);
    expect(figuresOf(whole.slice(0, 5)).chats).toMatchObject([
      { outcome: "talking", waitedMs: 7_000, durationMs: null },
    ]);
  });

  it("take a reason that they do not know for unknown", () => {
    const newer = whole.map((fact) => (fact.kind === "ended" ? { ...fact, reason: "unknown" as const } : fact));
    expect(figuresOf(newer).chats).toMatchObject([{ endedBy: "unknown", outcome: "answered" }]);
  });
});
