// Snappy and LZ4 as Kafka's producers write them, unpacked: neither Node nor KafkaJS can, and what npm has for it is compiled or no longer
// kept. Plain functions over bytes, synchronous; they throw where the bytes are not of the format or give more than `most`. What they give
// is written once into memory that grows with it. Checksums are not looked at: the broker has read the batch before it stored it.

/** More than it may become. */
export class TooLarge extends Error {
  constructor() {
    super("a compressed batch holds more than it may");
  }
}

interface Sink {
  bytes: Buffer;
  length: number;
  readonly most: number;
}

/** What snappy-java (and so Kafka's Java client) puts before its blocks; other clients write one block and nothing else. */
const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const xerialHeaderBytes = 16;

/** Unpacks Snappy, in blocks of snappy-java or as one. `most` in bytes. */
export function unpackSnappy(packed: Buffer, most: number): Buffer {
  const sink: Sink = { bytes: Buffer.alloc(0), length: 0, most };
  if (packed.subarray(0, xerialMagic.length).equals(xerialMagic)) {
    for (let at = xerialHeaderBytes; at < packed.length;) {
      const end = at + 4 + packed.readUInt32BE(at);
      snappyBlock(packed.subarray(at + 4, end), sink);
      at = end;
    }
  } else snappyBlock(packed, sink);
  return sink.bytes.subarray(0, sink.length);
}

function snappyBlock(block: Buffer, sink: Sink): void {
  let at = 0;
  let size = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = block.readUInt8(at++);
    size += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  const end = sink.length + size;
  reserve(sink, size);
  while (at < block.length) {
    const tag = block.readUInt8(at++);
    const rest = tag >> 2;
    switch (tag & 3) {
      case 0: {
        // Up to 60 in the tag, beyond that in one to four bytes.
        const more = Math.max(0, rest - 59);
        const length = 1 + (more === 0 ? rest : block.readUIntLE(at, more));
        at += more;
        append(sink, block, at, length);
        at += length;
        break;
      }
      case 1:
        repeat(sink, ((tag >> 5) << 8) | block.readUInt8(at), 4 + (rest & 7));
        at += 1;
        break;
      case 2:
        repeat(sink, block.readUInt16LE(at), 1 + rest);
        at += 2;
        break;
      default:
        repeat(sink, block.readUInt32LE(at), 1 + rest);
        at += 4;
    }
  }
  if (sink.length !== end) throw new Error("a Snappy block of another length than it says");
}

const lz4Magic = 0x184d2204;

/** Unpacks LZ4 frames, their blocks linked or not. `most` in bytes. */
export function unpackLz4(packed: Buffer, most: number): Buffer {
  const sink: Sink = { bytes: Buffer.alloc(0), length: 0, most };
  for (let at = 0; at < packed.length;) at = lz4Frame(packed, at, sink);
  return sink.bytes.subarray(0, sink.length);
}

/** Answers where the frame ends. */
function lz4Frame(packed: Buffer, from: number, sink: Sink): number {
  if (packed.readUInt32LE(from) !== lz4Magic) throw new Error("no LZ4 frame");
  const flags = packed.readUInt8(from + 4);
  const has = (bit: number, bytes: number): number => ((flags & bit) === 0 ? 0 : bytes);
  // Magic, flags and block size, length of the content, dictionary id, checksum of all that.
  let at = from + 6 + has(8, 8) + has(1, 4) + 1;
  for (;;) {
    const head = packed.readUInt32LE(at);
    at += 4;
    if (head === 0) return at + has(4, 4);
    const size = head & 0x7fff_ffff;
    if (head > 0x7fff_ffff) append(sink, packed, at, size);
    else lz4Block(packed.subarray(at, at + size), sink);
    at += size + has(16, 4);
  }
}

function lz4Block(block: Buffer, sink: Sink): void {
  let at = 0;
  /** What does not fit into the token's four bits goes on in bytes, up to the first that is not full. */
  const lengthFrom = (bits: number): number => {
    let length = bits;
    if (bits < 15) return length;
    for (;;) {
      const more = block.readUInt8(at++);
      length += more;
      if (more < 255) return length;
    }
  };
  while (at < block.length) {
    const token = block.readUInt8(at++);
    const literals = lengthFrom(token >> 4);
    append(sink, block, at, literals);
    at += literals;
    if (at >= block.length) return; // the last of a block has no match
    const distance = block.readUInt16LE(at);
    at += 2;
    repeat(sink, distance, 4 + lengthFrom(token & 15));
  }
}

/** Copies from the packed bytes. */
function append(sink: Sink, from: Buffer, at: number, length: number): void {
  if (at + length > from.length) throw new Error("compressed bytes end too early");
  reserve(sink, length);
  from.copy(sink.bytes, sink.length, at, at + length);
  sink.length += length;
}

/** Copies from what was unpacked before; the copy may run into what it writes itself, and then repeats that. */
function repeat(sink: Sink, distance: number, length: number): void {
  if (distance < 1 || distance > sink.length) throw new Error("compressed bytes refer to what is not there");
  reserve(sink, length);
  const { bytes } = sink;
  let from = sink.length - distance;
  const end = sink.length + length;
  if (distance >= length) bytes.copyWithin(sink.length, from, from + length);
  else for (let to = sink.length; to < end; to += 1, from += 1) bytes[to] = bytes[from] ?? 0;
  sink.length = end;
}

function reserve(sink: Sink, length: number): void {
  const needed = sink.length + length;
  if (needed > sink.most) throw new TooLarge();
  if (needed <= sink.bytes.length) return;
  const grown = Buffer.allocUnsafe(Math.max(needed, 2 * sink.bytes.length));
  sink.bytes.copy(grown, 0, 0, sink.length);
  sink.bytes = grown;
}
