// Teaches KafkaJS 2.2.4 to read what it can't by itself: zstd, Snappy and LZ4. A producer upstream or a topic's compression.type chooses
// them without asking anybody, and KafkaJS ends its consumer at the first such batch, again at every start. And no batch becomes more than
// memory holds: one that does is read as so many records of nothing, which are dead letters. Called by client.ts.
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { gzip, unzip, zstdDecompress } from "node:zlib";

import type { Log } from "../../topology/ports.ts";
import { TooLarge, unpackLz4, unpackSnappy } from "./unpack.ts";

/** A batch of a Kafka producer is as large as one request at most, usually 1 MB, before it is compressed. */
const mostBytes = 32 * 1024 * 1024;

type Unpack = (packed: Buffer, most: number) => Promise<Buffer> | Buffer;

const [zip, unzipped, unzstd] = [promisify(gzip), promisify(unzip), promisify(zstdDecompress)];

/** By KafkaJS's number of the codec. */
const unpackers: readonly (readonly [codec: number, unpack: Unpack])[] = [
  [1, (packed, most) => unzipped(packed, { maxOutputLength: most })],
  [2, unpackSnappy],
  [3, unpackLz4],
  [4, (packed, most) => unzstd(packed, { maxOutputLength: most })],
];

interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(packed: Buffer): Promise<Buffer>;
}

/** Registers the codecs, for all KafkaJS clients of the process; safe to repeat. `log` hears of batches of more than `most` bytes. */
export function registerCodecs(log: Log, most = mostBytes): void {
  // Not through the package's own names: those are fixed when it is imported, and its table is what its decoder looks into.
  const { Codecs } = createRequire(import.meta.url)("kafkajs/src/protocol/message/compression/index.js") as {
    readonly Codecs: Record<number, () => Codec>;
  };
  for (const [number, unpack] of unpackers) {
    const codec: Codec = {
      // Only gzip is ever asked for.
      compress: ({ buffer }) => zip(buffer),
      async decompress(packed) {
        try {
          return await unpack(packed, most);
        } catch (error) {
          if (!isTooLarge(error)) throw error;
          log.error(
            { packedBytes: packed.length, mostBytes: most },
            "a compressed batch of an input topic holds more than can be read; its records go to the dead letters without their bytes",
          );
          return recordsOfNothing(countBefore(packed));
        }
      },
    };
    Codecs[number] = () => codec;
  }
}

function isTooLarge(error: unknown): boolean {
  return (
    error instanceof TooLarge || (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE")
  );
}

/** How many records the batch has: KafkaJS does not tell, but the number stands before the packed bytes, of which it gives a view. */
function countBefore({ buffer, byteOffset }: Buffer): number {
  return Buffer.from(buffer, byteOffset - 4, 4).readInt32BE();
}

/** Records without key and headers whose value is empty, at the offsets from the batch's first on. */
function recordsOfNothing(count: number): Buffer {
  const longestRecord = 11;
  if (count * longestRecord > mostBytes) throw new Error("a compressed batch holds more records than can be read");
  const bytes = Buffer.allocUnsafe(count * longestRecord);
  let at = 0;
  for (let delta = 0; delta < count; delta += 1) {
    const from = at++;
    at = bytes.writeUInt8(0, at); // attributes
    at = bytes.writeUInt8(0, at); // time as of the batch's first
    let rest = 2 * delta;
    for (; rest > 0x7f; rest >>>= 7) at = bytes.writeUInt8((rest & 0x7f) | 0x80, at);
    at = bytes.writeUInt8(rest, at);
    at = bytes.writeUInt8(1, at); // no key
    at = bytes.writeUInt16BE(0, at); // an empty value, no headers
    bytes.writeUInt8(2 * (at - from - 1), from);
  }
  return bytes.subarray(0, at);
}
