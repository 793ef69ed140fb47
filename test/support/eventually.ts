// Waiting for a condition with a deadline, for support code that runs outside vitest's own waitFor as well. No fixed sleeps.
import { setTimeout as delay } from "node:timers/promises";

const lookEveryMs = 20;

/**
 * Asks until the answer is neither undefined nor false, and gives it. Rejects after `timeoutMs` with `what`, and with what
 * `why` says by then.
 */
export async function eventually<Value>(
  what: string,
  probe: () => Value | undefined | false | Promise<Value | undefined | false>,
  { timeoutMs = 30_000, why }: { readonly timeoutMs?: number; readonly why?: () => unknown } = {},
): Promise<Value> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadlineMs) {
      const reason = why === undefined ? "" : `: ${JSON.stringify(await why())}`;
      throw new Error(`not within ${String(timeoutMs)} ms: ${what}${reason}`);
    }
    await delay(lookEveryMs);
  }
}
