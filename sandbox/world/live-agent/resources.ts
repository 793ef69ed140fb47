/**
 * The resources under /chat/rest/: which call is which, the headers each needs, and who answers it.
 * Rules 9 and 11 of the reference's simulator guide; headers per its section 3.
 * Called by the Salesforce system.
 */
import { header, json, segments, text } from "../answers.ts";
import type { Answer, Call } from "../answers.ts";
import type { Identity } from "../journal.ts";
import { newSession } from "./desk.ts";
import type { Desk } from "./desk.ts";
import { loseSession, setOver } from "./events.ts";
import { reconnect } from "./failover.ts";
import { isPostNoun, post } from "./nouns.ts";
import { NO_SESSION, awaitPoll, poll } from "./polls.ts";
import { leave } from "./queue.ts";
import { agentsOf } from "./routing.ts";
import { isOver, violate } from "./session.ts";
import type { Session } from "./session.ts";

/** Path prefix of all resources. */
export const CHAT_PATH = "/chat/rest/";

const GETS = new Set(["System/SessionId", "System/Messages", "System/ReconnectSession", "Visitor/Availability"]);

/** What a Live Agent call is about. */
export function identifyChat(desk: Desk, call: Call): Identity {
  const [, , prefix, noun, key] = segments(call.path) ?? [];
  const session = sessionOf(desk, key ?? header(call, "x-liveagent-session-key"));
  const operation = call.method === "DELETE" && prefix === "System" ? "DeleteSession" : (noun ?? "unknown");
  return {
    operation,
    ...(session === undefined ? {} : { session: session.id }),
    ...(session?.user === undefined ? {} : { user: session.user }),
  };
}

/** Also one whose key was taken away: its calls are refused, and are its own all the same. */
function sessionOf(desk: Desk, key: string | undefined): Session | undefined {
  if (key === undefined) return undefined;
  return desk.byKey.get(key) ?? [...desk.byId.values()].find((session) => session.key === key);
}

/** Answers a call whose path starts with /chat/rest/. */
export function chatResource(desk: Desk, call: Call): Answer | Promise<Answer> {
  const [, , prefix = "", noun = "", key, ...rest] = segments(call.path) ?? [];
  const name = `${prefix}/${noun}`;
  if (rest.length > 0 || (key !== undefined && name !== "System/SessionId")) {
    return text(404, "Not Found");
  }
  const allowed = GETS.has(name)
    ? key === undefined
      ? "GET"
      : "DELETE"
    : isPostNoun(prefix, noun)
      ? "POST"
      : undefined;
  if (allowed === undefined) {
    return text(404, "Not Found");
  }
  if (call.method !== allowed) {
    return { ...text(405, "Method Not Allowed"), headers: { allow: allowed } };
  }
  if (!/^\d{2}$/.test(header(call, "x-liveagent-api-version") ?? "")) {
    return text(400, "X-LIVEAGENT-API-VERSION header is required");
  }
  if (name === "Visitor/Availability") {
    return availability(desk, call);
  }
  return name === "System/SessionId" && key === undefined
    ? openSession(desk, call)
    : ofSession(desk, call, { noun, key });
}

function openSession(desk: Desk, call: Call): Answer {
  if (header(call, "x-liveagent-affinity") !== "null") {
    return text(400, "X-LIVEAGENT-AFFINITY must be null");
  }
  const session = newSession(desk);
  awaitPoll(desk, session);
  noteNeedlessSequence(session, call, "SessionId");
  const { id, key, affinityToken } = session;
  return json(200, { id, key, affinityToken, clientPollTimeout: desk.modes.clientPollTimeoutS });
}

interface Named {
  readonly noun: string;
  /** Session key from the path, of a DELETE. */
  readonly key: string | undefined;
}

function ofSession(desk: Desk, call: Call, { noun, key }: Named): Answer | Promise<Answer> {
  const session = desk.byKey.get(key ?? header(call, "x-liveagent-session-key") ?? "");
  if (session === undefined) {
    return text(403, NO_SESSION);
  }
  if (noun === "ReconnectSession") {
    noteNeedlessSequence(session, call, noun);
    return reconnect(desk, session, call);
  }
  if (session.handOver !== undefined || header(call, "x-liveagent-affinity") !== session.affinityToken) {
    return text(503, "Invalid Affinity Token");
  }
  if (key !== undefined) {
    return deleteSession(desk, session);
  }
  if (noun === "Messages") {
    noteNeedlessSequence(session, call, noun);
    return poll(desk, session, call);
  }
  return post(desk, session, call, noun);
}

function deleteSession(desk: Desk, session: Session): Answer {
  const wasOver = isOver(session);
  leave(desk, session);
  if (!wasOver) {
    setOver(desk, session, "ENDED");
    session.endedBy = "client";
  }
  loseSession(desk, session, "deleted");
  return text(200, "OK");
}

function noteNeedlessSequence(session: Session, call: Call, noun: string): void {
  if (header(call, "x-liveagent-sequence") !== undefined) {
    violate(session, `${noun} with X-LIVEAGENT-SEQUENCE`);
  }
}

/** Accepts `[a,b]`, `a,b` and `a`; an id without an agent online comes back without `isAvailable`. */
function availability(desk: Desk, call: Call): Answer {
  const ids = (call.query.get("Availability.ids") ?? "").replace(/^\[|\]$/g, "").split(",");
  const results = ids
    .filter((id) => /^(005|573)/.test(id))
    .map((id) => {
      const isAvailable = id.startsWith("005")
        ? desk.agents.get(id.slice(0, 15))?.online === true
        : desk.settings.buttons.some(
            (button) => button.startsWith(id.slice(0, 15)) && agentsOf(desk, button).length > 0,
          );
      return isAvailable ? { id, isAvailable } : { id };
    });
  return json(200, { messages: [{ type: "Availability", message: { results } }] });
}
