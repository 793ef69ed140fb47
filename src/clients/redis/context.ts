// What was said lately, for GET /v1/context: the history, and what the state of a chat that no agent has yet holds of it.
// Reads only, on any instance.
import { parseEntry, parseRecord } from "../../processors/interconnection/record.ts";
import type { ContextEntry } from "../../processors/interconnection/state.ts";
import type { Log, Store } from "../../topology/ports.ts";

/** The context of users. */
export interface ContextReader {
  /**
   * Oldest first, without doubles. Null when nothing is stored, empty when nothing of it counts any more: the Go service told the two apart.
   * Rejects with StoreUnavailable.
   */
  of(userId: string): Promise<readonly ContextEntry[] | null>;
}

/** A reader on the store's own reading, so that it shows what the owner of the user sees. */
export function createContextReader(load: Store["load"], log: Log): ContextReader {
  return {
    async of(userId) {
      const [user] = await load([userId]);
      if (user === undefined) return null;
      // One that can't be read is left out, as the owner of the user does, who tells of it.
      const history = user.history.map(parseEntry).filter((entry) => entry !== null);
      const entries = inOrder([...history, ...heldByState(user.state)]);
      return entries.length === 0 && user.hasOutlived !== true ? null : entries;
    },
  };

  function heldByState(json: string | null): readonly ContextEntry[] {
    if (json === null) return [];
    const record = parseRecord(json);
    if (record.kind === "bad") {
      // The owner of the user meets the same record and deals with it; the history is still worth showing.
      log.warn({ problem: record.problem, detail: record.detail }, "a state can't be read for its context");
      return [];
    }
    const chat = record.state.interconnection;
    return chat?.status === "CONNECTING" || chat?.status === "ON_HOLD" ? [...chat.context, ...chat.said] : [];
  }
}

/**
 * By time, each message once. One without an id is in history and state under the very same words and times; two of them that
 * are equal in all of these are one entry of the history, too.
 */
function inOrder(entries: readonly ContextEntry[]): readonly ContextEntry[] {
  const known = new Set<string>();
  const once = entries.filter((entry) => {
    const { messageId, at, receivedAt, from, text, media } = entry;
    const identity = JSON.stringify(messageId === "" ? [at, receivedAt, from, text, media?.url] : messageId);
    if (known.has(identity)) return false;
    known.add(identity);
    return true;
  });
  return once.sort((a, b) => a.at - b.at);
}
