// Runs something on a schedule, on the ports' clock: the keep-alive of the org's session, the clean-up of context. Called by these.
import type { Clock } from "../topology/ports.ts";
import { nextRun, type Schedule } from "./schedule.ts";

/**
 * Runs on the schedule, never two at a time, until the returned function is called; that one also aborts the run in hand. The first
 * run waits for the schedule. `run` must not reject.
 */
export function startScheduled(
  schedule: Schedule,
  clock: Clock,
  run: (signal: AbortSignal) => Promise<void>,
): () => void {
  const stopped = new AbortController();
  let cancel = (): void => undefined;

  function plan(): void {
    const now = clock.now();
    const at = nextRun(schedule, now);
    if (at !== null) cancel = clock.after(at - now, () => void due(at));
  }

  async function due(at: number): Promise<void> {
    // A timer that the system's longest one cut short.
    if (clock.now() >= at) await run(stopped.signal);
    if (!stopped.signal.aborted) plan();
  }

  plan();
  return () => {
    stopped.abort();
    cancel();
  };
}
