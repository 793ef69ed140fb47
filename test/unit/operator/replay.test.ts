// In which order dead letters are replayed, where they go, and which are left for what reason.
import { describe, expect, it } from "vitest";

import type { DeadLetter } from "../../../src/processors/messages/generated.ts";
import type { Letter } from "../../../src/operator/dead-letters.ts";
import { planReplay, type Step } from "../../../src/operator/replay.ts";
import { partitionOf } from "../../../src/topology/partitioner.ts";
import type { InputTopic } from "../../../src/topology/topics.ts";

const counter = { offsets: 0 };

function letter(topic: InputTopic | null, over: Partial<DeadLetter> = {}): Letter {
  const whole: DeadLetter = {
    ...{ client: "test", topic: `prod.${topic ?? "elsewhere"}`, partition: 0, offset: 0, key: Buffer.from("ana") },
    ...{ value: Buffer.from("bytes"), holds: "record", headers: [], reason: "decide_failed", detail: null },
    ...{ attempts: 1, occurredAt: 1, userId: "ana", chatId: null, requestId: null, ...over },
  };
  counter.offsets += 1;
  return { position: { partition: 0, offset: counter.offsets }, letter: whole, topic, replayed: { kind: "no" } };
}

function plan(...letters: readonly Letter[]): readonly Step[] {
  return planReplay(letters, { again: false, partitions: () => 8 });
}

describe("the plan of a replay", () => {
  it("has the order of the originals, whenever and in whatever order they were given up", () => {
    const given = [
      letter("channel-messages", { offset: 9, occurredAt: 1 }),
      letter("channel-messages", { offset: 2, occurredAt: 2 }),
      letter("channel-messages", { partition: 1, offset: 1, occurredAt: 3 }),
      letter("chat-requests", { offset: 5, occurredAt: 4 }),
    ];
    const places = plan(...given).map(({ letter: { topic, letter: one } }) => [topic, one.partition, one.offset]);
    expect(places).toEqual([
      ["chat-requests", 0, 5],
      ["channel-messages", 0, 2],
      ["channel-messages", 0, 9],
      ["channel-messages", 1, 1],
    ]);
  });

  it("goes where the key says, and without one to where it came from", () => {
    const steps = plan(
      letter("channel-messages", { partition: 3 }),
      letter("chat-requests", { partition: 3, key: null }),
    );
    expect(steps).toMatchObject([
      { to: { topic: "chat-requests", partition: 3 } },
      { to: { topic: "channel-messages", partition: partitionOf(Buffer.from("ana"), 8) } },
    ]);
  });

  it.each([
    ["text", letter("agent-events", { holds: "text" })],
    ["cause", letter("agent-events", { holds: "cause" })],
    ["left_out", letter("chat-requests", { holds: "nothing", value: null })],
    ["tombstone", letter("chat-requests", { value: null })],
    ["answered", letter("chat-requests", { requestId: "r1" })],
    ["other_topic", letter(null)],
    ["other_version", letter("chat-requests", { holds: "unknown" })],
    ["replayed", { ...letter("chat-requests"), replayed: { kind: "done" } } satisfies Letter],
  ] as const)("leaves what is %s", (why, one) => {
    expect(plan(one)).toMatchObject([{ kind: "leave", why }]);
  });

  it("takes an offset for the same record only with the same content", () => {
    const [first, second] = plan(letter("chat-requests"), letter("chat-requests", { value: Buffer.from("others") }));
    expect([first?.kind, second?.kind]).toEqual(["replay", "replay"]);
    expect(plan(letter("chat-requests"), letter("chat-requests"))[1]).toMatchObject({ kind: "leave", why: "twin" });
  });
});
