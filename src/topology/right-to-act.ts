// The right to act outside for a partition index: its epoch was seen in the store, ours, at most a second ago. Lanes and
// pollers ask before each call; a background look ends an owner that has been replaced while it was waiting.
import type { Clock, Log, Store } from "./ports.ts";

/** What is known of the right at this moment. */
export type Right =
  /** Mine, seen less than a second ago. */
  | "mine"
  /** The store does not answer: nobody can tell. */
  | "blind"
  /** Another epoch stands there, or none. */
  | "gone";

/** The right of one instance over all its indexes. */
export interface RightToAct {
  /** Begins to watch an index under an epoch. `replaced` is called once when another epoch, or none, is seen. */
  watch(partition: number, epoch: number, replaced: () => void): void;
  unwatch(partition: number): void;
  check(partition: number): Promise<Right>;
  /** Looks at all watched indexes now. */
  look(): Promise<void>;
  stop(): void;
}

const validMs = 1_000;
const lookEveryMs = 500;

/** Watches nothing yet. */
export function createRightToAct(ports: {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}): RightToAct {
  const { store, clock, log } = ports;
  interface Watched {
    readonly epoch: number;
    readonly replaced: () => void;
    seenAtMs: number;
  }
  const watched = new Map<number, Watched>();
  let inFlight: Promise<boolean> | null = null;
  let stopped = false;
  let cancel: (() => void) | null = null;

  async function read(): Promise<boolean> {
    const asked = [...watched.entries()];
    if (asked.length === 0) return true;
    // The moment before the question counts: the answer can be that old.
    const atMs = clock.monotonicMs();
    try {
      const epochs = await store.epochs(asked.map(([partition]) => partition));
      asked.forEach(([partition, entry], i) => {
        if (watched.get(partition) !== entry) return;
        if (epochs[i] === entry.epoch) {
          entry.seenAtMs = atMs;
          return;
        }
        watched.delete(partition);
        entry.replaced();
      });
      return true;
    } catch (error) {
      log.warn({ error }, "the state store did not tell the owners of the partition indexes; effects wait");
      return false;
    }
  }

  function shared(): Promise<boolean> {
    inFlight ??= read().finally(() => {
      inFlight = null;
    });
    return inFlight;
  }

  function schedule(): void {
    if (stopped || cancel !== null || watched.size === 0) return;
    cancel = clock.after(lookEveryMs, () => {
      cancel = null;
      void shared().then(schedule);
    });
  }

  return {
    watch(partition, epoch, replaced) {
      // Not seen yet: the claim may be long ago.
      watched.set(partition, { epoch, replaced, seenAtMs: Number.NEGATIVE_INFINITY });
      schedule();
    },
    unwatch(partition) {
      watched.delete(partition);
    },
    async check(partition) {
      const entry = watched.get(partition);
      if (entry === undefined) return "gone";
      if (clock.monotonicMs() - entry.seenAtMs < validMs) return "mine";
      await shared();
      if (watched.get(partition) !== entry) return "gone";
      return clock.monotonicMs() - entry.seenAtMs < validMs ? "mine" : "blind";
    },
    async look() {
      await shared();
    },
    stop() {
      stopped = true;
      cancel?.();
      cancel = null;
      watched.clear();
    },
  };
}
