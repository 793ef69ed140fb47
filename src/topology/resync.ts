// The resync that a desk wants where a session has moved to (Live Agent fact sheet, section 11). Comes before the events that were read there
// are told: a new owner takes a told event as proof that it was done. Called by pollers.ts.
import type { DeskGateway } from "../processors/desk/gateway.ts";
import { delayMs, pollAgain } from "./policies.ts";
import type { Poll } from "./poll.ts";
import type { Log } from "./ports.ts";
import { sleep, type Pace } from "./retry.ts";
import { allowed, type RightToAct } from "./right-to-act.ts";

/** What it takes. */
export interface ResyncTools extends Pace {
  readonly desk: Pick<DeskGateway, "resync">;
  readonly right: RightToAct;
  readonly log: Log;
}

/** Before the chat goes on without. */
const mostTries = 5;
const tryTimeoutMs = 5_000;

/** Resolves when the desk has taken it, or does not; waits for the right to act. Throws Lost when the index goes. */
export async function resync(tools: ResyncTools, partition: number, poll: Poll): Promise<void> {
  for (let tries = 1; ; tries++) {
    await allowed(tools, partition, poll.ended);
    const outcome = await once(tools, poll);
    if (outcome.kind !== "done")
      tools.log.warn({ ...poll.owner, reason: outcome.detail }, "the desk did not take the resync after a reconnect");
    if (outcome.kind !== "retry" || tries >= mostTries) return;
    await sleep(tools.clock, delayMs(pollAgain, tries, tools.random.next(), outcome.retryAfterMs), poll.ended);
  }
}

async function once({ clock, desk }: ResyncTools, poll: Poll): ReturnType<DeskGateway["resync"]> {
  const timeout = new AbortController();
  const cancel = clock.after(tryTimeoutMs, () => timeout.abort());
  try {
    return await desk.resync(poll.owner, poll.session, AbortSignal.any([poll.ended, timeout.signal]));
  } finally {
    cancel();
  }
}
