// Schema evolution: the rules, each broken once; and that programs built with a released version and this one understand each other.
import avro from "avsc";
import { describe, expect, it } from "vitest";

import { broken, type SchemaJson } from "../../../schemas/evolution.ts";
import { readByReleased, releasedSchema, releasedVersions } from "../../../schemas/released.ts";
import { loadTopicSchemas } from "../../../src/clients/schema-registry/schemas.ts";
import { topics } from "../../../src/topology/topics.ts";
import { chatEventExamples } from "./chat-event-examples.ts";

const today = loadTopicSchemas();
const typeOf = (schema: SchemaJson): avro.Type => avro.Type.forSchema(schema as avro.schema.AvroSchema);

describe("a change of a schema", () => {
  const color = { type: "enum", name: "Color", symbols: ["unknown", "red"], default: "unknown" };
  const fields = [
    { name: "id", type: "string" },
    { name: "note", type: ["null", "string"], default: null },
    { name: "color", type: color, default: "unknown" },
  ];
  const record = (of: readonly SchemaJson[]): SchemaJson => ({ type: "record", name: "Thing", fields: of });
  const released = record(fields);
  const [id = "", note = "", colorField = ""] = fields as readonly SchemaJson[];
  const withColor = (changes: object): SchemaJson =>
    record([id, note, { name: "color", type: { ...color, ...changes }, default: "unknown" }]);
  const more = (field: object): SchemaJson => record([...fields, { name: "more", ...field }] as readonly SchemaJson[]);

  it.each<[string, SchemaJson]>([
    ["none", released],
    ["a field with a default", more({ type: "string", default: "" })],
    ["a symbol of an enum with a default", withColor({ symbols: ["unknown", "red", "blue"] })],
    ["a field with a default is gone", record([id, colorField])],
    ["other words in a doc", { ...(released as object), doc: "else" }],
  ])("is fine: %s", (_name, next) => {
    expect(broken(released, next, true)).toEqual([]);
  });

  it.each<[string, SchemaJson, string]>([
    ["a field without a default is added", more({ type: "string" }), "today's reader can't read the released writer"],
    ["a field without a default is gone", record([note, colorField]), "Thing.id is gone"],
    [
      "a default is gone",
      record([id, { name: "note", type: ["null", "string"] }, colorField]),
      "Thing.note has lost its default",
    ],
    ["another type", record([{ name: "id", type: "long" }, note, colorField]), "today's reader can't read"],
    ["a symbol is gone", withColor({ symbols: ["unknown"] }), "Color has lost its symbol red"],
    ["another default of an enum", withColor({ default: "red" }), "the default of Color was unknown and is red"],
    ["no default of an enum", withColor({ default: undefined }), "the default of Color was unknown and is none"],
    ["another name", { ...(released as object), name: "Other" }, "Thing is gone"],
  ])("is refused: %s", (_name, next, complaint) => {
    expect(broken(released, next, false).join("\n")).toContain(complaint);
  });

  it("that only a new reader can read is refused where others read", () => {
    const next = record([id, { name: "note", type: ["null", "string", "long"], default: null }, colorField]);
    expect(broken(released, next, false)).toEqual([]);
    expect(broken(released, next, true).join("\n")).toContain("the released reader can't read today's writer");
  });
});

describe.each(releasedVersions())("version %s", (version) => {
  it("is read by this one: whatever it has written", () => {
    for (const { suffix } of topics) {
      const schema = releasedSchema(version, suffix);
      if (schema === null) continue;
      const [writer, reader] = [typeOf(schema), typeOf(today[suffix])];
      const resolver = reader.createResolver(writer);
      for (let i = 0; i < 50; i += 1) {
        const value = reader.fromBuffer(writer.toBuffer(writer.random()), resolver) as unknown;
        expect(reader.isValid(value), suffix).toBe(true);
      }
    }
    expect(releasedSchema(version, "chat-events"), "a version without facts compares nothing").not.toBeNull();
  });

  it.each(readByReleased(version))("reads whatever this one writes to %s", (suffix) => {
    const schema = releasedSchema(version, suffix);
    const [writer, reader] = [typeOf(today[suffix]), typeOf(schema ?? today[suffix])];
    const resolver = reader.createResolver(writer);
    for (let i = 0; i < 200; i += 1) {
      const value = reader.fromBuffer(writer.toBuffer(writer.random()), resolver) as unknown;
      expect(reader.isValid(value)).toBe(true);
    }
  });

  it("reads today's facts as they are told, kinds that it does not know as unknown", () => {
    const reader = typeOf(releasedSchema(version, "chat-events") ?? "null");
    const writer = typeOf(today["chat-events"]);
    const resolver = reader.createResolver(writer);
    const kinds = JSON.stringify(reader.schema());
    for (const example of chatEventExamples().values()) {
      const read = reader.fromBuffer(writer.toBuffer(example), resolver) as Record<string, unknown>;
      const known = kinds.includes(`"${example.kind}"`);
      const { eventId, userId, chatId, sequence, occurredAt } = example;
      expect(read).toMatchObject({ eventId, userId, chatId, sequence, occurredAt });
      expect(read["kind"]).toBe(known ? example.kind : "unknown");
    }
  });
});
