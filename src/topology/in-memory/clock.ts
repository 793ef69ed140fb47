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
  readonly number: number;
  readonly fn: () => void;
}

/**
 * A clock that stands at `startAt` (epoch milliseconds). `settle` resolves when all promise callbacks have run: a task of the
 * event loop, such as setImmediate, which this layer may not use itself.
 */
export function createVirtualClock(startAt: number, settle: () => Promise<void>): VirtualClock {
  const timers = new Map<number, Timer>();
  let now = startAt;
  let count = 0;

  const next = (): Timer | null => {
    let first: Timer | null = null;
    for (const timer of timers.values()) {
      if (first === null || timer.dueAt < first.dueAt) first = timer;
    }
    return first;
  };

  return {
    now: () => now,
    monotonicMs: () => now - startAt,
    after(delayMs, fn) {
      count += 1;
      const number = count;
      timers.set(number, { dueAt: now + Math.max(0, delayMs), number, fn });
      return () => void timers.delete(number);
    },
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (let timer = next(); timer !== null && timer.dueAt <= until; timer = next()) {
        timers.delete(timer.number);
        now = Math.max(now, timer.dueAt);
        timer.fn();
        await settle();
      }
      now = until;
      await settle();
    },
    settle,
    nextDueAt: () => next()?.dueAt ?? null,
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
