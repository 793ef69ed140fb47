// One chat's poll: where it stands, and what can be told of it and its answers without asking anybody. Used by pollers.ts.
import type { SessionOwner } from "../processors/desk/gateway.ts";
import type { PollAnswer } from "../processors/desk/port.ts";
import type { Active, OnHold, UserState } from "../processors/interconnection/state.ts";
import type { DeskEvent, DeskEventKind, DeskSession } from "../processors/messages/generated.ts";
import type { SessionGate } from "./session-gates.ts";

/** A chat that the desk is polled for, as the state has it. */
export interface Chat extends Pick<OnHold | Active, "chatId" | "session" | "position" | "resumeToken"> {
  /** It is over for us: nothing follows from its loss. */
  readonly isOver: boolean;
}

/**
 * The chat that is at the desk; or the one that is over as long as its end has not been told there: its agent may still write, and the
 * session must live until the last words are said. Where it moves the poll follows, for nothing may be said there before the resync.
 */
export function polledOf({ interconnection: chat, pending }: UserState): Chat | null {
  if (chat?.status === "ON_HOLD" || chat?.status === "ACTIVE") {
    const { chatId, session, position, resumeToken } = chat;
    return { chatId, session, position, resumeToken, isOver: false };
  }
  if (chat?.status !== "CLOSED" || chat.session === null) return null;
  const { chatId, session, lastPosition: position, recent } = chat;
  const end = pending.find((command) => command.kind === "EndChat" && command.chatId === chatId);
  if (end?.kind !== "EndChat" || end.session.generation !== session.generation) return null;
  const isUnsynced = end.isUnsynced === true;
  // Ended by the desk, or lost: there is nothing to come to.
  if (isUnsynced && recent === undefined) return null;
  return { chatId, session, position, resumeToken: isUnsynced ? "" : null, isOver: true };
}

/** One chat that is polled. */
export interface Poll {
  readonly owner: SessionOwner;
  readonly abort: AbortController;
  readonly ended: AbortSignal;
  session: DeskSession;
  /** Generations that this poll began with or has made by reconnecting: the state may still lag behind it. */
  readonly generations: Set<string>;
  position: number;
  resumeToken: string | null;
  /** Events told that the desk has no acknowledgement for; null until the first answer. */
  unconfirmed: number | null;
  /** Since when polls have failed; null while they work. A poll that is held works until it fails. */
  failingSinceMs: number | null;
  failures: number;
  /** Reconnects since the last good answer. */
  reconnects: number;
  /** From a reconnect until the desk has answered the resync, and then until the state has what it told first there. */
  arriving: "resync" | "state" | null;
  /** Offset of the last record that was told where the session is; null before the first. */
  toldAt: number | null;
  /** As the state has it, which may lag behind. */
  chat: Chat;
  /** From when its route was found void until the desk has answered the reconnect. */
  moving: boolean;
  readonly gate: SessionGate;
  /** Aborted by a post that met a void route; made anew when that was seen to. */
  routeVoid: AbortController;
  /** The chat's loss was told, and nothing polls it any more. */
  over: boolean;
}

/** Longest time that polls may fail before the chat is given up, from the first failure on. */
const maxBudgetMs = 40_000;
/** Events per record: one answer of the desk may hold any number. */
const eventsPerRecord = 100;
const charsPerRecord = 200_000;

/**
 * A poll of a session that had moved before, unknown to it, is wrong: by the reconnect of an owner before us, which is decided only
 * now. Somebody must poll the session where it is.
 */
export function stillRight(poll: Poll, wanted: Chat): boolean {
  return poll.owner.chatId === wanted.chatId && poll.generations.has(wanted.session.generation);
}

/**
 * Posts go out where the session is: not while it moves, not before the resync, and not before what the desk told first there is decided,
 * for that may tell that one of them has arrived.
 */
export function openIfKnown(poll: Poll): void {
  const { moving, arriving, session, chat, gate } = poll;
  if (moving || arriving === "resync") return;
  const isDecided = chat.session.generation === session.generation && chat.position >= 0;
  if (arriving === "state" && !isDecided) return;
  poll.arriving = null;
  gate.open(session.generation);
}

/** What is left at `nowMs`, monotonic, of the time that polls may fail, milliseconds. */
export function leftMs({ session, failingSinceMs }: Poll, nowMs: number): number {
  return (failingSinceMs ?? nowMs) + Math.min(session.pollTimeoutMs, maxBudgetMs) - nowMs;
}

/** Whether the chat is over with that event. */
export function isLast(kind: DeskEventKind): boolean {
  return kind === "ended" || kind === "refused";
}

/** Whether the desk works: it told something, or that there is nothing. */
export function isGood({ kind }: PollAnswer): boolean {
  return kind === "events" || kind === "nothing";
}

/** Whether an answer says more than is told already: a desk that says the same again and again fills no topic. */
export function isNews(poll: Poll, { position, resumeToken }: Extract<PollAnswer, { kind: "events" }>): boolean {
  return position > poll.position || (resumeToken !== null && resumeToken !== poll.resumeToken);
}

/** Its events as records, in order; one at least. Bounded in number and words, for a record that is too large is refused for ever. */
export function slices(events: readonly DeskEvent[]): readonly (readonly DeskEvent[])[] {
  const parts: DeskEvent[][] = [[]];
  let chars = 0;
  for (const event of events) {
    const last = parts.at(-1) ?? [];
    chars += charsOf(event);
    if (last.length > 0 && (last.length >= eventsPerRecord || chars > charsPerRecord)) {
      parts.push([event]);
      chars = charsOf(event);
    } else last.push(event);
  }
  return parts;
}

function charsOf({ text, dataRules }: DeskEvent): number {
  return (text?.length ?? 0) + (dataRules === null ? 0 : JSON.stringify(dataRules).length);
}
