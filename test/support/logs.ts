// The implementations of the Producer, Consumer and ChangelogReader ports under one interface, and a listener that remembers. For the
// contract tests.
import { Kafka, logLevel } from "kafkajs";

import { prepareCluster } from "../../src/clients/kafka/admin.ts";
import { createKafkaChangelogReader } from "../../src/clients/kafka/changelog-reader.ts";
import type { KafkaConnection } from "../../src/clients/kafka/client.ts";
import { createKafkaConsumer } from "../../src/clients/kafka/consumer.ts";
import { createKafkaProducer } from "../../src/clients/kafka/producer.ts";
import { createInMemoryLog } from "../../src/topology/in-memory/log.ts";
import type {
  ChangelogReader,
  Clock,
  ConsumedBatch,
  ConsumedRecord,
  Consumer,
  ConsumerListener,
  Log,
  Metrics,
  Producer,
} from "../../src/topology/ports.ts";
import { topicName, topics, type InputTopic, type TopicSuffix } from "../../src/topology/topics.ts";
import { ownNames, serviceAddresses } from "./services.ts";

/** One implementation. */
export interface LogBinding {
  /** Of every topic. */
  readonly partitions: number;
  readonly producer: Producer;
  readonly reader: ChangelogReader;
  /** A new member; stopped by close. */
  consumer(groupId: string, instanceId: string): Consumer;
  /** Takes up offsets that no consumer shows, as an aborted transaction does; answers how many. */
  appendHole(topic: TopicSuffix, partition: number): Promise<number>;
  close(): Promise<void>;
}

const partitions = 4;

/** The system's clock, for what is tested against real services. */
export const realClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, fn) {
    const timer = setTimeout(fn, delayMs);
    return () => clearTimeout(timer);
  },
};
/** A log for what is not under test. */
export const silentLog: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
/** Metrics for what is not under test. */
export const noMetrics: Metrics = { count: () => undefined, observeMs: () => undefined, gauge: () => undefined };

/** How tests reach the broker of their run. */
export function plainConnection(): KafkaConnection {
  return {
    brokers: serviceAddresses().brokers.split(","),
    clientId: "contract-tests",
    securityProtocol: "PLAINTEXT",
    saslMechanism: "PLAIN",
    username: "",
    password: "",
    ca: null,
  };
}

/** All implementations. Those on real services connect when opened. */
export const logBindings: readonly { readonly name: string; readonly open: () => Promise<LogBinding> }[] = [
  {
    name: "in memory",
    async open() {
      const log = createInMemoryLog({ clock: realClock, partitions, batchRecords: 100 });
      return {
        partitions,
        producer: log.producer(),
        reader: log.changelogReader(),
        consumer: log.consumer,
        async appendHole(topic, partition) {
          log.appendHole(topic, partition);
          log.appendHole(topic, partition);
          return 2;
        },
        close: async () => undefined,
      };
    },
  },
  { name: "Kafka", open: openKafka },
];

async function openKafka(): Promise<LogBinding> {
  const { topic: topicPrefix, client, appName } = ownNames(import.meta.url);
  const connection = plainConnection();
  const shared = { connection, topicPrefix, clock: realClock, log: silentLog, metrics: noMetrics };
  const { maxMessageBytes } = await prepareCluster({
    ...shared,
    groupId: appName,
    client,
    createTopics: true,
    partitions,
    replicationFactor: 1,
    maxMessageBytes: 1_048_576,
  });
  const suffixes = topics.map(({ suffix }) => suffix);
  const producer = createKafkaProducer({
    ...shared,
    topics: suffixes,
    maxMessageBytes,
    timeoutMs: 5_000,
  });
  const reader = createKafkaChangelogReader({ ...shared, patienceMs: 2_000 });
  const consumers: Consumer[] = [];
  const transactional = new Kafka({ brokers: [...connection.brokers], logLevel: logLevel.NOTHING }).producer({
    transactionalId: `${topicPrefix}-holes`,
    idempotent: true,
    maxInFlightRequests: 1,
  });
  await Promise.all([producer.connect(), reader.connect(), transactional.connect()]);
  return {
    partitions,
    producer,
    reader,
    consumer(groupId, instanceId) {
      const consumer = createKafkaConsumer({
        ...shared,
        groupId: `${appName}-${groupId}`,
        instanceId,
        client,
        sessionTimeoutMs: 10_000,
        stopTimeoutMs: 5_000,
      });
      consumers.push(consumer);
      return consumer;
    },
    async appendHole(suffix, partition) {
      const transaction = await transactional.transaction();
      await transaction.send({
        topic: topicName(topicPrefix, suffix),
        messages: [{ partition, key: "k", value: "aborted" }],
      });
      await transaction.abort();
      return 2;
    },
    async close() {
      await Promise.all(consumers.map((consumer) => consumer.stop()));
      await Promise.all([producer.close(), reader.close(), transactional.disconnect()]);
    },
  };
}

/** A listener that remembers what it was told. */
export interface RememberingListener extends ConsumerListener {
  readonly assignments: (readonly number[])[];
  /** Of each assignment whether others may have owned since the one before. */
  readonly interrupted: boolean[];
  readonly batches: ConsumedBatch[];
  readonly crashes: Error[];
  revocations: number;
  /** Indexes owned now. */
  owned(): readonly number[];
  of(topic: InputTopic, partition: number): readonly ConsumedBatch[];
  records(topic: InputTopic, partition: number): readonly ConsumedRecord[];
}

/** Makes one; `onBatch` runs inside the call. */
export function rememberingListener(onBatch: (batch: ConsumedBatch) => void = () => undefined): RememberingListener {
  const assignments: (readonly number[])[] = [];
  const interrupted: boolean[] = [];
  const batches: ConsumedBatch[] = [];
  const crashes: Error[] = [];
  let owned: readonly number[] = [];
  const of = (topic: InputTopic, partition: number): readonly ConsumedBatch[] =>
    batches.filter((batch) => batch.topic === topic && batch.partition === partition);
  return {
    assignments,
    interrupted,
    batches,
    crashes,
    revocations: 0,
    owned: () => owned,
    of,
    records: (topic, partition) => of(topic, partition).flatMap(({ records }) => records),
    assigned(indexes, uninterrupted) {
      assignments.push(indexes);
      interrupted.push(!uninterrupted);
      owned = indexes;
    },
    revoked() {
      this.revocations += 1;
      owned = [];
    },
    batch(batch) {
      batches.push(batch);
      onBatch(batch);
    },
    crashed(error) {
      crashes.push(error);
    },
  };
}
