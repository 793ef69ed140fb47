// Time and chance of the machine, as the ports want them.
import type { Clock, Random } from "../topology/ports.ts";

/** The system's clock. Timers keep the process alive until they ran or were cancelled. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, fn) {
    // setTimeout runs up to 1 ms early and takes anything beyond 2^31 - 1 for 1.
    const timer = setTimeout(fn, Math.min(Math.max(0, Math.ceil(delayMs)), 2 ** 31 - 1));
    return () => clearTimeout(timer);
  },
};

/** Chance for jitter; nothing secret is made of it. */
export const systemRandom: Random = { next: () => Math.random() };
