// Time that goes on only when a test says so, and chance from a seed: with both, a run of the topology repeats exactly.
import type { Clock, Random } from "../ports.ts";

/** A clock and the hand that moves it. */
export interface VirtualClock extends Clock {
  /**
   * Lets `ms` pass: runs every timer that falls due, in order of its time (equal times: in the order they were set), also
   * those that are set on the way, and lets what each has started settle before the next.
   */
  advance(ms: number): Promise<void>;
  /** Lets what was started settle, at the present time. */
  settle(): Promise<void>;
  /** When the next timer falls due, epoch milliseconds; null when none is set. */
  nextDueAt(): number | null;
}

interface Timer {
  readonly dueAt: number;
  /** Decides among timers of one moment. */
  readonly rank: number;
  readonly number: number;
  readonly fn: () => void;
  cancelled: boolean;
}

/**
 * A clock that stands at `startAt` (epoch milliseconds). `settle` resolves when all promise callbacks have run: a task of the
 * event loop, such as setImmediate, which this layer may not use itself. With `chance` the order of timers of one moment is drawn.
 */
export function createVirtualClock(startAt: number, settle: () => Promise<void>, chance?: Random): VirtualClock {
  const timers = createQueue();
  let now = startAt;
  let count = 0;

  return {
    now: () => now,
    monotonicMs: () => now - startAt,
    after(delayMs, fn) {
      count += 1;
      const timer = {
        dueAt: now + Math.max(0, delayMs),
        rank: chance?.next() ?? 0,
        number: count,
        fn,
        cancelled: false,
      };
      timers.add(timer);
      return () => {
        timer.cancelled = true;
      };
    },
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (let timer = timers.first(); timer !== null && timer.dueAt <= until; timer = timers.first()) {
        timers.removeFirst();
        now = Math.max(now, timer.dueAt);
        timer.fn();
        await settle();
      }
      now = until;
      await settle();
    },
    settle,
    nextDueAt: () => timers.first()?.dueAt ?? null,
  };
}

/** Timers by moment, rank and number: a binary heap. Cancelled ones go when they come to the top. */
function createQueue(): { add(timer: Timer): void; first(): Timer | null; removeFirst(): void } {
  const heap: Timer[] = [];
  const isBefore = (a: Timer, b: Timer): boolean =>
    a.dueAt !== b.dueAt ? a.dueAt < b.dueAt : a.rank !== b.rank ? a.rank < b.rank : a.number < b.number;

  function add(timer: Timer): void {
    let at = heap.length;
    for (; at > 0;) {
      const up = (at - 1) >>> 1;
      const above = heap[up];
      if (above === undefined || !isBefore(timer, above)) break;
      heap[at] = above;
      at = up;
    }
    heap[at] = timer;
  }

  function removeFirst(): void {
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      if (left === undefined) break;
      const goesRight = right !== undefined && isBefore(right, left);
      const least = goesRight ? right : left;
      if (!isBefore(least, last)) break;
      heap[at] = least;
      at = 2 * at + (goesRight ? 2 : 1);
    }
    heap[at] = last;
  }

  return {
    add,
    removeFirst,
    first() {
      while (heap[0]?.cancelled === true) removeFirst();
      return heap[0] ?? null;
    },
  };
}

/** Numbers that look random and are the same for the same seed (mulberry32). */
export function createSeededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}
