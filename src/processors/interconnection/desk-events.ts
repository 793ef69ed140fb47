// What becomes of what the desk's poll told: queue, accept, the agent's texts, transfers, refusal, end, reconnect, loss.
// Owns that an event counts once: by its number within the generation of the session, and across generations by desk-repeats.ts.
import type { DeskEvent, DeskEvents, DeskLost, DeskReconnected, DeskSession } from "../messages/generated.ts";
import type { Command } from "./commands.ts";
import { hideInHistory, takeRules } from "./data-rules.ts";
import { afterTheEnd, movedAfterTheEnd, tooLate } from "./after-the-end.ts";
import { awaitRepeats, takeTold } from "./desk-repeats.ts";
import { atDesk, change, type AtDeskChat, type Draft } from "./draft.ts";
import { endChat } from "./ending.ts";
import { dated, isTimeout, reasonOfEnd, reasonOfLoss, reasonOfRefusal, tell, words } from "./facts.ts";
import { agentGone, agentSpoke, withIdleLimits } from "./idle-user.ts";
import { attachFile, notifyUser, sayHidden, sayToAgent, sayToUser } from "./lanes.ts";
import type { Active, ContextEntry, NoisyKind, OnHold } from "./state.ts";
import { beginAcceptLimit, endAcceptLimit, openAnew } from "./opening.ts";
import { adoptedForHandBackMs, adoptedPosition } from "./original-record.ts";
import { fill, historyText, isBlank, mergedByTime, queueText } from "./texts.ts";
import { takeTextsHeard } from "./texts-heard.ts";

/** Decides the events of one answer, in order. Those of an older generation or a known number do nothing. */
export function decideDeskEvents(draft: Draft, chatId: string, record: DeskEvents): void {
  const before = atDesk(draft, chatId);
  if (before === null) {
    afterTheEnd(draft, chatId, record);
    return;
  }
  if (before.session.generation !== record.generation) return;
  const numbered = record.events.filter(({ number }) => number > before.position);
  if (numbered.length === 0 && record.position <= before.position && record.resumeToken === null) return;
  const position = Math.max(before.position, record.position, ...numbered.map(({ number }) => number));
  const { told, events: fresh } = takeTold(before, before.session.id, numbered);
  const resumeToken = record.resumeToken ?? before.resumeToken;
  change(draft, { interconnection: { ...before, ...told, position, resumeToken } });
  for (const event of fresh) {
    if (event.dataRules !== null) takeRules(draft, chatId, event.dataRules);
    if (event.textsHeard !== null) takeTextsHeard(draft, chatId, event.textsHeard);
    const chat = atDesk(draft, chatId);
    if (chat !== null) decideEvent(draft, chat, event);
    // An event before it has ended the chat. The position of the whole record stands in the state already: once.
    else tooLate(draft, chatId, [event], draft.state.interconnection);
  }
}

/** What only an agent who has the user can cause. */
const signsOfAgent: ReadonlySet<DeskEvent["kind"]> = new Set(["accepted", "transferred", "agent_joined", "said"]);

function decideEvent(draft: Draft, chat: AtDeskChat, event: DeskEvent): void {
  const { kind } = event;
  if (signsOfAgent.has(kind)) endAcceptLimit(draft);
  if (isAside(kind)) {
    decideAside(draft, chat, kind, event);
    return;
  }
  switch (kind) {
    case "queued":
      queued(draft, chat, event);
      return;
    case "queue_moved":
      queueMoved(draft, chat, event);
      return;
    case "accepted":
      accepted(draft, chat, event);
      return;
    case "said":
      said(draft, chat, event);
      return;
    case "transferred":
      transferred(draft, chat, event);
      return;
    case "waiting_again":
      agentGone(draft);
      beginAcceptLimit(draft, chat.chatId);
      // Not the outcome of a request, so it carries none.
      tell(draft, chat, "waiting", { detail: event.detail });
      return;
    case "agent_disconnected":
      agentDisconnected(draft, chat, event);
      return;
    case "refused":
      endChat(draft, chat, {
        status: "FAILED",
        reason: reasonOfRefusal(event),
        detail: event.reason,
        desk: "gone",
        handBack: "timeout",
      });
      return;
    case "ended":
      endChat(draft, chat, {
        status: "CLOSED",
        reason: reasonOfEnd(event),
        detail: event.reason,
        desk: "gone",
        handBack: isTimeout(event) ? "timeout" : "success",
      });
  }
}

/** Told beside the course of the chat: who has the user stays as it is. */
const asides = [
  "agent_joined",
  "agent_left",
  "file_requested",
  "custom",
  "typing",
  "not_typing",
  "data_rules",
  "other",
] as const;
type AsideKind = (typeof asides)[number];

