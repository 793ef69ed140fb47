// Deletes the oldest records of partitions, which Kafka can do by offset only. For the operator's command line, which erases a user's
// dead letters; the service deletes nothing. Needs the right to delete from the topic.
import type { Log } from "../../topology/ports.ts";
import { createKafka, type KafkaConnection } from "./client.ts";

const requestTimeoutMs = 10_000;

/** Deletes everything below `before` of one partition of a topic, named in full. Rejects with KafkaJS's error. Safe to repeat. */
export async function deleteRecords(
  connection: KafkaConnection,
  log: Log,
  at: { readonly topic: string; readonly partition: number; readonly before: number },
): Promise<void> {
  const retry = { retries: 1, initialRetryTime: 100, maxRetryTime: 500 };
  const handle = createKafka(connection, { requestTimeoutMs, retry }, log);
  const admin = handle.kafka.admin({ retry });
  try {
    await admin.connect();
    const partitions = [{ partition: at.partition, offset: String(at.before) }];
    await admin.deleteTopicRecords({ topic: at.topic, partitions });
  } finally {
    await admin.disconnect();
    handle.cut();
  }
}
