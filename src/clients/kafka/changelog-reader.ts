// The ChangelogReader port on Kafka. Owns which topic it is, and the alarm when records of it went away unread; reading is
// topic-reader.ts, what the records mean topology/changelog.ts. Called by the runtime at each takeover.
import type { ChangelogReader, Clock, Log, Metrics } from "../../topology/ports.ts";
import { topicName } from "../../topology/topics.ts";
import type { KafkaConnection } from "./client.ts";
import { createTopicReader, type TopicReader } from "./topic-reader.ts";

/** What the reader needs. */
export interface KafkaChangelogReaderOptions {
  readonly connection: KafkaConnection;
  /** KAFKA_TOPIC. */
  readonly topicPrefix: string;
  /** A read that gets no further for so long, in milliseconds, rejects. */
  readonly patienceMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, "count">;
  /** Makes the reader of its topic; default is one of KafkaJS. */
  readonly openReader?: typeof createTopicReader;
}

/** The port, with its life. */
export interface KafkaChangelogReader extends ChangelogReader, Pick<TopicReader, "connect" | "close"> {}

/** Makes the reader; connects at the first read or by `connect`. */
export function createKafkaChangelogReader(options: KafkaChangelogReaderOptions): KafkaChangelogReader {
  const { log, metrics, openReader = createTopicReader } = options;
  const topic = topicName(options.topicPrefix, "interconnections");
  const reader = openReader({
    ...options,
    topics: [topic],
    truncated({ partition, from: position, to: start }) {
      metrics.count("alarms", { alarm: "changelog_truncated" });
      log.warn({ alarm: "changelog_truncated", partition, position, start }, "the changelog lost records unread");
    },
  });
  return {
    connect: () => reader.connect(),
    close: () => reader.close(),
    read: (partition, from, to, each) => reader.read({ topic, partition, from, to }, each),
  };
}
