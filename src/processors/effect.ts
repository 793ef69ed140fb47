// What a gateway answers to the lane after one try of a command. The lane repeats, finishes, and tells the result.
import type { CommandResult } from "./messages/generated.ts";

/** The outcome of one try, in the words of commands. */
export type Effect =
  | {
      readonly kind: "finished";
      readonly outcome: "done" | "refused" | "broken";
      readonly reason: string | null;
      /** Last post number that the desk has accepted; null when the command does not post or was not accepted. */
      readonly postSequence: number | null;
      readonly data: CommandResult["data"];
    }
  | {
      readonly kind: "again";
      readonly reason: string;
      readonly mayHaveHappened: boolean;
      readonly retryAfterMs: number | null;
      /** The number to post with next time, where the desk told us that ours is wrong. */
      readonly postSequence: number | null;
      /** Nothing was sent. */
      readonly heldBack?: true;
      /** The session's route is void: nothing more is posted to it before it was reconnected. */
      readonly sessionMoved?: true;
      /** The other side said no. It is asked again all the same, because nobody but it can take what is given; a person must look. */
      readonly refused?: true;
    };

/** What a try needs beside the command itself. */
export interface Try {
  readonly userId: string;
  /** Number to post with, if the command posts. */
  readonly postSequence: number;
  /** An earlier try may have taken effect. */
  readonly mayHaveHappened: boolean;
  /** Rejects when the user may have another owner by now: for a try of several steps, before the one that can't be taken back. */
  readonly stillOwned: () => Promise<void>;
  readonly signal: AbortSignal;
}
