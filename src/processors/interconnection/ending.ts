// The one way in which a chat ends, whoever ends it and whatever it was: last texts, end at the desk, facts, hand-back.
// Owns that a chat has one final transition. Called wherever an input ends a chat.
import type { ChatEventReason } from "../messages/generated.ts";
import { answer, change, type AtDeskChat, type Draft, type OpenChat } from "./draft.ts";
import { tell } from "./facts.ts";
import { handBack } from "./hand-back.ts";
import { sayWordsOfFiles } from "./files.ts";
import {
  flush,
  giveEndChat,
  giveFile,
  giveRulesFound,
  hurry,
  lastTextsMs,
  notifyUser,
  takeBacklog,
  wordsOfFiles,
} from "./lanes.ts";
import { keepCase } from "./loose-case.ts";
import type { HandBackKind } from "./settings.ts";
import type { Failed, Interconnection, Reply } from "./state.ts";

/** How a chat ends. */
export interface End {
  readonly status: "CLOSED" | "FAILED";
  readonly reason: ChatEventReason;
  readonly detail: string | null;
  /**
   * The session at the desk. open: it hears what is still to be said, then the end. lost: it hears the end at most. gone:
   * it has ended the chat itself.
   */
  readonly desk: "open" | "lost" | "gone";
  /** Null: nobody is handed back, because the bot has had the user for long. */
  readonly handBack: HandBackKind | null;
  /** Request that ends it; left out where none does. */
  readonly requestId?: string;
}

/** Ends that a person or the caller has chosen: what the user asked for is over, and its case is left to whoever reads it. */
const wantedEnds: ReadonlySet<ChatEventReason> = new Set(["agent", "user", "finish", "operator"]);

/** Ends a chat that is at the desk. */
export function endChat(draft: Draft, chat: AtDeskChat, end: End): void {
  const { contactId, caseId, session } = chat;
  if (end.desk === "open") {
    sayWordsOfFiles(draft, chat);
    flush(draft, chat, "desk");
    giveRulesFound(draft);
    hurry(draft, ({ kind }) => kind === "SayToAgent", lastTextsMs);
  } else abandonDesk(draft, chat);
  if (end.desk !== "gone") giveEndChat(draft, chat, session, end.reason === "user_idle");
  flush(draft, chat, "channel");
  forget(draft, chat);
  // Nobody has worked on a case whose chat never came to an agent: the next connect takes it, unless somebody wanted this end.
  if (chat.status === "ON_HOLD" && !wantedEnds.has(end.reason)) keepCase(draft, chat, { caseId, contactId });
  const lastPosition = chat.position;
  const endedAt = draft.input.record.occurredAt;
  const told = end.desk === "open" ? { recent: chat.recent, repeats: chat.repeats } : {};
  const over = { ...headOfChat(chat), endedAt, lastPosition, contactId, caseId, session, ...told };
  change(draft, { interconnection: { ...over, status: end.status } });
  const { reason, detail, requestId = null } = end;
  tell(draft, over, "ended", { requestId, reason, detail, agentName: agentOf(chat) });
  if (end.handBack !== null) handBack(draft, over, end.handBack);
}

/**
 * Ends a chat that is still being opened: its connect is refused. A session that is known is ended behind the chat request
 * that may be on its way; one that comes later is ended when its result comes (command-results.ts).
 */
export function failOpening(
  draft: Draft,
  chat: Extract<OpenChat, { status: "CONNECTING" }>,
  why: { readonly reply: Reply["reason"]; readonly reason: ChatEventReason; readonly detail: string | null },
  kind: HandBackKind,
): void {
  const { contactId, caseId, session } = chat;
  if (session !== null) giveEndChat(draft, chat, session);
  flush(draft, chat, "channel");
  forget(draft, chat);
  if (caseId !== null && contactId !== null) keepCase(draft, chat, { caseId, contactId });
  const endedAt = draft.input.record.occurredAt;
  // The connect of a chat that was opened anew has had its outcome.
  const hadOutcome = chat.isMoved === true;
  const made = { contactId, caseId, session, ...(hadOutcome ? {} : { neverOpen: true }) };
  const over: Failed = { ...headOfChat(chat), status: "FAILED", endedAt, lastPosition: -1, ...made };
  change(draft, { interconnection: over });
  if (hadOutcome) tell(draft, over, "ended", { reason: why.reason, detail: why.detail });
  else refuse(draft, over, why);
  handBack(draft, over, kind);
}

/** The outcome of a connect that was refused, told once: fact and answer. */
export function refuse(
  draft: Draft,
  chat: Interconnection,
  why: { readonly reply: Reply["reason"]; readonly reason: ChatEventReason; readonly detail: string | null },
): void {
  tell(draft, chat, "refused", { requestId: chat.requestId, reason: why.reason, detail: why.detail });
  answer(draft, chat.requestId, { outcome: "refused", reason: why.reply, chatId: null, detail: why.detail });
}

/** What is known of the chat from its connect request on, and nothing else. */
export function headOfChat(
  chat: OpenChat,
): Pick<
  OpenChat,
  | "chatId"
  | "requestId"
  | "channel"
  | "name"
  | "email"
  | "phoneNumber"
  | "botSlug"
  | "botId"
  | "extraData"
  | "requestedAt"
> {
  const { chatId, requestId, channel, name, email, phoneNumber, botSlug, botId, extraData, requestedAt } = chat;
  return { chatId, requestId, channel, name, email, phoneNumber, botSlug, botId, extraData, requestedAt };
}

function agentOf(chat: AtDeskChat): string | null {
  return chat.status === "ACTIVE" ? chat.agentName : null;
}

/** Nothing that the chat waited for applies any more. */
function forget(draft: Draft, { chatId }: OpenChat): void {
  change(draft, { due: draft.state.due.filter((due) => due.chatId !== chatId), taken: [], overflowTold: [] });
}

/**
 * What was to be said to an agent who has gone: texts behind the window are given up here; those before it get no further
 * try, and their results tell what became of each, for one may have reached the agent already. Files belong to the case, and
 * come to it all the same.
 */
function abandonDesk(draft: Draft, chat: AtDeskChat): void {
  const words = wordsOfFiles(draft, chat.chatId);
  const waiting = takeBacklog(draft, "desk");
  for (const item of waiting) if ("file" in item) giveFile(draft, chat, item.file);
  const lost = [...words, ...waiting.flatMap((item) => ("file" in item || item.about === "notice" ? [] : [item]))];
  for (const { text, messageIds } of lost) {
    draft.deadLetters.push({ reason: "undeliverable", detail: "chat over", chatId: chat.chatId, text, attempts: 0 });
    const messageId = messageIds[0] ?? null;
    tell(draft, chat, "message_failed", { reason: "chat_over", messageId, textChars: text.length });
  }
  const { chatId } = chat;
  hurry(draft, (each) => each.chatId === chatId && (each.kind === "SayToAgent" || each.kind === "ReportToDesk"), 0);
  if (lost.some(({ about, hasUserWords }) => about === "message" || hasUserWords === true))
    notifyUser(draft, chat, draft.settings.texts.notToldToAgent);
}
