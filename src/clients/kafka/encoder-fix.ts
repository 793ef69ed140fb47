// Makes the encoder of KafkaJS 2.2.4 cheaper at run time, byte for byte the same: it takes a zeroed ArrayBuffer of its own for every record,
// header and batch, writes each varint through an array and a Buffer, and every record's time through BigInt. That was a third of the CPU
// of a stream of small records. Called by client.ts. A test compares KafkaJS's source with what this was written against.
import { createRequire } from "node:module";

interface Encoder {
  buf: Buffer;
  offset: number;
  ensureAvailable: (this: Encoder, length: number) => void;
  writeUVarInt: (this: Encoder, value: number) => Encoder;
  writeVarLong: (this: Encoder, value: unknown) => Encoder;
}

/** KafkaJS's class as far as it is changed. */
export interface EncoderClass {
  readonly prototype: Encoder;
  nextPowerOfTwo: (value: number) => number;
  sizeOfVarLong: (value: unknown) => number;
}

/** Most encoders hold a header, a number or a few; those of records grow to what they need in one step. */
const firstBytes = 64;
/** Numbers below it, and not below zero, are one byte as a varint: the zigzag form is twice as large. */
const oneByte = 64;
/** Longest 32-bit varint. */
const varIntBytes = 5;

function encoderClass(): EncoderClass {
  return createRequire(import.meta.url)("kafkajs/src/protocol/encoder.js") as EncoderClass;
}

const fixed = new WeakSet<EncoderClass>();

/** Changes the class, for all KafkaJS clients of the process; safe to repeat. */
export function fixEncoder(Encoder: EncoderClass = encoderClass()): void {
  if (fixed.has(Encoder)) return;
  fixed.add(Encoder);
  const { prototype } = Encoder;
  const { writeVarLong } = prototype;
  // It names its class and does not say `this`.
  const { sizeOfVarLong } = Encoder;

  // The constructor asks it how much to take: nothing, before it is known how much is written.
  Encoder.nextPowerOfTwo = () => 0;
  // Bytes behind `offset` are never shown, so they need not be zero; small ones come from Node's pool.
  prototype.ensureAvailable = function (length) {
    const needed = this.offset + length;
    if (needed <= this.buf.length) return;
    const grown = Buffer.allocUnsafe(Math.max(firstBytes, needed, 2 * this.buf.length));
    this.buf.copy(grown, 0, 0, this.offset);
    this.buf = grown;
  };
  prototype.writeUVarInt = function (value) {
    this.ensureAvailable(varIntBytes);
    let rest = value >>> 0;
    for (; rest > 0x7f; rest >>>= 7) this.buf[this.offset++] = (rest & 0x7f) | 0x80;
    this.buf[this.offset++] = rest;
    return this;
  };
  prototype.writeVarLong = function (value) {
    if (!isOneByte(value)) return writeVarLong.call(this, value);
    this.ensureAvailable(1);
    this.buf[this.offset++] = 2 * value;
    return this;
  };
  Encoder.sizeOfVarLong = (value) => (isOneByte(value) ? 1 : sizeOfVarLong(value));
}

function isOneByte(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value < oneByte && Number.isInteger(value);
}
