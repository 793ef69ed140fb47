// The Consumer port on Kafka. Owns positions, pauses and the lives of the group member; a KafkaJS consumer is group-session.ts, questions
// about offsets are offset-queries.ts. Called by the runtime.
//
// Nothing is done in KafkaJS's handlers but handing over: a rejected commit or a TypeError in there ends its consumer while the process
// lives on. Commits go out between handlers.
import type { EachBatchPayload } from "kafkajs";

import type { Clock, ConsumedBatch, Consumer, ConsumerListener, Log, Metrics } from "../../topology/ports.ts";
import type { Offsets } from "../../topology/stored.ts";
import { inputTopics, topicName, type InputTopic } from "../../topology/topics.ts";
import type { KafkaConnection } from "./client.ts";
import { explainCrash, judgeCrash } from "./crash.ts";
import { pause, within } from "./deadline.ts";
import { startSession, type GroupSession, type SessionEvents } from "./group-session.ts";
import { createOffsetQueries } from "./offset-queries.ts";
import { createPositions } from "./positions.ts";
import { toRecord } from "./records.ts";
import { unlessWithoutGroup } from "./without-group.ts";

/** What the consumer needs; times in milliseconds. */
export interface KafkaConsumerOptions {
  readonly connection: KafkaConnection;
  /** KAFKA_TOPIC. */
  readonly topicPrefix: string;
  readonly groupId: string;
  /** Stable over restarts of this instance. */
  readonly instanceId: string;
  /** CLIENT. */
  readonly client: string;
  /** KAFKA_SESSION_TIMEOUT: how long the group takes to miss a killed member. */
  readonly sessionTimeoutMs: number;
  /** How long leaving the group may take. */
  readonly stopTimeoutMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, "count">;
}

const firstRestartMs = 200;
const longestRestartMs = 3_000;
const commitTimeoutMs = 5_000;
/** So many crashes that are no outage, each within a minute of the one before, end the consumer. */
const crashesInARow = 5;
const calmMs = 60_000;

/**
 * Makes the consumer. While brokers do not answer it tries again for ever: it then keeps its indexes, whose fences are in the
 * store, and `assigned` comes anew with the next join. `start` resolves at the first join; where there is no way to it, it rejects, and
 * `crashed` is not told.
 */
