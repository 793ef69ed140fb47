/**
 * Events to the visitor: appending, numbering, and waking the poll that waits; and the ways in which a session ends.
 * Called by whatever happens at the desk; the held poll itself is in polls.ts.
 */
import { bury } from "./desk.ts";
import type { Desk } from "./desk.ts";
import { isOver, lastNumber } from "./session.ts";
import type { DeskEvent, Session } from "./session.ts";

/** Acknowledged events that stay in memory, for answers that were lost and for hand-overs that send some again. */
const KEPT_EVENTS = 200;

/** Appends an event; one that comes after the terminal one is dropped. */
export function pushEvent(session: Session, type: string, message: unknown): void {
  push(session, type, message, false);
}

/** Appends the last event of a session and sets its final state. */
export function pushTerminal(
  desk: Desk,
  session: Session,
  state: "ENDED" | "FAILED",
  { type, message }: { readonly type: string; readonly message: unknown },
): void {
  push(session, type, message, true);
  setOver(desk, session, state);
}

/** It is over from now on, in that way. */
export function setOver(desk: Desk, session: Session, state: "ENDED" | "FAILED" | "LOST"): void {
  session.state = state;
  session.overAtMs = desk.clock.monotonicMs();
}

/** The session is gone at once: its key is answered 403 from now on. */
export function loseSession(desk: Desk, session: Session, why: string): void {
  if (!isOver(session)) {
    setOver(desk, session, "LOST");
  }
  session.endedBy ??= why;
  session.openPoll?.answer(403);
  bury(desk, session);
}

/** (Re)starts the time after which a session that is not polled is gone. */
export function expectPoll(desk: Desk, session: Session, onExpired: () => void): void {
  session.cancelExpiry();
  session.cancelExpiry = desk.clock.after(desk.modes.connectionTimeoutMs, onExpired);
}

/** Appends without numbering of its own, for a hand-over that lays the list out anew. */
export function nextEvent(session: Session, type: string, message: unknown, isTerminal: boolean): DeskEvent {
  session.lastOffset += 1;
  return { type, message, offset: session.lastOffset, isTerminal };
}

/** Answers the held poll, if there is one and something for it; events of one moment go out together. */
export function flush(session: Session): void {
  if (session.isFlushDue) {
    return;
  }
  session.isFlushDue = true;
  queueMicrotask(() => {
    session.isFlushDue = false;
    const poll = session.openPoll;
    // The server that holds it has the session no more.
    if (poll !== undefined && session.handOver === undefined && lastNumber(session) > poll.ack) {
      poll.answerEvents();
    }
  });
}

function push(session: Session, type: string, message: unknown, isTerminal: boolean): void {
  if (isOver(session) && !isTerminal) {
    return;
  }
  session.events.push(nextEvent(session, type, message, isTerminal));
  trim(session);
  flush(session);
}

function trim(session: Session): void {
  const surplus = session.acked - session.firstNumber + 1 - KEPT_EVENTS;
  if (surplus > KEPT_EVENTS) {
    session.events.splice(0, surplus);
    session.firstNumber += surplus;
  }
}
