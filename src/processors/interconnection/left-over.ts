// What becomes of a text that the service before this one owed the user: it is delivered once, in the chat that the user has now, or
// kept as a dead letter where there is none. Such texts to the agent come as messages of the user.
import type { LeftOver } from "../messages/generated.ts";
import type { Draft } from "./draft.ts";
import { tell, words } from "./facts.ts";
import { sayToUser } from "./lanes.ts";
import { isBlank } from "./texts.ts";

/** Decides one text. */
export function decideLeftOver(draft: Draft, { messageId: known, text }: LeftOver): void {
  if (draft.memory.seen.has(known) || isBlank(text)) return;
  draft.see.push(known);
  const chat = draft.state.interconnection;
  if (chat === null) {
    draft.deadLetters.push({ reason: "chat_over", detail: "left over", chatId: null, text, attempts: 0 });
    return;
  }
  const messageId = sayToUser(draft, chat, text, "message");
  if (messageId === false) return;
  const agentName = chat.status === "ACTIVE" ? chat.agentName : null;
  tell(draft, chat, "message_out", { messageId, messageType: "text", agentName, ...words(draft, text) });
}
