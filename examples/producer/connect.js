// Asks for an agent for one user by producing a Connect to <T>.chat-requests, waits for its outcome on <T>.chat-events, and prints it as
// one line of JSON. Uses kafkajs and the registry client alone. Exit code 0: an agent is on the way; 1: refused; 2: no outcome in
// time, or something else went wrong.
import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";

import { SchemaRegistry } from "@kafkajs/confluent-schema-registry";
import kafkajs from "kafkajs";

const { Kafka, Partitioners, logLevel } = kafkajs;

const { values: options } = parseArgs({
  options: {
    brokers: { type: "string", default: "127.0.0.1:9092" },
    registry: { type: "string", default: "http://127.0.0.1:8081/apis/ccompat/v7" },
    // KAFKA_TOPIC and CLIENT of the service that is meant.
    topic: { type: "string", default: "sandbox" },
    client: { type: "string", default: "sandbox" },
    user: { type: "string", default: "5215512345678" },
    channel: { type: "string", default: "whatsapp" },
    name: { type: "string", default: "Ana" },
    email: { type: "string", default: "ana@example.org" },
    phone: { type: "string" },
    "bot-slug": { type: "string", default: "store-bot" },
    "bot-id": { type: "string", default: "5215500000000" },
    // A flow that the service knows, and anything else that it maps to Salesforce fields, as JSON.
    extra: { type: "string", default: "{}" },
    // The same id again asks for nothing new.
    "request-id": { type: "string", default: randomUUID() },
    // After so many seconds nobody waits for an agent any more.
    "expires-in": { type: "string", default: "60" },
    timeout: { type: "string", default: "30" },
  },
});

const requests = `${options.topic}.chat-requests`;
const facts = `${options.topic}.chat-events`;
const kafka = new Kafka({
  clientId: "example-producer",
  brokers: options.brokers.split(","),
  logLevel: logLevel.ERROR,
});
const registry = new SchemaRegistry({ host: options.registry });

/** The record, encoded with the newest schema of the subject. */
async function encodeRequest() {
  const now = Date.now();
  const schemaId = await registry.getLatestSchemaId(`${requests}-value`);
  return registry.encode(schemaId, {
    requestId: options["request-id"],
    client: options.client,
    userId: options.user,
    occurredAt: now,
    expiresAt: now + Number(options["expires-in"]) * 1000,
    // A union of records names its branch.
    body: {
      "salesforceintegration.Connect": {
        name: options.name,
        channel: options.channel,
        botSlug: options["bot-slug"],
        botId: options["bot-id"],
        email: options.email,
        phoneNumber: options.phone ?? null,
        extraData: JSON.parse(options.extra),
      },
    },
  });
}

/** Sends it: raw UTF-8 key, murmur2 as Java has it, acks=all, idempotent. */
async function produce(value) {
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, idempotent: true });
  await producer.connect();
  try {
    await producer.send({ topic: requests, messages: [{ key: options.user, value }] });
  } finally {
    await producer.disconnect();
  }
}

/** Where the facts end now: what is told later stands behind. */
async function endOfFacts() {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await admin.fetchTopicOffsets(facts);
  } finally {
    await admin.disconnect();
  }
}

/**
 * Reads the facts from `ends` on until the outcome of this request comes. A fact may come twice; of the first outcome that is seen
 * nothing changes.
 */
async function outcomeFrom(ends, isOver) {
  const consumer = kafka.consumer({ groupId: `example-producer-${randomUUID()}`, maxWaitTimeInMs: 250 });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic: facts });
    const found = new Promise((resolve, reject) => {
      isOver.addEventListener("abort", () => reject(new Error(`no outcome within ${options.timeout} s`)));
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      void consumer
        .run({
          autoCommit: false,
          async eachMessage({ message }) {
            if (message.key?.toString() !== options.user) return;
            const fact = await registry.decode(message.value);
            const isMine = fact.client === options.client && fact.requestId === options["request-id"];
            if (isMine && (fact.kind === "waiting" || fact.kind === "refused")) resolve(fact);
          },
        })
        .catch(reject);
    });
    for (const { partition, offset } of ends) consumer.seek({ topic: facts, partition, offset });
    return await found;
  } finally {
    await consumer.disconnect();
  }
}

try {
  const ends = await endOfFacts();
  await produce(await encodeRequest());
  const fact = await outcomeFrom(ends, AbortSignal.timeout(Number(options.timeout) * 1000));
  const { requestId, kind, reason, detail, chatId, caseId } = fact;
  console.log(JSON.stringify({ requestId, outcome: kind, reason, detail, chatId, caseId }));
  process.exitCode = kind === "waiting" ? 0 : 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 2;
}
