// An independent consumer of the service's topics, and a dump of the states in Redis, as entries of a history: records as they stand, the changelog in
// offset order, and what the store says of each user at the end. Own Kafka, registry and Redis clients, none of the service's code. States are told
// by a digest of each field: enough to compare them, and no person stands in a kept history. Dead letters have a witness of their own. Called by cast.ts.
import { createHash } from "node:crypto";

import { SchemaRegistry } from "@kafkajs/confluent-schema-registry";
import { Redis } from "ioredis";
import { Kafka, logLevel, type IHeaders, type KafkaMessage } from "kafkajs";

import type { InterconnectionChange } from "../../src/processors/messages/generated.ts";
import { eventually } from "../support/eventually.ts";
import { changelogEntry } from "../support/history/changelog-entry.ts";
import type { Untimed } from "../support/history/entries.ts";
import type { Stage } from "../support/stage.ts";

/** A reader that has joined. */
export interface TopicReader {
  /** What it has read so far, each topic's partition in offset order, users by their alias. */
  entries(aliasOf: (userId: string) => string): readonly Untimed[];
  /** The states of these users in Redis at a moment at which the changelog stood still and was read whole: to be asked when all is quiet. */
  states(userIds: readonly string[], aliasOf: (userId: string) => string): Promise<readonly Untimed[]>;
  close(): Promise<void>;
}

const suffixes = ["chat-requests", "channel-messages", "agent-events", "chat-events", "interconnections"] as const;
type Suffix = (typeof suffixes)[number];

const caughtUpWithinMs = 60_000;
const stillTries = 20;

/** Reads every topic but the dead letters from its beginning, with a consumer group of its own. */
export async function openTopicReader({ addresses, names }: Pick<Stage, "addresses" | "names">): Promise<TopicReader> {
  const kafka = new Kafka({ brokers: addresses.brokers.split(","), clientId: "witness", logLevel: logLevel.NOTHING });
  const registry = new SchemaRegistry({ host: addresses.registryUrl });
  const consumer = kafka.consumer({ groupId: `witness-${names.topic}`, maxWaitTimeInMs: 100 });
  const admin = kafka.admin();
  const seen: { readonly entry: Untimed; readonly userId: string | null }[] = [];
  const next = new Map<string, number>();
  const fullName = (suffix: Suffix): string => `${names.topic}.${suffix}`;

  async function read(suffix: Suffix, partition: number, message: KafkaMessage): Promise<void> {
    const offset = Number(message.offset);
    const place = `${suffix} ${String(partition)}`;
    const isNew = offset >= (next.get(place) ?? 0);
    if (suffix === "interconnections" && isNew) seen.push(await changed(registry, partition, message));
    // A group that comes back reads again what it has not committed; that it is the same is for the check to say.
    else if (suffix !== "interconnections" && message.value !== null) {
      const { key, value } = message;
      seen.push({ entry: await recorded(registry, { suffix, partition, offset, key, value }), userId: null });
    }
    if (isNew) next.set(place, offset + 1);
  }

  await Promise.all([consumer.connect(), admin.connect()]);
  await consumer.subscribe({ topics: suffixes.map(fullName), fromBeginning: true });
  await consumer.run({
    eachMessage: ({ topic, partition, message }) =>
      read(topic.slice(names.topic.length + 1) as Suffix, partition, message),
  });

  /** Where the topics end now. */
  async function ends(which: readonly Suffix[]): Promise<ReadonlyMap<string, number>> {
    const all = await Promise.all(
      which.map(async (suffix) =>
        (await admin.fetchTopicOffsets(fullName(suffix))).map(
          ({ partition, high }) => [`${suffix} ${String(partition)}`, Number(high)] as const,
        ),
      ),
    );
    return new Map(all.flat());
  }

  async function caughtUp(which: readonly Suffix[]): Promise<ReadonlyMap<string, number>> {
    const until = await ends(which);
    const behind = (): readonly string[] =>
      [...until].flatMap(([place, end]) => ((next.get(place) ?? 0) < end ? [place] : []));
    const allRead = (): boolean => behind().length === 0;
    await eventually("all topics are read", allRead, { timeoutMs: caughtUpWithinMs, why: behind });
    return until;
  }

  async function stateOf(redis: Redis, userId: string): Promise<string | null> {
    const [settled, opening] = await redis.mget(
      `${names.client}:${userId}:interconnection`,
      `${names.client}:${userId}:connecting`,
    );
    return opening ?? settled ?? null;
  }

  async function statesOf(
    redis: Redis,
    userIds: readonly string[],
  ): Promise<readonly (readonly [string, string | null])[]> {
    for (let tries = 1; tries <= stillTries; tries += 1) {
      const before = await caughtUp(["interconnections"]);
      const states = await Promise.all(userIds.map(async (id) => [id, digest(await stateOf(redis, id))] as const));
      const after = await ends(["interconnections"]);
      if ([...after].every(([place, end]) => before.get(place) === end)) return states;
    }
    throw new Error("the changelog never stood still");
  }

  return {
    entries: (aliasOf) =>
      seen.map(({ entry, userId }) =>
        userId === null || entry.kind !== "changelog" || entry.body.type !== "user"
          ? entry
          : { ...entry, body: { ...entry.body, user: aliasOf(userId) } },
      ),
    async states(userIds, aliasOf) {
      await caughtUp(suffixes);
      const redis = new Redis(`redis://${addresses.redis}`);
      try {
        const states = await statesOf(redis, userIds);
        return states.map(([userId, state]) => ({ kind: "stored", user: aliasOf(userId), state }));
      } finally {
        await redis.quit();
      }
    },
    async close() {
      await Promise.all([consumer.disconnect(), admin.disconnect()]);
    },
  };
}

