// An independent reader of the facts on <T>.chat-events: its own Kafka client and registry client, none of the service's code, so
// that what analytics would see is what is judged. Called by the end-to-end tests.
import { SchemaRegistry } from "@kafkajs/confluent-schema-registry";
import { Kafka, logLevel } from "kafkajs";

import { eventually } from "./eventually.ts";
import type { ServiceAddresses } from "./services.ts";

/** A fact as it was decoded; the fields that tests look at. */
export interface Fact {
  readonly eventId: string;
  readonly userId: string;
  readonly chatId: string | null;
  readonly requestId: string | null;
  readonly sequence: number;
  /** Epoch milliseconds. */
  readonly occurredAt: number;
  readonly kind: string;
  readonly reason: string;
  readonly agentName: string | null;
  readonly caseId: string | null;
  readonly contactId: string | null;
  readonly messageId: string | null;
  readonly text: string | null;
  readonly botState: string | null;
}

/** A reader that has joined. */
export interface FactReader {
  /** All facts so far of a user, in the order of the topic, repeats dropped by eventId. */
  of(userId: string): readonly Fact[];
  /** The same of all users. */
  all(): readonly Fact[];
  /** Resolves when a user has such a fact. */
  waitFor(userId: string, kind: string, timeoutMs?: number): Promise<Fact>;
  /** Resolves when everything that the topic holds now has been read: after an outage the reader, too, comes back late. */
  caughtUp(): Promise<void>;
  /** Facts that came more than once. */
  repeats(): number;
  close(): Promise<void>;
}

const caughtUpWithinMs = 60_000;

/** Reads `<topic>.chat-events` from its beginning, with a consumer group of its own. */
export async function openFactReader(addresses: ServiceAddresses, topic: string): Promise<FactReader> {
  const kafka = new Kafka({ brokers: addresses.brokers.split(","), clientId: "analytics", logLevel: logLevel.NOTHING });
  const registry = new SchemaRegistry({ host: addresses.registryUrl });
  const consumer = kafka.consumer({ groupId: `analytics-${topic}`, maxWaitTimeInMs: 100 });
  const facts = new Map<string, Fact>();
  const nextOffsets = new Map<number, number>();
  const state = { repeats: 0 };
  await consumer.connect();
  await consumer.subscribe({ topic: `${topic}.chat-events`, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      if (message.value === null) throw new Error("a fact without a value");
      const fact = (await registry.decode(message.value)) as Fact;
      if (message.key?.toString() !== fact.userId) throw new Error("a fact under another key than its user");
      if (facts.has(fact.eventId)) state.repeats += 1;
      else facts.set(fact.eventId, fact);
      nextOffsets.set(partition, Number(message.offset) + 1);
    },
  });
  const of = (userId: string): readonly Fact[] => [...facts.values()].filter((fact) => fact.userId === userId);
  return {
    of,
    all: () => [...facts.values()],
    async caughtUp() {
      const admin = kafka.admin();
      await admin.connect();
      const ends = await admin.fetchTopicOffsets(`${topic}.chat-events`).finally(() => admin.disconnect());
      const behind = (): readonly number[] =>
        ends.flatMap(({ partition, high }) => ((nextOffsets.get(partition) ?? 0) < Number(high) ? [partition] : []));
      const allRead = (): boolean => behind().length === 0;
      await eventually("all facts are read", allRead, { timeoutMs: caughtUpWithinMs, why: behind });
    },
    repeats: () => state.repeats,
    waitFor(userId, kind, timeoutMs = 30_000) {
      const why = (): unknown => of(userId).map((fact) => fact.kind);
      return eventually(`a fact ${kind}`, () => of(userId).find((fact) => fact.kind === kind), { timeoutMs, why });
    },
    close: () => consumer.disconnect(),
  };
}
