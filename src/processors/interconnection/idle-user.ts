// The silence of a user after an agent has said something: the desk tells how long it may last, and leaves the clock to its
// client. Owns when that clock runs; its moments derive from the state, so they survive a takeover.
import type { DeskEvent } from "../messages/generated.ts";
import { change, type Draft } from "./draft.ts";
import { endChat } from "./ending.ts";
import { notifyUser, reportToDesk } from "./lanes.ts";
import type { Active, Due, IdleClock, UserState } from "./state.ts";

/** A moment that comes later than this was not looked at in time: meanwhile the user's words may not have been read either. */
const lateMs = 5_000;

/**
 * The chat of an agent who has just got it, with the limits that the desk has told, if it has told any; a clock that runs begins anew. Where
 * they turn it off, a silence that the desk was told of is told to be over.
 */
export function withIdleLimits(draft: Draft, chat: Active, event: DeskEvent): Active {
  const { idleLimitSeconds: limit, idleWarningSeconds: warning } = event;
  const { idle: before, ...rest } = chat;
  if (limit === null) return before === undefined ? chat : { ...rest, idle: { ...before, isAwaited: true } };
  if (limit <= 0) {
    if (before?.isWarned === true) reportToDesk(draft, chat, { kind: "user_back" });
    return rest;
  }
  const warningMs = warning !== null && warning > 0 && warning < limit ? warning * 1_000 : null;
  const running = { since: (before?.since ?? null) === null ? null : draft.input.now };
  const told = { limitMs: limit * 1_000, warningMs, isAwaited: true };
  return { ...rest, idle: { heardAt: 0, isWarned: false, ...before, ...running, ...told } };
}

/** There is no agent any more: nobody waits for the user, also not for an answer to what is still on its way to him. */
export function agentGone(draft: Draft): void {
  setIdle(draft, { since: null, isAwaited: false });
}

/** An agent has said something: he waits for the user, however he has come to the chat. */
export function agentSpoke(draft: Draft): void {
  setIdle(draft, { isAwaited: true });
}

/**
 * The agent's words have reached the user, who owes an answer from then on. He may have given it already: his words and the result of
 * the delivery come by different topics. Words that never reach him change nothing.
 */
export function agentHeard(draft: Draft, chatId: string): void {
  const at = draft.input.record.occurredAt;
  const chat = draft.state.interconnection;
  if (chat?.status !== "ACTIVE" || chat.chatId !== chatId) return;
  if (chat.idle?.isAwaited === true && at > chat.idle.heardAt) setIdle(draft, { since: at });
}

/** The user has written, whatever it was: the desk is told if it was told of his silence. */
export function userSpoke(draft: Draft, chat: Active, receivedAt: number): void {
  if (chat.idle === undefined) return;
  const heardAt = Math.max(chat.idle.heardAt, Math.min(receivedAt, draft.input.now));
  setIdle(draft, { since: null, heardAt, isWarned: false });
  if (chat.idle.isWarned) reportToDesk(draft, chat, { kind: "user_back" });
}

/** What is waited for while the clock runs: not while words of the agent are on their way to the user. */
export function idleMoments(state: UserState): readonly Due[] {
  const { interconnection: chat } = state;
  if (chat?.status !== "ACTIVE" || chat.idle === undefined || chat.idle.since === null) return [];
  if (isToldMore(state, chat.chatId)) return [];
  const { chatId, idle } = chat;
  const limit: Due = { kind: "idle_limit", chatId, at: chat.idle.since + idle.limitMs };
  if (idle.warningMs === null || idle.isWarned) return [limit];
  return [{ kind: "idle_warning", chatId, at: chat.idle.since + idle.warningMs }, limit];
}

/** A backlog is always of the present chat. */
function isToldMore({ pending, backlog }: UserState, present: string): boolean {
  return (
    pending.some((each) => each.kind === "SayToUser" && each.about === "message" && each.chatId === present) ||
    backlog.some(
      ({ lane, texts }) => lane === "channel" && texts.some((each) => "about" in each && each.about === "message"),
    )
  );
}

/** The user has been silent for so long. */
export function idleDue(draft: Draft, due: Due): void {
  const chat = draft.state.interconnection;
  const isAwaited = idleMoments(draft.state).some(
    ({ kind, chatId, at }) => kind === due.kind && chatId === due.chatId && at === due.at,
  );
  if (!isAwaited || chat?.status !== "ACTIVE") return;
  if (draft.input.now - due.at > lateMs) {
    setIdle(draft, { since: draft.input.now });
    return;
  }
  const { idleWarning, idleEnd } = draft.settings.texts;
  if (due.kind === "idle_warning") {
    setIdle(draft, { isWarned: true });
    reportToDesk(draft, chat, { kind: "user_silent" });
    notifyUser(draft, chat, idleWarning);
    return;
  }
  notifyUser(draft, chat, idleEnd);
  endChat(draft, chat, { status: "CLOSED", reason: "user_idle", detail: null, desk: "open", handBack: "timeout" });
}

function setIdle(draft: Draft, changes: Partial<IdleClock>): void {
  const chat = draft.state.interconnection;
  if (chat?.status !== "ACTIVE" || chat.idle === undefined) return;
  change(draft, { interconnection: { ...chat, idle: { ...chat.idle, ...changes } } });
}
