// Maps and arrays whose counts are not true: refused at once, wherever they stand; and those that are, read as avsc reads them.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import avro from "avsc";
import { describe, expect, it } from "vitest";

import { createCodec } from "../../../../src/clients/schema-registry/codec.ts";
import { loadTopicTypes } from "../../../../src/clients/schema-registry/topic-types.ts";
import { longBytes, mapBomb } from "../../../support/poison.ts";

const load = createRequire(import.meta.url);
const types = loadTopicTypes();
const own = { "chat-requests": 1, "channel-messages": 2, "agent-events": 3, "chat-events": 4 } as const;
const ids = { ...own, interconnections: 5, "dead-letters": 6 };
const never = { schemaOf: () => Promise.reject(new Error("nobody is asked")) };

/** Reads the bytes as a value of `writer` into a record that has nothing of it. */
function readerOf(type: avro.schema.AvroSchema): (bytes: readonly number[]) => unknown {
  const writer = avro.Type.forSchema({ type: "record", name: "R", fields: [{ name: "all", type }] });
  return (bytes) => writer.fromBuffer(Buffer.from(bytes)) as unknown;
}

function skipperOf(type: avro.schema.AvroSchema): (bytes: readonly number[]) => unknown {
  const fields = [{ name: "last", type: "int" }];
  const writer = avro.Type.forSchema({ type: "record", name: "R", fields: [{ name: "all", type }, ...fields] });
  const reader = avro.Type.forSchema({ type: "record", name: "R", fields });
  const resolver = reader.createResolver(writer);
  return (bytes) => reader.fromBuffer(Buffer.from(bytes), resolver) as unknown;
}

const huge = [...longBytes(2n ** 50n)];
const map = { type: "map", values: "string" } as const;
const strings = { type: "array", items: "string" } as const;
const nulls = { type: "array", items: "null" } as const;
const nullLists = { type: "array", items: nulls } as const;

describe("avsc's maps and arrays", () => {
  it("are the ones that the repair was written against: compare again when avsc changes them", () => {
    const hash = createHash("sha256")
      .update(readFileSync(load.resolve("avsc/lib/types.js"), "utf8"))
      .digest("hex");
    expect(hash).toMatchInlineSnapshot(`"f5c8bfe63da5a9201397446e3fc159f2e5800cd9303e395a97b3b464790ac2e1"`);
  });

  it("make a bad record of a request that claims 2^50 entries of extraData", () => {
    const codec = createCodec(types, ids, never);
    const bytes = mapBomb(ids["chat-requests"], "u");
    expect(bytes.length).toBeLessThan(60);
    expect(codec.decode("chat-requests", bytes)).toMatchObject({ kind: "bad", reason: "undecodable" });
  });

  it.each([
    ["a map", map],
    ["an array", strings],
    ["an array whose items take no bytes", nulls],
  ])("refuse a count of 2^50 in %s that is read, and in one that is skipped", (_, type) => {
    expect(() => readerOf(type)(huge)).toThrow(/more entries/u);
    expect(() => skipperOf(type)(huge)).toThrow(/more entries/u);
    // A negative count is followed by the length of its block.
    const negative = [...longBytes(-(2n ** 50n)), 2, 0];
    expect(() => readerOf(type)(negative)).toThrow(/more entries/u);
    expect(() => skipperOf(type)(negative)).toThrow(/more entries/u);
  });

  it("refuse many counts that are too large only together", () => {
    const inner = [...longBytes(9_000n), 0];
    const bytes = [...longBytes(400n), ...Array.from({ length: 400 }, () => inner).flat(), 0];
    expect(() => readerOf(nullLists)(bytes)).toThrow(/more entries/u);
    expect(() => skipperOf(nullLists)([...bytes, 8])).toThrow(/more entries/u);
  });

  it.each([
    ["a map", map],
    ["an array", strings],
  ])("refuse a block of %s whose length leads back to its beginning", (_, type) => {
    expect(() => skipperOf(type)([...longBytes(-1n), ...longBytes(-2n), 0, 8])).toThrow(/negative length/u);
  });

  it("read and skip blocks of both forms", () => {
    // Two entries without, then one with the length of its block.
    const entries = [4, 2, 97, 2, 98, 2, 99, 2, 100, 1, 8, 2, 101, 2, 102, 0];
    expect(readerOf(map)(entries)).toEqual({ all: { a: "b", c: "d", e: "f" } });
    expect(skipperOf(map)([...entries, 8])).toEqual({ last: 4 });
    expect(readerOf(strings)([4, 2, 97, 2, 98, 1, 4, 2, 99, 0])).toEqual({ all: ["a", "b", "c"] });
    expect(skipperOf(strings)([4, 2, 97, 2, 98, 1, 4, 2, 99, 0, 8])).toEqual({ last: 4 });
    expect(readerOf(nulls)([...longBytes(9_000n), 0])).toEqual({ all: Array.from({ length: 9_000 }, () => null) });
    for (const type of [map, strings])
      expect([readerOf(type)([0]), skipperOf(type)([0, 8])]).toMatchObject([{}, { last: 4 }]);
  });
});
