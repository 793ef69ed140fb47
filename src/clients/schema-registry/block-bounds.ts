// Repairs how avsc 5.7.9 reads and skips maps and arrays, at run time: it believes their counts. 57 bytes that claim a map of 2^50 entries
// keep it counting behind their end for a year, and the process with it; the length of a block to be skipped may lead back to its own
// beginning. Called by topic-types.ts. A test compares avsc's source with what this was written against.
import avro from "avsc";

/** A place in the bytes of one value. */
interface Tap {
  readonly buf: Buffer;
  pos: number;
  /** Entries of all maps and arrays of the value so far. */
  entries?: number;
  readLong(): number;
  readString(): string;
  skipString(): void;
}

interface Inner {
  _read(tap: Tap): unknown;
  _skip(tap: Tap): void;
}

interface Collection {
  _read: (this: { readonly valuesType: Inner; readonly itemsType: Inner }, tap: Tap) => unknown;
  _skip: (this: { readonly valuesType: Inner; readonly itemsType: Inner }, tap: Tap) => void;
}

/** Every entry takes a byte of its own at least, save those of an array of nulls or of empty records: so many may be of that kind. */
const entriesWithoutBytes = 10_000;

/** For all types of the process, also those that were made before; safe to repeat. */
export function boundBlocks(): void {
  const map = avro.types.MapType.prototype as unknown as Collection;
  map._read = function (tap) {
    const value: Record<string, unknown> = {};
    for (let left = nextBlock(tap); left > 0; left = nextBlock(tap))
      for (; left > 0; left -= 1) {
        const key = tap.readString();
        value[key] = this.valuesType._read(tap);
      }
    return value;
  };
  map._skip = function (tap) {
    skipBlocks(tap, () => {
      tap.skipString();
      this.valuesType._skip(tap);
    });
  };
  const array = avro.types.ArrayType.prototype as unknown as Collection;
  array._read = function (tap) {
    const items: unknown[] = [];
    for (let left = nextBlock(tap); left > 0; left = nextBlock(tap))
      for (; left > 0; left -= 1) items.push(this.itemsType._read(tap));
    return items;
  };
  array._skip = function (tap) {
    skipBlocks(tap, () => this.itemsType._skip(tap));
  };
}

/** How many entries the next block has; 0 behind the last. Throws when the value can't have so many. */
function nextBlock(tap: Tap): number {
  const count = tap.readLong();
  // A negative count is followed by the block's length, for those who skip it.
  if (count < 0) tap.readLong();
  return spent(tap, Math.abs(count));
}

function skipBlocks(tap: Tap, skipEntry: () => void): void {
  for (let count = tap.readLong(); count !== 0; count = tap.readLong()) {
    let left = spent(tap, Math.abs(count));
    if (count > 0) for (; left > 0; left -= 1) skipEntry();
    else {
      const length = tap.readLong();
      if (length < 0) throw new Error("a block of negative length");
      tap.pos += length;
    }
  }
}

function spent(tap: Tap, count: number): number {
  tap.entries = (tap.entries ?? 0) + count;
  if (tap.entries > tap.buf.length + entriesWithoutBytes) throw new Error("more entries than the bytes can hold");
  return count;
}
