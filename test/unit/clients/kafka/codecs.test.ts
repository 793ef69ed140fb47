// Compressed batches as KafkaJS reads them once its codecs are ours: what Kafka's own libraries have packed, and what is too much.
import { createRequire } from "node:module";
import { gzipSync, zstdCompressSync } from "node:zlib";

import type { KafkaMessage } from "kafkajs";
import { describe, expect, it } from "vitest";

import { registerCodecs } from "../../../../src/clients/kafka/codecs.ts";
import { toRecord } from "../../../../src/clients/kafka/records.ts";
import { TooLarge, unpackLz4, unpackSnappy } from "../../../../src/clients/kafka/unpack.ts";
import type { ConsumedRecord } from "../../../../src/topology/ports.ts";
import { createOwnerParts } from "../../../support/owner-parts.ts";

const load = createRequire(import.meta.url);
const protocol = "kafkajs/src/protocol";
const { RecordBatch } = load(`${protocol}/recordBatch/v0/index.js`) as {
  readonly RecordBatch: (batch: object) => Promise<{ readonly buffer: Buffer }>;
};
const encodeRecord = load(`${protocol}/recordBatch/record/v0/index.js`) as (record: object) => object;
const decodeBatch = load(`${protocol}/recordBatch/v0/decoder.js`) as (
  from: object,
) => Promise<{ readonly records: readonly KafkaMessage[] }>;
const Decoder = load(`${protocol}/decoder.js`) as new (bytes: Buffer) => object;
const { Codecs } = load(`${protocol}/message/compression/index.js`) as {
  readonly Codecs: Record<number, () => object>;
};

const { log, toldOf } = createOwnerParts();
registerCodecs(log, 1_000_000);

/** Records as they are read of a batch of these values that was packed so; its first offset is 700. */
async function carried(
  codec: number,
  values: readonly Buffer[],
  pack: (bytes: Buffer) => Buffer,
): Promise<readonly ConsumedRecord[]> {
  const records = values.map((value, offsetDelta) => encodeRecord({ offsetDelta, key: Buffer.from("ana"), value }));
  const ours = Codecs[codec]?.();
  const compress = ({ buffer }: { readonly buffer: Buffer }): Promise<Buffer> => Promise.resolve(pack(buffer));
  Codecs[codec] = () => ({ ...ours, compress });
  const head = { compression: codec, firstOffset: 700, lastOffsetDelta: values.length - 1, firstTimestamp: 5 };
  const { buffer } = await RecordBatch({ ...head, records });
  return (await decodeBatch(new Decoder(buffer))).records.map(toRecord);
}

/** Text that was packed into the samples. */
function lines(length: number): string {
  let text = "";
  for (let i = 0; text.length < length; i += 1)
    text += `line ${String(i % 10)} of a batch: áéí ${String((i * 7) % 10)}\n`;
  return text;
}

// Made with snappy-java 1.1.10 and lz4-java 1.8.0, which Kafka's Java client uses, and with lz4 1.9 (linked, stored).
const samples = {
  /** Two blocks under snappy-java's header, of 36,000 characters. */
  xerial:
    "glNOQVBQWQAAAAABAAAAAQAABmeAgAJsbGluZSAwIG9mIGEgYmF0Y2g6IMOhw6nDrSAwCgUcADFOHAAANwkcADJOHAAANAkcADNOHAAAMQkcADROHAAAOAkcADVOHAAANQkcADZOHAAAMgkcADdOHAAAOQkcADhOHAAANgkcADlOHAAAMwkc/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgB/hgBihgBAAAByYA7bGYgYSBiYXRjaDogw6HDqcOtIDAKbGluZSAxIG9GHAAANwkcADJOHAAANAkcADNOHAAAMQkcADROHAAAOAkcADVOHAAANQkcADZOHAAAMgkcADdOHAAAOQkcADhOHAAANgkcADlOHAAAMwkcADBOHAD+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAH+GAFWGAE=",
  /** One block without, of 400 characters. */
  snappy:
    "wANsbGluZSAwIG9mIGEgYmF0Y2g6IMOhw6nDrSAwCgUcADFOHAAANwkcADJOHAAANAkcADNOHAAAMQkcADROHAAAOAkcADVOHAAANQkcADZOHAAAMgkcADdOHAAAOQkcADhOHAAANgkcADlOHAAAMwkc/hgB/hgBihgB",
  /** Of 70,000 characters: two blocks. */
  lz4: "BCJNGGBAgnoBAADxDWxpbmUgMCBvZiBhIGJhdGNoOiDDocOpw60gMAocAB8xHAABEjccAB8yHAABEjQcAB8zHAABEjEcAB80HAABEjgcAB81HAABEjUcAB82HAABEjIcAB83HAABEjkcAB84HAABEjYcAB85HAABEjMcAA8YAf///////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////8pQIGJhdGOsAAAA9g1oOiDDocOpw60gMApsaW5lIDEgb2YgYSBiYXRjHAASNxwAHzIcAAESNBwAHzMcAAESMRwAHzQcAAESOBwAHzUcAAESNRwAHzYcAAESMhwAHzccAAESORwAHzgcAAESNhwAHzkcAAESMxwAHzAcAAEPGAH/////////////////////////////////////////////////////////////////N1DDrSAzCgAAAAA=",
  /** The same with checksums. */
  lz4Checked:
    "BCJNGHRAvXoBAADxDWxpbmUgMCBvZiBhIGJhdGNoOiDDocOpw60gMAocAB8xHAABEjccAB8yHAABEjQcAB8zHAABEjEcAB80HAABEjgcAB81HAABEjUcAB82HAABEjIcAB83HAABEjkcAB84HAABEjYcAB85HAABEjMcAA8YAf///////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////8pQIGJhdGPv3IgOrAAAAPYNaDogw6HDqcOtIDAKbGluZSAxIG9mIGEgYmF0YxwAEjccAB8yHAABEjQcAB8zHAABEjEcAB80HAABEjgcAB81HAABEjUcAB82HAABEjIcAB83HAABEjkcAB84HAABEjYcAB85HAABEjMcAB8wHAABDxgB/////////////////////////////////////////////////////////////////zdQw60gMwpMljVAAAAAANR1lsA=",
  /** Blocks that refer to those before, and the length of the content. */
  lz4Linked:
    "BCJNGExAQDIBAAAAAADxegEAAPENbGluZSAwIG9mIGEgYmF0Y2g6IMOhw6nDrSAwChwAHzEcAAESNxwAHzIcAAESNBwAHzMcAAESMRwAHzQcAAESOBwAHzUcAAESNRwAHzYcAAESMhwAHzccAAESORwAHzgcAAESNhwAHzkcAAESMxwADxgB////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////ylAgYmF0YzwAAAAP8P///////////////////////////////////////////////////////////////////1pQw60gMwoAAAAA1HWWwA==",
  /** 200 bytes of chance, kept as they are. */
  lz4Stored:
    "BCJNGGRAp8gAAIBz1Rq72Jy4GW8O+2iS+U1o/MwsNfC4Rgnl8SxV3YWrqNXZvvdoCPO1cuWQARK4GSe6W7X2fhvaKLQEm/DkrteNsV178vwMNOmpneTvO8KxfIE3rWWYePnpPfH2WDZ6yihkUkdLnvN2XiTpqIFzck3d+wSwHczrDIrq1kHFja1WlYG67qh8ENQKR5AgKOYc/cJD2dFgCKq8n7d8xyOlYBfhTxzosWmDQXNKaCPOAgQ+AWtUSQEhSi3auC/shcC5/gVJxHW+W4h7tAAAAADjIoxt",
};
const bytesOf = (sample: keyof typeof samples): Buffer => Buffer.from(samples[sample], "base64");
const most = 1_000_000;

