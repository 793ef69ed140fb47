/**
 * GET System/Messages: the long poll, with ack, redelivery, hold time, and what a second poll brings.
 * Rules 1, 2 and 8 of the reference's simulator guide. Called by the Live Agent resources for a session that may be polled.
 */
import { empty, json, text } from "../answers.ts";
import type { Answer, Call } from "../answers.ts";
import { forgetOld } from "./desk.ts";
import type { Desk } from "./desk.ts";
import { expectPoll, loseSession } from "./events.ts";
import { leave } from "./queue.ts";
import { lastNumber, violate } from "./session.ts";
import type { PollInterval, Session } from "./session.ts";

/** Body of a 403: the key is unknown or the session over. */
export const NO_SESSION = "Session required but was invalid or not found";

/** Answers a poll, at once or when something happens. */
export function poll(desk: Desk, session: Session, call: Call): Promise<Answer> | Answer {
  const written = call.query.get("ack");
  if (written !== null && !/^-?\d+$/.test(written)) {
    return text(400, "ack must be an integer");
  }
  const ack = clampedAck(session, written);
  session.acked = Math.max(session.acked, ack);
  const interval: PollInterval = {
    startMs: desk.clock.monotonicMs(),
    endMs: null,
    ack: written === null ? null : Number(written),
    status: null,
    overlaps: false,
  };
  session.polls.push(interval);
  forgetOld(desk, session.polls);
  const refusal = session.openPoll === undefined ? undefined : secondPoll(desk, session, interval);
  if (refusal !== undefined) {
    return closed(desk, interval, text(refusal, "Duplicate Long Polling"));
  }
  if (hasTerminalBehind(session, ack)) {
    loseSession(desk, session, "the end was acknowledged");
    return closed(desk, interval, text(403, NO_SESSION));
  }
  session.cancelExpiry();
  if (lastNumber(session) > ack) {
    return closed(desk, interval, eventsAfter(desk, session, ack));
  }
  return held(desk, session, { ack, interval, gone: call.gone });
}

/** Waits for the next poll; a session that gets none is gone. */
export function awaitPoll(desk: Desk, session: Session): void {
  expectPoll(desk, session, () => {
    leave(desk, session);
    loseSession(desk, session, "not polled within the connection timeout");
  });
}

function clampedAck(session: Session, written: string | null): number {
  if (written === null) {
    return session.delivered;
  }
  const last = lastNumber(session);
  if (Number(written) > last) {
    violate(session, `ack ${written} is beyond the last event ${last}`);
    return last;
  }
  return Math.max(Number(written), session.firstNumber - 1);
}

function hasTerminalBehind(session: Session, ack: number): boolean {
  return session.events.at(-1)?.isTerminal === true && ack >= lastNumber(session);
}

/** The status for the new poll, or undefined when it takes the old one's place. */
function secondPoll(desk: Desk, session: Session, interval: PollInterval): number | undefined {
  const first = session.openPoll;
  if (first === undefined) {
    return undefined;
  }
  first.interval.overlaps = true;
  interval.overlaps = true;
  violate(session, "a second poll while one was open");
  switch (desk.modes.secondPoll) {
    case "lenient":
      return 409;
    case "strict":
      leave(desk, session);
      loseSession(desk, session, "two polls at a time");
      return 409;
    case "newest":
      first.answer(409);
      return undefined;
  }
}

function eventsAfter(desk: Desk, session: Session, ack: number): Answer {
  const events = session.events.slice(ack + 1 - session.firstNumber);
  const sequence = lastNumber(session);
  session.delivered = Math.max(session.delivered, sequence);
  awaitPoll(desk, session);
  const messages = events.map(({ type, message }) => ({ type, message }));
  return json(200, { messages, sequence, offset: events.at(-1)?.offset ?? session.lastOffset });
}

function closed(desk: Desk, interval: PollInterval, answer: Answer): Answer {
  interval.endMs = desk.clock.monotonicMs();
  interval.status = answer.status;
  return answer;
}

interface Holding {
  readonly ack: number;
  readonly interval: PollInterval;
  readonly gone: AbortSignal;
}

function held(desk: Desk, session: Session, { ack, interval, gone }: Holding): Promise<Answer> {
  return new Promise((resolve) => {
    const finish = (make: () => Answer): void => {
      cancelHold();
      gone.removeEventListener("abort", onGone);
      session.openPoll = undefined;
      resolve(closed(desk, interval, make()));
    };
    const answer = (status: number): void => {
      finish(() => {
        awaitPoll(desk, session);
        return status === 204 ? empty(204) : text(status, status === 403 ? NO_SESSION : "");
      });
    };
    const onGone = (): void => {
      answer(204);
      interval.status = null;
    };
    const cancelHold = desk.clock.after(desk.modes.pollHoldMs, () => {
      answer(204);
    });
    gone.addEventListener("abort", onGone);
    session.openPoll = {
      ack,
      interval,
      answer,
      answerEvents() {
        finish(() => eventsAfter(desk, session, ack));
      },
    };
    if (gone.aborted) {
      onGone();
    }
  });
}
