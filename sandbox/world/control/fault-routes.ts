/**
 * Control routes that break things: faults on calls, systems cut off and restored.
 */
import { isObject } from "../answers.ts";
import type { Exchange } from "../exchange.ts";
import type { FaultEffect, FaultOrder } from "../faults.ts";
import { SYSTEM_NAMES } from "../journal.ts";
import type { WorldParts } from "../world-parts.ts";
import { ControlError, objectIn } from "./routes.ts";
import type { ControlRequest, Route } from "./routes.ts";

/** The routes. */
export function faultRoutes(parts: WorldParts): readonly Route[] {
  return [
    { method: "GET", path: "/faults", handle: () => ({ faults: parts.faults.list() }) },
    { method: "POST", path: "/faults", handle: ({ body }) => parts.faults.add(readFault(body)) },
    {
      method: "DELETE",
      path: "/faults",
      handle: () => {
        parts.faults.clear();
      },
    },
    {
      method: "DELETE",
      path: "/faults/:id",
      handle: ({ params }) => {
        removeFault(parts, params["id"] ?? "");
      },
    },
    { method: "POST", path: "/systems/:system/cut", handle: (request) => exchangeOf(parts, request).cut() },
    { method: "POST", path: "/systems/:system/restore", handle: (request) => exchangeOf(parts, request).restore() },
  ];
}

function exchangeOf(parts: WorldParts, { params }: ControlRequest): Exchange {
  const name = SYSTEM_NAMES.find((known) => known === params["system"]);
  const exchange = name === undefined ? undefined : parts.exchanges.get(name);
  if (exchange === undefined) {
    throw new ControlError(404, `no such system; there are ${SYSTEM_NAMES.join(", ")}`);
  }
  return exchange;
}

function removeFault(parts: WorldParts, id: string): void {
  if (!parts.faults.remove(id)) {
    throw new ControlError(404, "no such fault");
  }
}

const TEXT_FIELDS = ["system", "operation", "method", "path", "user", "session"] as const;
const NUMBER_FIELDS = ["times", "skip", "share"] as const;

/** Reads a fault from JSON; throws 400 with the first thing that is wrong. */
function readFault(body: unknown): FaultOrder {
  const given = objectIn(body);
  const known: readonly string[] = [...TEXT_FIELDS, ...NUMBER_FIELDS, "when", "effect"];
  const stranger = Object.keys(given).find((name) => !known.includes(name));
  if (stranger !== undefined) {
    throw new ControlError(400, `${stranger} is not known; known are ${known.join(", ")}`);
  }
  check(given, TEXT_FIELDS, "string");
  check(given, NUMBER_FIELDS, "number");
  if (given["system"] !== undefined && !SYSTEM_NAMES.some((name) => name === given["system"])) {
    throw new ControlError(400, `system must be one of ${SYSTEM_NAMES.join(", ")}`);
  }
  if (given["when"] !== undefined && given["when"] !== "before" && given["when"] !== "after") {
    throw new ControlError(400, "when must be before or after");
  }
  return { ...(given as object), effect: readEffect(given["effect"]) };
}

function readEffect(value: unknown): FaultEffect {
  if (!isObject(value)) {
    throw new ControlError(400, "effect must be an object with a kind");
  }
  switch (value["kind"]) {
    case "status":
      check(value, ["body", "contentType"], "string");
      check(value, ["retryAfterS"], "number");
      needNumber(value, "status");
      break;
    case "delay":
      needNumber(value, "delayMs");
      break;
    case "hang":
    case "reset":
    case "cut-body":
      break;
    case "garbage":
      check(value, ["body"], "string");
      break;
    default:
      throw new ControlError(400, "kind must be one of status, delay, hang, reset, cut-body, garbage");
  }
  return value as unknown as FaultEffect;
}

function needNumber(value: Readonly<Record<string, unknown>>, name: string): void {
  if (typeof value[name] !== "number") {
    throw new ControlError(400, `${name} must be a number`);
  }
}

function check(value: Readonly<Record<string, unknown>>, names: readonly string[], type: "string" | "number"): void {
  for (const name of names) {
    if (value[name] !== undefined && typeof value[name] !== type) {
      throw new ControlError(400, `${name} must be a ${type}`);
    }
  }
}
