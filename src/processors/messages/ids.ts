// The ids that derive from where an input stood. Owns their form, which other services and the desk's marker keep; what
// an id is used for is the caller's. Nothing here is random, so a decision can be repeated.
import { hash } from "node:crypto";

import type { Coordinates } from "../interconnection/decision.ts";

/** Namespace of all our ids: 7d4a2f5e-0c1b-4e7a-9a34-52f1c0f7b6d1. Changing it changes every id. */
const namespace = Buffer.from("7d4a2f5e0c1b4e7a9a3452f1c0f7b6d1", "hex");

/** What is named: a chat, a fact (its eventId), or a message that we send to a user. */
export type IdKind = "chat" | "fact" | "message";

/** The eventId of the refusal of a request that never came to decide: the same however often its record comes. */
export function refusalId(client: string, requestId: string): string {
  return uuid5(`${client}/refused/${requestId}`);
}

/**
 * UUID version 5 of the input's coordinates and time, the deployment, the kind and the running number within the input.
 * The time is part of it because a recreated topic gives the same offsets again. Same input, same id.
 */
export function derivedId(client: string, at: Coordinates, kind: IdKind, index: number): string {
  const place = `${at.topic}/${String(at.partition)}/${String(at.offset)}/${String(at.timestamp)}`;
  return uuid5(`${client}/${place}/${kind}/${String(index)}`);
}

/** The id of a chat that the service before this one has opened: the same whenever its record is read. */
export function adoptedChatId(client: string, sessionId: string): string {
  return uuid5(`${client}/adopted/${sessionId}`);
}

/** RFC 9562, 5.5. The uuid package takes three times as long, and every fact has one. */
function uuid5(name: string): string {
  const digest = hash("sha1", Buffer.concat([namespace, Buffer.from(name)]), "hex");
  const variant = ((Number.parseInt(digest.slice(16, 17), 16) & 3) | 8).toString(16);
  const [low, middle, high] = [digest.slice(0, 8), digest.slice(8, 12), digest.slice(13, 16)];
  return `${low}-${middle}-5${high}-${variant}${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
}
