// What is written to the changelog once more, behind an append that may still come late: one of the owner before, or a try of ours that
// was given up. It would be the last of its key, and compaction goes by offset. Made by the owner for each tenure.
import type { AgentEvent } from "../processors/messages/generated.ts";
import { rewriteAfterMs } from "./changelog.ts";
import type { Clock } from "./ports.ts";
import { isLost } from "./retry.ts";

/** What rewrites work with. */
export interface RewriteTools {
  readonly clock: Clock;
  readonly client: string;
  /** Produces to agent-events until acknowledged; throws Lost when the signal aborts. */
  tell(partition: number, event: AgentEvent, signal: AbortSignal): Promise<number>;
  /** Ends the process. */
  fatal(error: Error): void;
}

/** The rewrites of one tenure. */
export interface Rewrites {
  /** In a minute these users are decided on once more, as they are, and the cursor is due, without which no state counts. */
  later(userIds: readonly string[]): void;
  /** True once for each time that the cursor is due. */
  takeCursor(): boolean;
}

/** None yet. `wake` is called when the cursor is due. Ends with the signal. */
export function createRewrites(
  tools: RewriteTools,
  partition: number,
  signal: AbortSignal,
  wake: () => void,
): Rewrites {
  let isCursorDue = false;

  function askFor(userId: string): void {
    const at = tools.clock.now();
    const body = { type: "DueTime", kind: "rewrite", dueAt: at } as const;
    tools
      .tell(partition, { client: tools.client, userId, chatId: "", occurredAt: at, body }, signal)
      .catch((error: unknown) => {
        if (!isLost(error)) tools.fatal(error instanceof Error ? error : new Error("asking for a rewrite failed"));
      });
  }

  return {
    later(userIds) {
      const cancel = tools.clock.after(rewriteAfterMs, () => {
        signal.removeEventListener("abort", cancel);
        for (const userId of userIds) askFor(userId);
        isCursorDue = true;
        wake();
      });
      signal.addEventListener("abort", cancel, { once: true });
    },
    takeCursor() {
      const was = isCursorDue;
      isCursorDue = false;
      return was;
    },
  };
}
