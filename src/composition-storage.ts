// Brings up what the service keeps its data in: Redis, the registry's codec, and the cluster with its producers, consumer and
// changelog reader. Each is waited for as long as the start is wanted; what only a person can mend refuses it. Called by composition.ts.
import { X509Certificate } from "node:crypto";

import { createClock, createRandom } from "./clients/clock.ts";
import type { Settings } from "./clients/config/settings-shape.ts";
import { createProxyFor } from "./clients/http/proxy.ts";
import { findStrangers, prepareCluster, type ClusterUnfit, type MembershipOptions } from "./clients/kafka/admin.ts";
import { createKafkaChangelogReader } from "./clients/kafka/changelog-reader.ts";
import type { KafkaConnection } from "./clients/kafka/client.ts";
import { createKafkaConsumer } from "./clients/kafka/consumer.ts";
import { createKafkaProducer, type KafkaProducer } from "./clients/kafka/producer.ts";
import { startRefusal } from "./clients/kafka/start-refusals.ts";
import type { ServiceMetrics } from "./clients/metrics/metrics.ts";
import { checkRedis } from "./clients/redis/checks.ts";
import { startContextCleanUp } from "./clients/redis/context-clean-up.ts";
import { createRedisConnection, type RedisConnection } from "./clients/redis/connection.ts";
import type { KeySpace } from "./clients/redis/keys.ts";
import { loadScripts } from "./clients/redis/scripts.ts";
import { amongOriginals, type StoreAmongOriginals } from "./clients/redis/original-store.ts";
import { settleWhereabouts } from "./clients/redis/sentinels.ts";
import { createRedisStore } from "./clients/redis/store.ts";
import { openCodec } from "./clients/schema-registry/open-codec.ts";
import { createSealer } from "./clients/sealer.ts";
import { decideSettings, kafkaConnection } from "./composition-settings.ts";
import { memoryLimits } from "./topology/memory-limits.ts";
import type { ChangelogReader, Clock, Codec, Consumer, Log, Random, Store } from "./topology/ports.ts";
import { sleep, untilDone } from "./topology/retry.ts";
import { topics } from "./topology/topics.ts";

/** The start can't go on until a person changes something: settings, topics, schemas, Redis, other members of the group. */
export interface StartRefused extends Error {
  readonly name: "StartRefused";
  readonly sentences: readonly string[];
}

/** What all parts of a start share. */
export interface Start {
  readonly settings: Settings;
  readonly instanceId: string;
  readonly log: Log;
  readonly metrics: ServiceMetrics;
  readonly clock: Clock;
  readonly random: Random;
  /** Ends a start that still waits. */
  readonly signal: AbortSignal;
  /** What is not there yet, for /ready. */
  readonly missing: Set<string>;
  /** How to undo the start, first made last. */
  readonly closing: (() => Promise<void> | void)[];
}

/** Redis, and what is made of it. */
export interface Storage {
  readonly connection: RedisConnection;
  readonly listener: RedisConnection;
  readonly space: KeySpace;
  readonly originals: StoreAmongOriginals;
  readonly store: Store;
  readonly codec: Codec;
}

/** Kafka, and what is made of it. */
export interface Cluster {
  readonly partitions: number;
  /** One producer a purpose, so that a slow send of one holds up none of the others. */
  readonly turns: KafkaProducer;
  readonly effects: KafkaProducer;
  readonly ingress: KafkaProducer;
  readonly consumer: Consumer;
  readonly changelog: ChangelogReader;
}

const waitAgainMs = 500;
/** Time that one produce may take, repeats included, before its caller hears of it. */
const produceMs = 5_000;
/** A webhook's caller hears within 5 s that the broker is away. */
const ingressProduceMs = 4_000;
const consumerStopMs = 5_000;
const changelogPatienceMs = 10_000;
/** max.message.bytes of created topics: a dead letter holds the whole of a record of the usual 1 MiB, and a cursor that dead letter. */
const newTopicMessageBytes = 4 * 1024 * 1024;

/** The process's own clock and chance. */
export function systemTools(): { readonly clock: Clock; readonly random: Random } {
  return { clock: createClock(), random: createRandom() };
}

/** An Error of name StartRefused; its sentences say what to do. */
function startRefused(sentences: readonly string[]): StartRefused {
  return Object.assign(new Error(sentences.join("\n")), { name: "StartRefused" as const, sentences });
}

/** Redis and registry. Rejects with StartRefused, or with Lost when the start is not wanted any more. */
export async function openStorage(start: Start): Promise<Storage> {
  const { settings, log, random, clock, closing } = start;
  const tools = { log, random };
  const whereabouts = await waitFor(start, "redis", () => settleWhereabouts(settings.redis));
  if ("mistake" in whereabouts) throw startRefused([whereabouts.mistake]);
  if (whereabouts.warning !== null) log.warn({ warning: whereabouts.warning }, "Redis is not where it was looked for");
  const connection = createRedisConnection(whereabouts.settings, tools);
  const listener = createRedisConnection(whereabouts.settings, tools);
  closing.push(() => connection.close());
  closing.push(() => listener.close());
  const findings = await waitFor(start, "redis", async () => {
    await connection.ready(waitAgainMs);
    return checkRedis(connection);
  });
  for (const warning of findings.warnings) log.warn({ warning }, "Redis is set up so that data can be lost");
  if (findings.mistakes.length > 0) throw startRefused(findings.mistakes);
  const space = { client: settings.client, topicPrefix: settings.kafka.topicPrefix };
  const limits = memoryLimits(settings.chat.dedupeWindowMs);
  const { contextCleanUp } = settings.chat;
  if (contextCleanUp !== null)
    closing.push(startContextCleanUp(connection, contextCleanUp, { space, limits, clock, log }));
  const originals = amongOriginals(
    createRedisStore(connection, { space, limits, clock, scripts: loadScripts() }),
    connection,
    {
      ...{ space, clock, log, sealer: createSealer(settings.stateKeys), limits: decideSettings(settings) },
      writesForOriginal: settings.stateCompat === "original",
    },
  );
  return { connection, listener, space, originals, store: originals.store, codec: await openSchemas(start) };
}