function isAside(kind: DeskEvent["kind"]): kind is AsideKind {
  return asides.some((aside) => aside === kind);
}

function decideAside(draft: Draft, chat: AtDeskChat, kind: AsideKind, event: DeskEvent): void {
  switch (kind) {
    // That the agent stopped typing follows from the text, or from time. The rest we do not act on.
    case "not_typing":
    case "data_rules":
    case "other":
      return;
    case "agent_joined":
    case "agent_left":
      tell(draft, chat, kind, { agentName: event.agentName });
      return;
    case "file_requested":
      tell(draft, chat, "custom", { agentName: event.agentName, detail: kind });
      return;
    case "custom":
    case "typing":
      noisy(draft, chat, kind, event);
  }
}

/** The user is told to wait once; a desk that tells of the queue again after a reconnect does not repeat it. */
function queued(draft: Draft, before: AtDeskChat, event: DeskEvent): void {
  if (before.status !== "ON_HOLD") return;
  if (!before.waitTextGiven) {
    const chat: OnHold = { ...before, waitTextGiven: true };
    change(draft, { interconnection: chat });
    notifyUser(draft, chat, draft.settings.texts.waitAgent);
  }
  const chat = atDesk(draft, before.chatId);
  if (chat !== null) queueMoved(draft, chat, event);
}

function queueMoved(draft: Draft, before: AtDeskChat, { queuePosition, estimatedWaitSeconds }: DeskEvent): void {
  if (before.status !== "ON_HOLD" || queuePosition === null || queuePosition === before.queuePosition) return;
  const chat: OnHold = { ...before, queuePosition };
  change(draft, { interconnection: chat });
  tell(draft, chat, "queue_moved", { queuePosition, estimatedWaitSeconds });
  // 0 is next, and all that a desk with Omni-Channel routing ever tells.
  if (!draft.settings.queueUpdates || queuePosition < 1) return;
  notifyUser(draft, chat, queueText(draft.settings.texts, queuePosition, estimatedWaitSeconds));
}

/** Comes with every key, or from whatever script runs at the desk: one fact of a kind in so long. */
const noisyEveryMs = 5_000;

function noisy(draft: Draft, before: AtDeskChat, kind: NoisyKind, { agentName, detail }: DeskEvent): void {
  const at = draft.input.record.occurredAt;
  const last = before.noisyAt?.[kind];
  if (last !== undefined && at - last < noisyEveryMs) return;
  const chat: AtDeskChat = { ...before, noisyAt: { ...before.noisyAt, [kind]: at } };
  change(draft, { interconnection: chat });
  tell(draft, chat, kind, { agentName, detail });
}

/** History and welcome go out before anything that the user writes from now on: same lane, earlier numbers. */
function accepted(draft: Draft, before: AtDeskChat, event: DeskEvent): void {
  const { agentName } = event;
  if (before.status === "ACTIVE") {
    anotherAgent(draft, before, "agent_joined", event);
    return;
  }
  const { context, said: saidWaiting, queuePosition: _place, waitTextGiven: _told, ...rest } = before;
  const acceptedAt = draft.input.record.occurredAt;
  const chat = withIdleLimits(draft, { ...rest, status: "ACTIVE", acceptedAt, agentName }, event);
  change(draft, { interconnection: chat, overflowTold: [] });
  tell(draft, chat, "accepted", { agentName });
  const { texts, formatTime } = draft.settings;
  const { words: entries, applied } = hideInHistory(draft, chat, mergedByTime(context, saidWaiting));
  const history = historyText(texts, formatTime, entries);
  const hasUserWords = saidWaiting.some(({ from }) => from === "user");
  sayHidden(draft, chat, { words: { text: history, messageIds: [], about: "context", hasUserWords }, applied });
  const welcome = fill(texts.welcomeTemplate, chat.name);
  if (!isBlank(welcome)) sayToAgent(draft, chat, { text: welcome, messageIds: [], about: "context" });
  tell(draft, chat, "context_sent", { agentName, textChars: history.length });
  attachWaiting(draft, chat, saidWaiting);
}

/** Files that the user sent while waiting; their words stand in the history. What was sent before the connect stays a link there. */
function attachWaiting(draft: Draft, chat: Active, saidWaiting: readonly ContextEntry[]): void {
  for (const { from, media, messageType, messageId } of saidWaiting) {
    if (from !== "user" || media === null || messageType === undefined) continue;
    if (draft.settings.forwardedTypes.has(messageType))
      attachFile(draft, chat, { media, messageType, messageId, words: null });
  }
}

