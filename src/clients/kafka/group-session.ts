// One life of a KafkaJS consumer: from its join to its end or crash, never restarted. Owns KafkaJS's settings and events; positions,
// pauses and new lives are consumer.ts.
import type { Cluster, Consumer as KafkaConsumer, EachBatchPayload, PartitionAssigner } from "kafkajs";

import type { Clock, Log, Metrics } from "../../topology/ports.ts";
import { createKafka, type KafkaConnection } from "./client.ts";
import { pause, within } from "./deadline.ts";
import { createIndexAssigner, type MemberInfo } from "./group-protocol.ts";
import type { OffsetReset } from "./log-bridge.ts";

/** What a session reports, all of it synchronously. Nothing may throw. */
export interface SessionEvents {
  /** Before the first fetch of the assignment. */
  joined(assignment: ReadonlyMap<string, readonly number[]>, memberId: string): void;
  batch(payload: EachBatchPayload): void;
  /** A batch that held only control or aborted records: KafkaJS has moved its position behind `lastOffset` and shows it nowhere else. */
  skipped(topic: string, partition: number, firstOffset: number | null, lastOffset: number): void;
  heartbeat(): void;
  readonly reset: (reset: OffsetReset) => void;
  /** The session is over; it has tried to leave the group. */
  crashed(error: Error): void;
}

/** A running session. */
export interface GroupSession {
  /** Resolves when KafkaJS has joined or given up; what became of it comes by the events. Never rejects. */
  readonly running: Promise<void>;
  readonly consumer: KafkaConsumer;
  /** Leaves the group, at most until the deadline; then cuts the connections. Never rejects. */
  stop(deadlineMs: number): Promise<void>;
}

/** Settings of the group; times in milliseconds. */
export interface GroupOptions {
  readonly connection: KafkaConnection;
  readonly groupId: string;
  readonly member: MemberInfo;
  readonly sessionTimeoutMs: number;
  /** Full names. */
  readonly topics: readonly string[];
  readonly partitions: number;
  /**
   * Of the session before, if that could not leave: it leaves now. The group would wait for it until its session times out, which
   * would hold up this join by as much.
   */
  readonly staleMemberId: string | null;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, "count">;
}

/** Of a fetch: how long it waits for data. Bounds how late a resume, a rebalance or a stop is noticed. */
const maxWaitMs = 250;
/**
 * Fetches under load begin so far apart: what comes meanwhile comes together, for all indexes at once, and their turns share saves and sends.
 * The first record after a pause does not wait.
 */
const gatherMs = 5;
const heartbeatIntervalMs = 500;
const fetchBytes = 2 * 1024 * 1024;
const partitionBytes = 256 * 1024;
const leaveTimeoutMs = 5_000;
const betweenTriesMs = 200;
const loading: ReadonlySet<string> = new Set([
  "GROUP_LOAD_IN_PROGRESS",
  "GROUP_COORDINATOR_NOT_AVAILABLE",
  "NOT_COORDINATOR_FOR_GROUP",
]);

/** Starts a session. */
export function startSession(options: GroupOptions, events: SessionEvents): GroupSession {
  const { clock, log, metrics, sessionTimeoutMs } = options;
  const retry = {
    retries: 8,
    initialRetryTime: 100,
    maxRetryTime: 1_000,
    // A crashed consumer is not revived by KafkaJS: consumer.ts starts a new session and knows why.
    restartOnFailure: () => Promise.resolve(false),
  };
  const handle = createKafka(
    options.connection,
    { requestTimeoutMs: Math.max(sessionTimeoutMs, 5_000), retry, resets: { metrics, told: events.reset } },
    log,
  );
  const clusters: Cluster[] = [];
  const assigner: PartitionAssigner = (config) => {
    clusters.push(config.cluster);
    return createIndexAssigner(options.member)(config);
  };
  const consumer = handle.kafka.consumer({
    groupId: options.groupId,
    partitionAssigners: [assigner],
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: Math.max(sessionTimeoutMs, 10_000),
    heartbeatInterval: Math.min(heartbeatIntervalMs, Math.floor(sessionTimeoutMs / 3)),
    maxWaitTimeInMs: maxWaitMs,
    minBytes: 1,
    maxBytes: fetchBytes,
    maxBytesPerPartition: partitionBytes,
    allowAutoTopicCreation: false,
    retry,
  });
  listen(consumer, events);
  return {
    consumer,
    running: run(consumer, clusters[0], options, events),
    async stop(deadlineMs) {
      const leftMs = Math.max(1, deadlineMs - clock.monotonicMs());
      const end = await within(clock, leftMs, consumer.disconnect());
      if (end.kind !== "done") log.warn({ end: end.kind }, "the consumer did not leave its group in time");
      handle.cut();
    },
  };
}

