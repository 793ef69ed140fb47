// An upstream producer of requests: its own Kafka client and registry client, none of the service's code, as other teams have it. Called
// by end-to-end tests in which somebody comes in by the topic.
import { SchemaRegistry } from "@kafkajs/confluent-schema-registry";
import { Kafka, logLevel, Partitioners } from "kafkajs";

import type { Person } from "../../sandbox/world/people.ts";
import type { Stage } from "./stage.ts";

/** Where the broker says that a record stands. */
export interface Stored {
  /** Without its prefix. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** A connected producer. */
export interface TopicProducer {
  /** Asks for an agent; resolves at the broker's acknowledgement. */
  connect(person: Person, requestId: string): Promise<Stored>;
  /** Asks that the user's chat be ended; the same. */
  finish(person: Person, requestId: string): Promise<Stored>;
  /** Makes records of these texts of the user. What it answers writes them, in one go; it resolves when the broker has acknowledged all. */
  burst(person: Person, texts: readonly string[]): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** Records in a send: few, for the world whose phones and agents are watched lives in the same process. */
const sendRecords = 250;

/** Connects, and takes the newest schema of the topic's subject. */
export async function openTopicProducer({
  addresses,
  names,
}: Pick<Stage, "addresses" | "names">): Promise<TopicProducer> {
  const topic = `${names.topic}.chat-requests`;
  const registry = new SchemaRegistry({ host: addresses.registryUrl });
  const schemaId = await registry.getLatestSchemaId(`${topic}-value`);
  const kafka = new Kafka({ brokers: addresses.brokers.split(","), clientId: "upstream", logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, idempotent: true });
  await producer.connect();
  const ask = async (userId: string, requestId: string, expiresAt: number | null, body: object): Promise<Stored> => {
    const head = { requestId, client: names.client, userId, occurredAt: Date.now(), expiresAt };
    const value = await registry.encode(schemaId, { ...head, body });
    const [stored] = await producer.send({ topic, messages: [{ key: userId, value }] });
    if (stored === undefined) throw new Error("the broker does not say where the record stands");
    return { topic: "chat-requests", partition: stored.partition, offset: Number(stored.baseOffset) };
  };
  return {
    connect({ userId, name, email, phoneNumber, channel }, requestId) {
      const connect = { name, email, phoneNumber, channel, botSlug: "bot", botId: "bot-1", extraData: {} };
      return ask(userId, requestId, Date.now() + 60_000, { "salesforceintegration.Connect": connect });
    },
    finish({ userId }, requestId) {
      return ask(userId, requestId, null, { "salesforceintegration.Finish": { requestedBy: "upstream" } });
    },
    async burst({ userId, channel }, texts) {
      const messages = `${names.topic}.channel-messages`;
      const id = await registry.getLatestSchemaId(`${messages}-value`);
      const now = Date.now();
      const record = (text: string, i: number): object => ({
        ...{ messageId: `burst-${String(i)}`, client: names.client, userId, channel, author: "user" },
        ...{ occurredAt: now, receivedAt: now, type: "text", text, media: null },
      });
      const values = await Promise.all(texts.map((text, i) => registry.encode(id, record(text, i))));
      return async () => {
        for (let at = 0; at < values.length; at += sendRecords) {
          const slice = values.slice(at, at + sendRecords);
          await producer.send({ topic: messages, messages: slice.map((value) => ({ key: userId, value })) });
        }
      };
    },
    close: () => producer.disconnect(),
  };
}
