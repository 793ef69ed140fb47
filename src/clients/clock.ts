// Time and chance of the machine, as the ports want them.
import type { Clock, Random } from "../topology/ports.ts";

const longestTimerMs = 2 ** 31 - 1;

/** The system's clock. Timers keep the process alive until they have run or are cancelled. */
export function createClock(): Clock {
  return {
    now: () => Date.now(),
    monotonicMs: () => performance.now(),
    after(delayMs, fn) {
      // setTimeout takes what is beyond its range for 1 ms, and cuts fractions off.
      const timer = setTimeout(fn, Math.min(Math.max(0, Math.ceil(delayMs)), longestTimerMs));
      return () => clearTimeout(timer);
    },
  };
}

/** Chance for jitter; nothing secret is made of it. */
export function createRandom(): Random {
  return { next: () => Math.random() };
}
