// The generated parts of docs/contracts.md, between `<!-- begin NAME -->` and `<!-- end -->`: tables of fields and symbols from
// schemas/, the table of topics, and the examples. Called by contracts.test.ts, which holds the file equal.
import { format } from "prettier";

import { loadTopicSchemas, type SchemaJson } from "../../../src/clients/schema-registry/schemas.ts";
import { topics } from "../../../src/topology/topics.ts";
import { chatEventExamples } from "./chat-event-examples.ts";
import { exampleRequests } from "./request-examples.ts";

interface Field {
  readonly name: string;
  readonly type: SchemaJson;
  readonly doc: string;
  readonly default?: unknown;
}

interface Named {
  readonly type: string;
  readonly name: string;
  readonly doc: string;
  readonly fields?: readonly Field[];
  readonly symbols?: readonly string[];
}

/** Names of the blocks that must be in the document: every record and enum that others write or read, and every example. */
export function blockNames(): readonly string[] {
  return [...blocks().keys()];
}

/** The document with its blocks as they should be, formatted. Throws for a block that nobody can fill. */
export async function renewed(text: string): Promise<string> {
  const known = blocks();
  const filled = text.replaceAll(/<!-- begin ([^>]+?) -->[\s\S]*?<!-- end -->/g, (_whole, name: string) => {
    const content = known.get(name);
    if (content === undefined) throw new Error(`docs/contracts.md has a block that nobody fills: ${name}`);
    return `<!-- begin ${name} -->\n\n${content}\n\n<!-- end -->`;
  });
  return format(filled, { parser: "markdown", printWidth: 120 });
}

/** Names of the blocks that a text has. */
export function blocksIn(text: string): readonly string[] {
  return [...text.matchAll(/<!-- begin ([^>]+?) -->/g)].map(([, name]) => name ?? "");
}

function blocks(): ReadonlyMap<string, string> {
  const schemas = loadTopicSchemas();
  const named = new Map<string, Named>();
  for (const suffix of ["chat-requests", "channel-messages", "chat-events", "dead-letters"] as const)
    collect(schemas[suffix], named);
  const found = new Map<string, string>([["topics", topicTable()]]);
  for (const definition of named.values()) found.set(definition.name, describe(definition));
  for (const [name, request] of Object.entries(exampleRequests)) found.set(`example ${name}`, json(request));
  for (const [kind, event] of chatEventExamples()) found.set(`example ${kind}`, json(event));
  return found;
}

function collect(schema: SchemaJson, named: Map<string, Named>): void {
  if (typeof schema === "string") return;
  if (isUnion(schema)) {
    for (const branch of schema) collect(branch, named);
    return;
  }
  const { type, name, items, values, fields } = schema as {
    readonly type: SchemaJson;
    readonly name?: string;
    readonly items?: SchemaJson;
    readonly values?: SchemaJson;
    readonly fields?: readonly Field[];
  };
  if (name !== undefined) named.set(name, schema as unknown as Named);
  for (const part of [type, items, values, ...(fields ?? []).map((field) => field.type)])
    if (part !== undefined && typeof part === "object") collect(part, named);
}

function describe({ type, doc, fields, symbols }: Named): string {
  if (type === "enum")
    return `${cell(doc)}\n\nSymbols: ${(symbols ?? []).map((symbol) => `\`${symbol}\``).join(", ")}.`;
  const rows = (fields ?? []).map(
    (field) =>
      `| \`${field.name}\` | ${typeText(field.type)} | ${"default" in field ? `\`${JSON.stringify(field.default)}\`` : ""} | ${cell(field.doc)} |`,
  );
  return [cell(doc), "", "| field | type | default | meaning |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

function typeText(schema: SchemaJson): string {
  if (typeof schema === "string") return schema;
  if (isUnion(schema)) return schema.map(typeText).join(" or ");
  const { type, name, items, values, logicalType } = schema as Readonly<Record<string, unknown>>;
  if (typeof name === "string") return name;
  if (type === "array") return `array of ${typeText(items as SchemaJson)}`;
  if (type === "map") return `map of ${typeText(values as SchemaJson)}`;
  return typeof logicalType === "string" ? `${String(type)} (${logicalType})` : typeText(type as SchemaJson);
}

function topicTable(): string {
  const rows = topics.map(({ suffix, schema, key, cleanup, retentionMs, writers }) => {
    const kept = retentionMs === null ? cleanup : `${cleanup}, ${String(retentionMs / 86_400_000)} d`;
    return `| \`<T>.${suffix}\` | ${key} | \`<T>.${suffix}-value\` | ${schema} | ${kept} | ${writers.join(", ")} |`;
  });
  const head = "| topic | key | subject | value | cleanup, retention | written by |";
  return [head, "| --- | --- | --- | --- | --- | --- |", ...rows].join("\n");
}

function json(value: unknown): string {
  return `\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("_", "\\_");
}

function isUnion(schema: SchemaJson): schema is readonly SchemaJson[] {
  return Array.isArray(schema);
}
