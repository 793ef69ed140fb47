// The records of the changelog: how they are keyed and versioned, and how a partition of it folds into states. Pure.
import type { InterconnectionChange } from "../processors/messages/generated.ts";
import type { ConsumedRecord, Decoded, Header } from "./ports.ts";

// Keys are persisted: renaming one orphans its records.

/** Key of a user's state. */
export const keyOfUser = (client: string, userId: string): Buffer => Buffer.from(`${client}:${userId}`);
/** Key of the claims of a partition index: the offset of each is an epoch. */
export const keyOfClaim = (client: string): Buffer => Buffer.from(`#claim:${client}`);
/** Key of the fences: what an older owner produced behind one is void. */
export const keyOfFence = (client: string): Buffer => Buffer.from(`#fence:${client}`);
/** Key of the cursors: how far the index was after a turn. */
export const keyOfCursor = (client: string): Buffer => Buffer.from(`#cursor:${client}`);

/** What may still be appended late is written once more after so long (rewrites.ts). */
export const rewriteAfterMs = 60_000;
/**
 * The changelog is not compacted sooner, so that a late append of an old owner, void to a fold, is never all that compaction
 * leaves of its key: the rewrite, or the new owner's next turn, stands behind it by then.
 */
export const leastCompactionLagMs = 5 * rewriteAfterMs;

/** Version of what an owner decided. A newer one wins, whatever its offset (a late append of an old owner). */
export interface Version {
  readonly epoch: number;
  readonly turn: number;
}

/** True when `a` was decided after `b`. */
export function isNewer(a: Version, b: Version): boolean {
  return a.epoch > b.epoch || (a.epoch === b.epoch && a.turn > b.turn);
}

const producerHeader = "epoch";
const versionHeader = "version";

/**
 * Headers of a changelog record: the epoch of the owner that produces it (another than the deciding one for an inherited
 * outbox), and its version, which a tombstone can tell only here.
 */
export function changelogHeaders(producingEpoch: number, version: Version): readonly Header[] {
  return [
    { name: producerHeader, value: Buffer.from(String(producingEpoch)) },
    { name: versionHeader, value: Buffer.from(`${String(version.epoch)}:${String(version.turn)}`) },
  ];
}

/** What a partition of the changelog says, beyond what the store knows already. */
export interface Fold {
  /** State by user as of the newest cursor, null for a tombstone, of one client. Empty without a cursor. */
  readonly users: ReadonlyMap<string, State>;
  /** Newest cursor; null when there was none. */
  readonly cursor: { readonly version: Version; readonly bytes: Buffer } | null;
  /** Records left out because an older owner had produced them behind a fence. */
  readonly voided: number;
}

/** A fold in the making. */
export interface Folder {
  /** Takes records in offset order. Rejects when a record can't be decoded now. */
  add(records: readonly ConsumedRecord[]): Promise<void>;
  result(): Fold;
}

/** Thrown when a changelog record can't be read: the takeover must not go on without it. */
export interface UnreadableChangelog extends Error {
  readonly name: "UnreadableChangelog";
  /** Nothing but a person can help: not a registry that does not answer. */
  readonly forGood: boolean;
}

/**
 * Folds a range of one changelog partition. Records of other clients are left out; a record that an older owner produced
 * behind a fence is void; among the rest the newest version wins. A turn's states come before its cursor: those beyond the
 * newest cursor belong to a turn that was not wholly produced, and do not count.
 */
export function createFolder(
  client: string,
  decode: (bytes: Buffer) => Decoded<unknown> | Promise<Decoded<unknown>>,
): Folder {
  const users = new Map<string, Candidates>();
  const userPrefix = `${client}:`;
  const fenceKey = keyOfFence(client).toString();
  const cursorKey = keyOfCursor(client).toString();
  let cursor: { version: Version; bytes: Buffer } | null = null;
  let fenceEpoch = -1;
  let voided = 0;

  /** True when the state belongs to a turn whose cursor, or a later one, has been seen. */
  const counts = (state: State): boolean => cursor !== null && !isNewer(state.version, cursor.version);

  function addState(userId: string, state: State): void {
    const { sure, newest } = users.get(userId) ?? { sure: null, newest: null };
    if (newest !== null && isNewer(newest.version, state.version)) return;
    users.set(userId, { sure: newest !== null && counts(newest) ? newest : sure, newest: state });
  }

  async function addRecord(record: ConsumedRecord): Promise<void> {
    const key = record.key?.toString() ?? "";
    const producedBy = Number(headerText(record, producerHeader) ?? "-1");
    if (key === fenceKey) {
      fenceEpoch = Math.max(fenceEpoch, producedBy);
      return;
    }
    if (key !== cursorKey && !key.startsWith(userPrefix)) return;
    const version = versionOf(record);
    if (producedBy < fenceEpoch || version === null) {
      voided += 1;
      return;
    }
    if (key !== cursorKey) {
      const json = record.value === null ? null : await stateJson(record.value, decode);
      addState(key.slice(userPrefix.length), { version, json });
    } else if (record.value !== null && (cursor === null || !isNewer(cursor.version, version))) {
      cursor = { version, bytes: record.value };
    }
  }

  return {
    async add(records) {
      for (const record of records) await addRecord(record);
    },
    result() {
      const folded = new Map<string, State>();
      for (const [userId, { sure, newest }] of users) {
        const state = newest !== null && counts(newest) ? newest : sure;
        if (state !== null) folded.set(userId, state);
      }
      return { users: folded, cursor, voided };
    },
  };
}

interface State {
  readonly version: Version;
  readonly json: string | null;
}

/** `sure` is of a turn that was wholly produced; of the newest that is not known yet. */
interface Candidates {
  readonly sure: State | null;
  readonly newest: State | null;
}

async function stateJson(
  bytes: Buffer,
  decode: (bytes: Buffer) => Decoded<unknown> | Promise<Decoded<unknown>>,
): Promise<string | null> {
  const decoded = await decode(bytes);
  if (decoded.kind !== "value") throw unreadable(decoded.detail, decoded.kind === "bad");
  const change = decoded.value as InterconnectionChange;
  if (change.body.type !== "UserRecord") throw unreadable("a user's key holds another record", true);
  return change.body.state;
}

/** True for a changelog that holds what this version will never read. */
export function isUnreadableForGood(error: unknown): boolean {
  return error instanceof Error && error.name === "UnreadableChangelog" && (error as UnreadableChangelog).forGood;
}

function unreadable(detail: string, forGood: boolean): UnreadableChangelog {
  return Object.assign(new Error(`a changelog record can't be read: ${detail}`), {
    name: "UnreadableChangelog" as const,
    forGood,
  });
}

function headerText(record: ConsumedRecord, name: string): string | null {
  return record.headers.find((header) => header.name === name)?.value?.toString() ?? null;
}

function versionOf(record: ConsumedRecord): Version | null {
  const [epoch, turn] = (headerText(record, versionHeader) ?? "").split(":").map(Number);
  if (epoch === undefined || turn === undefined || Number.isNaN(epoch) || Number.isNaN(turn)) return null;
  return { epoch, turn };
}
