// How topics are created and what an existing one must be like: pure. Called by admin.ts.
import type { ITopicConfig } from "kafkajs";

import { leastCompactionLagMs } from "../../topology/changelog.ts";
import { topicName, type TopicSpec } from "../../topology/topics.ts";

/** What is asked of new topics. */
export interface NewTopics {
  readonly topicPrefix: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly maxMessageBytes: number;
}

/** What a cluster says of a topic. */
export interface FoundTopic {
  readonly partitions: number;
  /** Smallest number of replicas of a partition. */
  readonly replicas: number;
  readonly cleanupPolicy: string;
  readonly maxMessageBytes: number;
  readonly minCompactionLagMs: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** What a turn writes at most as one batch, framing included, goes into a topic of the broker's default. */
const leastMessageBytes = 1_000_000;

/** The topic as it is to be created. */
export function newTopic(spec: TopicSpec, wanted: NewTopics): ITopicConfig {
  const settings: Record<string, string> = {
    "cleanup.policy": spec.cleanup,
    "max.message.bytes": String(wanted.maxMessageBytes),
    "unclean.leader.election.enable": "false",
    ...(wanted.replicationFactor >= 3 ? { "min.insync.replicas": "2" } : {}),
    ...(spec.retentionMs === null ? {} : { "retention.ms": String(spec.retentionMs) }),
    // A takeover after a loss of Redis reads all of it, so it must not hold much more than one record per user.
    ...(spec.cleanup === "compact"
      ? {
          "min.cleanable.dirty.ratio": "0.1",
          "min.compaction.lag.ms": String(leastCompactionLagMs),
          "segment.ms": String(hourMs),
          "max.compaction.lag.ms": String(dayMs),
          "delete.retention.ms": String(dayMs),
        }
      : {}),
  };
  return {
    topic: topicName(wanted.topicPrefix, spec.suffix),
    numPartitions: wanted.partitions,
    replicationFactor: wanted.replicationFactor,
    configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
  };
}

/** Sentences of what makes an existing topic unfit, and what to do. Partition counts are compared by `unequalCounts`. */
export function mistakesOf(spec: TopicSpec, name: string, found: FoundTopic): readonly string[] {
  const policies = found.cleanupPolicy.split(",").map((policy) => policy.trim());
  // What others write too may be kept smaller: what is moved within it has fitted.
  const isOursAlone = spec.writers.every((writer) => writer === "service");
  if (isOursAlone && found.maxMessageBytes < leastMessageBytes) {
    return [
      `Topic ${name} has max.message.bytes=${String(found.maxMessageBytes)}, so a large record of ours would be refused for ever and its partition stand still: set max.message.bytes=1048588 or more.`,
    ];
  }
  if (spec.cleanup === "compact" && (policies.length !== 1 || policies[0] !== "compact")) {
    return [
      `Topic ${name} has cleanup.policy=${found.cleanupPolicy}, so the state of users would expire: set cleanup.policy=compact.`,
    ];
  }
  if (spec.cleanup === "delete" && policies.includes("compact")) {
    return [
      `Topic ${name} has cleanup.policy=${found.cleanupPolicy}, so records of a user would replace each other: set cleanup.policy=delete.`,
    ];
  }
  return [];
}

/** The sentence on a compacted topic that may lose what an owner still needs; null when there is nothing to warn of. */
export function compactedTooSoon(spec: TopicSpec, name: string, found: FoundTopic): string | null {
  if (spec.cleanup !== "compact" || found.minCompactionLagMs >= leastCompactionLagMs) return null;
  return (
    `Topic ${name} has min.compaction.lag.ms=${String(found.minCompactionLagMs)}: a record that an instance appends while it loses its ` +
    `partition could be all that compaction leaves of a user's state. Set min.compaction.lag.ms=${String(leastCompactionLagMs)}.`
  );
}

/** The sentence on co-partitioned topics whose counts differ; null when all are equal. */
export function unequalCounts(counts: ReadonlyMap<string, number>): string | null {
  if (new Set(counts.values()).size <= 1) return null;
  const list = [...counts].map(([name, count]) => `${name} has ${count}`).join(", ");
  return (
    `Partition counts must be equal, because partition p of each topic belongs to one owner: ${list}. Recreate the topics ` +
    "with one count while nothing runs; adding partitions moves users to other partitions."
  );
}
