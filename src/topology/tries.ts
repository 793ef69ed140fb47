// The tries of one command in its lane, and what comes of them. Used by lanes.ts.
import type { CommandOutcome, CommandResult } from "../processors/messages/generated.ts";

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
  post: number | null;
  mayHaveHappened: boolean;
  renumbered: boolean;
  refused: boolean;
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
