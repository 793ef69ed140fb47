// The tries of one command in its lane, and what comes of them. Used by lanes.ts.
import type { Effect } from "../processors/effect.ts";
import type { Command } from "../processors/interconnection/commands.ts";
import type { CommandOutcome, CommandResult } from "../processors/messages/generated.ts";
import type { RetryPolicy } from "./policies.ts";
import type { MarkVerdict } from "./ports.ts";

type Again = Extract<Effect, { readonly kind: "again" }>;

/** How a command ended, as its result tells it. */
export interface Finished {
  readonly outcome: CommandOutcome;
  readonly reason: string | null;
  readonly attempts: number;
  readonly postSequence: number | null;
  /** Of the session that the number belongs to. */
  readonly generation: string | null;
  readonly data: CommandResult["data"];
}

/** The tries of one command so far. */
export interface Tries {
  made: number;
  /** Of them, those that count where tries are bounded. */
  spent: number;
  post: number | null;
  mayHaveHappened: boolean;
  renumbered: boolean;
  refused: boolean;
}

/** None yet of a command that the store has marked. `isUnknown`: it may have begun before, and its mark is lost. */
export function beginTries(verdict: MarkVerdict, isUnknown: boolean): Tries {
  const isBegun = verdict.kind === "begun";
  return {
    ...{ made: 0, spent: 0, renumbered: false, refused: false },
    post: isBegun ? verdict.postSequence : null,
    mayHaveHappened: !isBegun || verdict.repeated || isUnknown,
  };
}

/**
 * Whether an answer counts as a failed try of its command. Of a text (setting MAX_RETRIES) only what was sent and failed: not a call that was
 * held back, nor one that only told where the session is or which number is next.
 */
export function isSpent(answer: Again, { renumbered }: Tries, { kind }: Command): boolean {
  if (kind !== "SayToAgent" && kind !== "SayToUser") return true;
  const isTold = answer.sessionMoved === true || (answer.postSequence !== null && !renumbered);
  return answer.heldBack !== true && !isTold;
}

/** A try of a gateway that was cut off before it could say anything. */
export const timedOut: Effect = {
  kind: "again",
  reason: "timed out",
  mayHaveHappened: true,
  retryAfterMs: null,
  postSequence: null,
};

/** Of a try that ran out of time: what it may have made is not looked for at once. */
export function afterTimeOut(effect: Effect, { patienceMs }: RetryPolicy): Effect {
  if (effect.kind !== "again" || !effect.mayHaveHappened || patienceMs === undefined) return effect;
  return { ...effect, retryAfterMs: Math.max(effect.retryAfterMs ?? 0, patienceMs) };
}

/** No further try is made. */
export const gaveUp = (reason: string, { made }: Tries): Finished => ({
  outcome: "given_up",
  reason,
  attempts: made,
  postSequence: null,
  generation: null,
  data: null,
});
/** A gateway or a result failed by a defect of ours. */
export const defect = { outcome: "broken", reason: "defect", postSequence: null, data: null } as const;
