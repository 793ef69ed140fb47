/**
 * Botrunner: the bot platform's door through which the service hands a user back in a certain state.
 * Path, body and answer per the parity sheet 7.4. Remembers the states of every user in order.
 * Served by an exchange of its own; the bot is told of every state.
 */
import { appendLog } from "./append-log.ts";
import type { AppendLog } from "./append-log.ts";
import { header, isObject, json, jsonBody, segments } from "./answers.ts";
import type { Answer, Call } from "./answers.ts";
import type { Clock } from "./clock.ts";
import type { System } from "./exchange.ts";
import type { Identity } from "./journal.ts";

/** A state that a user was given. */
export interface GivenState {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly atMs: number;
  readonly userId: string;
  readonly botSlug: string;
  readonly state: string;
}

/** The platform behind the door. */
export interface Botrunner {
  readonly system: System;
  readonly states: AppendLog<GivenState>;
}

/** What Botrunner is connected to. */
export interface BotrunnerParts {
  readonly clock: Clock;
  /** Value that `?jwt=` must have; undefined: not asked for. */
  readonly token: string | undefined;
  /** How many states are remembered; null: all. */
  readonly remembered: number | null;
  readonly onState: (given: GivenState) => void;
}

/** The door. */
export function botrunner(parts: BotrunnerParts): Botrunner {
  const states = appendLog<GivenState>(parts.clock, parts.remembered);
  return {
    states,
    system: {
      name: "botrunner",
      identify,
      handle: (call) => sendTo(parts, states, call),
    },
  };
}

function identify(call: Call): Identity {
  const [, operation] = segments(call.path) ?? [];
  const body = jsonBody(call);
  const user = isObject(body) ? body["userId"] : undefined;
  return { operation: operation ?? "unknown", ...(typeof user === "string" ? { user } : {}) };
}

function sendTo(parts: BotrunnerParts, states: AppendLog<GivenState>, call: Call): Answer {
  const [botSlug, operation, ...rest] = segments(call.path) ?? [];
  if (botSlug === undefined || operation !== "send-to" || rest.length > 0) {
    return json(404, { error: "not found" });
  }
  if (call.method !== "POST") {
    return json(405, { error: "method not allowed" });
  }
  if (parts.token !== undefined && call.query.get("jwt") !== parts.token) {
    return json(401, { error: "unauthorized" });
  }
  if (header(call, "content-type")?.startsWith("application/json") !== true) {
    return json(415, { error: "content type must be application/json" });
  }
  const body = jsonBody(call);
  if (!isObject(body) || body["message"] !== "") {
    return json(400, { error: "message must be an empty text" });
  }
  const { state, userId } = body;
  if (typeof state !== "string" || state === "" || typeof userId !== "string" || userId === "") {
    return json(400, { error: "state and userId are required" });
  }
  const { clock } = parts;
  parts.onState(states.append({ at: clock.nowMs(), atMs: clock.monotonicMs(), userId, botSlug, state }));
  return json(200, {});
}
