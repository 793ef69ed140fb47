// The facts of a chat's life on chat-events: their numbers, ids and reasons. Owns the rule that a chat's facts count from 1
// without gaps, also those told after its end. When a fact is told is decided in the files beside.
//
// Outcome of a request, exactly one each: connect ends in `waiting` (the chat was created) or `refused`; finish in
// `finish_done` or `refused`; an operator's request in `operator_done` or `refused`. Beside these its requestId stands in
// `requested`, in the facts of the opening, and in the `ended` that it brings. A chat's last transition is one `refused` (never created) or one
// `ended`; message and hand-back facts may follow it.
import type {
  ChatEventKind,
  ChatEventReason,
  CommandOutcome,
  DeskEvent,
  DeskLostReason,
} from "../messages/generated.ts";
import { change, changeEarlier, nextId, type ChatRef, type Draft } from "./draft.ts";
import type { Fact } from "./decision.ts";
import type { Reply } from "./state.ts";

type Details = Partial<
  Pick<
    Fact,
    | "requestId"
    | "reason"
    | "agentName"
    | "queuePosition"
    | "estimatedWaitSeconds"
    | "messageId"
    | "messageType"
    | "textChars"
    | "text"
    | "botState"
    | "detail"
  >
>;

/** Tells a fact about a chat, or with null one of a request that never became a chat. */
export function tell(draft: Draft, chat: ChatRef | null, kind: ChatEventKind, details: Details = {}): void {
  draft.facts.push({
    eventId: nextId(draft, "fact"),
    userId: draft.input.record.userId,
    chatId: chat?.chatId ?? null,
    sequence: chat === null ? 0 : nextNumber(draft, chat.chatId),
    occurredAt: occurredAt(draft, kind),
    kind,
    reason: "none",
    channel: chat?.channel ?? "unknown",
    contactId: known(chat?.contactId),
    caseId: known(chat?.caseId),
    agentName: null,
    queuePosition: null,
    estimatedWaitSeconds: null,
    messageId: null,
    messageType: null,
    textChars: null,
    text: null,
    botState: null,
    ...details,
    detail: details.detail ?? (draft.input.late ? "replayed" : null),
    // An empty id names no request.
    requestId: details.requestId === undefined || details.requestId === "" ? null : details.requestId,
  });
}

/** A chat of the service before this one comes without a contact's id. */
function known(id: string | null | undefined): string | null {
  return id === undefined || id === "" ? null : id;
}

/**
 * A request was made, and a message written, when its record says. What the service does because of them happens when it
 * decides: a late finish ends the chat now, not before the agent accepted. The rest happened when it was learned.
 */
function occurredAt({ input }: Draft, kind: ChatEventKind): number {
  const { occurredAt: ofRecord } = input.record;
  switch (input.topic) {
    case "chat-requests":
      return kind === "requested" ? ofRecord : input.now;
    case "channel-messages":
      return kind === "message_in" || kind === "message_failed" ? ofRecord : input.now;
    case "agent-events":
      return ofRecord;
  }
}

function nextNumber(draft: Draft, chatId: string): number {
  const { state } = draft;
  if (state.interconnection?.chatId === chatId) {
    change(draft, { lastFact: state.lastFact + 1 });
    return draft.state.lastFact;
  }
  const number = (state.earlier.find((chat) => chat.chatId === chatId)?.lastFact ?? 0) + 1;
  changeEarlier(draft, chatId, { lastFact: number });
  return number;
}

/** Words as the other side is told them: those of a replayed record with the time of which they are. */
export function dated({ input, settings }: Draft, text: string, atMs: number): string {
  return input.late ? `[${settings.formatTime(atMs)}] ${text}` : text;
}

/** What a fact tells of the words of a message: their length, and themselves only with EVENTS_WITH_TEXT. */
export function words(draft: Draft, text: string): Pick<Fact, "textChars" | "text"> {
  return { textChars: text.length, text: draft.settings.eventsWithText ? text : null };
}

/** The reason that a refused request's fact gives. */
export function reasonOfReply(reason: Reply["reason"]): ChatEventReason {
  switch (reason) {
    case "chat_created":
    case "chat_finished":
    case "operator_done":
      return "none";
    case "never_connected":
      return "no_chat";
    case "chat_open":
    case "no_chat":
    case "expired":
    case "invalid_request":
    case "service_failed":
    case "contact_blocked":
    case "contact_failed":
    case "case_failed":
    case "session_failed":
    case "chat_request_failed":
    case "opening_timeout":
      return reason;
  }
}

/** Why a message could not be delivered. */
export function reasonOfFailure(outcome: Exclude<CommandOutcome, "done">): ChatEventReason {
  switch (outcome) {
    case "refused":
      return "refused_by_receiver";
    case "given_up":
      return "gave_up";
    case "broken":
    case "unknown":
      return "not_understood";
  }
}

/** Why the desk refused the chat. The two words are those that the legacy desk and its successor share. */
export function reasonOfRefusal(event: DeskEvent): ChatEventReason {
  const word = event.reason?.toLowerCase();
  if (word === "unavailable") return "desk_unavailable";
  return word === "blocked" ? "desk_blocked" : "desk_refused";
}

/** Who ended the chat at the desk: the agent, or the desk itself for a reason of its own (idle user, no agent left). */
export function reasonOfEnd(event: DeskEvent): ChatEventReason {
  return event.reason === null || event.reason.toLowerCase() === "agent" ? "agent" : "desk_ended";
}

/** The desk's words for an end that came because somebody did not: the user, or an agent. */
const timeouts: ReadonlySet<string> = new Set(["clientidletimeout", "agentsunavailable", "agentpushtimeout"]);

/** Whether the chat ended by a time-out. An end for a reason that we do not know was somebody's will. */
export function isTimeout({ reason }: DeskEvent): boolean {
  return reason !== null && timeouts.has(reason.toLowerCase());
}

/** Why the session at the desk was lost. */
export function reasonOfLoss(reason: DeskLostReason): ChatEventReason {
  switch (reason) {
    case "session_gone":
    case "secret_unreadable":
    case "server_switched":
    case "unknown":
      return "session_lost";
    case "budget_exhausted":
      return "poll_budget";
    case "reconnect_failed":
      return "reconnect_failed";
  }
}
