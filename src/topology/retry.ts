// Waiting and repeating inside the runtime, on the ports' clock, ended by the loss of the index.
import { delayMs, ownService } from "./policies.ts";
import type { Clock, Random } from "./ports.ts";

/** What waiting needs. */
export interface Pace {
  readonly clock: Clock;
  readonly random: Random;
}

/** Thrown inside an owner's work when its index is lost; caught where that work was started, and never an error. */
export interface Lost extends Error {
  readonly name: "Lost";
}

/** Makes one. */
export function lost(): Lost {
  return Object.assign(new Error("the index is not mine any more"), { name: "Lost" as const });
}

/** True for the end of an index's work that is no error. */
export function isLost(error: unknown): error is Lost {
  return error instanceof Error && error.name === "Lost";
}

/** Resolves after `ms`, or at once when the signal aborts. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const wake = (): void => {
      cancel();
      signal.removeEventListener("abort", wake);
      resolve();
    };
    const cancel = clock.after(ms, wake);
    signal.addEventListener("abort", wake);
  });
}

/**
 * Repeats a call to one of our own services until it succeeds; throws Lost when the signal aborts. `failed` hears of each
 * failure before that. The call must be safe to repeat with unknown outcome.
 */
export async function untilDone<Value>(
  pace: Pace,
  signal: AbortSignal,
  call: () => Promise<Value>,
  failed: (error: unknown, tries: number) => void,
): Promise<Value> {
  const isOver = (): boolean => signal.aborted;
  for (let tries = 1; ; tries++) {
    if (isOver()) throw lost();
    try {
      return await call();
    } catch (error) {
      if (isLost(error)) throw error;
      if (isOver()) throw lost();
      failed(error, tries);
      await sleep(pace.clock, delayMs(ownService, tries, pace.random.next(), null), signal);
    }
  }
}
