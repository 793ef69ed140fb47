// All bytes that stand in the topics of a stage, read by a Kafka client of its own: for looking what got there, and what must not.
import { Kafka, logLevel } from "kafkajs";

import { eventually } from "./eventually.ts";

/** Keys, values and headers of all records of the topics with this prefix, one record a line, bytes as latin1. */
export async function topicBytes(brokers: string, prefix: string): Promise<ReadonlyMap<string, string>> {
  const kafka = new Kafka({ brokers: brokers.split(","), clientId: "reader-of-bytes", logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  const consumer = kafka.consumer({ groupId: `bytes-${prefix}`, maxWaitTimeInMs: 100 });
  await admin.connect();
  await consumer.connect();
  try {
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(`${prefix}.`));
    const lines = new Map<string, string[]>(topics.map((topic) => [topic, []]));
    const ends = new Map<string, number>();
    const reached = new Map<string, number>();
    for (const topic of topics)
      for (const { partition, high } of await admin.fetchTopicOffsets(topic))
        ends.set(`${topic}/${String(partition)}`, Number(high));
    await consumer.subscribe({ topics, fromBeginning: true });
    await consumer.run({
      eachBatch: async ({ batch }) => {
        for (const { key, value, headers } of batch.messages) {
          const parts = [key, value, JSON.stringify(headers ?? {})].map((part) => part?.toString("latin1") ?? "");
          lines.get(batch.topic)?.push(parts.join(" "));
        }
        reached.set(`${batch.topic}/${String(batch.partition)}`, Number(batch.lastOffset()) + 1);
      },
    });
    const behind = (): readonly string[] =>
      [...ends].filter(([place, end]) => end > (reached.get(place) ?? 0)).map(([place]) => place);
    await eventually("all topics are read", () => behind().length === 0, { why: behind });
    return new Map([...lines].map(([topic, records]) => [topic.slice(prefix.length + 1), records.join("\n")]));
  } finally {
    await consumer.disconnect();
    await admin.disconnect();
  }
}
