// Repairs one method of KafkaJS 2.2.4's decoder at run time. Its record decoder gathers headers by copying all of them for each one, so
// that 8,000 (56 kB) block the process for 20 s and the group gives their partition to the next victim; and it gathers them in an object
// that inherits, so that a header named constructor brings a function beside its bytes. Called by client.ts. A test compares KafkaJS's
// source with what this was written against.
import { createRequire } from "node:module";

type Values = Buffer | null | (Buffer | null)[];

interface Header {
  readonly key: string;
  readonly value: Buffer | null;
}

interface Decoder {
  readVarInt: () => number;
  readVarIntArray: (
    this: Decoder,
    read: (from: Decoder) => Header,
  ) => { readonly reduce: () => Record<string, Values> };
}

/** KafkaJS's class as far as it is changed. */
export interface DecoderClass {
  readonly prototype: Decoder;
}

function decoderClass(): DecoderClass {
  return createRequire(import.meta.url)("kafkajs/src/protocol/decoder.js") as DecoderClass;
}

/**
 * Changes the class, for all KafkaJS clients of the process; safe to repeat. Only the headers of a record are read by `readVarIntArray`,
 * and its caller reduces the array at once: it gets headers that are gathered already, whatever it would do.
 */
export function fixDecoder({ prototype }: DecoderClass = decoderClass()): void {
  prototype.readVarIntArray = function (read) {
    const headers = Array.from({ length: Math.max(0, this.readVarInt()) }, () => read(this));
    return { reduce: () => gathered(headers) };
  };
}

function gathered(headers: readonly Header[]): Record<string, Values> {
  const byName = Object.create(null) as Record<string, Values>;
  for (const { key, value } of headers) {
    const known = byName[key];
    if (known === undefined) byName[key] = value;
    else if (Array.isArray(known)) known.push(value);
    else byName[key] = [known, value];
  }
  return byName;
}
