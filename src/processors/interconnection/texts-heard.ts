// What a desk tells, where a session has moved to, of the texts that it has had before. Owns the match with the text whose answer was lost
// with the move, which post numbers can't tell once they begin anew. Pure. Called by desk-events.ts.
import { textMark } from "../desk/text-mark.ts";
import type { TextsHeard } from "../messages/generated.ts";
import { decideResult } from "./command-results.ts";
import type { SayToAgent } from "./commands.ts";
import type { Draft } from "./draft.ts";

/** The first text that waits for its result gets it, where the desk has heard that one last. Those behind it were not posted yet. */
export function takeTextsHeard(draft: Draft, chatId: string, heard: TextsHeard): void {
  const command = draft.state.pending.find((each) => "session" in each && each.chatId === chatId);
  if (command?.kind !== "SayToAgent" || !isLastOf(heard, command)) return;
  const { lane, seq } = command;
  const nothingMore = { reason: null, attempts: 0, generation: null, data: null };
  decideResult(draft, chatId, { lane, seq, outcome: "done", postSequence: takenBy(draft, chatId), ...nothingMore });
}

/**
 * The post number that it has used up, where numbers go on: else the next text would go out under it, and the desk drop that. Rather too high:
 * a number that is, the desk tells.
 */
function takenBy({ state: { interconnection } }: Draft, chatId: string): number | null {
  if (interconnection?.chatId !== chatId || !("postSequence" in interconnection)) return null;
  const last = interconnection.postSequence;
  return last === 0 ? null : last + 1;
}

/**
 * With fewer texts than were given, one of them has never come, and nobody knows which; and of a text like the one before it nobody knows
 * which of the two was heard: it is said again.
 */
function isLastOf({ count, last }: TextsHeard, { text, behind }: SayToAgent): boolean {
  return behind !== undefined && behind.last !== last && count > behind.count && textMark(text) === last;
}
