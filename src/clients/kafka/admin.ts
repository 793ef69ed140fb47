// Makes and checks topics and group before anything runs. Owns the order of questions and the report; what a topic must be like is
// topic-settings.ts. Called once at start.
import kafkajs, { type Admin } from "kafkajs";

import type { Clock, Log } from "../../topology/ports.ts";
import { topicName, topics, type TopicSpec } from "../../topology/topics.ts";
import { createKafka, type KafkaConnection } from "./client.ts";
import { askForCoordinator } from "./coordinator.ts";
import { pause } from "./deadline.ts";
import { groupMembers } from "./group-members.ts";
import { compactedTooSoon, mistakesOf, newTopic, unequalCounts, type FoundTopic } from "./topic-settings.ts";

/** What is to be there; times in milliseconds. */
export interface ClusterOptions {
  readonly connection: KafkaConnection;
  /** KAFKA_TOPIC. */
  readonly topicPrefix: string;
  readonly groupId: string;
  /** CLIENT. */
  readonly client: string;
  /** KAFKA_CREATE_TOPICS: create what is missing. What exists is never changed. */
  readonly createTopics: boolean;
  /** KAFKA_PARTITIONS, for creation; missing topics follow the count of those that exist. */
  readonly partitions: number;
  /** KAFKA_REPLICATION_FACTOR, for creation; 1 on a one-broker cluster. */
  readonly replicationFactor: number;
  /** max.message.bytes of new topics. */
  readonly maxMessageBytes: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Whose group, and which members belong in it. */
export type MembershipOptions = Pick<ClusterOptions, "connection" | "groupId" | "client" | "clock" | "log">;

/** A cluster that is fit. */
export interface ClusterReport {
  /** Of the co-partitioned topics. */
  readonly partitions: number;
  /** Smallest max.message.bytes of all topics: what a producer may send in one batch. */
  readonly maxMessageBytes: number;
  /** Sentences on what can be lost as it is. They have been logged. */
  readonly warnings: readonly string[];
}

/** The start can't go on until a person changes something; every mistake found, one sentence each. */
export interface ClusterUnfit extends Error {
  readonly name: "ClusterUnfit";
  readonly sentences: readonly string[];
}

const requestTimeoutMs = 5_000;
const settleMs = 5_000;
const betweenTriesMs = 200;

/**
 * Creates what is missing if it may, and checks what is there. Rejects with ClusterUnfit when a person must act; with KafkaJS's error when
 * brokers do not answer, or an Error while the group has members and is not settled: then a repeat is safe.
 */
export async function prepareCluster(options: ClusterOptions): Promise<ClusterReport> {
  const retry = { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 };
  const handle = createKafka(options.connection, { requestTimeoutMs, retry }, options.log);
  const admin = handle.kafka.admin({ retry });
  const noCoordinator = async (error: unknown): Promise<never> => {
    if (error instanceof Error && error.name === "KafkaJSGroupCoordinatorNotFound")
      await askForCoordinator(handle, options.groupId);
    throw error;
  };
  try {
    await admin.connect();
    const mistakes: string[] = [];
    const warnings: string[] = [];
    await createMissing(admin, options, mistakes, warnings);
    const found = await findTopics(admin, options);
    judgeTopics(found, options, mistakes, warnings);
    const members = await groupMembers(admin, options).catch(noCoordinator);
    if (members.kind === "known") mistakes.push(...members.strangers);
    // The members may be the Go service's, whose texts are about to be taken.
    else if (mistakes.length === 0) throw new Error(members.sentence);
    for (const warning of warnings) options.log.warn({ warning }, "Kafka is set up so that data can be lost");
    if (mistakes.length > 0) throw unfit(mistakes);
    const partitions = Math.max(...coPartitioned(found, options).values());
    const maxMessageBytes = Math.min(...[...found.values()].map((topic) => topic.maxMessageBytes));
    return { partitions, maxMessageBytes, warnings };
  } finally {
    await admin.disconnect();
    handle.cut();
  }
}

/**
 * Sentences about members of the group that are not of this service and CLIENT; none when all are. For a member that has just joined:
 * of two that start at the same moment neither sees the other in `prepareCluster`, and the later to join sees the earlier here.
 * Rejects with KafkaJS's error when brokers do not answer.
 */
export async function findStrangers(options: MembershipOptions): Promise<readonly string[]> {
  const retry = { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 };
  const handle = createKafka(options.connection, { requestTimeoutMs, retry }, options.log);
  const admin = handle.kafka.admin({ retry });
  try {
    await admin.connect();
    const members = await groupMembers(admin, options);
    if (members.kind === "known") return members.strangers;
    options.log.warn({ warning: members.sentence }, "who else is in the consumer group is not known");
    return [];
  } finally {
    await admin.disconnect();
    handle.cut();
  }
}

function unfit(sentences: readonly string[]): ClusterUnfit {
  return Object.assign(new Error(sentences.join("\n")), { name: "ClusterUnfit" as const, sentences });
}

function nameOf(options: ClusterOptions, { suffix }: TopicSpec): string {
  return topicName(options.topicPrefix, suffix);
}

async function createMissing(
  admin: Admin,
  options: ClusterOptions,
  mistakes: string[],
  warnings: string[],
): Promise<void> {
  const found = await findTopics(admin, options);
  const missing = topics.filter((spec) => !found.has(nameOf(options, spec)));
  if (missing.length === 0) return;
  if (!options.createTopics) {
    for (const spec of missing) mistakes.push(missingSentence(options, spec));
    return;
  }
  // To be mended by hand first: whatever count new topics got, it would be wrong with some of the old ones.
  if (unequalCounts(coPartitioned(found, options)) !== null) return;
  const { brokers } = await admin.describeCluster();
  const replicationFactor = brokers.length === 1 ? 1 : options.replicationFactor;
  if (replicationFactor > brokers.length) {
    mistakes.push(
      `KAFKA_REPLICATION_FACTOR is ${replicationFactor}, but the cluster has ${brokers.length} brokers: lower it or add brokers.`,
    );
    return;
  }
  if (replicationFactor === 1 && options.replicationFactor > 1) {
    warnings.push("The cluster has one broker, so topics are created with replication factor 1.");
  }
  const [existing] = coPartitioned(found, options).values();
  const wanted = { ...options, replicationFactor, partitions: existing ?? options.partitions };
  const made: string[] = [];
  for (const spec of missing) {
    const refusal = await create(admin, spec, newTopic(spec, wanted));
    if (refusal === null) made.push(nameOf(options, spec));
    else mistakes.push(refusal);
  }
  await untilThere(admin, made, options);
}

/** Null when it is there now, also when another instance has created it meanwhile. */
async function create(admin: Admin, spec: TopicSpec, topic: ReturnType<typeof newTopic>): Promise<string | null> {
  try {
    await admin.createTopics({ topics: [topic], waitForLeaders: false });
    return null;
  } catch (error) {
    const causes = error instanceof Error && "errors" in error && Array.isArray(error.errors) ? error.errors : [error];
    const texts = causes.map((cause: unknown) => (cause instanceof Error ? cause.message : "unknown error"));
    return `Topic ${topic.topic} (${spec.cleanup}) could not be created: ${texts.join("; ")}.`;
  }
}

/** A new topic shows up in every broker's metadata a moment later. Throws when that takes long: a repeat finds it, or creates it again. */
async function untilThere(admin: Admin, names: readonly string[], options: ClusterOptions): Promise<void> {
  const untilMs = options.clock.monotonicMs() + settleMs;
  for (;;) {
    const found = await findTopics(admin, options);
    const unseen = names.filter((name) => !found.has(name));
    if (unseen.length === 0) return;
    if (options.clock.monotonicMs() >= untilMs) throw new Error(`created and not yet to be seen: ${unseen.join(", ")}`);
    await pause(options.clock, betweenTriesMs);
  }
}

function missingSentence(options: ClusterOptions, spec: TopicSpec): string {
  const retention = spec.retentionMs === null ? "" : `, retention.ms=${spec.retentionMs}`;
  return (
    `Topic ${nameOf(options, spec)} is missing, or hidden from KAFKA_USER: create it with as many partitions as the others and ` +
    `cleanup.policy=${spec.cleanup}${retention}, or set KAFKA_CREATE_TOPICS=true.`
  );
}

async function findTopics(admin: Admin, options: ClusterOptions): Promise<ReadonlyMap<string, FoundTopic>> {
  const existing = new Set(await admin.listTopics());
  const names = topics.map((spec) => nameOf(options, spec)).filter((name) => existing.has(name));
  if (names.length === 0) return new Map();
  const [{ topics: layouts }, { resources }] = await Promise.all([
    admin.fetchTopicMetadata({ topics: names }),
    admin.describeConfigs({
      includeSynonyms: false,
      resources: names.map((name) => ({
        type: kafkajs.ConfigResourceTypes.TOPIC,
        name,
        configNames: ["cleanup.policy", "max.message.bytes", "min.compaction.lag.ms"],
      })),
    }),
  ]);
  const setting = (topic: string, name: string): string =>
    resources
      .find(({ resourceName }) => resourceName === topic)
      ?.configEntries.find(({ configName }) => configName === name)?.configValue ?? "";
  return new Map(
    layouts.map(({ name, partitions }) => [
      name,
      {
        partitions: partitions.length,
        replicas: Math.min(...partitions.map(({ replicas }) => replicas.length)),
        cleanupPolicy: setting(name, "cleanup.policy"),
        maxMessageBytes: Number(setting(name, "max.message.bytes")),
        minCompactionLagMs: Number(setting(name, "min.compaction.lag.ms")),
      },
    ]),
  );
}

function coPartitioned(found: ReadonlyMap<string, FoundTopic>, options: ClusterOptions): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const spec of topics) {
    const topic = found.get(nameOf(options, spec));
    if (spec.coPartitioned && topic !== undefined) counts.set(nameOf(options, spec), topic.partitions);
  }
  return counts;
}

function judgeTopics(
  found: ReadonlyMap<string, FoundTopic>,
  options: ClusterOptions,
  mistakes: string[],
  warnings: string[],
): void {
  const single: string[] = [];
  for (const spec of topics) {
    const name = nameOf(options, spec);
    const topic = found.get(name);
    if (topic === undefined) {
      const told = mistakes.length > 0 || unequalCounts(coPartitioned(found, options)) !== null;
      if (!told) mistakes.push(missingSentence(options, spec));
      continue;
    }
    mistakes.push(...mistakesOf(spec, name, topic));
    const tooSoon = compactedTooSoon(spec, name, topic);
    if (tooSoon !== null) warnings.push(tooSoon);
    if (topic.replicas === 1) single.push(name);
  }
  if (single.length > 0) {
    warnings.push(`Replication factor 1, lost with the disk of one broker: ${single.join(", ")}.`);
  }
  const unequal = unequalCounts(coPartitioned(found, options));
  if (unequal !== null) mistakes.push(unequal);
}
