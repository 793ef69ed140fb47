// The arithmetic of the example of analytics, on the real facts of the contract: repeats and order do not matter.
import { describe, expect, it } from "vitest";

import type { ChatEvent } from "../../../src/processors/messages/generated.ts";
import { factsOfAllChats } from "./chat-event-examples.ts";

interface Example {
  figuresOf(facts: readonly ChatEvent[]): {
    readonly chats: readonly Readonly<Record<string, unknown>>[];
    readonly refused: readonly unknown[];
  };
}

/** By address: the example is no part of this program. */
const address = new URL("../../../examples/analytics/figures.js", import.meta.url).href;
const { figuresOf } = (await import(address)) as Example;
const facts = factsOfAllChats();

describe("the example's figures", () => {
  it("tell chats apart, and what became of each", () => {
    const { chats, refused } = figuresOf(facts);
    expect(chats.slice(0, 3)).toMatchObject([
      {
        ...{ outcome: "answered", endedBy: "agent", waitedMs: 300, durationMs: 1_500, isWhole: true },
        ...{ messagesIn: 1, filesIn: 1, messagesOut: 1, messagesFailed: 1, handedBack: "from-sf-success" },
        agents: ["Ana Torres", "Bruno Díaz", "Carla Ruiz"],
      },
      { outcome: "unanswered", endedBy: "finish", durationMs: null, handedBack: null, isWhole: true },
      { outcome: "refused", endedBy: null, reason: "expired", isWhole: true },
    ]);
    expect(refused).toContainEqual({ requestId: "order-service-9d20", reason: "expired" });
  });

  it("are the same when facts come twice, and out of order", () => {
    const [first, ...rest] = facts;
    expect(figuresOf([...facts, ...facts.slice(3, 9)])).toEqual(figuresOf(facts));
    expect(figuresOf([...(first === undefined ? [] : [first]), ...rest.toReversed()]).chats[0]).toEqual(
      figuresOf(facts).chats[0],
    );
  });

  it("say when a fact is missing", () => {
    expect(figuresOf(facts.filter(({ kind }) => kind !== "context_sent")).chats[0]).toMatchObject({ isWhole: false });
  });

  it("take a reason that they do not know for unknown", () => {
    const newer = facts.map((fact) => (fact.kind === "ended" ? { ...fact, reason: "unknown" as const } : fact));
    expect(figuresOf(newer).chats[0]).toMatchObject({ endedBy: "unknown", outcome: "answered" });
  });
});
