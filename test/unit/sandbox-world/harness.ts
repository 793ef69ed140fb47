// A world with a clock that stands still, and a bare Live Agent client that does exactly what a test tells it, right or wrong.
// Used by the tests of the world only; shares no code with the service's own client.
import { vi } from "vitest";

import { manualClock } from "../../../sandbox/world/clock.ts";
import type { ManualClock } from "../../../sandbox/world/clock.ts";
import type { Session } from "../../../sandbox/world/live-agent/session.ts";
import { startWorld } from "../../../sandbox/world/world.ts";
import type { World, WorldOptions } from "../../../sandbox/world/world.ts";

export const START_MS = Date.UTC(2026, 0, 15, 12);
export const AGENT = "0055g0000000AG1";
export const OTHER_AGENT = "0055g0000000AG2";

export interface StillWorld extends World {
  readonly clock: ManualClock;
}

/** A world whose time moves only by `clock.advance`, with one agent who accepts when told. */
export async function stillWorld(options: WorldOptions = {}): Promise<StillWorld> {
  const clock = manualClock(START_MS);
  const agents = options.agents ?? { [AGENT]: { name: "Ana", accept: "manual" } };
  const world = await startWorld({ remembered: null, seed: 1, ...options, agents, clock });
  return { ...world, clock };
}

export interface Reply {
  readonly status: number;
  readonly text: string;
  readonly body: unknown;
  readonly headers: Headers;
}

export type Headers_ = Readonly<Record<string, string>>;

/** One call; `body` that is no text goes out as JSON. */
export async function call(method: string, url: string, headers: Headers_ = {}, body?: unknown): Promise<Reply> {
  const response = await fetch(url, {
    method,
    headers,
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, text, headers: response.headers, body: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

export interface PollReply {
  readonly status: number;
  readonly types: readonly string[];
  readonly messages: readonly { readonly type: string; readonly message: Record<string, unknown> }[];
  readonly sequence: number;
  readonly offset: number;
  readonly text: string;
}

/** A visitor whose every step is the test's. */
export interface Visitor {
  readonly id: string;
  readonly key: string;
  affinity: string;
  headers(sequence?: number): Record<string, string>;
  poll(ack?: number, more?: Headers_): Promise<PollReply>;
  post(noun: string, body: unknown, sequence?: number): Promise<Reply>;
  /** The server's own view. */
  session(): Session;
  /** Starts a poll and waits until the server holds it. */
  heldPoll(ack: number): Promise<{ readonly reply: Promise<PollReply> }>;
}

/** A new session, as GET SessionId gives it. */
export async function openVisitor(world: World): Promise<Visitor> {
  const base = `${world.salesforceUrl}/chat/rest`;
  const opened = await call("GET", `${base}/System/SessionId`, {
    "x-liveagent-api-version": "52",
    "x-liveagent-affinity": "null",
  });
  const { id, key, affinityToken } = opened.body as { id: string; key: string; affinityToken: string };
  const visitor: Visitor = {
    id,
    key,
    affinity: affinityToken,
    headers: (sequence) => ({
      "x-liveagent-api-version": "52",
      "x-liveagent-affinity": visitor.affinity,
      "x-liveagent-session-key": key,
      ...(sequence === undefined ? {} : { "x-liveagent-sequence": String(sequence) }),
    }),
    async poll(ack, more = {}) {
      const query = ack === undefined ? "" : `?ack=${ack}`;
      const reply = await call("GET", `${base}/System/Messages${query}`, { ...visitor.headers(), ...more });
      return pollReply(reply);
    },
    post(noun, body, sequence) {
      const prefix = noun === "MultiNoun" ? "System" : "Chasitor";
      return call("POST", `${base}/${prefix}/${noun}`, visitor.headers(sequence), body);
    },
    session() {
      const session = world.parts.desk.byId.get(id);
      if (session === undefined) {
        throw new Error("the session is forgotten");
      }
      return session;
    },
    async heldPoll(ack) {
      const reply = visitor.poll(ack);
      await vi.waitUntil(() => visitor.session().openPoll !== undefined);
      return { reply };
    },
  };
  return visitor;
}

function pollReply(reply: Reply): PollReply {
  const body = (reply.body ?? {}) as Partial<PollReply>;
  const messages = body.messages ?? [];
  return {
    status: reply.status,
    text: reply.text,
    messages,
    types: messages.map((message) => message.type),
    sequence: body.sequence ?? Number.NaN,
    offset: body.offset ?? Number.NaN,
  };
}

/** A right body of ChasitorInit for a visitor. */
export function initBody(visitor: Visitor, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    organizationId: "00D5g0000000SBX",
    deploymentId: "5725g000000SBX1",
    buttonId: "5735g000000SBX1",
    sessionId: visitor.id,
    userAgent: "Yalo Bot",
    language: "es-MX",
    screenResolution: "1900x1080",
    visitorName: "Ada",
    prechatDetails: [],
    prechatEntities: [],
    receiveQueueUpdates: true,
    isPost: true,
    ...more,
  };
}

/** A visitor whose chat is requested; the first events are not polled yet. */
export async function queuedVisitor(world: World): Promise<Visitor> {
  const visitor = await openVisitor(world);
  const reply = await visitor.post("ChasitorInit", initBody(visitor), 1);
  if (reply.status !== 200) {
    throw new Error(`ChasitorInit was answered ${reply.status}: ${reply.text}`);
  }
  return visitor;
}

/** A visitor with an agent, everything so far polled and acknowledged up to `ack`. */
export async function engagedVisitor(world: World): Promise<{ readonly visitor: Visitor; readonly ack: number }> {
  const visitor = await queuedVisitor(world);
  await control(world, "POST", `/live-agent/sessions/${visitor.id}/accept`, { agentId: AGENT });
  const { sequence } = await visitor.poll(-1);
  return { visitor, ack: sequence };
}

/** A call to the control API. */
export async function control(world: World, method: string, path: string, body?: unknown): Promise<Reply> {
  return call(method, world.controlUrl + path, body === undefined ? {} : { "content-type": "application/json" }, body);
}

/** A call that an agent's act stands for; throws unless it succeeds. */
export async function act(world: World, visitor: Visitor, what: string, body: unknown = {}): Promise<void> {
  const reply = await control(world, "POST", `/live-agent/sessions/${visitor.id}/${what}`, body);
  if (reply.status >= 300) {
    throw new Error(`${what} was answered ${reply.status}: ${reply.text}`);
  }
}
