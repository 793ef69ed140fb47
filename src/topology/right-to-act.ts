// The right to act outside for a partition index: its epoch was seen in the store, ours, at most a second ago. Lanes and
// pollers ask before each call; a background look ends an owner that has been replaced while it was waiting, or whose store went
// back in time: an idle owner would notice it only at its next turn, and until then others would read old states.
import type { Clock, Log, Store } from "./ports.ts";
import { lost, sleep } from "./retry.ts";

/** What is known of the right at this moment. */
export type Right =
  /** Mine, seen less than a second ago. */
  | "mine"
  /** The store does not answer: nobody can tell. */
  | "blind"
  /** Another epoch stands there, or none, or a turn before one that was saved. */
  | "gone";

/** A stretch of ownership, as far as its right goes. */
export interface Watchable {
  readonly epoch: number;
  /** The last turn that the store has confirmed. */
  savedTurn(): number;
}

/** The right of one instance over all its indexes. */
export interface RightToAct {
  /**
   * Begins to watch an index. `replaced` is called once when the right is seen to be gone: at once where a later epoch of the index is
   * watched, for an owner that was slow may have a successor in the same instance.
   */
  watch(partition: number, tenure: Watchable, replaced: () => void): void;
  /** Ends the watch of that epoch, and no other's: an owner that ends late may have a successor in the same instance. */
  unwatch(partition: number, epoch: number): void;
  check(partition: number): Promise<Right>;
  /** Looks at all watched indexes now. */
  look(): Promise<void>;
  stop(): void;
}

/** Waits until the right is seen; throws Lost when it is gone, or the signal aborts. */
export async function allowed(
  tools: { readonly right: RightToAct; readonly clock: Clock },
  partition: number,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    if (signal.aborted) throw lost();
    switch (await tools.right.check(partition)) {
      case "mine":
        return;
      case "gone":
        throw lost();
      case "blind":
        await sleep(tools.clock, blindMs, signal);
    }
  }
}

const blindMs = 250;
const validMs = 1_000;
const lookEveryMs = 500;

/** Watches nothing yet. */
export function createRightToAct(ports: {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}): RightToAct {
  const { store, clock, log } = ports;
  interface Watched extends Watchable {
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
    const saved = asked.map(([, entry]) => entry.savedTurn());
    try {
      const standings = await store.standings(asked.map(([partition]) => partition));
      asked.forEach(([partition, entry], i) => {
        if (watched.get(partition) !== entry) return;
        const standing = standings[i] ?? null;
        if (standing?.epoch === entry.epoch && standing.turn >= (saved[i] ?? 0)) {
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
    watch(partition, tenure, replaced) {
      if ((watched.get(partition)?.epoch ?? -1) > tenure.epoch) {
        replaced();
        return;
      }
      // Not seen yet: the claim may be long ago.
      watched.set(partition, { ...tenure, replaced, seenAtMs: Number.NEGATIVE_INFINITY });
      schedule();
    },
    unwatch(partition, epoch) {
      if (watched.get(partition)?.epoch === epoch) watched.delete(partition);
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
