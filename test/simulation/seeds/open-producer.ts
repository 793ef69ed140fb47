// The service's own producer (clients/kafka/producer.ts: coalescing, deadlines, retirement) over a connection to the in-memory broker,
// which has the trap that the retirement is there for.
import { createKafkaProducer } from "../../../src/clients/kafka/producer.ts";
import type { ProducerInstance } from "../../../src/clients/kafka/producer-instance.ts";
import type { PlannedEntry } from "../../../src/clients/kafka/send-plan.ts";
import type { BrokerConnection } from "../../../src/topology/in-memory/broker-connection.ts";
import type { Clock, PatientProducer, ProducedRecord } from "../../../src/topology/ports.ts";
import { topicName, topics } from "../../../src/topology/topics.ts";
import { noMetrics, silentLog } from "../../support/logs.ts";

const prefix = "seeds";
const timeoutMs = 4_000;

/** A producer that opens a connection for each of its instances. */
export function openProducer(connect: () => BrokerConnection, clock: Clock): PatientProducer {
  return createKafkaProducer({
    connection: {
      ...{ brokers: [], clientId: "", username: "", password: "", ca: null },
      securityProtocol: "PLAINTEXT",
      saslMechanism: "PLAIN",
    },
    topicPrefix: prefix,
    topics: topics.map(({ suffix }) => suffix),
    maxMessageBytes: 1_048_576,
    timeoutMs,
    clock,
    log: silentLog,
    metrics: noMetrics,
    openInstance: () => instanceOn(connect()),
  });
}

/** One leader has everything: a send is one request, in order of its partitions. */
function instanceOn(connection: BrokerConnection): ProducerInstance {
  const { partitions } = connection;
  const layout = { partitions, leaders: Array<number>(partitions).fill(0) };
  const layouts = new Map(topics.map(({ suffix }) => [topicName(prefix, suffix), layout]));
  return {
    ready: Promise.resolve(layouts),
    leaderOf: () => 0,
    retire: () => undefined,
    disconnect: () => Promise.resolve(),
    async send(send) {
      const batches = [...send].flatMap(([topic, byPartition]) =>
        [...byPartition].map(([partition, entries]) => ({ topic, partition, entries })),
      );
      const offsets = await connection.send(batches.flatMap(({ entries, partition }) => recordsOf(entries, partition)));
      const bases = new Map<string, Map<number, number>>();
      let at = 0;
      for (const { topic, partition, entries } of batches) {
        const byPartition = bases.get(topic) ?? new Map<number, number>();
        bases.set(topic, byPartition.set(partition, offsets[at] ?? -1));
        at += entries.length;
      }
      return bases;
    },
  };
}

function recordsOf(entries: readonly PlannedEntry<unknown>[], partition: number): readonly ProducedRecord[] {
  return entries.map(({ sized }) => ({ ...sized.record, partition }));
}
