// The moments that the states of one partition index wait for. When one has come the owner appends it as a record; decide
// drops one that the state no longer waits for, so that a repeat does no harm. Survives takeover: it derives from state.
import { momentsOf } from "../processors/interconnection/due-times.ts";
import type { Due, UserState } from "../processors/interconnection/state.ts";
import type { AgentEvent } from "../processors/messages/generated.ts";
import { isLost, type Pace } from "./retry.ts";

/** Timers of one tenure. */
export interface DueTimes {
  /** What a user's state waits for now. */
  update(userId: string, state: UserState): void;
  stop(): void;
  readonly count: number;
}

interface DueTools extends Pace {
  readonly client: string;
  fatal(error: Error): void;
  tell(partition: number, event: AgentEvent, signal: AbortSignal): Promise<number>;
}

/** Timers can't be longer than this; a later moment is looked at again. */
const maxTimerMs = 2 ** 31 - 1;

/** No timers yet. */
export function createDueTimes(tools: DueTools, partition: number, signal: AbortSignal): DueTimes {
  const users = new Map<string, Map<string, () => void>>();
  let count = 0;

  const idOf = (due: Due): string => `${due.chatId}/${due.kind}/${String(due.at)}`;

  function arm(userId: string, due: Due, timers: Map<string, () => void>): void {
    const wait = Math.min(maxTimerMs, Math.max(0, due.at - tools.clock.now()));
    const cancel = tools.clock.after(wait, () => {
      if (due.at > tools.clock.now()) {
        arm(userId, due, timers);
        return;
      }
      void append(userId, due);
    });
    timers.set(idOf(due), cancel);
  }

  async function append(userId: string, due: Due): Promise<void> {
    const body: AgentEvent["body"] = { type: "DueTime", kind: due.kind, dueAt: due.at };
    const event = { client: tools.client, userId, chatId: due.chatId, occurredAt: tools.clock.now(), body };
    try {
      await tools.tell(partition, event, signal);
    } catch (error) {
      if (!isLost(error)) tools.fatal(error instanceof Error ? error : new Error("a due time could not be appended"));
    }
  }

  return {
    update(userId, state) {
      if (signal.aborted) return;
      const moments = momentsOf(state);
      const timers = users.get(userId) ?? new Map<string, () => void>();
      const wanted = new Set(moments.map(idOf));
      for (const [id, cancel] of timers) {
        if (wanted.has(id)) continue;
        cancel();
        timers.delete(id);
        count -= 1;
      }
      for (const due of moments) {
        if (timers.has(idOf(due))) continue;
        count += 1;
        arm(userId, due, timers);
      }
      if (timers.size > 0) users.set(userId, timers);
      else users.delete(userId);
    },
    stop() {
      for (const timers of users.values()) for (const cancel of timers.values()) cancel();
      users.clear();
      count = 0;
    },
    get count() {
      return count;
    },
  };
}
