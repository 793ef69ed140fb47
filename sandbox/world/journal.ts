/**
 * The journal: every call that reached the world, in the order in which it was finished, and those still unanswered.
 * What was said is also kept by the witnesses (phone, agents' screens); the journal is about the calls themselves.
 * Written by the exchange, read over the control API.
 */
import { appendLog } from "./append-log.ts";
import type { AppendLog } from "./append-log.ts";
import type { Clock } from "./clock.ts";

/** The outside systems of the world. */
export type SystemName = "salesforce" | "integrations" | "botrunner" | "studio-ng";

/** All systems, in the order in which they are listed. */
export const SYSTEM_NAMES: readonly SystemName[] = ["salesforce", "integrations", "botrunner", "studio-ng"];

/** Who and what a call is about. */
export interface Identity {
  /** Name of the operation, for example `ChatMessage`. */
  readonly operation: string;
  readonly user?: string;
  /** Live Agent session id. */
  readonly session?: string;
}

/** How a call ended: its caller got an answer, went away, or a fault took its connection. */
export type CallOutcome = "answered" | "caller-gone" | "reset";

/** One call in the journal. Times are milliseconds; `arrivedMs` and `endedMs` are monotonic, `arrivedAt` is epoch. */
export interface JournalEntry extends Identity {
  readonly call: number;
  readonly system: SystemName;
  readonly method: string;
  readonly path: string;
  readonly arrivedAt: number;
  readonly arrivedMs: number;
  readonly endedMs: number;
  readonly outcome: CallOutcome;
  /** Status sent, null when none was. */
  readonly status: number | null;
  /** Whether the simulated system acted on the call; false when a fault came before. */
  readonly handled: boolean;
  /** Faults that struck this call. */
  readonly faults: readonly string[];
  /** Address by which the system was called: tells callers apart that come by proxies. */
  readonly host?: string;
  /** Value of X-LIVEAGENT-SEQUENCE, where there was one. */
  readonly sequence?: string;
  readonly request?: unknown;
}

/** A call that has arrived and is not finished. */
export interface OpenCall extends Identity {
  readonly call: number;
  readonly system: SystemName;
  readonly method: string;
  readonly path: string;
  readonly arrivedAt: number;
  readonly arrivedMs: number;
  readonly host?: string;
  readonly sequence?: string;
  readonly request?: unknown;
}

/** How a call ended. */
export interface CallEnd {
  readonly outcome: CallOutcome;
  readonly status: number | null;
  readonly handled: boolean;
  readonly faults: readonly string[];
}

/** The journal. */
export interface Journal {
  readonly log: AppendLog<JournalEntry>;
  /** Calls without an answer, oldest first. */
  open(): readonly OpenCall[];
  arrive(call: Omit<OpenCall, "call" | "arrivedAt" | "arrivedMs">): OpenCall;
  finish(call: OpenCall, end: CallEnd): void;
}

/** A journal that keeps the newest `max` calls (null: all). */
export function startJournal(clock: Clock, max: number | null): Journal {
  const log = appendLog<JournalEntry>(clock, max);
  const open = new Map<number, OpenCall>();
  let lastCall = 0;
  return {
    log,
    open: () => [...open.values()],
    arrive(call) {
      lastCall += 1;
      const arrived = { ...call, call: lastCall, arrivedAt: clock.nowMs(), arrivedMs: clock.monotonicMs() };
      open.set(lastCall, arrived);
      return arrived;
    },
    finish(call, end) {
      open.delete(call.call);
      log.append({ ...call, ...end, endedMs: clock.monotonicMs() });
    },
  };
}