async function changed(
  registry: SchemaRegistry,
  partition: number,
  { offset, key, value, headers }: KafkaMessage,
): Promise<{ readonly entry: Untimed; readonly userId: string | null }> {
  const header = (name: string): string => textOf(headers, name);
  const decoded = value === null ? null : ((await registry.decode(value)) as { readonly body: Body });
  const entry = changelogEntry(
    { partition, offset: Number(offset), key, value, header },
    decoded === null ? null : tagged(decoded.body),
  );
  if (entry.kind !== "changelog" || entry.body.type !== "user") return { entry, userId: null };
  const { body } = entry;
  return { entry: { ...entry, body: { ...body, state: digest(body.state) } }, userId: body.user };
}

/** A union of records, as it comes off the wire: its one field is named by the record. */
type Body = Readonly<Record<string, object>>;

function tagged(body: Body): InterconnectionChange["body"] {
  const [only] = Object.entries(body);
  if (only === undefined) throw new Error("a union without a value");
  const [name, fields] = only;
  return { ...fields, type: name.slice(name.lastIndexOf(".") + 1) } as InterconnectionChange["body"];
}

interface Place {
  readonly suffix: Exclude<Suffix, "interconnections">;
  readonly partition: number;
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer;
}

interface Told {
  readonly eventId?: string;
  readonly requestId?: string | null;
  readonly chatId?: string | null;
  readonly sequence?: number;
}

/** What two records share that say the same. A fact that was decided anew, where Redis had lost it, says when: the rest must be the same. */
async function recorded(registry: SchemaRegistry, { suffix, partition, offset, key, value }: Place): Promise<Untimed> {
  const at = { kind: "record", topic: suffix, partition, offset } as const;
  const bytes = hash(`${key?.toString("hex") ?? ""} ${value.toString("hex")}`);
  if (suffix !== "chat-events" && suffix !== "chat-requests") return { ...at, id: null, content: bytes };
  let told: Told;
  try {
    told = (await registry.decode(value)) as Told;
  } catch (error) {
    // Poison, and so a request that nobody made.
    if (suffix === "chat-requests" && error instanceof Error) return { ...at, id: null, content: bytes };
    throw error;
  }
  if (suffix === "chat-requests") return { ...at, id: told.requestId ?? null, content: bytes };
  const { eventId = null, chatId = null, sequence = 0 } = told;
  const content = hash(JSON.stringify({ ...told, producedAt: undefined }));
  return { ...at, id: eventId, content, ...(chatId === null ? {} : { chat: { id: chatId, sequence } }) };
}

function textOf(headers: IHeaders | undefined, name: string): string {
  const value = headers?.[name];
  return (Array.isArray(value) ? value[0] : value)?.toString() ?? "";
}

/** A state by its fields, each as a digest that is the same for the same JSON in any order. */
export function digest(state: string | null): string | null {
  if (state === null) return null;
  const fields = Object.entries(JSON.parse(state) as Readonly<Record<string, unknown>>);
  return JSON.stringify(Object.fromEntries(fields.map(([name, value]) => [name, hash(JSON.stringify(sorted(value)))])));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value ?? null;
  const fields = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([key, one]) => [key, sorted(one)]));
}

function hash(text: string): string {
  return createHash("sha1").update(text).digest("base64url").slice(0, 16);
}