async function run(
  consumer: KafkaConsumer,
  cluster: Cluster | undefined,
  options: GroupOptions,
  events: SessionEvents,
): Promise<void> {
  try {
    await consumer.connect();
    if (cluster !== undefined && options.staleMemberId !== null) {
      await leaveAs(options.staleMemberId, cluster, options);
    }
    await consumer.subscribe({ topics: [...options.topics], fromBeginning: true });
    const gathered = createGathering(options.clock);
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: options.topics.length * options.partitions,
      eachBatch: (payload) => {
        events.batch(payload);
        return gathered();
      },
    });
  } catch (error) {
    events.crashed(error instanceof Error ? error : new Error("the consumer did not start", { cause: error }));
  }
}

/** KafkaJS fetches again when all handlers of a fetch have resolved: each of them waits for what this returns. */
function createGathering(clock: Clock): () => Promise<void> {
  let endedMs = Number.NEGATIVE_INFINITY;
  let waiting: Promise<void> | null = null;
  return () => {
    const nowMs = clock.monotonicMs();
    const leftMs = endedMs + gatherMs - nowMs;
    if (waiting === null && leftMs <= 0) {
      endedMs = nowMs;
      return Promise.resolve();
    }
    waiting ??= pause(clock, leftMs).then(() => {
      waiting = null;
      endedMs = clock.monotonicMs();
    });
    return waiting;
  };
}

/** In KafkaJS's brokers, and not in its types. */
interface Coordinator {
  leaveGroup(request: { readonly groupId: string; readonly memberId: string }): Promise<unknown>;
}

async function leaveAs(memberId: string, cluster: Cluster, { groupId, clock, log }: GroupOptions): Promise<void> {
  const untilMs = clock.monotonicMs() + leaveTimeoutMs;
  for (;;) {
    try {
      const coordinator = (await cluster.findGroupCoordinator({ groupId })) as unknown as Coordinator;
      await coordinator.leaveGroup({ groupId, memberId });
      return;
    } catch (error) {
      // A broker that has just started reads its groups first.
      if (isLoading(error) && clock.monotonicMs() < untilMs) {
        await pause(clock, betweenTriesMs);
        continue;
      }
      // Missed already, or unanswered: then the join waits as long as it must.
      const text = error instanceof Error ? error.message : "unknown";
      log.info({ groupId, error: text }, "the member before could not be taken out of the group");
      return;
    }
  }
}

function isLoading(error: unknown): boolean {
  const type: unknown = error instanceof Error && "type" in error ? error.type : undefined;
  return typeof type === "string" && loading.has(type);
}

function listen(consumer: KafkaConsumer, events: SessionEvents): void {
  consumer.on("consumer.group_join", ({ payload }) => {
    const assignment = Object.entries(payload.memberAssignment).map(
      ([topic, partitions]) => [topic, partitions.map(Number)] as const,
    );
    events.joined(new Map(assignment), payload.memberId);
  });
  consumer.on("consumer.heartbeat", () => {
    events.heartbeat();
  });
  consumer.on("consumer.start_batch_process", ({ payload }) => {
    if (payload.batchSize > 0) return;
    // Null in KafkaJS where its types say string: the fetch held nothing at or behind its own offset.
    const firstOffset = payload.firstOffset as string | null;
    const lastOffset = Number(payload.lastOffset);
    events.skipped(payload.topic, payload.partition, firstOffset === null ? null : Number(firstOffset), lastOffset);
  });
  consumer.on("consumer.crash", ({ payload }) => {
    events.crashed(payload.error);
  });
}
