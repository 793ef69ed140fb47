// Owns keeping the service alive: starts it, says when it dies and why, starts it again with back-off, stops it in the end. What to run
// and how to ask whether it is ready come in. Called by main.ts.
import { setTimeout as delay } from "node:timers/promises";

import type { Child, Ending } from "../services/child.ts";
import { waitUntil, type Probe } from "../services/probes.ts";

const FIRST_BACK_OFF_MS = 200;
const LONGEST_BACK_OFF_MS = 5_000;
/** Who lived this long did not die of its start: the back-off begins anew. */
const HEALTHY_AFTER_MS = 10_000;

/** What the supervisor needs. */
export interface SupervisorOptions {
  /** Starts the program once more. `attempt` counts from 1. */
  spawn(attempt: number): Promise<Child>;
  /** Whether it does its work. */
  readonly ready: Probe;
  /** The end of this child's output. */
  tail(child: Child): Promise<string>;
  readonly say: (line: string) => void;
  /** How long the first start may take until it is ready. */
  readonly startTimeoutMs: number;
  /** How often it may die before it is ready for the first time. */
  readonly startAttempts: number;
  /** How long it may take to end when asked. */
  readonly stopGraceMs: number;
}

/** A supervised program. */
export interface Supervisor {
  /** Resolves when it is ready for the first time; rejects with the end of its output when it does not become so. */
  start(): Promise<void>;
  /** Ends it and does not start it again. Undefined when it did not run. Repeat-safe. */
  stop(): Promise<Ending | undefined>;
  /** Epoch milliseconds of the first time it was ready; undefined before. */
  readySince(): number | undefined;
  /** Process id of the running program. */
  pid(): number | undefined;
  /** How often it was started again. */
  restarts(): number;
  state(): SupervisedState;
  /** Ends the running program at once (SIGKILL), as a crash would; it is started again. */
  kill(): Promise<void>;
}

/** `starting`: a program runs and is not ready yet. `down`: none runs, and one is started after the back-off. */
export type SupervisedState = "starting" | "ready" | "down" | "stopped";

/** A supervisor; nothing runs yet. */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const stopping = new AbortController();
  const isStopping = (): boolean => stopping.signal.aborted;
  let child: Child | undefined;
  let attempts = 0;
  let readySinceMs: number | undefined;
  let readyChild: Child | undefined;
  let watching: Promise<void> = Promise.resolve();

  const spawn = async (): Promise<Child> => {
    attempts += 1;
    child = await options.spawn(attempts);
    return child;
  };

  const watch = async (first: Child): Promise<void> => {
    let current = first;
    let backOffMs = FIRST_BACK_OFF_MS;
    for (;;) {
      const bornMs = Date.now();
      const ending = await current.ended;
      if (isStopping()) return;
      if (Date.now() - bornMs >= HEALTHY_AFTER_MS) backOffMs = FIRST_BACK_OFF_MS;
      options.say(
        `The service ended (${describeEnding(ending)}); starting it again in ${String(backOffMs)} ms. It last said:`,
      );
      options.say(indent(await options.tail(current)));
      if (!(await pause(backOffMs, stopping.signal))) return;
      backOffMs = nextBackOff(backOffMs);
      current = await spawn();
      if (isStopping()) {
        await current.stop(options.stopGraceMs);
        return;
      }
      void sayWhenReady(current);
    }
  };

  const sayWhenReady = async (started: Child): Promise<void> => {
    // However long that takes: it may wait for a Kafka that somebody has frozen.
    if (await waitUntil(options.ready, Infinity, started.ended)) {
      readyChild = started;
      options.say(`The service is ready again (process ${String(started.pid)}).`);
    }
  };

  return {
    async start() {
      const deadlineMs = Date.now() + options.startTimeoutMs;
      for (let attempt = 1; ; attempt += 1) {
        stopping.signal.throwIfAborted();
        const started = await spawn();
        if (isStopping()) await started.kill();
        if (await waitUntil(options.ready, deadlineMs - Date.now(), started.ended)) {
          readySinceMs = Date.now();
          readyChild = started;
          watching = watch(started);
          return;
        }
        const why = started.isRunning() ? "is not ready in time" : `ended (${describeEnding(await started.ended)})`;
        await started.kill();
        stopping.signal.throwIfAborted();
        const tail = indent(await options.tail(started));
        if (attempt >= options.startAttempts || Date.now() >= deadlineMs) {
          throw new Error(`The service ${why}. It last said:\n${tail}`);
        }
        options.say(`The service ${why}; trying again. It last said:\n${tail}`);
      }
    },
    async stop() {
      stopping.abort(new Error("stopped"));
      const ending = child?.isRunning() ? await child.stop(options.stopGraceMs) : undefined;
      await watching;
      return ending;
    },
    readySince: () => readySinceMs,
    pid: () => (child?.isRunning() ? child.pid : undefined),
    restarts: () => Math.max(0, attempts - 1),
    state() {
      if (isStopping()) return "stopped";
      if (child?.isRunning() !== true) return "down";
      return child === readyChild ? "ready" : "starting";
    },
    async kill() {
      await child?.kill();
    },
  };
}

/** Twice as long, up to five seconds. */
export function nextBackOff(currentMs: number): number {
  return Math.min(currentMs * 2, LONGEST_BACK_OFF_MS);
}

/** `exit 1`, `signal SIGKILL`. */
export function describeEnding({ code, signal }: Ending): string {
  return signal === null ? `exit ${String(code)}` : `signal ${signal}`;
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, "    ");
}

/** False when it was cut short. */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await delay(ms, undefined, { signal });
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}
