// How records come into the inbox: gaps, topics that lost their past, back-pressure.
import { describe, expect, it } from "vitest";

import { createFeed, type Feed } from "../../../src/topology/feed.ts";
import type { ConsumedBatch, Consumer } from "../../../src/topology/ports.ts";
import { createOwnerParts, type OwnerParts } from "../../support/owner-parts.ts";

interface TestFeed extends OwnerParts {
  readonly feed: Feed;
  readonly asked: string[];
  /** Answer of the next look at a topic's bounds. */
  bounds: { readonly start: number; readonly end: number } | Error;
  came: number;
  lostPast: number;
}

const applied = { "agent-events": -1, "chat-requests": -1, "channel-messages": 9 };

function feedOf(): TestFeed {
  const parts = createOwnerParts();
  const asked: string[] = [];
  const t: Omit<TestFeed, "feed"> = { ...parts, asked, bounds: { start: 0, end: 100 }, came: 0, lostPast: 0 };
  const consumer: Consumer = {
    start: () => Promise.resolve(),
    seek: (topic, _partition, offset) => void asked.push(`seek ${topic} ${String(offset)}`),
    pause: () => void asked.push("pause"),
    resume: () => void asked.push("resume"),
    commit: () => Promise.resolve(),
    committed: () => Promise.reject(new Error("not asked")),
    bounds: () => (t.bounds instanceof Error ? Promise.reject(t.bounds) : Promise.resolve(t.bounds)),
    heartbeatAgeMs: () => 0,
    stop: () => Promise.resolve(),
  };
  const feed = createFeed(
    0,
    { ...parts, consumer },
    { came: () => (t.came += 1), lostItsPast: () => (t.lostPast += 1) },
  );
  return Object.assign(t, { feed });
}

function batch(from: number, to: number, sizeBytes = 1): ConsumedBatch {
  const records = Array.from({ length: to - from }, (_, i) => ({
    ...{ offset: from + i, timestamp: 0, key: null, headers: [] },
    value: Buffer.alloc(sizeBytes),
  }));
  return { topic: "channel-messages", partition: 0, fetchedOffset: from, nextOffset: to, records };
}

describe("a feed", () => {
  it("takes nothing before it is opened and after it is closed, and opens behind what was applied", () => {
    const t = feedOf();
    t.feed.accept(batch(0, 5));
    t.feed.open(applied);
    expect(t.asked).toEqual(["seek agent-events 0", "seek chat-requests 0", "seek channel-messages 10", "resume"]);
    t.feed.accept(batch(10, 12));
    t.feed.close();
    t.feed.accept(batch(12, 14));
    expect([t.feed.inbox.records, t.came]).toEqual([2, 1]);
  });

  it("has a batch that begins too far on fetched again", async () => {
    const t = feedOf();
    t.feed.open(applied);
    t.feed.accept(batch(15, 20));
    await t.clock.settle();
    expect([t.asked.at(-1), t.feed.inbox.records, t.alarms]).toEqual(["seek channel-messages 10", 0, []]);
  });

  it("goes on where the log begins when what it expects has expired, with an alarm", async () => {
    const t = feedOf();
    t.feed.open(applied);
    t.bounds = { start: 15, end: 20 };
    t.feed.accept(batch(15, 20));
    await t.clock.settle();
    expect([t.asked.at(-1), t.alarms]).toEqual(["seek channel-messages 15", ["records_expired"]]);
    t.feed.accept(batch(15, 20));
    expect(t.feed.inbox.records).toBe(5);
  });

  it("goes on where it was when the log can't be asked", async () => {
    const t = feedOf();
    t.feed.open(applied);
    t.bounds = new Error("away");
    t.feed.accept(batch(15, 20));
    await t.clock.settle();
    expect(t.asked.at(-1)).toBe("seek channel-messages 10");
  });

  it("tells when a topic ends before what was read of it, and not when a batch only comes twice", async () => {
    const t = feedOf();
    t.feed.open(applied);
    t.feed.accept(batch(5, 8));
    await t.clock.settle();
    expect(t.lostPast).toBe(0);
    t.bounds = { start: 0, end: 3 };
    t.feed.accept(batch(0, 3));
    await t.clock.settle();
    expect(t.lostPast).toBe(1);
  });

  it("does not act on an answer that belongs to an earlier opening", async () => {
    const t = feedOf();
    t.feed.open(applied);
    t.bounds = { start: 0, end: 3 };
    t.feed.accept(batch(0, 3));
    t.feed.close();
    t.feed.open(applied);
    const asked = t.asked.length;
    await t.clock.settle();
    expect([t.lostPast, t.asked.length]).toEqual([0, asked]);
  });

  it.each([
    { what: "records", batches: [batch(10, 1_100)] },
    { what: "bytes", batches: [batch(10, 12, 1_200_000)] },
  ])("holds the consumer back over its bound of $what, and lets it go on below half of it", ({ batches }) => {
    const t = feedOf();
    t.feed.open(applied);
    for (const one of batches) t.feed.accept(one);
    expect(t.asked.at(-1)).toBe("pause");
    t.feed.relieve();
    expect(t.asked.at(-1)).toBe("pause");
    t.feed.inbox.applied({ ...applied, "channel-messages": 2_000 });
    t.feed.relieve();
    t.feed.relieve();
    expect(t.asked.filter((what) => what === "resume")).toHaveLength(2);
  });
});
