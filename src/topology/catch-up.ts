// What a takeover learns from the changelog beyond what the store holds: states, cursor, and the outbox inside it. Pure but for
// the decoding of the cursor. Called by takeover.ts.
import { parseRecord } from "../processors/interconnection/record.ts";
import { isNewer, keyOfCursor, type Fold, type Version } from "./changelog.ts";
import { packOutbox, readCursor } from "./outbox.ts";
import type { Codec } from "./ports.ts";
import type { Offsets, StateChange, StoredIndex } from "./stored.ts";
import type { UnreadableState } from "./unreadable-state.ts";
import { endedState, storedState } from "./user-change.ts";

/** True when the changelog holds turns that the store does not. */
export function isNewerFold(fold: Fold, stored: StoredIndex): boolean {
  return fold.cursor !== null && isNewer(fold.cursor.version, versionOf(stored));
}

function versionOf({ savedEpoch, turn }: StoredIndex): Version {
  return { epoch: savedEpoch, turn };
}

/**
 * The states that the store has not seen, and the ends of those that it still holds. `unreadable` are those that can't be read.
 */
export function catchUpChanges(
  fold: Fold,
  stored: StoredIndex | null,
  client: string,
): { readonly changes: readonly StateChange[]; readonly unreadable: readonly UnreadableState[] } {
  const changes: StateChange[] = [];
  const unreadable: UnreadableState[] = [];
  for (const [userId, { version, json }] of fold.users) {
    if (stored !== null && !isNewer(version, versionOf(stored))) continue;
    if (json === null) {
      if (stored !== null) changes.push(endedState(userId, client));
      continue;
    }
    const parsed = parseRecord(json);
    if (parsed.kind === "state") changes.push(storedState(userId, parsed.state, json));
    else unreadable.push({ userId, json, detail: parsed.detail });
  }
  return { changes, unreadable };
}

/**
 * The cursor that stands after the catch-up. The states of its turn are on the changelog already; its outbox holds what may
 * not have been produced. Without any cursor the index is new: nothing has been applied.
 */
export async function inheritedIndex(
  fold: Fold,
  stored: StoredIndex | null,
  fence: number,
  ports: { readonly codec: Codec; readonly client: string },
): Promise<StoredIndex> {
  if (fold.cursor === null) return { ...(stored ?? nothingApplied), changelogPosition: fence };
  const { version, bytes } = fold.cursor;
  const cursor = await readCursor(ports.codec, bytes);
  return {
    savedEpoch: version.epoch,
    turn: version.turn,
    applied: offsetsOf((topic) => cursor.applied[topic] ?? -1),
    outbox: packOutbox([{ key: keyOfCursor(ports.client), value: bytes }]),
    changelogPosition: fence,
  };
}

function offsetsOf(value: (topic: keyof Offsets<number>) => number): Offsets<number> {
  return {
    "agent-events": value("agent-events"),
    "chat-requests": value("chat-requests"),
    "channel-messages": value("channel-messages"),
  };
}

const nothingApplied: StoredIndex = {
  savedEpoch: -1,
  turn: 0,
  applied: offsetsOf(() => -1),
  outbox: null,
  changelogPosition: 0,
};
