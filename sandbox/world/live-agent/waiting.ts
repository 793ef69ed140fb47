/**
 * The waiting line of each button: who stands in it, at which place, and for how long yet.
 * Does not decide who is served; that is queue.ts.
 * Called by the queue and by acceptance.
 */
import type { Desk } from "./desk.ts";
import { pushEvent } from "./events.ts";
import type { Session } from "./session.ts";

/** The waiting sessions of a button. */
export function queueOf(desk: Desk, buttonId: string): Set<Session> {
  let queue = desk.queues.get(buttonId);
  if (queue === undefined) {
    queue = new Set();
    desk.queues.set(buttonId, queue);
  }
  return queue;
}

/** The place told to a session that stands at `place`, counted from 1. */
export function positionFor(desk: Desk, place: number): number {
  return desk.modes.queuePositions === "zero" ? 0 : place;
}

/** Tells all waiting sessions of a button where they stand now. */
export function tellPositions(desk: Desk, buttonId: string): void {
  if (desk.modes.queuePositions === "zero") {
    return;
  }
  let place = 0;
  for (const session of queueOf(desk, buttonId)) {
    place += 1;
    tellPosition(desk, session, place);
  }
}

/** Takes a waiting session out of its queue and moves the others up; false when it was not waiting. */
export function take(desk: Desk, session: Session): boolean {
  const wasWaiting = queueOf(desk, session.buttonId).delete(session);
  if (wasWaiting) {
    tellPositions(desk, session.buttonId);
  }
  return wasWaiting;
}

/** Tells a session its place, when it asked for that and the place has changed. */
export function tellPosition(desk: Desk, session: Session, position: number): void {
  if (session.lastPosition === position) {
    return;
  }
  session.lastPosition = position;
  if (session.visitor?.receiveQueueUpdates === true) {
    pushEvent(session, "QueueUpdate", { position, estimatedWaitTime: estimatedWait(desk, session) });
  }
}

/** Remembers how long an accepted chat had waited (reference 9.8: 0.9 of the old average and 0.1 of the new wait). */
export function noteWait(desk: Desk, session: Session): void {
  const waitedS = (desk.clock.monotonicMs() - session.queuedAtMs) / 1000;
  const before = desk.waits.get(session.buttonId) ?? waitedS;
  desk.waits.set(session.buttonId, 0.9 * before + 0.1 * waitedS);
}

/** Seconds this session has still to wait by the average of its button; -1 when there is none yet. */
export function estimatedWait(desk: Desk, session: Session): number {
  const average = desk.waits.get(session.buttonId);
  if (average === undefined) {
    return -1;
  }
  return Math.max(0, Math.round(average - (desk.clock.monotonicMs() - session.queuedAtMs) / 1000));
}
