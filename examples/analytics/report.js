// Reads <T>.chat-events from its beginning to where it ends now, and prints figures of every chat: as a table, or as JSON with --json.
// Uses kafkajs and the registry client alone; commits nothing, so it may run as often as one likes.
import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";

import { SchemaRegistry } from "@kafkajs/confluent-schema-registry";
import kafkajs from "kafkajs";

import { figuresOf } from "./figures.js";

const { Kafka, logLevel } = kafkajs;

const { values: options } = parseArgs({
  options: {
    brokers: { type: "string", default: "127.0.0.1:9092" },
    registry: { type: "string", default: "http://127.0.0.1:8081/apis/ccompat/v7" },
    // KAFKA_TOPIC of the service, and its CLIENT where several share the topic.
    topic: { type: "string", default: "sandbox" },
    client: { type: "string" },
    json: { type: "boolean", default: false },
  },
});

const topic = `${options.topic}.chat-events`;
const kafka = new Kafka({
  clientId: "example-analytics",
  brokers: options.brokers.split(","),
  logLevel: logLevel.ERROR,
});
const registry = new SchemaRegistry({ host: options.registry });

/** Partitions with something in them, and where each ends now. */
async function endsNow() {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const offsets = await admin.fetchTopicOffsets(topic);
    return new Map(
      offsets.filter(({ low, high }) => low !== high).map(({ partition, high }) => [partition, BigInt(high)]),
    );
  } finally {
    await admin.disconnect();
  }
}

/** Every fact before `ends`. */
async function readTo(ends) {
  const facts = [];
  if (ends.size === 0) return facts;
  const left = new Map(ends);
  const consumer = kafka.consumer({ groupId: `example-analytics-${randomUUID()}`, maxWaitTimeInMs: 250 });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      void consumer
        .run({
          autoCommit: false,
          async eachBatch({ batch }) {
            for (const { value } of batch.messages) if (value !== null) facts.push(await registry.decode(value));
            const end = left.get(batch.partition);
            if (end !== undefined && BigInt(batch.lastOffset()) + 1n >= end) left.delete(batch.partition);
            if (left.size === 0) resolve();
          },
        })
        .catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
  return facts;
}

const facts = await readTo(await endsNow());
const figures = figuresOf(facts.filter(({ client }) => options.client === undefined || client === options.client));
if (options.json) console.log(JSON.stringify(figures));
else {
  const seconds = (ms) => (ms === null ? "" : (ms / 1000).toFixed(1));
  console.table(
    figures.chats.map(
      ({ chatId, outcome, waitedMs, durationMs, messagesIn, filesIn, messagesOut, endedBy, reason }) => ({
        chat: chatId,
        outcome,
        "waited, s": seconds(waitedMs),
        "duration, s": seconds(durationMs),
        in: messagesIn + filesIn,
        out: messagesOut,
        "ended by": endedBy ?? "",
        reason: reason ?? "",
      }),
    ),
  );
  console.log(`${figures.chats.length} chats, ${figures.refused.length} refused requests`);
}
