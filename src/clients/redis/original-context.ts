// The context as the Go service keeps it: a set of JSON texts per user, each with the moment until which it counts (parity sheet,
// sections 1.4 and 6). Owns that form, both ways. Pure; called by original-store.ts.
import { contextLifeMs } from "../../processors/lifetimes.ts";
import { createHash } from "node:crypto";

import { objectOf, parseJson } from "../../processors/json.ts";
import { parseEntry } from "../../processors/interconnection/record.ts";
import { receivedAtOf, type ContextEntry } from "../../processors/interconnection/state.ts";

/** Entries of a set that still count, without those of `known` (the same words may stand in both), as JSON of ours, oldest first. */
export function entriesOfOriginal(
  members: readonly string[],
  known: readonly string[],
  now: number,
): readonly string[] {
  const have = new Set(known.map((json) => sameness(parseEntry(json))));
  const entries = members.map((member) => entryOf(member, now)).filter((entry) => entry !== null);
  return entries
    .filter((entry) => !have.has(sameness(entry)))
    .sort((a, b) => a.at - b.at)
    .map((entry) => JSON.stringify(entry));
}

function sameness(entry: ContextEntry | null): string {
  return entry === null ? "" : JSON.stringify([entry.at, entry.from, entry.text, entry.media?.url ?? null]);
}

function entryOf(member: string, now: number): ContextEntry | null {
  const given = objectOf(parseJson(member));
  const text = (name: string): string | null => {
    const value = given[name];
    return typeof value === "string" && value !== "" ? value : null;
  };
  const { timestamp } = given;
  const at = typeof timestamp === "number" && Number.isSafeInteger(timestamp) ? timestamp : 0;
  const until = Date.parse(text("ttl") ?? "");
  if (!(until > now)) return null;
  const url = text("url");
  const media = url === null ? null : { url, mimeType: text("mimeType"), caption: text("caption") };
  if (media === null && text("text") === null) return null;
  // The set has no message ids; an id of its own keeps an entry from being shown twice.
  const messageId = `original:${createHash("sha256").update(member).digest("base64url").slice(0, 22)}`;
  const receivedAt = until - contextLifeMs;
  return { messageId, at, receivedAt, from: text("from") === "bot" ? "bot" : "user", text: text("text"), media };
}

/** The member that the Go service would have written, byte for byte. */
export function memberOfOriginal(entry: ContextEntry, userId: string, client: string): string {
  const { at, media } = entry;
  const given = (value: string | null | undefined): string | undefined =>
    value === null || value === "" ? undefined : value;
  const json = JSON.stringify({
    userId,
    client,
    timestamp: at === 0 ? undefined : at,
    url: given(media?.url),
    mimeType: given(media?.mimeType),
    caption: given(media?.caption),
    text: given(entry.text),
    from: entry.from,
    ttl: new Date(receivedAtOf(entry) + contextLifeMs).toISOString().replace(/\.?0*Z$/, "Z"),
  });
  return json.replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