async function openSchemas(start: Start): Promise<Codec> {
  const { settings, clock, log } = start;
  const { url, user, password, autoRegister } = settings.schemaRegistry;
  const registry = { url, user, password, proxyFor: createProxyFor(settings.proxy) };
  const codecSettings = { registry, topicPrefix: settings.kafka.topicPrefix, autoRegister };
  const opened = await waitFor(start, "schema registry", async () => {
    const result = await openCodec(codecSettings, clock);
    if (result.kind === "unavailable") throw new Error(result.detail);
    return result;
  });
  if (opened.kind === "refused") throw startRefused(opened.mistakes);
  for (const warning of opened.warnings) log.warn({ warning }, "a schema differs from what is registered");
  return opened.codec;
}

/** Topics made and checked, producers connected, consumer not started. Rejects as openStorage does. */
export async function openCluster(start: Start): Promise<Cluster> {
  const { settings, log, clock, metrics, closing, instanceId } = start;
  const { kafka, client } = settings;
  const connection = readConnection(settings, instanceId);
  const shared = { connection, topicPrefix: kafka.topicPrefix, clock, log, metrics };
  const cluster = await waitForKafka(start, () =>
    prepareCluster({ ...shared, ...kafka, client, maxMessageBytes: newTopicMessageBytes }),
  );
  const { maxMessageBytes } = cluster;
  const producer = (timeoutMs: number): KafkaProducer =>
    createKafkaProducer({ ...shared, topics: topics.map(({ suffix }) => suffix), maxMessageBytes, timeoutMs });
  const made = { turns: producer(produceMs), effects: producer(produceMs), ingress: producer(ingressProduceMs) };
  const changelog = createKafkaChangelogReader({ ...shared, patienceMs: changelogPatienceMs });
  for (const one of [made.turns, made.effects, made.ingress, changelog]) closing.push(() => one.close());
  await waitForKafka(start, () =>
    Promise.all([made.turns.connect(), made.effects.connect(), made.ingress.connect(), changelog.connect()]),
  );
  const { groupId, sessionTimeoutMs } = kafka;
  const membership = { ...shared, groupId, client };
  const member = createKafkaConsumer({ ...membership, instanceId, sessionTimeoutMs, stopTimeoutMs: consumerStopMs });
  return { partitions: cluster.partitions, ...made, consumer: amongItsOwn(start, member, membership), changelog };
}

/** The consumer, whose start is refused where the group does not take it, or holds strangers once it has joined. */
function amongItsOwn(start: Start, member: Consumer, membership: MembershipOptions): Consumer {
  return {
    ...member,
    async start(listener) {
      try {
        await member.start(listener);
      } catch (error) {
        const sentence = startRefusal(error);
        throw sentence === null ? error : startRefused([sentence]);
      }
      const strangers = await waitForKafka(start, () => findStrangers(membership));
      if (strangers.length === 0) return;
      await member.stop();
      throw startRefused(strangers);
    },
  };
}

function readConnection(settings: Settings, clientId: string): KafkaConnection {
  try {
    const connection = kafkaConnection(settings, clientId);
    if (connection.ca !== null) firstCertificate(connection.ca);
    return connection;
  } catch (error) {
    const why = error instanceof Error ? error.message : "unknown";
    throw startRefused([`KAFKA_CA_FILE must be a readable file with certificates in PEM: ${why}.`]);
  }
}

/** Throws without one: TLS takes such a text for one that trusts nobody, and says so only at the first handshake. */
function firstCertificate(pem: string): X509Certificate {
  return new X509Certificate(pem);
}

/** As waitFor; what no waiting mends refuses the start. */
export async function waitForKafka<Value>(start: Start, attempt: () => Promise<Value>): Promise<Value> {
  const outcome = await waitFor(start, "kafka", async () => {
    try {
      return { value: await attempt() };
    } catch (error) {
      const sentence = startRefusal(error);
      if (isUnfit(error)) return { refused: error.sentences };
      if (sentence === null) throw error;
      return { refused: [sentence] };
    }
  });
  if ("refused" in outcome) throw startRefused(outcome.refused);
  return outcome.value;
}

/** Repeats until it succeeds; what is waited for stands in /ready meanwhile. */
export async function waitFor<Value>(start: Start, name: string, attempt: () => Promise<Value>): Promise<Value> {
  start.missing.add(name);
  let told = false;
  const value = await untilDone(start, start.signal, attempt, (error) => {
    if (!told) start.log.warn({ service: name, error }, "a service is not there yet; the start waits for it");
    told = true;
  });
  start.missing.delete(name);
  return value;
}

function isUnfit(error: unknown): error is ClusterUnfit {
  return error instanceof Error && error.name === "ClusterUnfit";
}

/** Ends what a start has opened, in reverse order, all of it within `deadlineMs`; failures are logged. */
export async function closeAll(start: Start, deadlineMs: number): Promise<void> {
  const { clock, log, closing } = start;
  const deadline = new AbortController();
  const cancel = clock.after(deadlineMs, () => {
    deadline.abort();
  });
  for (const close of closing.splice(0).reverse()) {
    try {
      await Promise.race([close(), sleep(clock, deadlineMs, deadline.signal)]);
    } catch (error) {
      log.warn({ error }, "closing a connection failed");
    }
  }
  deadline.abort();
  cancel();
}
