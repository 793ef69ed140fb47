/**
 * Studio NG: the other bot platform's door, through which the service hands a user back by the trigger of a state.
 * Path, body and answer per the parity sheet 7.5. Remembers the states of every user in order.
 * Served by an exchange of its own; the bot is told of every state.
 */
import { appendLog } from "./append-log.ts";
import type { AppendLog } from "./append-log.ts";
import { header, isObject, json, jsonBody, segments } from "./answers.ts";
import type { Answer, Call } from "./answers.ts";
import type { Clock } from "./clock.ts";
import type { System } from "./exchange.ts";
import type { Identity } from "./journal.ts";

/** A trigger that was fired for a user. */
export interface FiredTrigger {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly atMs: number;
  readonly userId: string;
  readonly state: string;
}

/** The platform behind the door. */
export interface StudioNg {
  readonly system: System;
  readonly states: AppendLog<FiredTrigger>;
}

/** What Studio NG is connected to. */
export interface StudioNgParts {
  readonly clock: Clock;
  /** Bearer token that calls must carry. */
  readonly token: string;
  /** How many triggers are remembered; null: all. */
  readonly remembered: number | null;
  readonly onState: (fired: FiredTrigger) => void;
}

/** The door. */
export function studioNg(parts: StudioNgParts): StudioNg {
  const states = appendLog<FiredTrigger>(parts.clock, parts.remembered);
  return {
    states,
    system: { name: "studio-ng", identify, handle: (call) => trigger(parts, states, call) },
  };
}

function identify(call: Call): Identity {
  const body = jsonBody(call);
  const user = isObject(body) ? body["userId"] : undefined;
  return { operation: "trigger", ...(typeof user === "string" ? { user } : {}) };
}

function trigger(parts: StudioNgParts, states: AppendLog<FiredTrigger>, call: Call): Answer {
  // an empty segment is no spelling of this path: `//v1` is another one
  const [v1, triggers, state, webhook, ...rest] = call.path.includes("//") ? [] : (segments(call.path) ?? []);
  if (v1 !== "v1" || triggers !== "triggers" || state === undefined || webhook !== "webhook" || rest.length > 0) {
    return json(404, { error: "not found" });
  }
  if (call.method !== "POST") {
    return json(405, { error: "method not allowed" });
  }
  if (header(call, "authorization") !== `Bearer ${parts.token}`) {
    return json(401, { error: "unauthorized" });
  }
  if (header(call, "content-type")?.startsWith("application/json") !== true) {
    return json(415, { error: "content type must be application/json" });
  }
  const body = jsonBody(call);
  const userId = isObject(body) ? body["userId"] : undefined;
  if (typeof userId !== "string" || userId === "") {
    return json(400, { error: "userId is required" });
  }
  const { clock } = parts;
  parts.onState(states.append({ at: clock.nowMs(), atMs: clock.monotonicMs(), userId, state }));
  return json(200, {});
}
