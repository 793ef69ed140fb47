// What every implementation of the Producer, Consumer and ChangelogReader ports keeps to, in memory and on Kafka.
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import { partitionOf } from "../../src/topology/partitioner.ts";
import { inputTopics, type InputTopic, type TopicSuffix } from "../../src/topology/topics.ts";
import type { ConsumedBatch, ConsumedRecord, ProducedRecord } from "../../src/topology/ports.ts";
import { logBindings, rememberingListener, type LogBinding, type RememberingListener } from "../support/logs.ts";

const patience = { timeout: 15_000, interval: 5 };

describe.each(logBindings)("log $name", ({ open }) => {
  let log: LogBinding;
  let group = 0;

  beforeAll(async () => {
    log = await open();
  });
  afterAll(() => log.close());
  beforeEach(() => {
    group += 1;
  });

  const record = (topic: TopicSuffix, partition: number | null, text: string, key = text): ProducedRecord => ({
    topic,
    partition,
    key: Buffer.from(key),
    value: Buffer.from(text),
  });
  const say = (topic: TopicSuffix, partition: number, ...texts: string[]) =>
    log.producer.produce(texts.map((text) => record(topic, partition, text)));
  const texts = (records: readonly ConsumedRecord[]) => records.map(({ value }) => value?.toString());
  const endOf = async (topic: TopicSuffix, partition: number) => {
    const asking = log.consumer("asking", "asking");
    return (await asking.bounds(topic, partition)).end;
  };
  const join = async (instance = "one", listener: RememberingListener = rememberingListener()) => {
    const consumer = log.consumer(`group-${String(group)}`, instance);
    await consumer.start(listener);
    return { consumer, listener };
  };
  const expectNoHole = (batches: readonly ConsumedBatch[]) => {
    for (const [at, batch] of batches.entries()) {
      const before = batches[at - 1];
      if (before !== undefined) expect(batch.fetchedOffset).toBe(before.nextOffset);
      for (const { offset } of batch.records) {
        expect(offset).toBeGreaterThanOrEqual(batch.fetchedOffset);
        expect(offset).toBeLessThan(batch.nextOffset);
      }
    }
  };

  describe("produce", () => {
    it("answers each record's offset, in the order given, over several topics and partitions", async () => {
      const start = await endOf("chat-events", 0);
      const offsets = await log.producer.produce([
        record("chat-events", 0, "a"),
        record("interconnections", 1, "x"),
        record("chat-events", 0, "b"),
        record("chat-events", 0, "c"),
      ]);
      expect([offsets[0], offsets[2], offsets[3]]).toEqual([start, start + 1, start + 2]);
      expect(offsets[1]).toBe((await endOf("interconnections", 1)) - 1);
    });

    it("answers nothing for nothing", async () => {
      expect(await log.producer.produce([])).toEqual([]);
    });

    it("keeps the order of calls made at once, per partition", async () => {
      const calls = Array.from({ length: 300 }, (_, at) => say("chat-events", at % 2, String(at)));
      const offsets = (await Promise.all(calls)).map(([offset]) => offset ?? -1);
      for (const start of [0, 1]) {
        const mine = offsets.filter((_, at) => at % 2 === start);
        expect(mine).toEqual(mine.map((_, at) => (mine[0] ?? 0) + at));
      }
    });

    it("takes a call of more records than fit into one send", async () => {
      const many = Array.from({ length: 1_700 }, (_, at) => record("chat-events", 3, String(at)));
      const offsets = await log.producer.produce(many);
      expect(offsets).toEqual(offsets.map((_, at) => (offsets[0] ?? 0) + at));
    });

    it("chooses the partition by murmur2 of the key when none is given", async () => {
      const { listener } = await join();
      const keys = Array.from({ length: 20 }, (_, at) => `34600000${String(at)}-${String(group)}`);
      await log.producer.produce(keys.map((key) => record("chat-requests", null, key)));
      for (const key of keys) {
        const partition = partitionOf(Buffer.from(key), log.partitions);
        await vi.waitFor(() => expect(texts(listener.records("chat-requests", partition))).toContain(key), patience);
      }
    });

    it("carries keys, values, nulls and headers byte for byte", async () => {
      const { listener } = await join();
      const value = Buffer.from([0, 255, 128, 10]);
      await log.producer.produce([
        {
          topic: "agent-events",
          partition: 2,
          key: null,
          value,
          headers: [{ name: "epoch", value: Buffer.from("7") }],
        },
        { topic: "agent-events", partition: 2, key: Buffer.from("k"), value: null },
      ]);
      await vi.waitFor(() => expect(listener.records("agent-events", 2).length).toBeGreaterThanOrEqual(2), patience);
      const [first, second] = listener.records("agent-events", 2).slice(-2);
      expect(first).toMatchObject({ key: null, value, headers: [{ name: "epoch", value: Buffer.from("7") }] });
      expect(second).toMatchObject({ key: Buffer.from("k"), value: null, headers: [] });
      expect(Math.abs((first?.timestamp ?? 0) - Date.now())).toBeLessThan(60_000);
    });

    it("refuses what can never be stored, and neither loses nor delays what was called with it", async () => {
      const huge = { topic: "chat-events", partition: 0, key: null, value: Buffer.alloc(1_048_577) } as const;
      const calls = [
        say("chat-events", 0, "before"),
        log.producer.produce([huge]),
        log.producer.produce([record("chat-events", 99, "nowhere")]),
        say("chat-events", 0, "behind"),
      ];
      const ends = await Promise.allSettled(calls);
      expect(ends.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
      for (const at of [1, 2]) {
        expect(ends[at]).toMatchObject({ reason: { name: "ProduceFailure", refused: true } });
      }
      const [before, , , behind] = ends;
      const offsetOf = (end: typeof before) => (end?.status === "fulfilled" ? (end.value[0] ?? -1) : -1);
      expect(offsetOf(behind)).toBe(offsetOf(before) + 1);
    });
  });

  describe("consumer", () => {
    it("gives a lone member every index, and all that is in each input, without holes", async () => {
      for (const topic of inputTopics) await say(topic, 1, "a", "b", "c");
      const { listener } = await join();
      expect(listener.owned()).toEqual([0, 1, 2, 3]);
      for (const topic of inputTopics) {
        const end = await endOf(topic, 1);
        await vi.waitFor(() => expect(listener.of(topic, 1).at(-1)?.nextOffset).toBe(end), patience);
        expect(texts(listener.records(topic, 1)).slice(-3)).toEqual(["a", "b", "c"]);
        expect(listener.of(topic, 1)[0]?.fetchedOffset).toBe(0);
        expectNoHole(listener.of(topic, 1));
      }
    });

    it("brings what is produced while it runs, in order, and commits nothing by itself", async () => {
      const { consumer, listener } = await join();
      const sent = Array.from({ length: 50 }, (_, at) => `live-${String(group)}-${String(at)}`);
      for (const text of sent) await say("channel-messages", 0, text);
      await vi.waitFor(
        () => expect(texts(listener.records("channel-messages", 0)).slice(-sent.length)).toEqual(sent),
        patience,
      );
      expectNoHole(listener.of("channel-messages", 0));
      // Batches of a partition come one after the other, and there were several: what the first brings about is over.
      expect((await consumer.committed(0))["channel-messages"]).toBeNull();
    });

    it("goes on from the commit after a stop, and knows what is committed", async () => {
      await say("chat-requests", 2, "a", "b", "c");
      const end = await endOf("chat-requests", 2);
      const first = await join();
      expect(await first.consumer.committed(2)).toEqual({
        "agent-events": null,
        "chat-requests": null,
        "channel-messages": null,
      });
      await first.consumer.commit([{ topic: "chat-requests", partition: 2, nextOffset: end - 1 }]);
      expect((await first.consumer.committed(2))["chat-requests"]).toBe(end - 1);
      await first.consumer.stop();
      const second = await join("two");
      await vi.waitFor(() => expect(second.listener.of("chat-requests", 2).length).toBeGreaterThan(0), patience);
      expect(second.listener.of("chat-requests", 2)[0]).toMatchObject({ fetchedOffset: end - 1, nextOffset: end });
    });

    it("comes again from where it is sought, and drops what was fetched before", async () => {
      await say("agent-events", 3, "a", "b", "c", "d");
      const { consumer, listener } = await join();
      const end = await endOf("agent-events", 3);
      await vi.waitFor(() => expect(listener.of("agent-events", 3).at(-1)?.nextOffset).toBe(end), patience);
      const seen = listener.of("agent-events", 3).length;
      consumer.seek("agent-events", 3, end - 2);
      await vi.waitFor(() => expect(listener.of("agent-events", 3).length).toBeGreaterThan(seen), patience);
      expect(listener.of("agent-events", 3)[seen]).toMatchObject({ fetchedOffset: end - 2, nextOffset: end });
    });

    it("obeys a seek and a pause made while a batch is handed over", async () => {
      await say("channel-messages", 2, "a", "b", "c");
      let rounds = 0;
      const listener = rememberingListener((batch) => {
        if (batch.topic !== "channel-messages" || batch.partition !== 2) return;
        rounds += 1;
        if (rounds <= 2) consumer.seek("channel-messages", 2, batch.nextOffset - 2);
        else consumer.pause(2);
      });
      const consumer = log.consumer(`group-${String(group)}`, "one");
      await consumer.start(listener);
      const end = await endOf("channel-messages", 2);
      await vi.waitFor(() => expect(rounds).toBe(3), patience);
      const [, second, third] = listener.of("channel-messages", 2);
      for (const batch of [second, third]) expect(batch).toMatchObject({ fetchedOffset: end - 2, nextOffset: end });
      await say("channel-messages", 2, "paused");
      await say("channel-messages", 1, "not paused");
      await vi.waitFor(() => expect(texts(listener.records("channel-messages", 1))).toContain("not paused"), patience);
      expect(rounds).toBe(3);
    });

    it("hands over no batch of an index that was paused while another of it was handed over", async () => {
      for (const topic of inputTopics) await say(topic, 1, "waiting");
      const listener = rememberingListener((batch) => {
        if (batch.partition === 1) consumer.pause(1);
      });
      const consumer = log.consumer(`group-${String(group)}`, "one");
      await consumer.start(listener);
      await vi.waitFor(() => expect(listener.batches.some(({ partition }) => partition === 1)).toBe(true), patience);
      await say("agent-events", 2, `marker-${String(group)}`);
      await vi.waitFor(
        () => expect(texts(listener.records("agent-events", 2))).toContain(`marker-${String(group)}`),
        patience,
      );
      expect(listener.batches.filter(({ partition }) => partition === 1)).toHaveLength(1);
    });

    it("pauses an index in all its topics and no other, and loses nothing by it", async () => {
      const { consumer, listener } = await join();
      const ends = new Map<InputTopic, number>();
      for (const topic of inputTopics) ends.set(topic, await endOf(topic, 0));
      await vi.waitFor(() => {
        for (const topic of inputTopics) {
          expect(listener.of(topic, 0).at(-1)?.nextOffset ?? 0).toBe(ends.get(topic));
        }
      }, patience);
      consumer.pause(0);
      const before = listener.batches.filter(({ partition }) => partition === 0).length;
      for (const topic of inputTopics) await say(topic, 0, "held");
      await say("agent-events", 1, `marker-${String(group)}`);
      await vi.waitFor(
        () => expect(texts(listener.records("agent-events", 1))).toContain(`marker-${String(group)}`),
        patience,
      );
      expect(listener.batches.filter(({ partition }) => partition === 0)).toHaveLength(before);
      consumer.resume(0);
      for (const topic of inputTopics) {
        await vi.waitFor(
          () => expect(listener.of(topic, 0).at(-1)?.nextOffset).toBe((ends.get(topic) ?? 0) + 1),
          patience,
        );
        expectNoHole(listener.of(topic, 0));
      }
    });

    it("shows no hole where offsets hold no record, at the end and in the middle", async () => {
      const start = await endOf("channel-messages", 3);
      const { consumer, listener } = await join();
      consumer.seek("channel-messages", 3, start);
      const hole = await log.appendHole("channel-messages", 3);
      await vi.waitFor(
        () => expect(listener.of("channel-messages", 3).at(-1)?.nextOffset).toBe(start + hole),
        patience,
      );
      await say("channel-messages", 3, "behind the hole");
      await log.appendHole("channel-messages", 3);
      await say("channel-messages", 3, "behind both");
      await vi.waitFor(() => expect(texts(listener.records("channel-messages", 3))).toContain("behind both"), patience);
      const mine = listener.of("channel-messages", 3).filter(({ nextOffset }) => nextOffset > start);
      expect(mine[0]?.fetchedOffset).toBe(start);
      expectNoHole(mine);
      expect(texts(mine.flatMap(({ records }) => records))).toEqual(["behind the hole", "behind both"]);
    });

    it("shares the indexes between two members, and gives them back when one leaves", async () => {
      const one = await join("one");
      const two = await join("two");
      await vi.waitFor(() => {
        expect(one.listener.owned()).toHaveLength(2);
        expect(two.listener.owned()).toHaveLength(2);
      }, patience);
      expect([...one.listener.owned(), ...two.listener.owned()].sort()).toEqual([0, 1, 2, 3]);
      await two.consumer.stop();
      expect(two.listener.owned()).toEqual([]);
      await vi.waitFor(() => expect(one.listener.owned()).toEqual([0, 1, 2, 3]), patience);
      expect(one.listener.interrupted).toEqual(one.listener.interrupted.map((_, at) => at === 0));
    });

    it("goes on where it stood with what it keeps over a rebalance, without a commit, paused or not", async () => {
      const one = await join("one");
      const topic = "agent-events";
      await Promise.all(one.listener.owned().map((index) => say(topic, index, "before")));
      const ends = await Promise.all([0, 1, 2, 3].map((index) => endOf(topic, index)));
      await vi.waitFor(() => {
        for (const index of [0, 1, 2, 3]) expect(one.listener.of(topic, index).at(-1)?.nextOffset).toBe(ends[index]);
      }, patience);
      for (const index of [0, 1, 2, 3]) one.consumer.pause(index);
      await join("two");
      await vi.waitFor(() => expect(one.listener.owned()).toHaveLength(2), patience);
      const [kept = -1, alsoKept = -1] = one.listener.owned();
      one.consumer.resume(kept);
      await say(topic, alsoKept, "held");
      await say(topic, kept, "after");
      await vi.waitFor(() => expect(texts(one.listener.records(topic, kept))).toContain("after"), patience);
      expectNoHole(one.listener.of(topic, kept));
      expect(one.listener.of(topic, alsoKept).at(-1)?.nextOffset).toBe(ends[alsoKept]);
      one.consumer.resume(alsoKept);
      await vi.waitFor(
        () => expect(one.listener.of(topic, alsoKept).at(-1)?.nextOffset).toBe((ends[alsoKept] ?? 0) + 1),
        patience,
      );
      expectNoHole(one.listener.of(topic, alsoKept));
    });

    it("takes commits also for indexes that it does not own", async () => {
      const one = await join("one");
      const two = await join("two");
      await vi.waitFor(() => expect(one.listener.owned()).toHaveLength(2), patience);
      const [foreign = -1] = two.listener.owned();
      await vi.waitFor(
        () => one.consumer.commit([{ topic: "chat-requests", partition: foreign, nextOffset: 1 }]),
        patience,
      );
      expect((await one.consumer.committed(foreign))["chat-requests"]).toBe(1);
    });

    it("tells the end once, commits no more, and may be stopped twice", async () => {
      const { consumer, listener } = await join();
      expect(consumer.heartbeatAgeMs()).toBeLessThan(5_000);
      await Promise.all([consumer.stop(), consumer.stop()]);
      await consumer.stop();
      expect(listener.revocations).toBe(1);
      await expect(consumer.commit([{ topic: "chat-requests", partition: 0, nextOffset: 1 }])).rejects.toThrow();
      expect(listener.crashes).toEqual([]);
    });

    it("has no heartbeat before it has joined", () => {
      expect(log.consumer("never", "never").heartbeatAgeMs()).toBe(Number.POSITIVE_INFINITY);
    });

    it("knows a partition's bounds", async () => {
      const end = await endOf("dead-letters", 0);
      await say("dead-letters", 0, "a", "b");
      const { consumer } = await join();
      expect(await consumer.bounds("dead-letters", 0)).toEqual({ start: 0, end: end + 2 });
    });
  });

  describe("changelog reader", () => {
    const read = async (partition: number, from: number, to: number) => {
      const found: ConsumedRecord[] = [];
      await log.reader.read(partition, from, to, async (records) => {
        expect(records.length).toBeGreaterThan(0);
        found.push(...records);
      });
      return found;
    };

    it("gives exactly the range, in order", async () => {
      const [first = -1] = await say("interconnections", 2, "a", "b", "c", "d", "e");
      expect(texts(await read(2, first + 1, first + 4))).toEqual(["b", "c", "d"]);
      expect(await read(2, first + 2, first + 2)).toEqual([]);
    });

    it("reads a long range of several partitions at once", async () => {
      const many = (partition: number) =>
        log.producer.produce(
          Array.from({ length: 3_000 }, (_, at) => record("interconnections", partition, String(at))),
        );
      const starts = await Promise.all([0, 1, 3].map(async (partition) => (await many(partition))[0] ?? -1));
      const found = await Promise.all(
        [0, 1, 3].map((partition, at) => read(partition, starts[at] ?? 0, (starts[at] ?? 0) + 3_000)),
      );
      for (const [at, records] of found.entries()) {
        expect(records.map(({ offset }) => offset)).toEqual(
          Array.from({ length: 3_000 }, (_, place) => (starts[at] ?? 0) + place),
        );
      }
    });

    it("ends behind a hole at the end of the range", async () => {
      const [first = -1] = await say("interconnections", 2, "a");
      const hole = await log.appendHole("interconnections", 2);
      expect(texts(await read(2, first, first + 1 + hole))).toContain("a");
    });

    it("rejects when the log is shorter than the range", async () => {
      const end = await endOf("interconnections", 2);
      await expect(read(2, end, end + 5)).rejects.toThrow(/ends at/);
      await expect(read(2, end + 10, end + 15)).rejects.toThrow(/ends at/);
    });

    it("passes on what its caller throws", async () => {
      const [first = -1] = await say("interconnections", 2, "a");
      const stopped = log.reader.read(2, first, first + 1, () => Promise.reject(new Error("unreadable")));
      await expect(stopped).rejects.toThrow("unreadable");
    });
  });
});
