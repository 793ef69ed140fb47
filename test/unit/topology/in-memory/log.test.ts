// What the in-memory log lets a test do that no contract covers: faults, outages, kills, stalls, compaction, recreation.
import { beforeEach, describe, expect, it } from "vitest";

import { createInMemoryLog, type InMemoryLog } from "../../../../src/topology/in-memory/log.ts";
import type { Producer } from "../../../../src/topology/ports.ts";
import { rememberingListener } from "../../../support/logs.ts";

const sessionTimeoutMs = 1_000;

function manualClock() {
  let nowMs = 0;
  let waiting: { readonly atMs: number; readonly fn: () => void }[] = [];
  return {
    clock: {
      now: () => nowMs,
      monotonicMs: () => nowMs,
      after(delayMs: number, fn: () => void) {
        const entry = { atMs: nowMs + delayMs, fn };
        waiting.push(entry);
        return () => {
          waiting = waiting.filter((one) => one !== entry);
        };
      },
    },
    advance(ms: number) {
      nowMs += ms;
      const due = waiting.filter(({ atMs }) => atMs <= nowMs);
      waiting = waiting.filter(({ atMs }) => atMs > nowMs);
      for (const { fn } of due) fn();
    },
    timers: () => waiting.length,
  };
}

/** Until every microtask has run. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("the log in memory", () => {
  let time: ReturnType<typeof manualClock>;
  let log: InMemoryLog;
  let producer: Producer;

  beforeEach(() => {
    time = manualClock();
    log = createInMemoryLog({ clock: time.clock, partitions: 2, sessionTimeoutMs });
    producer = log.producer();
  });

  const say = (text: string, key: string | null = null) =>
    producer.produce([
      { topic: "agent-events", partition: 0, key: key === null ? null : Buffer.from(key), value: Buffer.from(text) },
    ]);
  const stored = () => log.records("agent-events", 0).map(({ value }) => value?.toString());
  const join = async (instance: string) => {
    const listener = rememberingListener();
    const consumer = log.consumer("g", instance);
    await consumer.start(listener);
    await settle();
    return { consumer, listener };
  };

  it.each([
    ["ack-lost", false, ["a", "b"]],
    ["not-stored", false, []],
    ["refused", true, []],
    ["half-stored", false, ["a"]],
  ] as const)("meets the next call with %s, and no other", async (fault, refused, left) => {
    log.failNext(fault);
    const records = ["a", "b"].map((text) => ({
      topic: "agent-events" as const,
      partition: 0,
      key: null,
      value: Buffer.from(text),
    }));
    await expect(producer.produce(records)).rejects.toMatchObject({ name: "ProduceFailure", refused });
    expect(stored()).toEqual(left);
    expect(await say("next")).toEqual([left.length]);
  });

  it("keeps a fault for the call that it is meant for", async () => {
    log.failNext("not-stored", (records) => records[0]?.value?.toString() === "bad");
    await say("good");
    await expect(say("bad")).rejects.toThrow();
    expect(stored()).toEqual(["good"]);
  });

  it("is silent while down, loses nothing, and ages the heartbeat", async () => {
    const { consumer, listener } = await join("one");
    log.setDown(true);
    await expect(say("lost call")).rejects.toMatchObject({ refused: false });
    await expect(consumer.committed(0)).rejects.toThrow();
    time.advance(5_000);
    expect(consumer.heartbeatAgeMs()).toBe(5_000);
    expect(log.generation("g")).toBe(1);
    log.setDown(false);
    await say("after");
    await settle();
    expect(consumer.heartbeatAgeMs()).toBe(0);
    expect(listener.records("agent-events", 0).map(({ value }) => value?.toString())).toEqual(["after"]);
  });

  it("misses a killed member only after its session, and tells it nothing", async () => {
    const one = await join("one");
    const two = await join("two");
    one.consumer.kill();
    time.advance(sessionTimeoutMs - 1);
    await settle();
    expect(two.listener.owned()).toHaveLength(1);
    time.advance(1);
    await settle();
    expect(two.listener.owned()).toEqual([0, 1]);
    const told = one.listener.assignments.length;
    await say("a");
    await settle();
    expect([one.listener.assignments.length, one.listener.revocations]).toEqual([told, 0]);
    expect(time.timers()).toBe(0);
  });

  it("lets a stalled member believe, commit nothing, and learn of its loss when it wakes", async () => {
    const one = await join("one");
    const two = await join("two");
    one.consumer.stall();
    expect(one.listener.owned()).toHaveLength(1);
    time.advance(sessionTimeoutMs);
    await settle();
    expect(two.listener.owned()).toEqual([0, 1]);
    expect(one.listener.owned()).toHaveLength(1);
    await expect(one.consumer.commit([{ topic: "agent-events", partition: 0, nextOffset: 1 }])).rejects.toThrow();
    one.consumer.wake();
    await settle();
    expect([...one.listener.owned(), ...two.listener.owned()].sort()).toEqual([0, 1]);
    expect([one.listener.interrupted.at(-1), two.listener.interrupted.at(-1)]).toEqual([true, false]);
  });

  it("keeps offsets when it compacts", async () => {
    for (const key of ["a", "b", "a", "a", "c"]) await say(`value of ${key}`, key);
    log.compact("agent-events", 0);
    expect(log.records("agent-events", 0).map(({ offset }) => offset)).toEqual([1, 3, 4]);
    const { listener } = await join("one");
    expect(listener.of("agent-events", 0)).toMatchObject([{ fetchedOffset: 0, nextOffset: 5 }]);
  });

  it("begins again at 0 when a topic is recreated, and so does who reads it", async () => {
    const { listener } = await join("one");
    for (const text of ["a", "b", "c"]) await say(text);
    await settle();
    log.recreate("agent-events");
    await say("new");
    await settle();
    expect(listener.of("agent-events", 0).at(-1)).toMatchObject({ fetchedOffset: 0, nextOffset: 1 });
  });

  it("takes its time only from the clock", async () => {
    log = createInMemoryLog({ clock: time.clock, partitions: 2, delayMs: (step) => (step === "produce" ? 50 : 0) });
    producer = log.producer();
    let done = false;
    const call = say("slow").then(() => (done = true));
    await settle();
    expect(done).toBe(false);
    time.advance(50);
    await call;
    expect(stored()).toEqual(["slow"]);
  });
});
