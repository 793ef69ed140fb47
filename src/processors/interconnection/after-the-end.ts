// What the desk tells of a chat that is over for us. Owns that words of an agent which came too late are kept where a person can read them,
// each once. Called by desk-events.ts.
import type { DeskEvent, DeskEvents, DeskReconnected, DeskSession } from "../messages/generated.ts";
import type { Command, EndChat } from "./commands.ts";
import { awaitRepeats, takeTold } from "./desk-repeats.ts";
import { change, type Draft } from "./draft.ts";
import { tell } from "./facts.ts";
import type { Closed, Failed, Interconnection } from "./state.ts";
import { isBlank } from "./texts.ts";
import { takeTextsHeard } from "./texts-heard.ts";

/**
 * The agent's words came after the end: nobody will read them, so they are dead letters. A record that comes twice is known by its position,
 * for its first coming may have ended the chat; what the desk tells again after the session has moved, by what it says.
 */
export function afterTheEnd(draft: Draft, chatId: string, record: DeskEvents): void {
  // The session had moved as the chat ended: its last texts may be in doubt as those of an open one.
  for (const { textsHeard } of record.events) if (textsHeard !== null) takeTextsHeard(draft, chatId, textsHeard);
  const chat = draft.state.interconnection;
  if (chat?.chatId !== chatId) {
    tooLate(draft, chatId, record.events, null);
    return;
  }
  if (!isOver(chat) || chat.session === null) return;
  const sameNumbers = chat.session.generation === record.generation;
  const late = record.events.filter(({ number }) => sameNumbers && number > chat.lastPosition);
  if (late.length === 0) return;
  const { recent, repeats = null, session } = chat;
  const { told, events } =
    recent === undefined ? { told: {}, events: late } : takeTold({ recent, repeats }, session.id, late);
  const lastPosition = Math.max(...late.map(({ number }) => number));
  change(draft, { interconnection: { ...chat, ...told, lastPosition } });
  synced(draft, chatId);
  tooLate(draft, chatId, events, chat);
}

/** What the desk tells is told behind the resync: the end may be told there as any other. */
function synced(draft: Draft, chatId: string): void {
  const isOfChat = (command: Command): command is EndChat => command.kind === "EndChat" && command.chatId === chatId;
  if (!draft.state.pending.some((command) => isOfChat(command) && command.isUnsynced === true)) return;
  const pending = draft.state.pending.map((command): Command => {
    if (!isOfChat(command)) return command;
    const { isUnsynced: _, ...end } = command;
    return end;
  });
  change(draft, { pending });
}

/** Keeps the agent's words of events that come too late; `chat` tells of them while it is the user's last. */
export function tooLate(
  draft: Draft,
  chatId: string,
  events: readonly DeskEvent[],
  chat: Interconnection | null,
): void {
  for (const { kind, text } of events) {
    if (kind !== "said" || text === null || isBlank(text)) continue;
    draft.deadLetters.push({ reason: "chat_over", detail: null, chatId, text, attempts: 0 });
    if (chat !== null) tell(draft, chat, "message_failed", { reason: "chat_over", textChars: text.length });
  }
}

/**
 * The session moved while its chat was being ended: what an answer to the last poll holds comes under the numbers of the new place, among it
 * what was told already. Without what was told of the chat it can't be told apart, and is dropped then.
 */
export function movedAfterTheEnd(
  draft: Draft,
  { session, unconfirmedEvents }: DeskReconnected,
  isLeft: (session: DeskSession) => boolean,
): void {
  const chat = draft.state.interconnection;
  if (!isOver(chat) || chat.session === null || !isLeft(chat.session)) return;
  const { recent, repeats = null } = chat;
  if (recent === undefined || chat.session.generation === session.generation) return;
  const told = awaitRepeats({ recent, repeats }, unconfirmedEvents);
  change(draft, { interconnection: { ...chat, ...told, session, lastPosition: -1 } });
}

function isOver(chat: Interconnection | null): chat is Closed | Failed {
  return chat?.status === "CLOSED" || chat?.status === "FAILED";
}