/** The new agent reads the transcript at the desk: history and welcome are not said again. */
function anotherAgent(draft: Draft, before: Active, kind: "agent_joined" | "transferred", event: DeskEvent): void {
  const { agentName } = event;
  const chat = withIdleLimits(draft, { ...before, agentName }, event);
  change(draft, { interconnection: chat });
  tell(draft, chat, kind, { agentName });
}

/** A transfer that ends before any accept was told is the accept. */
function transferred(draft: Draft, chat: AtDeskChat, event: DeskEvent): void {
  if (chat.status === "ACTIVE") anotherAgent(draft, chat, "transferred", event);
  else accepted(draft, chat, event);
}

/**
 * The desk's guide says that the session lives on and another agent may take over; some clients end the chat here. It stays
 * as it is: going back to waiting would hold the user's texts until an accept that a desk need not send, while the next
 * agent reads them in the transcript; and when nobody takes over, the desk ends or refuses the chat, which is told by itself.
 */
function agentDisconnected(draft: Draft, before: AtDeskChat, event: DeskEvent): void {
  const chat: AtDeskChat = before.status === "ACTIVE" ? { ...before, agentName: null } : before;
  change(draft, { interconnection: chat });
  agentGone(draft);
  tell(draft, chat, "agent_disconnected", {
    agentName: event.agentName ?? (before.status === "ACTIVE" ? before.agentName : null),
  });
}

function said(draft: Draft, chat: AtDeskChat, event: DeskEvent): void {
  if (event.text === null || isBlank(event.text)) return;
  const messageId = sayToUser(draft, chat, dated(draft, event.text, draft.input.record.occurredAt), "message");
  if (messageId === false) return;
  agentSpoke(draft);
  const agentName = event.agentName ?? (chat.status === "ACTIVE" ? chat.agentName : null);
  tell(draft, chat, "message_out", { messageId, messageType: "text", agentName, ...words(draft, event.text) });
}

/**
 * The session has moved: what is still to be said goes to its new place, also the end of a chat that is over. Numbers of
 * events start anew with a generation, and what the desk tells again under them is dropped when it comes. A record that comes late or again
 * says nothing: it would lead back to a place that the desk has left.
 */
export function decideReconnected(draft: Draft, chatId: string, record: DeskReconnected): void {
  const { session, resetsPostSequence, leftGeneration } = record;
  const isLeft = ({ id, generation }: DeskSession): boolean =>
    id === session.id && (leftGeneration === null || generation === leftGeneration);
  const stays = (command: Command): boolean =>
    command.chatId !== chatId || !("session" in command) || !isLeft(command.session);
  if (!draft.state.pending.every(stays)) {
    const pending = draft.state.pending.map((command) => {
      if (stays(command)) return command;
      return command.kind === "EndChat" ? { ...command, session, isUnsynced: true } : { ...command, session };
    });
    change(draft, { pending });
  }
  const before = atDesk(draft, chatId);
  if (before === null) {
    if (draft.state.interconnection?.chatId === chatId) movedAfterTheEnd(draft, record, isLeft);
    return;
  }
  if (!isLeft(before.session)) return;
  const moved = before.session.generation !== session.generation;
  const chat: AtDeskChat = {
    ...before,
    ...(moved ? awaitRepeats(before, record.unconfirmedEvents) : {}),
    session,
    position: moved ? -1 : before.position,
    resumeToken: before.resumeToken ?? (moved ? "" : null),
    // Of a place that has no other name the record may be a repeat: a number too high is told by the desk.
    postSequence: resetsPostSequence && moved ? 0 : before.postSequence,
  };
  change(draft, { interconnection: chat });
}

/** The session can't be polled any more: closed on both sides, but for a waiting chat whose server has changed. The end at the desk is tried, for the agent may still sit there. */
export function decideLost(draft: Draft, chatId: string, { generation, reason, detail }: DeskLost): void {
  const chat = atDesk(draft, chatId);
  if (chat?.session.generation !== generation) return;
  // Once: a desk that sends us on and on has no place for the chat.
  if (reason === "server_switched" && chat.status === "ON_HOLD" && chat.isMoved !== true) {
    openAnew(draft, chat);
    return;
  }
  const handBack = wasOverBefore(draft, chat) ? null : "timeout";
  endChat(draft, chat, { status: "CLOSED", detail, desk: "lost", handBack, reason: reasonOfLoss(reason) });
}

/**
 * The service before this one left records open of chats that had ended (defect D8). One of hours ago whose session was gone when
 * it was first polled is such a one: its user is in the middle of something else at the bot, and stays there (defect D10).
 */
function wasOverBefore({ input }: Draft, { session, position, requestedAt }: AtDeskChat): boolean {
  return !session.numbered && position <= adoptedPosition && input.now - requestedAt > adoptedForHandBackMs;
}
