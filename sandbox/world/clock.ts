/**
 * Time of the sandbox world: the wall clock, a clock for intervals, and timers.
 * Every part of the world takes its time from here, so that a test can hold a 30 s long poll without waiting 30 s.
 * Called by the journal, the fault switches, Live Agent sessions, agents and the bot.
 */

/** Stops a timer that has not fired; harmless afterwards. */
export type Cancel = () => void;

/** Time as the world sees it. */
export interface Clock {
  /** Epoch milliseconds. */
  nowMs(): number;
  /** Milliseconds since an arbitrary start, never going back. */
  monotonicMs(): number;
  /** Runs once after the delay; the process may exit while it waits. */
  after(delayMs: number, run: () => void): Cancel;
}

/** A clock that stands still until it is advanced. */
export interface ManualClock extends Clock {
  /** Fires everything due within the next `byMs`, in order of due time. */
  advance(byMs: number): void;
}

/** The machine's own clock. */
export function realClock(): Clock {
  return {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    after(delayMs, run) {
      const timer = setTimeout(run, delayMs);
      timer.unref();
      return () => {
        clearTimeout(timer);
      };
    },
  };
}

/** A clock for tests; starts at `startMs` (epoch milliseconds). */
export function manualClock(startMs: number): ManualClock {
  const due = new Map<number, { readonly atMs: number; readonly run: () => void }>();
  let now = startMs;
  let nextId = 0;
  const earliest = (untilMs: number): number | undefined => {
    let found: number | undefined;
    let foundAtMs = Infinity;
    for (const [id, timer] of due) {
      if (timer.atMs <= untilMs && timer.atMs < foundAtMs) {
        found = id;
        foundAtMs = timer.atMs;
      }
    }
    return found;
  };
  return {
    nowMs: () => now,
    monotonicMs: () => now - startMs,
    after(delayMs, run) {
      const id = nextId++;
      due.set(id, { atMs: now + delayMs, run });
      return () => {
        due.delete(id);
      };
    },
    advance(byMs) {
      const untilMs = now + byMs;
      for (let id = earliest(untilMs); id !== undefined; id = earliest(untilMs)) {
        const timer = due.get(id);
        due.delete(id);
        if (timer !== undefined) {
          now = Math.max(now, timer.atMs);
          timer.run();
        }
      }
      now = untilMs;
    },
  };
}

/** Waits on the clock; ends early, without an error, when the signal fires. */
export function pause(clock: Clock, delayMs: number, until: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (until.aborted) {
      resolve();
      return;
    }
    const stop = (): void => {
      cancel();
      until.removeEventListener("abort", stop);
      resolve();
    };
    const cancel = clock.after(delayMs, stop);
    until.addEventListener("abort", stop);
  });
}
