// The order of calls when a send fails: what goes again goes in the order in which it was asked for. Everything else of the producer is held
// against a broker (test/contracts) and under faults (test/simulation).
import { expect, it } from "vitest";

import { createClock } from "../../../../src/clients/clock.ts";
import type { KafkaConnection } from "../../../../src/clients/kafka/client.ts";
import type { ProducerInstance } from "../../../../src/clients/kafka/producer-instance.ts";
import { createKafkaProducer } from "../../../../src/clients/kafka/producer.ts";
import { silent } from "../../../support/stores.ts";
import { noMetrics } from "../../../support/logs.ts";

it("stays that in which calls were made, also where a failed send held several partitions", async () => {
  const sends: string[][] = [];
  const instance: ProducerInstance = {
    ready: Promise.resolve(new Map([["t.channel-messages", { partitions: 2, leaders: [1, 1] }]])),
    leaderOf: () => 1,
    retire: () => undefined,
    disconnect: () => Promise.resolve(),
    send(send) {
      const entries = [...send.values()].flatMap((partitions) => [...partitions.values()].flat());
      sends.push(entries.map(({ sized }) => sized.record.value?.toString() ?? ""));
      if (sends.length === 1) return Promise.reject(new Error("the connection broke"));
      const bases = [...send].map(([topic, of]) => [topic, new Map([...of.keys()].map((p) => [p, 0]))] as const);
      return Promise.resolve(new Map(bases));
    },
  };
  const producer = createKafkaProducer({
    ...{ connection: {} as KafkaConnection, topicPrefix: "t", topics: ["channel-messages"] },
    ...{ maxMessageBytes: 1e6, timeoutMs: 5_000, clock: createClock(), log: silent, metrics: noMetrics },
    openInstance: () => instance,
  });
  const record = (partition: number, value: string) => {
    return { topic: "channel-messages" as const, partition, key: Buffer.from("k"), value: Buffer.from(value) };
  };
  await Promise.all([
    producer.produce([record(0, "first of 0")]),
    producer.produce([record(1, "first of 1")]),
    producer.produce([record(0, "second of 0"), record(1, "second of 1")]),
  ]);
  expect(sends).toHaveLength(2);
  expect(sends[1]?.filter((value) => value.endsWith("1"))).toEqual(["first of 1", "second of 1"]);
  await producer.close();
});
