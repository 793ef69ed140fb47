// One idempotent KafkaJS producer with a producer id of its own. Owns its connection, the leaders it knows and its end; never used again
// after a rejection (producer.ts sees to that: a later send of the same size could be acknowledged without being stored).
import type { Message, RecordMetadata } from "kafkajs";

import type { Log } from "../../topology/ports.ts";
import { createKafka, type KafkaConnection } from "./client.ts";
import { headersOf } from "./records.ts";
import type { Send } from "./send-plan.ts";

/** Partitions of a topic and who leads them. */
export interface TopicLayout {
  readonly partitions: number;
  /** Node id by partition; -1 where none leads now. */
  readonly leaders: readonly number[];
}

/** First offset of each partition of a send, by topic and partition. */
export type BaseOffsets = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** A producer that is thrown away after its first failure. */
export interface ProducerInstance {
  /** Resolves when it can send: connected, producer id given, layouts known. Rejects with KafkaJS's error. */
  readonly ready: Promise<ReadonlyMap<string, TopicLayout>>;
  /** Rejects with KafkaJS's error; then the instance must be retired. */
  send(send: Send<unknown>): Promise<BaseOffsets>;
  /** Leader that the instance knows now. */
  readonly leaderOf: (topic: string, partition: number) => number;
  /** Cuts its connections at once, so that no retry of it can reach a broker any more. */
  readonly retire: () => void;
  /** Ends it when nothing is outstanding. */
  disconnect(): Promise<void>;
}

/** What an instance needs. */
export interface ProducerInstanceOptions {
  readonly connection: KafkaConnection;
  readonly topics: readonly string[];
  readonly sendTimeoutMs: number;
  readonly log: Log;
}

const noLeader = -1;

/** Makes an instance and connects it. */
export function createProducerInstance(options: ProducerInstanceOptions): ProducerInstance {
  const { connection, topics, sendTimeoutMs, log } = options;
  // Few and quick: what is beyond them is a new instance's business, not KafkaJS's.
  const retry = { retries: 2, initialRetryTime: 100, maxRetryTime: 500 };
  const handle = createKafka(connection, { requestTimeoutMs: sendTimeoutMs, retry }, log);
  const layouts = new Map<string, TopicLayout>();
  /** What the layouts were last made of: KafkaJS keeps a topic's metadata until it refreshes it. */
  const shown = new Map<string, readonly object[]>();
  const producer = handle.kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    retry,
    // Partitions are settled before; KafkaJS shows here, at every send, who leads them by now.
    createPartitioner:
      () =>
      ({ topic, partitionMetadata, message }) => {
        if (shown.get(topic) !== partitionMetadata) {
          shown.set(topic, partitionMetadata);
          layouts.set(topic, layoutOf(partitionMetadata));
        }
        return message.partition ?? 0;
      },
  });

  const open = async (): Promise<ReadonlyMap<string, TopicLayout>> => {
    await producer.connect();
    const admin = handle.kafka.admin({ retry });
    await admin.connect();
    try {
      const existing = new Set(await admin.listTopics());
      const known = topics.filter((topic) => existing.has(topic));
      const { topics: found } =
        known.length === 0 ? { topics: [] } : await admin.fetchTopicMetadata({ topics: [...known] });
      for (const { name, partitions } of found) layouts.set(name, layoutOf(partitions));
    } finally {
      await admin.disconnect();
    }
    return layouts;
  };

  return {
    ready: open(),
    leaderOf: (topic, partition) => layouts.get(topic)?.leaders[partition] ?? noLeader,
    async send(send) {
      const answers = await producer.sendBatch({
        acks: -1,
        timeout: sendTimeoutMs,
        topicMessages: [...send].map(([topic, partitions]) => ({ topic, messages: messagesOf(partitions) })),
      });
      return baseOffsetsOf(send, answers);
    },
    retire: handle.cut,
    async disconnect() {
      await producer.disconnect();
      handle.cut();
    },
  };
}

function layoutOf(partitions: readonly { readonly partitionId: number; readonly leader: number }[]): TopicLayout {
  const leaders: number[] = [];
  for (const { partitionId, leader } of partitions) leaders[partitionId] = leader;
  return { partitions: partitions.length, leaders };
}

function messagesOf(partitions: Send<unknown> extends ReadonlyMap<string, infer P> ? P : never): Message[] {
  const messages: Message[] = [];
  for (const [partition, entries] of partitions) {
    for (const { sized } of entries) {
      const { key, value, headers } = sized.record;
      messages.push({ key, value, partition, ...(headers === undefined ? {} : { headers: headersOf(headers) }) });
    }
  }
  return messages;
}

/**
 * Demands an answer for every partition: KafkaJS drops records of a partition that its metadata does not list, and reports the
 * rest as sent.
 */
function baseOffsetsOf(send: Send<unknown>, answers: readonly RecordMetadata[]): BaseOffsets {
  const bases = new Map<string, Map<number, number>>();
  for (const { topicName, partition, baseOffset } of answers) {
    const offsets = bases.get(topicName) ?? new Map<number, number>();
    bases.set(topicName, offsets);
    if (baseOffset !== undefined && Number(baseOffset) >= 0) offsets.set(partition, Number(baseOffset));
  }
  for (const [topic, partitions] of send) {
    for (const partition of partitions.keys()) {
      if (bases.get(topic)?.get(partition) === undefined) {
        throw new Error(`the broker's answer lacks an offset for ${topic}, partition ${partition}`);
      }
    }
  }
  return bases;
}