export function createKafkaConsumer(options: KafkaConsumerOptions): Consumer {
  const { clock, log, metrics, groupId } = options;
  const fullName = (suffix: InputTopic): string => topicName(options.topicPrefix, suffix);
  const suffixes = new Map(inputTopics.map((suffix) => [fullName(suffix), suffix]));
  const topics = [...suffixes.keys()];
  const queries = createOffsetQueries(options.connection, clock, log);
  const positions = createPositions();
  /** Partitions sought in this very synchronous stretch: a batch that KafkaJS handles in it was fetched before. */
  const justSought = new Set<string>();
  let listener: ConsumerListener | null = null;
  let session: GroupSession | null = null;
  let life: "new" | "running" | "stopping" | "ended" = "new";
  let heartbeatAtMs: number | null = null;
  /** As what it joined last. */
  let memberId: string | null = null;
  let crashes: readonly number[] = [];
  let failedStarts = 0;
  let stopping: Promise<void> | null = null;
  let started: { resolve(): void; reject(error: Error): void } | null = null;

  /** Tells the listener; what it throws ends the consumer but never reaches KafkaJS. */
  const tell = (call: (to: ConsumerListener) => void): boolean => {
    if (listener === null || life === "ended") return false;
    try {
      call(listener);
      return true;
    } catch (error) {
      end(error instanceof Error ? error : new Error("the consumer's listener threw", { cause: error }));
      return false;
    }
  };

  /** No way on: leaves the group and says so once. */
  const end = (error: Error): void => {
    if (life === "ended") return;
    life = "ended";
    positions.assign([]);
    log.error({ error: error.message }, "the consumer ended");
    const last = session;
    session = null;
    void last?.stop(clock.monotonicMs() + options.stopTimeoutMs);
    const [starting, told] = [started, listener];
    started = null;
    listener = null;
    if (starting === null) told?.crashed(error);
    else starting.reject(error);
  };

  const restoreAfterJoin = (current: GroupSession, kept: ReadonlySet<number>): void => {
    for (const index of positions.owned()) {
      const partitions = [index];
      const all = topics.map((topic) => ({ topic, partitions }));
      // KafkaJS keeps the pause of a partition that it lost.
      if (positions.isPaused(index)) current.consumer.pause(all);
      else current.consumer.resume(all);
      if (!kept.has(index)) continue;
      for (const topic of topics) {
        const offset = positions.next(topic, index);
        // Otherwise it would start from the commit, which lags behind, or may be that of an owner in between.
        if (offset !== null) current.consumer.seek({ topic, partition: index, offset: String(offset) });
      }
    }
  };

  const joined = (assignment: ReadonlyMap<string, readonly number[]>, newMemberId: string): void => {
    const uninterrupted = newMemberId === memberId;
    memberId = newMemberId;
    heartbeatAtMs = clock.monotonicMs();
    const indexes = [...(assignment.get(topics[0] ?? "") ?? [])].sort((a, b) => a - b);
    const uneven = topics.find((topic) => {
      const other = assignment.get(topic) ?? [];
      return other.length !== indexes.length || other.some((index) => !indexes.includes(index));
    });
    if (uneven !== undefined) {
      end(
        new Error(`the group gave other indexes of ${uneven} than of the other inputs: a member has another assigner`),
      );
      return;
    }
    const before = new Set(positions.owned());
    positions.assign(indexes);
    if (session !== null) restoreAfterJoin(session, before);
    failedStarts = 0;
    log.info({ groupId, indexes: indexes.length }, "joined the consumer group");
    tell((to) => {
      to.assigned(indexes, uninterrupted);
    });
    started?.resolve();
    started = null;
  };

  const handOver = (payload: EachBatchPayload): void => {
    const { batch } = payload;
    const topic = suffixes.get(batch.topic);
    const index = batch.partition;
    const last = batch.messages.at(-1);
    if (topic === undefined || last === undefined || life !== "running" || !payload.isRunning() || payload.isStale())
      return;
    // What is not resolved is fetched again after the resume.
    if (!positions.owns(index) || positions.isPaused(index)) return;
    try {
      payload.resolveOffset(last.offset);
    } catch (error) {
      // A rejoin has replaced KafkaJS's offsets under this fetch; the partition is not assigned any more.
      log.info({ topic, partition: index, error: String(error) }, "dropped a batch of a lost partition");
      return;
    }
    // In KafkaJS since 1.0 and not in its types; a test holds it (kafkajs/src/consumer/batch.js).
    const { fetchedOffset } = batch as typeof batch & { readonly fetchedOffset: string };
    const nextOffset = Number(batch.lastOffset()) + 1;
    deliver({
      topic,
      partition: index,
      fetchedOffset: Number(fetchedOffset),
      nextOffset,
      records: batch.messages.map(toRecord),
    });
  };

  const deliver = (batch: ConsumedBatch): void => {
    positions.moveTo(fullName(batch.topic), batch.partition, batch.nextOffset);
    tell((to) => {
      to.batch(batch);
    });
  };

  /** Hands over a stretch without records, so that the owner sees no hole in front of the next batch. */
  const handOverSkipped = (fullTopic: string, index: number, firstOffset: number | null, lastOffset: number): void => {
    const topic = suffixes.get(fullTopic);
    if (topic === undefined || life !== "running" || !positions.owns(index)) return;
    if (justSought.has(`${fullTopic} ${index}`)) return;
    const fetchedOffset = positions.next(fullTopic, index) ?? firstOffset ?? lastOffset;
    if (lastOffset < fetchedOffset) return;
    deliver({ topic, partition: index, fetchedOffset, nextOffset: lastOffset + 1, records: [] });
  };

  const crashed = (error: Error): void => {
    // KafkaJS has left the group as well as it could; its sockets may still be open.
    void session?.stop(clock.monotonicMs() + options.stopTimeoutMs);
    session = null;
    if (life !== "running") return;
    const verdict = judgeCrash(error);
    const nowMs = clock.monotonicMs();
    if (verdict === "other") {
      crashes = [...crashes.filter((atMs) => nowMs - atMs < calmMs), nowMs];
      positions.assign([]);
      tell((to) => {
        to.revoked();
      });
    }
    if (verdict === "fatal" || crashes.length >= crashesInARow) {
      end(explainCrash(error));
      return;
    }
    failedStarts += 1;
    const delayMs = Math.min(longestRestartMs, firstRestartMs * 2 ** Math.min(failedStarts, 6));
    log.warn({ verdict, error: error.message, delayMs }, "the consumer stopped and starts again");
    void pause(clock, delayMs).then(live);
  };

  /** One life of the group member. Never rejects. */
  const live = async (): Promise<void> => {
    if (life !== "running") return;
    const counted = await queries.partitions(topics[0] ?? "").then(
      (partitions) => ({ partitions }),
      (error: unknown) => ({ error: error instanceof Error ? error : new Error("no metadata", { cause: error }) }),
    );
    if ("error" in counted) {
      crashed(counted.error);
      return;
    }
    // Joins and batches come before startSession resolves; the events of a session that has ended are not ours any more.
    let over = false;
    const events: SessionEvents = {
      joined: (assignment, newMemberId) => {
        if (!over) joined(assignment, newMemberId);
      },
      batch: (payload) => {
        if (!over) handOver(payload);
      },
      skipped: (topic, partition, first, last) => {
        if (!over) handOverSkipped(topic, partition, first, last);
      },
      heartbeat: () => {
        heartbeatAtMs = clock.monotonicMs();
      },
      reset: ({ topic, partition }) => {
        positions.forget(topic, partition);
      },
      crashed: (error) => {
        if (over) return;
        over = true;
        crashed(error);
      },
    };
    const mine = startSession(
      {
        connection: options.connection,
        groupId,
        member: { instanceId: options.instanceId, client: options.client },
        sessionTimeoutMs: options.sessionTimeoutMs,
        topics,
        partitions: counted.partitions,
        staleMemberId: memberId,
        clock,
        log,
        metrics,
      },
      events,
    );
    session = mine;
    await mine.running;
  };

  /** Positions and pauses are kept here: what finds no group is done after the next join (restoreAfterJoin). */
  const withGroup = (call: (consumer: GroupSession["consumer"]) => void): void => {
    const current = session;
    if (current !== null) unlessWithoutGroup(() => call(current.consumer));
  };

  return {
    async start(to) {
      if (life !== "new") throw new Error("the consumer was started before");
      life = "running";
      listener = to;
      const first = new Promise<void>((resolve, reject) => {
        started = { resolve, reject };
      });
      void live();
      await first;
    },
    seek(topic, partition, offset) {
      if (!positions.owns(partition)) return;
      const name = fullName(topic);
      positions.moveTo(name, partition, offset);
      justSought.add(`${name} ${partition}`);
      queueMicrotask(() => justSought.delete(`${name} ${partition}`));
      withGroup((consumer) => consumer.seek({ topic: name, partition, offset: String(offset) }));
    },
    pause(partition) {
      positions.pause(partition);
      if (positions.isPaused(partition))
        withGroup((consumer) => consumer.pause(topics.map((topic) => ({ topic, partitions: [partition] }))));
    },
    resume(partition) {
      positions.resume(partition);
      if (positions.owns(partition))
        withGroup((consumer) => consumer.resume(topics.map((topic) => ({ topic, partitions: [partition] }))));
    },
    async commit(offsets) {
      if (offsets.length === 0) return;
      // KafkaJS does nothing and says nothing once it stops.
      if (session === null || life !== "running") throw new Error("the consumer does not run: nothing was committed");
      const commit = session.consumer.commitOffsets(
        offsets.map(({ topic, partition, nextOffset }) => ({
          topic: fullName(topic),
          partition,
          offset: String(nextOffset),
        })),
      );
      const ended = await within(clock, commitTimeoutMs, commit);
      if (ended.kind === "failed") throw ended.error;
      if (ended.kind === "late") throw new Error("the coordinator did not answer a commit in time");
    },
    async committed(partition) {
      const answers = await queries.committed(groupId, topics);
      const of = (topic: InputTopic): number | null => answers.get(fullName(topic))?.get(partition) ?? null;
      const offsets: Offsets<number | null> = {
        "agent-events": of("agent-events"),
        "chat-requests": of("chat-requests"),
        "channel-messages": of("channel-messages"),
      };
      return offsets;
    },
    async bounds(topic, partition) {
      const name = topicName(options.topicPrefix, topic);
      const bounds = (await queries.bounds(name)).get(partition);
      if (bounds === undefined) throw new Error(`no partition ${partition} of topic ${name}`);
      return bounds;
    },
    heartbeatAgeMs: () => (heartbeatAtMs === null ? Number.POSITIVE_INFINITY : clock.monotonicMs() - heartbeatAtMs),
    stop() {
      stopping ??= (async () => {
        const wasRunning = life === "running";
        life = life === "ended" ? "ended" : "stopping";
        const last = session;
        session = null;
        await last?.stop(clock.monotonicMs() + options.stopTimeoutMs);
        await queries.close();
        started?.reject(new Error("the consumer was stopped before it had joined"));
        started = null;
        if (!wasRunning) return;
        positions.assign([]);
        tell((to) => {
          to.revoked();
        });
        life = "ended";
      })();
      return stopping;
    },
  };
}
