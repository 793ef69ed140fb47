// KafkaJS's encoder as made cheaper: it writes the bytes that KafkaJS's own writes, and what was changed is still what KafkaJS has.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { runInThisContext } from "node:vm";

import { describe, expect, it } from "vitest";

import { fixEncoder, type EncoderClass } from "../../../../src/clients/kafka/encoder-fix.ts";

type Written = Readonly<Record<string, (value: unknown) => Written>> & { readonly buffer: Buffer; size(): number };
type Class = EncoderClass & (new (size?: number) => Written);

const load = createRequire(import.meta.url);
const path = load.resolve("kafkajs/src/protocol/encoder.js");
const source = readFileSync(path, "utf8");

/** A class of its own each time, so that nothing of the test reaches KafkaJS's. */
function encoder(): Class {
  const module = { exports: {} as unknown };
  const inside = createRequire(path);
  const wrapped = runInThisContext(`(function (module, require) {${source}\n})`) as (...all: unknown[]) => void;
  wrapped(module, inside);
  return module.exports as Class;
}

const [plain, cheap] = [encoder(), encoder()];
fixEncoder(cheap);
fixEncoder(cheap);

/** What both write. */
function bothWrite(write: (to: Written, of: Class) => Written): readonly [Buffer, Buffer] {
  return [write(new plain(), plain).buffer, write(new cheap(), cheap).buffer];
}

const numbers = [0, 1, 63, 64, 127, 128, 300, 16_383, 16_384, 2 ** 28, 2 ** 31 - 1, -1, -64, -65, -(2 ** 31)];

describe("the encoder", () => {
  it("is the one that the fix was written against: compare again when KafkaJS changes it", () => {
    expect(createHash("sha256").update(source).digest("hex")).toMatchInlineSnapshot(
      `"9977889e184a9e910e4f6098c36ec6a0ca36c183aa6ead0f24191b6aa1c9a777"`,
    );
  });

  it.each(numbers)("writes %i as KafkaJS does", (number) => {
    for (const method of ["writeVarInt", "writeVarLong", "writeInt32", "writeInt64"]) {
      const [expected, written] = bothWrite((to) => to[method]?.(number) ?? to);
      expect(written, method).toEqual(expected);
    }
    expect(cheap.sizeOfVarLong(number)).toBe(plain.sizeOfVarLong(number));
    if (number >= 0) {
      const [expected, written] = bothWrite((to) => to["writeUVarInt"]?.(number) ?? to);
      expect(written).toEqual(expected);
    }
  });

  it("writes long times as KafkaJS does", () => {
    for (const value of [1_795_000_000_000, 2n ** 40n, -1_795_000_000_000]) {
      const [expected, written] = bothWrite((to) => to["writeVarLong"]?.(value) ?? to);
      expect(written).toEqual(expected);
      expect(cheap.sizeOfVarLong(value)).toBe(plain.sizeOfVarLong(value));
    }
  });

  it("grows over texts, bytes and other encoders as KafkaJS does", () => {
    const sizes = [0, 1, 40, 63, 64, 65, 500, 511, 512, 4_095, 4_096, 9_000, 70_000];
    const [expected, written] = bothWrite((to, of) => {
      for (const size of sizes) {
        to["writeVarIntBytes"]?.(Buffer.alloc(size, size % 251));
        to["writeString"]?.("ñ".repeat(size % 3_000));
        to["writeEncoderArray"]?.([new of()["writeInt8"]?.(size % 100), new of(), new of()["writeVarInt"]?.(size)]);
      }
      return to;
    });
    expect(written.equals(expected)).toBe(true);
    expect(new cheap()["writeInt8"]?.(1).size()).toBe(1);
  });
});
