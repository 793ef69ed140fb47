// The keep-alive: a small query now and then, so that the org does not forget the session of a quiet service (it ends one
// after about two hours without a call; parity sheet 9). A refused token is renewed by the call itself. Called by the composition.
import type { Done } from "../../processors/outcome.ts";
import type { Clock, Log } from "../../topology/ports.ts";
import type { Schedule } from "../schedule.ts";
import { startScheduled } from "../scheduled.ts";

/** What the keep-alive works with. */
export interface KeepAliveOptions {
  readonly schedule: Schedule;
  readonly clock: Clock;
  readonly log: Log;
  /** One harmless call with the shared token. Never rejects. */
  readonly call: (signal: AbortSignal) => Promise<Done>;
}

/**
 * Calls on the schedule, never two at a time, until the returned function is called; that one also aborts a call in flight.
 * The first call waits for the schedule: a start is not delayed by Salesforce.
 */
export function startKeepAlive({ schedule, clock, log, call }: KeepAliveOptions): () => void {
  return startScheduled(schedule, clock, async (signal) => {
    const outcome = await call(signal);
    if (outcome.kind === "done" || signal.aborted) return;
    log.warn({ outcome: outcome.kind, detail: outcome.detail }, "the keep-alive failed");
  });
}
