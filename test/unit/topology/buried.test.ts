// What operators hear of a turn's dead letters: each kind once, with how many there are and between which offsets.
import { expect, it } from "vitest";

import { tellBuried, type Buried } from "../../../src/topology/buried.ts";
import type { DeadLetterContent } from "../../../src/topology/turn-records.ts";

function buried(offset: number, over: Partial<DeadLetterContent> = {}): Buried {
  const record = { offset, timestamp: 0, key: Buffer.from("key"), value: null, headers: [] };
  const content: DeadLetterContent = {
    ...{ reason: "lane_overflow", detail: "desk", userId: "ana", chatId: "chat-1", requestId: null },
    ...{ value: null, holds: "record", attempts: 0, ...over },
  };
  return { queued: { topic: "channel-messages", record }, content };
}

function heard(all: readonly Buried[]): {
  readonly lines: Readonly<Record<string, unknown>>[];
  readonly counted: unknown[];
} {
  const lines: Readonly<Record<string, unknown>>[] = [];
  const counted: unknown[] = [];
  tellBuried(all, {
    partition: 7,
    log: { info: () => undefined, error: () => undefined, warn: (fields) => lines.push(fields) },
    metrics: {
      count: (name, labels, by) => counted.push([name, labels, by]),
      observeMs: () => undefined,
      gauge: () => undefined,
    },
  });
  return { lines, counted };
}

it("a thousand alike are one line, and a thousand in the metric", () => {
  const { lines, counted } = heard(Array.from({ length: 1_000 }, (_, i) => buried(40 + i)));
  expect(lines).toEqual([
    {
      ...{ topic: "channel-messages", partition: 7, offset: 40, lastOffset: 1_039, letters: 1_000 },
      ...{ reason: "lane_overflow", detail: "desk", userId: "ana", chatId: "chat-1" },
    },
  ]);
  expect(counted).toEqual([["dead_letters", { reason: "lane_overflow" }, 1_000]]);
});

it("another reason, user or chat is another line; one without a user has the name of its key", () => {
  const { lines } = heard([
    ...[buried(1), buried(2, { userId: "bea" }), buried(3, { reason: "invalid" }), buried(4, { chatId: "chat-2" })],
    ...[buried(5, { userId: null }), buried(6)],
  ]);
  const names = ["reason", "detail", "userId", "chatId"] as const;
  expect(lines.map((line) => names.map((name) => line[name]))).toEqual([
    ["lane_overflow", "desk", "ana", "chat-1"],
    ["lane_overflow", "desk", "bea", "chat-1"],
    ["invalid", "desk", "ana", "chat-1"],
    ["lane_overflow", "desk", "ana", "chat-2"],
    ["lane_overflow", "desk", "key", "chat-1"],
  ]);
  expect(lines[0]).toMatchObject({ offset: 1, lastOffset: 6, letters: 2 });
});

it("commands that were given up are an alarm each: a person has to see to them", () => {
  const command = { reason: "undeliverable", holds: "cause" } as const;
  const { counted } = heard([buried(1, command), buried(2, command), buried(3, { ...command, holds: "text" })]);
  expect(counted).toContainEqual(["alarms", { alarm: "command_given_up" }, 2]);
  expect(counted).toContainEqual(["dead_letters", { reason: "undeliverable" }, 1]);
});
