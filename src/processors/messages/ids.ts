// The ids that derive from where an input stood. Owns their form, which other services and the desk's marker keep; what
// an id is used for is the caller's. Called by decide only: nothing here is random, so a decision can be repeated.
import { v5 } from "uuid";

import type { Coordinates } from "../interconnection/decision.ts";

/** Namespace of all our ids: 7d4a2f5e-0c1b-4e7a-9a34-52f1c0f7b6d1. Changing it changes every id. */
const namespace = Uint8Array.from([
  0x7d, 0x4a, 0x2f, 0x5e, 0x0c, 0x1b, 0x4e, 0x7a, 0x9a, 0x34, 0x52, 0xf1, 0xc0, 0xf7, 0xb6, 0xd1,
]);

/** What is named: a chat, a fact (its eventId), or a message that we send to a user. */
export type IdKind = "chat" | "fact" | "message";

/** The eventId of the refusal of a request that never came to decide: the same however often its record comes. */
export function refusalId(client: string, requestId: string): string {
  return v5(Buffer.from(`${client}/refused/${requestId}`), namespace);
}

/**
 * UUID version 5 of the input's coordinates and time, the deployment, the kind and the running number within the input.
 * The time is part of it because a recreated topic gives the same offsets again. Same input, same id.
 */
export function derivedId(client: string, at: Coordinates, kind: IdKind, index: number): string {
  const place = `${at.topic}/${String(at.partition)}/${String(at.offset)}/${String(at.timestamp)}`;
  return v5(Buffer.from(`${client}/${place}/${kind}/${String(index)}`), namespace);
}
