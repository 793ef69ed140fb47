// The Avro schemas of schemas/*.avsc as closed documents: one per topic value, with everything it refers to written into it,
// as a registry without references takes it. Reads files when called, not when imported.
import { readFileSync, readdirSync } from "node:fs";

import { type TopicSuffix, topics } from "../../topology/topics.ts";

/** A schema or a part of one, as JSON. */
export type SchemaJson = string | readonly SchemaJson[] | { readonly [attribute: string]: unknown };

const primitives = new Set(["null", "boolean", "int", "long", "float", "double", "bytes", "string"]);

/** The closed schema of each topic's value. Throws when a file is missing or refers to a name that no file has. */
export function loadTopicSchemas(): Readonly<Record<TopicSuffix, SchemaJson>> {
  const folder = new URL("../../../schemas/", import.meta.url);
  const files = readdirSync(folder).filter((file) => file.endsWith(".avsc"));
  const byName = new Map<string, SchemaJson>();
  for (const file of files) {
    const schema = JSON.parse(readFileSync(new URL(file, folder), "utf8")) as { readonly name: string };
    byName.set(schema.name, { ...schema });
  }
  const closed = new Map<TopicSuffix, SchemaJson>();
  for (const { suffix, schema } of topics) closed.set(suffix, close(schema, byName, new Set()));
  const of = (suffix: TopicSuffix): SchemaJson => closed.get(suffix) ?? "null";
  return {
    "chat-requests": of("chat-requests"),
    "channel-messages": of("channel-messages"),
    "agent-events": of("agent-events"),
    "chat-events": of("chat-events"),
    interconnections: of("interconnections"),
    "dead-letters": of("dead-letters"),
  };
}

/** Replaces the first mention of each name by its definition; later ones stay names, as Avro wants it. */
function close(schema: SchemaJson, byName: ReadonlyMap<string, SchemaJson>, defined: Set<string>): SchemaJson {
  if (typeof schema === "string") {
    if (primitives.has(schema) || defined.has(schema)) return schema;
    const definition = byName.get(schema);
    if (definition === undefined) throw new Error(`no file in schemas/ defines ${schema}`);
    return close(definition, byName, defined);
  }
  if (isUnion(schema)) return schema.map((branch) => close(branch, byName, defined));
  const inside = (part: unknown): SchemaJson => close(part as SchemaJson, byName, defined);
  if (typeof schema["name"] === "string") defined.add(schema["name"]);
  return Object.fromEntries(
    Object.entries(schema).map(([attribute, value]) => {
      if (attribute === "items" || attribute === "values") return [attribute, inside(value)];
      if (attribute === "type" && typeof value === "object") return [attribute, inside(value)];
      if (attribute !== "fields") return [attribute, value];
      const fields = value as readonly { readonly type: SchemaJson }[];
      return [attribute, fields.map((field) => ({ ...field, type: inside(field.type) }))];
    }),
  );
}

function isUnion(schema: SchemaJson): schema is readonly SchemaJson[] {
  return Array.isArray(schema);
}
