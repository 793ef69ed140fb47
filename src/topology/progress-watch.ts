// Sees a partition index that stands still without a known reason: records wait, nothing it waits for is named, and no turn ends. That
// is a defect of ours, and nothing else would tell: heartbeats go on. Called by the runtime, once a second.
import type { PartitionOwner } from "./partition-owner.ts";
import type { Clock, Log, Metrics } from "./ports.ts";
import { inputTopics } from "./topics.ts";

/** What is looked at of an owner. */
export type Watched = Pick<PartitionOwner, "partition" | "queued" | "waitingFor" | "committable">;

/** Remembers how far each index was. */
export interface ProgressWatch {
  /** Looks at the present owners; raises the alarm once for each stretch of standing still. */
  look(owners: Iterable<Watched>): void;
  /** True while an index stands still. */
  readonly standing: boolean;
}

interface Seen {
  readonly done: number;
  readonly sinceMs: number;
  readonly told: boolean;
}

/** A turn takes milliseconds; what takes longer has a name (Redis, Kafka, registry). */
const standsAfterMs = 30_000;

/** Nothing seen yet. */
export function createProgressWatch({
  clock,
  log,
  metrics,
}: {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}): ProgressWatch {
  let seen: ReadonlyMap<number, Seen> = new Map();

  /** How far the owner is now, null when it need not be anywhere else. */
  function lookAt({ partition, queued, waitingFor, committable }: Watched): Seen | null {
    const next = committable();
    if (next === null || queued === 0 || waitingFor !== null) return null;
    const done = inputTopics.reduce((sum, topic) => sum + next[topic], 0);
    const before = seen.get(partition);
    const nowMs = clock.monotonicMs();
    if (before?.done !== done) return { done, sinceMs: nowMs, told: false };
    const stands = nowMs - before.sinceMs >= standsAfterMs;
    if (stands && !before.told) {
      metrics.count("alarms", { alarm: "no_progress" });
      log.error({ partition, queued }, "a partition index stands still and nothing says why: restart this instance");
    }
    return { ...before, told: before.told || stands };
  }

  return {
    look(owners) {
      const now = new Map<number, Seen>();
      for (const owner of owners) {
        const one = lookAt(owner);
        if (one !== null) now.set(owner.partition, one);
      }
      seen = now;
    },
    get standing() {
      return [...seen.values()].some(({ told }) => told);
    },
  };
}
