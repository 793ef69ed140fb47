// The trap that the retirement of producers is there for: the in-memory connection has it as Kafka and KafkaJS
// have it. If a new version of either has it no more, this fails, and the fake is to be changed with it.
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { prepareCluster } from "../../src/clients/kafka/admin.ts";
import { createKafkaConsumer } from "../../src/clients/kafka/consumer.ts";
import { createProducerInstance } from "../../src/clients/kafka/producer-instance.ts";
import type { PlannedEntry } from "../../src/clients/kafka/send-plan.ts";
import { createInMemoryLog } from "../../src/topology/in-memory/log.ts";
import { topicName } from "../../src/topology/topics.ts";
import { noMetrics, plainConnection, realClock, silentLog } from "../support/logs.ts";
import { ownNames } from "../support/services.ts";

/** One connection of a producer, and where the topic ends that it writes to. */
interface Binding {
  /** One record to each of these partitions of chat-events, in one send. */
  send(...partitions: readonly number[]): Promise<unknown>;
  /** A send whose record to partition 0 is stored, and which is rejected for that to partition 1. */
  sendHalf(): Promise<unknown>;
  end(partition: number): Promise<number>;
  close(): Promise<void>;
}

const record = (partition: number, value = "value") => ({
  ...{ topic: "chat-events" as const, partition },
  ...{ key: Buffer.from("key"), value: Buffer.from(value) },
});

function openInMemory(): Promise<Binding> {
  const log = createInMemoryLog({ clock: realClock, partitions: 2 });
  const connection = log.connection();
  return Promise.resolve({
    send: (...partitions) => connection.send(partitions.map((partition) => record(partition))),
    sendHalf() {
      log.failNext("half-stored");
      return connection.send([record(0), record(1)]);
    },
    end: (partition) => Promise.resolve(log.records("chat-events", partition).length),
    close: () => Promise.resolve(),
  });
}

async function openKafka(): Promise<Binding> {
  const { topic: topicPrefix, client, appName } = ownNames(import.meta.url);
  const shared = { connection: plainConnection(), topicPrefix, clock: realClock, log: silentLog };
  const creation = { createTopics: true, partitions: 2, replicationFactor: 1, maxMessageBytes: 1_048_576 };
  const { maxMessageBytes } = await prepareCluster({ ...shared, groupId: appName, client, ...creation });
  const topic = topicName(topicPrefix, "chat-events");
  const instance = createProducerInstance({ ...shared, topics: [topic], sendTimeoutMs: 5_000 });
  await instance.ready;
  const looking = createKafkaConsumer({
    ...{ ...shared, groupId: `${appName}-looking`, instanceId: "looking", client },
    ...{ sessionTimeoutMs: 10_000, stopTimeoutMs: 5_000, metrics: noMetrics },
  });
  const send = (...records: readonly ReturnType<typeof record>[]) => {
    const byPartition = new Map(
      records.map((one): readonly [number, readonly PlannedEntry<null>[]] => [
        one.partition,
        [
          {
            call: null,
            index: 0,
            sized: { topic, partition: one.partition, record: one, sizeBytes: one.value.length },
          },
        ],
      ]),
    );
    return instance.send(new Map([[topic, byPartition]]));
  };
  return {
    send: (...partitions) => send(...partitions.map((partition) => record(partition))),
    sendHalf: () => send(record(0), record(1, "x".repeat(maxMessageBytes + 1_000))),
    end: async (partition) => (await looking.bounds("chat-events", partition)).end,
    async close() {
      instance.retire();
      await looking.stop();
    },
  };
}

describe.each([
  { name: "in memory", open: openInMemory },
  { name: "Kafka", open: openKafka },
])("a connection $name that is used on after a rejected send", ({ open }) => {
  let connection: Binding;
  beforeAll(async () => {
    connection = await open();
  });
  afterAll(() => connection.close());

  it("is acknowledged for a record that is not stored", async () => {
    await connection.send(0, 1);
    const before = await connection.end(0);
    await expect(connection.sendHalf()).rejects.toThrow();
    expect(await connection.end(0)).toBe(before + 1);
    await connection.send(0);
    expect(await connection.end(0)).toBe(before + 1);
  });
});
