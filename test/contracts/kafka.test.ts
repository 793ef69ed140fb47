// What only a real Kafka can show: what its refusals do to a producer, what it brings of records larger than a fetch of their partition, and
// what is found wrong with topics and groups before a start.
import { Kafka, logLevel, type Admin } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import { prepareCluster, type ClusterOptions, type ClusterUnfit } from "../../src/clients/kafka/admin.ts";
import { createKafkaConsumer } from "../../src/clients/kafka/consumer.ts";
import { createKafkaProducer, type KafkaProducer } from "../../src/clients/kafka/producer.ts";
import type { ProducedRecord } from "../../src/topology/ports.ts";
import { topicName, topics, type TopicSuffix } from "../../src/topology/topics.ts";
import { noMetrics, plainConnection, realClock, rememberingListener, silentLog } from "../support/logs.ts";
import { ownNames } from "../support/services.ts";

describe("on Kafka", () => {
  const { topic: prefix, client, appName } = ownNames(import.meta.url);
  let kafka: Kafka;
  let admin: Admin;
  let names = 0;

  beforeAll(async () => {
    kafka = new Kafka({ brokers: [...plainConnection().brokers], clientId: "stranger", logLevel: logLevel.NOTHING });
    admin = kafka.admin();
    await admin.connect();
  });
  afterAll(() => admin.disconnect());

  const freshPrefix = () => `${prefix}-${String((names += 1))}`;
  const optionsFor = (topicPrefix: string, more: Partial<ClusterOptions> = {}): ClusterOptions => ({
    connection: plainConnection(),
    topicPrefix,
    groupId: `${appName}-${topicPrefix}`,
    client,
    createTopics: true,
    partitions: 3,
    replicationFactor: 1,
    maxMessageBytes: 1_000_000,
    clock: realClock,
    log: silentLog,
    ...more,
  });
  const create = (
    topicPrefix: string,
    suffix: TopicSuffix,
    numPartitions: number,
    settings: Record<string, string> = {},
  ) =>
    admin.createTopics({
      topics: [
        {
          topic: topicName(topicPrefix, suffix),
          numPartitions,
          replicationFactor: 1,
          configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
        },
      ],
    });
  const sentencesOf = async (options: ClusterOptions) => {
    const refused = await prepareCluster(options).then(
      () => null,
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({ name: "ClusterUnfit" });
    return (refused as ClusterUnfit).sentences;
  };

  describe("a producer whose broker refuses", () => {
    let producer: KafkaProducer;
    let topicPrefix: string;

    beforeAll(async () => {
      topicPrefix = freshPrefix();
      // The broker's limit is below the one that the producer checks, so that it is the broker who refuses.
      await create(topicPrefix, "chat-requests", 3, { "max.message.bytes": "20000" });
      await prepareCluster(optionsFor(topicPrefix));
      producer = createKafkaProducer({
        connection: plainConnection(),
        topicPrefix,
        topics: topics.map(({ suffix }) => suffix),
        maxMessageBytes: 1_000_000,
        timeoutMs: 5_000,
        clock: realClock,
        log: silentLog,
        metrics: noMetrics,
      });
    });
    afterAll(() => producer.close());

    const record = (partition: number, sizeBytes: number): ProducedRecord => ({
      topic: "chat-requests",
      partition,
      key: null,
      value: Buffer.alloc(sizeBytes, 7),
    });
    const endOf = async (partition: number) => {
      const bounds = await admin.fetchTopicOffsets(topicName(topicPrefix, "chat-requests"));
      return Number(bounds.find((one) => one.partition === partition)?.high ?? -1);
    };

    it("stores whatever it acknowledges, also behind a refusal and of the same size", async () => {
      await producer.produce([record(0, 100)]);
      await expect(producer.produce([record(0, 100), record(1, 50_000)])).rejects.toMatchObject({ refused: true });
      const before = await endOf(0);
      // Through the same KafkaJS producer this one would be acknowledged, with the offset of the one before, and not stored.
      expect(await producer.produce([record(0, 100)])).toEqual([before]);
      expect(await endOf(0)).toBe(before + 1);
    });

    it("lets nobody suffer who was only coalesced with the refused", async () => {
      const calls = [record(0, 100), record(1, 100), record(0, 50_000), record(2, 100), record(0, 100)].map((one) =>
        producer.produce([one]),
      );
      const ends = await Promise.allSettled(calls);
      expect(ends.map(({ status }) => status)).toEqual([
        "fulfilled",
        "fulfilled",
        "rejected",
        "fulfilled",
        "fulfilled",
      ]);
      expect(ends[2]).toMatchObject({ reason: { name: "ProduceFailure", refused: true } });
      const last = ends[4]?.status === "fulfilled" ? (ends[4].value[0] ?? -1) : -1;
      expect(await endOf(0)).toBe(last + 1);
    });

    it("lets the patient wait for company, a hurry or the end of their patience, and keeps the order", async () => {
      const start = await endOf(2);
      const first = producer.produce([record(2, 10)], 60_000);
      const second = producer.produce([record(2, 10)]);
      expect(await Promise.all([first, second])).toEqual([[start], [start + 1]]);
      const hurried = producer.produce([record(2, 10)], 60_000);
      producer.hurry();
      expect(await hurried).toEqual([start + 2]);
      expect(await producer.produce([record(2, 10)], 5)).toEqual([start + 3]);
    });

    it("rejects what is produced after its close", async () => {
      const other = createKafkaProducer({
        connection: plainConnection(),
        topicPrefix,
        topics: ["chat-requests"],
        maxMessageBytes: 1_000_000,
        timeoutMs: 5_000,
        clock: realClock,
        log: silentLog,
        metrics: noMetrics,
      });
      const last = other.produce([record(2, 10)]);
      await other.close();
      await other.close();
      expect(await last).toHaveLength(1);
      await expect(other.produce([record(2, 10)])).rejects.toMatchObject({ name: "ProduceFailure", refused: false });
    });
  });

  it("brings a record larger than a fetch of its partition while other partitions have more than a fetch holds", async () => {
    const topicPrefix = freshPrefix();
    const options = optionsFor(topicPrefix);
    await prepareCluster(options);
    const shared = { connection: plainConnection(), topicPrefix, clock: realClock, log: silentLog, metrics: noMetrics };
    const sizes = { maxMessageBytes: 1_000_000, timeoutMs: 5_000 };
    const producer = createKafkaProducer({ ...shared, ...sizes, topics: ["channel-messages"] });
    const record = (partition: number, value: Buffer): ProducedRecord => ({
      ...{ topic: "channel-messages", partition },
      ...{ key: null, value },
    });
    // A fetch brings one such batch of each. KafkaJS draws the order of the partitions for each fetch, and the large record comes only as the
    // first: that it is the first in none of forty happens once in ten million runs.
    const [busy, batches] = [[0, 1], 40];
    const batch = busy.flatMap((partition) =>
      Array.from({ length: 20 }, () => record(partition, Buffer.alloc(10_000, 1))),
    );
    for (let i = 0; i < batches; i += 1) await producer.produce(batch);
    const large = Buffer.alloc(900_000, 2);
    await producer.produce([record(2, large)]);
    await producer.close();

    const consumer = createKafkaConsumer({
      ...{ ...shared, client, groupId: options.groupId, instanceId: "one" },
      ...{ sessionTimeoutMs: 10_000, stopTimeoutMs: 5_000 },
    });
    const leftBeside: number[] = [];
    const listener = rememberingListener(({ partition }) => {
      if (partition !== 2) return;
      for (const other of busy)
        leftBeside.push(batches * 20 - (listener.of("channel-messages", other).at(-1)?.nextOffset ?? 0));
    });
    await consumer.start(listener);
    await vi.waitFor(() => expect(listener.records("channel-messages", 2)).toHaveLength(1), { timeout: 10_000 });
    await consumer.stop();
    expect(listener.records("channel-messages", 2)[0]?.value?.equals(large)).toBe(true);
    expect(leftBeside).toHaveLength(2);
    for (const left of leftBeside) expect(left).toBeGreaterThan(0);
    expect(listener.crashes).toEqual([]);
  });

  it("settles a call in time when no broker is there", async () => {
    const producer = createKafkaProducer({
      connection: { ...plainConnection(), brokers: ["127.0.0.1:1"] },
      topicPrefix: prefix,
      topics: ["chat-requests"],
      maxMessageBytes: 1_000_000,
      timeoutMs: 1_500,
      clock: realClock,
      log: silentLog,
      metrics: noMetrics,
    });
    const startedMs = performance.now();
    const call = producer.produce([{ topic: "chat-requests", partition: 0, key: null, value: null }]);
    await expect(call).rejects.toMatchObject({ name: "ProduceFailure", refused: false });
    expect(performance.now() - startedMs).toBeLessThan(3_500);
    await producer.close();
  });

  describe("before a start", () => {
    it("creates what is missing, with the count of what is there, and finds it fit again", async () => {
      const topicPrefix = freshPrefix();
      await create(topicPrefix, "chat-requests", 5);
      expect(await prepareCluster(optionsFor(topicPrefix))).toMatchObject({
        partitions: 5,
        maxMessageBytes: 1_000_000,
      });
      const again = await prepareCluster(optionsFor(topicPrefix, { createTopics: false }));
      expect(again.partitions).toBe(5);
      expect(again.warnings.join()).toContain("Replication factor 1");
    });

    it("names every topic that is missing when it may not create any", async () => {
      const sentences = await sentencesOf(optionsFor(freshPrefix(), { createTopics: false }));
      expect(sentences).toHaveLength(topics.length);
      for (const sentence of sentences) expect(sentence).toContain("KAFKA_CREATE_TOPICS");
    });

    it("names all mistakes at once: counts, cleanup, members of another kind", async () => {
      const topicPrefix = freshPrefix();
      await create(topicPrefix, "chat-requests", 2, { "cleanup.policy": "compact" });
      await create(topicPrefix, "interconnections", 3);
      const options = optionsFor(topicPrefix);
      const stranger = kafka.consumer({ groupId: options.groupId });
      await stranger.connect();
      await stranger.subscribe({ topics: [topicName(topicPrefix, "chat-requests")] });
      let joined = false;
      stranger.on("consumer.group_join", () => (joined = true));
      await stranger.run({ eachMessage: () => Promise.resolve() });
      await vi.waitFor(() => expect(joined).toBe(true), { timeout: 10_000 });
      const sentences = await sentencesOf(options);
      await stranger.disconnect();
      expect(sentences).toHaveLength(4);
      expect(sentences.join("\n")).toMatch(/chat-requests has cleanup\.policy=compact/);
      expect(sentences.join("\n")).toMatch(/interconnections has cleanup\.policy=delete/);
      expect(sentences.join("\n")).toMatch(/Partition counts must be equal/);
      expect(sentences.join("\n")).toMatch(/RoundRobinAssigner\): stranger at/);
    });
  });
});
