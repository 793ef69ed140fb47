// Headers of a record as KafkaJS's repaired decoder reads them, and on their way back into a topic: whatever their names and number.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import type { KafkaMessage } from "kafkajs";
import { describe, expect, it } from "vitest";

import { fixDecoder } from "../../../../src/clients/kafka/decoder-fix.ts";
import { headersOf, toRecord } from "../../../../src/clients/kafka/records.ts";
import type { Header } from "../../../../src/topology/ports.ts";

const load = createRequire(import.meta.url);
const sourceOf = (file: string): string => readFileSync(load.resolve(`kafkajs/src/protocol/${file}.js`), "utf8");

interface Written {
  readonly buffer: Buffer;
}
const encodeRecord = load("kafkajs/src/protocol/recordBatch/record/v0/index.js") as (record: object) => Written;
const decodeRecord = load("kafkajs/src/protocol/recordBatch/record/v0/decoder.js") as (
  from: unknown,
  batch: object,
) => KafkaMessage;
const Decoder = load("kafkajs/src/protocol/decoder.js") as new (bytes: Buffer) => { readVarInt(): number };

fixDecoder();
fixDecoder();

/** What comes back of a record with these headers. */
function carried(headers: readonly Header[]): readonly Header[] {
  const { buffer } = encodeRecord({ key: Buffer.from("k"), value: Buffer.from("v"), headers: headersOf(headers) });
  const decoder = new Decoder(buffer);
  decoder.readVarInt();
  return toRecord(decodeRecord(decoder, { firstOffset: "0", firstTimestamp: "0", magicByte: 2 })).headers;
}

const header = (name: string, value = "x"): Header => ({ name, value: Buffer.from(value) });

describe("the decoder of records", () => {
  it("is the one that the repair was written against: compare again when KafkaJS changes it", () => {
    const sources = ["decoder", "recordBatch/record/v0/decoder", "recordBatch/header/v0/decoder"]
      .map(sourceOf)
      .join("");
    expect(createHash("sha256").update(sources).digest("hex")).toMatchInlineSnapshot(
      `"3d17baf715b98e350b399f7b85363a391c32dfd40b22069c66457cc1002ffe6c"`,
    );
  });

  it.each(["trace", "constructor", "toString", "hasOwnProperty", "__proto__"])(
    "reads a header named %s as its bytes",
    (name) => {
      expect(carried([header(name)])).toEqual([header(name)]);
      expect(carried([header(name, "1"), header(name, "2"), header(name, "3")])).toEqual([
        ...[header(name, "1"), header(name, "2"), header(name, "3")],
      ]);
    },
  );

  it("reads a record without headers", () => {
    expect(carried([])).toEqual([]);
  });

  it.each([
    ["of names of their own", (i: number): string => `h${String(i)}`],
    ["of one name", (): string => "h"],
  ])("reads 16,000 headers %s without holding up the process", (_, nameOf) => {
    const headers = Array.from({ length: 16_000 }, (_value, i) => header(nameOf(i)));
    const startedMs = performance.now();
    expect(carried(headers)).toHaveLength(16_000);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });
});
