// What a turn still has to produce after its save, as one block of bytes: the changelog records of the turn (its states,
// then its cursor). The cursor holds the rest, so that the changelog alone is enough to go on after the loss of Redis.
import type { Cursor, InterconnectionChange } from "../processors/messages/generated.ts";
import type { Codec } from "./ports.ts";

/** A record of the changelog, its partition left out. */
export interface KeyedBytes {
  readonly key: Buffer;
  /** Null is a tombstone. */
  readonly value: Buffer | null;
}

/** Frames records as: key length, key, value length (-1 for null), value; 32-bit big-endian lengths. */
export function packOutbox(records: readonly KeyedBytes[]): Buffer {
  const parts: Buffer[] = [];
  for (const { key, value } of records) {
    parts.push(int32(key.length), key, int32(value?.length ?? -1));
    if (value !== null) parts.push(value);
  }
  return Buffer.concat(parts);
}

/** The records of packOutbox. Throws when the bytes are not a whole block: then the store is damaged. */
export function unpackOutbox(bytes: Buffer): readonly KeyedBytes[] {
  const records: KeyedBytes[] = [];
  let at = 0;
  const take = (length: number): Buffer => {
    if (length < 0 || at + length > bytes.length) throw new Error("the stored outbox is cut short");
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const key = take(take(4).readInt32BE());
    const length = take(4).readInt32BE();
    records.push({ key, value: length < 0 ? null : take(length) });
  }
  return records;
}

/** The cursor in the bytes of a changelog record. Rejects when they hold something else or can't be decoded now. */
export async function readCursor(codec: Codec, bytes: Buffer): Promise<Cursor> {
  const decoded = await codec.decode("interconnections", bytes);
  if (decoded.kind !== "value") throw new Error(`the cursor can't be decoded: ${decoded.detail}`);
  const change = decoded.value as InterconnectionChange;
  if (change.body.type !== "Cursor") throw new Error("the record under the cursor's key is no cursor");
  return change.body;
}

function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value);
  return bytes;
}
