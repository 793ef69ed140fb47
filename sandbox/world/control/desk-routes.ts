/**
 * Control routes of the desk: its sessions, the queue, what an agent does with a session, and what befalls it.
 */
import { isObject } from "../answers.ts";
import {
  declineChat,
  disconnectAgent,
  endByAgent,
  say,
  transferToAgent,
  transferToButton,
  typing,
} from "../live-agent/agents.ts";
import { acceptChat } from "../live-agent/accept.ts";
import type { Agent } from "../live-agent/desk.ts";
import { loseSession, pushEvent } from "../live-agent/events.ts";
import { handOver, readHandOver } from "../live-agent/failover.ts";
import { leave } from "../live-agent/queue.ts";
import { describe, isOver } from "../live-agent/session.ts";
import type { Session } from "../live-agent/session.ts";
import type { WorldParts } from "../world-parts.ts";
import { ControlError, fieldIn, likeShape, optionalTextIn, readOptionsIn, textIn } from "./routes.ts";
import type { ControlRequest, Route } from "./routes.ts";

type Act = (session: Session, body: unknown) => void;

/** The routes. */
export function deskRoutes(parts: WorldParts): readonly Route[] {
  return [
    { method: "GET", path: "/live-agent/modes", handle: () => parts.desk.modes },
    { method: "PATCH", path: "/live-agent/modes", handle: ({ body }) => changeModes(parts, body) },
    { method: "GET", path: "/live-agent/queue", handle: () => queue(parts) },
    { method: "GET", path: "/live-agent/sessions", handle: (request) => sessions(parts, request) },
    { method: "GET", path: "/live-agent/sessions/:id", handle: (request) => oneSession(parts, request) },
    { method: "GET", path: "/live-agent/screens", handle: (request) => screens(parts, request) },
    { method: "POST", path: "/live-agent/hand-over", handle: ({ body }) => handOverAll(parts, body) },
    ...Object.entries(acts(parts)).map(([name, act]): Route => ({
      method: "POST",
      path: `/live-agent/sessions/:id/${name}`,
      handle: (request) => {
        act(sessionOf(parts, request), request.body);
      },
    })),
  ];
}

function acts({ desk }: WorldParts): Readonly<Record<string, Act>> {
  const agentIn = (body: unknown): Agent => {
    const id = optionalTextIn(body, "agentId") ?? [...desk.agents.values()].find((agent) => agent.online)?.id;
    const agent = id === undefined ? undefined : desk.agents.get(id);
    if (agent === undefined) {
      throw new ControlError(404, "no such agent, or none online");
    }
    return agent;
  };
  return {
    accept: (session, body) => {
      acceptChat(desk, session, agentIn(body));
    },
    decline: (session, body) => {
      declineChat(desk, session, agentIn(body));
    },
    say: (session, body) => {
      say(desk, session, textIn(body, "text"));
    },
    typing: (session, body) => {
      typing(desk, session, fieldIn(body, "isTyping") !== false);
    },
    transfer: (session, body) => {
      const buttonId = optionalTextIn(body, "buttonId");
      if (buttonId === undefined) {
        transferToAgent(desk, session, agentIn({ agentId: textIn(body, "agentId") }));
      } else {
        transferToButton(desk, session, buttonId);
      }
    },
    end: (session) => {
      endByAgent(desk, session);
    },
    disconnect: (session) => {
      disconnectAgent(desk, session);
    },
    event: (session, body) => {
      pushEvent(session, textIn(body, "type"), fieldIn(body, "message") ?? {});
    },
    "hand-over": (session, body) => {
      handOver(session, readHandOver(body));
    },
    lose: (session) => {
      leave(desk, session);
      loseSession(desk, session, "taken away");
    },
  };
}

function changeModes({ desk }: WorldParts, body: unknown): unknown {
  const changes = likeShape(body, desk.modes);
  const rules: unknown = changes.sensitiveDataRules ?? [];
  if (!Array.isArray(rules) || !rules.every((rule) => isObject(rule))) {
    throw new ControlError(400, "sensitiveDataRules must be a list of objects");
  }
  return Object.assign(desk.modes, changes);
}

function queue({ desk }: WorldParts): unknown {
  return Object.fromEntries([...desk.queues].map(([buttonId, waiting]) => [buttonId, [...waiting].map(describe)]));
}

function sessionOf({ desk }: WorldParts, { params }: ControlRequest): Session {
  const session = desk.byId.get(params["id"] ?? "");
  if (session === undefined) {
    throw new ControlError(404, "no such session");
  }
  return session;
}

function sessions({ desk }: WorldParts, { query }: ControlRequest): unknown {
  const [user, state] = [query.get("user"), query.get("state")];
  const found = [...desk.byId.values()].filter(
    (session) => (user === null || session.user === user) && (state === null || session.state === state),
  );
  return { sessions: found.map(describe) };
}

/** With everything a test of the protocol wants to see: polls, accepted POSTs, events. */
function oneSession(parts: WorldParts, request: ControlRequest): unknown {
  const session = sessionOf(parts, request);
  const { polls, posts, events, firstNumber } = session;
  return {
    ...describe(session),
    polls,
    posts,
    events: events.map((event, place) => ({ ...event, number: firstNumber + place })),
  };
}

function screens({ desk }: WorldParts, { query }: ControlRequest): unknown {
  const [user, sessionId] = [query.get("user"), query.get("session")];
  return desk.screens.readOrWait({
    ...readOptionsIn(query),
    matching: (line) => (user === null || line.user === user) && (sessionId === null || line.sessionId === sessionId),
  });
}

function handOverAll({ desk }: WorldParts, body: unknown): unknown {
  const how = readHandOver(body);
  const living = [...desk.byKey.values()].filter((session) => !isOver(session));
  for (const session of living) {
    handOver(session, how);
  }
  return { sessions: living.length };
}