describe("what is unpacked", () => {
  it.each([
    ["xerial", 36_000],
    ["snappy", 400],
  ] as const)("is Snappy as Kafka's clients write it (%s)", (sample, length) => {
    expect(unpackSnappy(bytesOf(sample), most).toString()).toBe(lines(length));
  });

  it.each(["lz4", "lz4Checked", "lz4Linked"] as const)("is LZ4 in frames of every kind (%s)", (sample) => {
    expect(unpackLz4(bytesOf(sample), most).toString()).toBe(lines(70_000));
    expect(unpackLz4(Buffer.concat([bytesOf(sample), bytesOf(sample)]), most).toString()).toBe(lines(70_000).repeat(2));
  });

  it("is LZ4 that was stored as it is", () => {
    const stored = unpackLz4(bytesOf("lz4Stored"), most);
    expect(stored).toHaveLength(200);
    expect(bytesOf("lz4Stored").includes(stored)).toBe(true);
  });

  it("is refused before it becomes too large", () => {
    expect(() => unpackSnappy(bytesOf("xerial"), 30_000)).toThrow(TooLarge);
    expect(() => unpackLz4(bytesOf("lz4"), 60_000)).toThrow(TooLarge);
  });

  it.each([
    ["xerial", unpackSnappy],
    ["snappy", unpackSnappy],
    ["lz4", unpackLz4],
  ] as const)("ends also where bytes are wrong, and is refused where they are cut (%s)", (sample, unpack) => {
    const good = bytesOf(sample);
    let refused = 0;
    for (let at = 0; at < good.length; at += 1) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 0xff;
      try {
        unpack(bad, most);
      } catch {
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(0);
    expect(() => unpack(good.subarray(0, good.length - 1), most)).toThrow();
    expect(() => unpack(good.subarray(0, good.length >> 1), most)).toThrow();
  });
});

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** Snappy that is not packed at all: its length and one literal. */
function plainSnappy(bytes: Buffer): Buffer {
  const head: number[] = [];
  let rest = bytes.length;
  for (; rest > 0x7f; rest >>>= 7) head.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([...head, rest, 63 << 2]), uint32(bytes.length - 1), bytes]);
}

/** A frame of LZ4 of one block, stored as it is. */
function plainLz4(bytes: Buffer): Buffer {
  const head = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0]);
  return Buffer.concat([head, uint32(bytes.length + 0x8000_0000), bytes, uint32(0)]);
}

const packers = [
  ["gzip", 1, gzipSync],
  ["snappy", 2, plainSnappy],
  ["lz4", 3, plainLz4],
  ["zstd", 4, zstdCompressSync],
] as const;

describe("a batch", () => {
  it.each(packers)("is read when it is compressed with %s", async (_, codec, pack) => {
    const values = [Buffer.from("one"), Buffer.alloc(100_000, "two")];
    const read = await carried(codec, values, pack);
    expect(read.map(({ offset, value }) => [offset, value])).toEqual(values.map((value, i) => [700 + i, value]));
  });

  it.each(packers)(
    "of %s that is more than memory should hold is read as records of nothing",
    async (_, codec, pack) => {
      const values = Array.from({ length: 300 }, () => Buffer.alloc(4_000));
      const before = toldOf.length;
      const read = await carried(codec, values, pack);
      expect(read.map(({ offset }) => offset)).toEqual(values.map((_value, i) => 700 + i));
      const nothing = { timestamp: 5, key: null, value: Buffer.alloc(0), headers: [] };
      for (const record of read) expect(record).toMatchObject(nothing);
      expect(toldOf).toHaveLength(before + 1);
    },
  );
});
