// The identity of a request, by which its outcome is found: made here, or derived from the caller's Idempotency-Key so that a
// repeat is the same request. Ids that are made here tell their age.
import { v5, v7 } from "uuid";

import type { Operation } from "./reply-answers.ts";

/** Namespace of derived ids. Persisted: another one would make repeats new requests. */
export const requestNamespace = "8f0a0a3c-2f5e-5d1b-9a55-6d0b1f6b2c11";

const saneKey = /^[\w.:~+/=-]{8,128}$/;

/**
 * The id of a request. A sane Idempotency-Key gives the same id for the same operation and user. X-Request-Id is not taken
 * for one: proxies hand it on to every call of a trace, and a finish must not get the outcome of the connect before it.
 */
export function requestIdOf(operation: Operation, userId: string, idempotencyKey: unknown, nowMs: number): string {
  return typeof idempotencyKey === "string" && saneKey.test(idempotencyKey)
    ? v5(JSON.stringify([operation, userId, idempotencyKey]), requestNamespace)
    : v7({ msecs: nowMs });
}

/** When an id was made, epoch milliseconds; null for one that does not tell. */
export function madeAt(requestId: string): number | null {
  const hex = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i.exec(requestId);
  return hex === null ? null : Number.parseInt(`${hex[1] ?? ""}${hex[2] ?? ""}`, 16);
}
