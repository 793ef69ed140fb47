// Where each owned partition stands: what was handed over, what was sought, what is paused. Pure bookkeeping of consumer.ts, which
// drives KafkaJS by it.

/** Positions and pauses of the owned indexes. Partitions are named by topic and index. */
export interface Positions {
  /** Takes a new assignment: what is lost is forgotten, what is kept stays. */
  assign(indexes: readonly number[]): void;
  owns(index: number): boolean;
  owned(): readonly number[];
  /** Next offset to hand over; null while only the broker knows. */
  next(topic: string, index: number): number | null;
  moveTo(topic: string, index: number, offset: number): void;
  forget(topic: string, index: number): void;
  pause(index: number): void;
  resume(index: number): void;
  isPaused(index: number): boolean;
}

/** Makes the bookkeeping, owning nothing. */
export function createPositions(): Positions {
  let owned: ReadonlySet<number> = new Set();
  const paused = new Set<number>();
  const next = new Map<number, Map<string, number>>();

  return {
    assign(indexes) {
      owned = new Set(indexes);
      for (const index of [...paused]) if (!owned.has(index)) paused.delete(index);
      for (const index of [...next.keys()]) if (!owned.has(index)) next.delete(index);
    },
    owns: (index) => owned.has(index),
    owned: () => [...owned],
    next: (topic, index) => next.get(index)?.get(topic) ?? null,
    moveTo(topic, index, offset) {
      const offsets = next.get(index) ?? new Map<string, number>();
      offsets.set(topic, offset);
      next.set(index, offsets);
    },
    forget(topic, index) {
      next.get(index)?.delete(topic);
    },
    pause(index) {
      if (owned.has(index)) paused.add(index);
    },
    resume(index) {
      paused.delete(index);
    },
    isPaused: (index) => paused.has(index),
  };
}
