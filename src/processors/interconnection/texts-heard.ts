// What a desk tells, where a session has moved to, of the texts that it has had before. Owns the match with the text whose answer was lost
// with the move, which post numbers can't tell once they begin anew. Pure. Called by desk-events.ts.
import { textMark } from "../desk/text-mark.ts";
import type { TextsHeard } from "../messages/generated.ts";
import { decideResult } from "./command-results.ts";
import type { SayToAgent } from "./commands.ts";
import type { Draft } from "./draft.ts";

/** The text that the desk has heard last gets its result, if it waits for one. */
export function takeTextsHeard(draft: Draft, chatId: string, heard: TextsHeard): void {
  const command = draft.state.pending.find(
    (each): each is SayToAgent => each.kind === "SayToAgent" && each.chatId === chatId && isLastOf(heard, each),
  );
  if (command === undefined) return;
  const { lane, seq } = command;
  const nothingMore = { reason: null, attempts: 0, generation: null, data: null };
  decideResult(draft, chatId, { lane, seq, outcome: "done", postSequence: takenBy(draft, command), ...nothingMore });
}

/**
 * The post number that it has used up, where numbers go on: else the next text would go out under it, and the desk drop that. Not known here,
 * so rather too high: a number that is, the desk tells.
 */
function takenBy({ state: { interconnection, pending } }: Draft, command: SayToAgent): number | null {
  const last = interconnection !== null && "postSequence" in interconnection ? interconnection.postSequence : 0;
  const before = pending.filter(({ lane }) => lane === command.lane).indexOf(command);
  return last === 0 ? null : last + before + 1;
}

/**
 * Of a text like the one before it, only the number of all tells which of them was heard. Where that is higher than it should be, one was
 * heard twice before; where it is lower, one of them never, and nobody knows which: it is said again.
 */
function isLastOf({ count, last }: TextsHeard, { text, behind }: SayToAgent): boolean {
  if (behind === undefined || textMark(text) !== last) return false;
  return behind.last === last ? count === behind.count + 1 : count > behind.count;
}
