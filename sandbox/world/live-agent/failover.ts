/**
 * Failover: a session is handed to another server (503 until ReconnectSession), and picks up with a new affinity token.
 * Section 11 of the reference. How numbering and redelivery behave after it is unconfirmed there, so both are settings.
 * Switched by the control API, carried out by the Live Agent resources.
 */
import { header, isObject, json, text } from "../answers.ts";
import type { Answer, Call, JsonObject } from "../answers.ts";
import type { Desk } from "./desk.ts";
import { flush, nextEvent } from "./events.ts";
import { awaitPoll } from "./polls.ts";
import { isOver, lastNumber, violate } from "./session.ts";
import type { HandOver, Session } from "./session.ts";

/** A hand-over as the guide describes it: numbers from 0, sequence reset, nothing sent twice. */
export const USUAL_HAND_OVER: HandOver = { numbering: "restart", redeliver: 0, resetSequence: true };

/** From now on every call of the session is answered 503, a held poll too unless it is to stay, until it reconnects. */
export function handOver(session: Session, how: HandOver): void {
  session.handOver = how;
  if (how.heldPoll !== "stays") {
    session.openPoll?.answer(503);
  }
}

/** GET System/ReconnectSession */
export function reconnect(desk: Desk, session: Session, call: Call): Answer {
  const how = session.handOver;
  if (how === undefined) {
    return text(405, "Method Not Allowed");
  }
  if (header(call, "x-liveagent-affinity") !== "null") {
    return text(400, "X-LIVEAGENT-AFFINITY must be null");
  }
  const offset = call.query.get("ReconnectSession.offset");
  if (offset === null || !/^-?\d+$/.test(offset)) {
    return text(400, "ReconnectSession.offset must be an integer");
  }
  session.openPoll?.answer(503);
  session.handOver = undefined;
  session.resync = "due";
  session.affinityToken = desk.ids.hex(8);
  if (how.resetSequence !== false) {
    session.postSequence = 0;
  }
  layOutAnew(session, how, Number(offset));
  awaitPoll(desk, session);
  flush(session);
  const { affinityToken } = session;
  const message =
    how.resetSequence === "left-out" ? { affinityToken } : { resetSequence: how.resetSequence, affinityToken };
  return json(200, { messages: [{ type: "ReconnectSession", message }] });
}

/** POST Chasitor/ChasitorResyncState; undefined when the body is right. */
export function resync(desk: Desk, session: Session, body: JsonObject): string | undefined {
  const { organizationId } = body;
  if (typeof organizationId !== "string" || !organizationId.startsWith(desk.settings.organizationId.slice(0, 15))) {
    return "organizationId must be the id of this org";
  }
  // Who has acknowledged nothing since the reconnect may not know that it was heard: its answer may be lost.
  if (session.resync === "none" || (session.resync === "heard" && session.acked >= session.firstNumber)) {
    violate(session, "ChasitorResyncState without a reconnect");
  } else if (session.delivered < session.firstNumber) {
    violate(session, "ChasitorResyncState before ChasitorSessionData was read");
  }
  session.resync = "heard";
  return undefined;
}

/** ChasitorSessionData first, then what the client has not seen; some seen events again when that is asked for. */
function layOutAnew(session: Session, how: HandOver, offset: number): void {
  const seen = session.events.filter((event) => event.offset <= offset);
  const unseen = session.events.filter((event) => event.offset > offset);
  const lastSeen = lastNumber(session) - unseen.length;
  const again = how.redeliver === 0 ? [] : seen.slice(-how.redeliver);
  const data = nextEvent(session, "ChasitorSessionData", sessionData(session), isOver(session) && unseen.length === 0);
  session.events = [data, ...again, ...unseen].map((event) => ({ ...event, offset: (session.lastOffset += 1) }));
  session.firstNumber = how.numbering === "restart" ? 0 : lastSeen + 1;
  session.delivered = session.firstNumber - 1;
  session.acked = session.delivered;
}

function sessionData(session: Session): unknown {
  return {
    queuePosition: session.lastPosition ?? 0,
    geoLocation: { countryCode: "MX", countryName: "Mexico" },
    url: "",
    oref: "",
    postChatUrl: "",
    sneakPeekEnabled: false,
    chatMessages: session.transcript.map(({ type, name, content, timestamp, sequence }) => ({
      type,
      name,
      content,
      timestamp,
      sequence,
    })),
  };
}

/** True for a JSON object that could be a hand-over; for the control API. */
export function readHandOver(body: unknown): HandOver {
  const wanted = isObject(body) ? body : {};
  const { numbering, redeliver, resetSequence, heldPoll } = wanted;
  return {
    ...(heldPoll === "stays" ? { heldPoll } : {}),
    numbering: numbering === "continue" ? "continue" : USUAL_HAND_OVER.numbering,
    redeliver: typeof redeliver === "number" ? redeliver : USUAL_HAND_OVER.redeliver,
    resetSequence:
      resetSequence === false || resetSequence === "left-out" ? resetSequence : USUAL_HAND_OVER.resetSequence,
  };
}
