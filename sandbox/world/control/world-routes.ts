/**
 * Control routes of the world as a whole: what it is, its journal, its records, its clock, starting over, and the bot's service.
 */
import type { ManualClock } from "../clock.ts";
import { SYSTEM_NAMES } from "../journal.ts";
import type { JournalEntry } from "../journal.ts";
import { putAgent } from "../live-agent/agents.ts";
import { loseSession } from "../live-agent/events.ts";
import { leave } from "../live-agent/queue.ts";
import { DataError, errorBody } from "../salesforce/errors.ts";
import { objectNamed, objectNames } from "../salesforce/objects.ts";
import type { ObjectType, SalesforceRecord } from "../salesforce/objects.ts";
import type { WorldParts } from "../world-parts.ts";
import { ControlError, fieldIn, numberIn, objectIn, readOptionsIn, textIn } from "./routes.ts";
import type { ControlRequest, Route } from "./routes.ts";

/** The routes; `all` gives the complete list for the overview. */
export function worldRoutes(parts: WorldParts, all: () => readonly Route[]): readonly Route[] {
  return [
    { method: "GET", path: "/", handle: () => overview(parts, all()) },
    { method: "POST", path: "/reset", handle: () => reset(parts) },
    { method: "GET", path: "/journal", handle: (request) => journal(parts, request) },
    { method: "GET", path: "/journal/open", handle: () => ({ entries: parts.journal.open() }) },
    { method: "GET", path: "/salesforce/records/:object", handle: (request) => listRecords(parts, request) },
    { method: "POST", path: "/salesforce/records/:object", handle: (request) => seedRecord(parts, request) },
    { method: "POST", path: "/salesforce/tokens/expire", handle: () => expireTokens(parts) },
    { method: "POST", path: "/bot/connect", handle: (request) => connectBot(parts, request) },
    { method: "POST", path: "/clock/advance", handle: (request) => advance(parts, request) },
  ];
}

function overview(parts: WorldParts, routes: readonly Route[]): unknown {
  return {
    systems: Object.fromEntries([...parts.exchanges].map(([name, exchange]) => [name, exchange.url])),
    org: parts.org,
    objects: objectNames(),
    sessions: parts.desk.byId.size,
    tokensIssued: parts.oauth.issued(),
    routes: routes.map((route) => `${route.method} ${route.path}`),
  };
}

function reset(parts: WorldParts): void {
  parts.faults.clear();
  for (const session of [...parts.desk.byKey.values()]) {
    leave(parts.desk, session);
    loseSession(parts.desk, session, "the world was reset");
  }
  for (const forgettable of [
    parts.desk.buried,
    parts.desk.byId,
    parts.desk.queues,
    parts.desk.waits,
    parts.desk.said,
    parts.desk.agents,
  ]) {
    forgettable.clear();
  }
  const { journal: calls, desk, botrunner, studioNg, webhooks } = parts;
  for (const log of [calls.log, desk.screens, botrunner.states, studioNg.states, webhooks.log]) {
    log.clear();
  }
  parts.desk.records.clear();
  parts.phones.clear();
  parts.media.clear();
  parts.people.clear();
  parts.bot.clear();
  parts.integrations.registrations.clear();
  for (const [id, settings] of Object.entries(parts.agents)) {
    putAgent(parts.desk, id, settings);
  }
}

function journal(parts: WorldParts, { query }: ControlRequest): unknown {
  const wanted = ["system", "operation", "user", "session"] as const;
  const filters = wanted.flatMap((name) => {
    const value = query.get(name);
    return value === null ? [] : [(entry: JournalEntry) => entry[name] === value];
  });
  const system = query.get("system");
  if (system !== null && !SYSTEM_NAMES.some((name) => name === system)) {
    throw new ControlError(400, `system must be one of ${SYSTEM_NAMES.join(", ")}`);
  }
  return parts.journal.log.readOrWait({
    ...readOptionsIn(query),
    matching: (entry) => filters.every((matches) => matches(entry)),
  });
}

function objectOf({ params }: ControlRequest): ObjectType {
  const type = objectNamed(params["object"] ?? "");
  if (type === undefined) {
    throw new ControlError(404, `no such object; there are ${objectNames().join(", ")}`);
  }
  return type;
}

function listRecords(parts: WorldParts, request: ControlRequest): unknown {
  const records: SalesforceRecord[] = [];
  const since = numberIn(request.query, "since", 0);
  const limit = numberIn(request.query, "limit", 1000);
  let place = 0;
  for (const record of parts.desk.records.all(objectOf(request).name)) {
    if (place >= since && records.length < limit) {
      records.push(record);
    }
    place += 1;
  }
  return { records, total: place };
}

function seedRecord(parts: WorldParts, request: ControlRequest): unknown {
  try {
    return parts.desk.records.create(objectOf(request), objectIn(request.body), { autoAssign: false });
  } catch (error) {
    if (error instanceof DataError) {
      throw new ControlError(error.status, JSON.stringify(errorBody(error)));
    }
    throw error;
  }
}

function expireTokens(parts: WorldParts): void {
  parts.oauth.expireAll();
}

function connectBot(parts: WorldParts, { body }: ControlRequest): void {
  parts.connectBot({
    url: textIn(body, "url"),
    username: textIn(body, "username"),
    password: textIn(body, "password"),
  });
}

function advance(parts: WorldParts, { body }: ControlRequest): void {
  const byMs = fieldIn(body, "ms");
  if (typeof byMs !== "number" || byMs < 0) {
    throw new ControlError(400, "ms must be a number of milliseconds");
  }
  if (!("advance" in parts.clock)) {
    throw new ControlError(409, "this world runs on the machine's clock");
  }
  (parts.clock as ManualClock).advance(byMs);
}
