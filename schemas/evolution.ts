// What may change in the value of a topic once it was released. Owns the rules, pure; which schemas are compared is released.ts's.
// Avro's own rules (can this reader read that writer) are avsc's; the rest are ours, because the data is kept for weeks and read by
// programs that are not rebuilt when this service is.
import avro from "avsc";

/** A closed schema or a part of one, as JSON. */
export type SchemaJson = string | readonly SchemaJson[] | { readonly [attribute: string]: unknown };

interface Definition {
  readonly kind: string;
  readonly fields: ReadonlyMap<string, { readonly hasDefault: boolean }>;
  readonly symbols: readonly string[];
  /** Of an enum: what a reader takes a symbol for that it does not know. */
  readonly fallback: string | null;
}

/** What today's schema breaks of a released one, a sentence each. `readByOthers`: also of what its readers rely on. */
export function broken(released: SchemaJson, today: SchemaJson, readByOthers: boolean): readonly string[] {
  const complaints = [...readable("today's reader", today, "the released writer", released)];
  if (readByOthers) complaints.push(...readable("the released reader", released, "today's writer", today));
  const after = definitionsOf(today);
  for (const [name, was] of definitionsOf(released)) {
    const is = after.get(name);
    if (is === undefined) complaints.push(`${name} is gone`);
    else complaints.push(...brokenIn(name, was, is));
  }
  return complaints;
}

function brokenIn(name: string, was: Definition, is: Definition): readonly string[] {
  const complaints: string[] = [];
  if (was.kind !== is.kind) complaints.push(`${name} was ${was.kind} and is ${is.kind}`);
  for (const [field, { hasDefault }] of was.fields) {
    const now = is.fields.get(field);
    if (now === undefined && !hasDefault)
      complaints.push(`${name}.${field} is gone, and who reads it with the released schema has no default for it`);
    if (now !== undefined && hasDefault && !now.hasDefault) complaints.push(`${name}.${field} has lost its default`);
  }
  for (const symbol of was.symbols)
    if (!is.symbols.includes(symbol)) complaints.push(`${name} has lost its symbol ${symbol}`);
  if (was.fallback !== is.fallback)
    complaints.push(`the default of ${name} was ${was.fallback ?? "none"} and is ${is.fallback ?? "none"}`);
  return complaints;
}

function readable(reader: string, readerSchema: SchemaJson, writer: string, writerSchema: SchemaJson): string[] {
  try {
    typeOf(readerSchema).createResolver(typeOf(writerSchema));
    return [];
  } catch (error) {
    return [`${reader} can't read ${writer}: ${error instanceof Error ? error.message : String(error)}`];
  }
}

function typeOf(schema: SchemaJson): avro.Type {
  return avro.Type.forSchema(schema as avro.schema.AvroSchema);
}

/** Every record and enum that a schema defines, by name. */
function definitionsOf(
  schema: SchemaJson,
  found: Map<string, Definition> = new Map(),
): ReadonlyMap<string, Definition> {
  if (typeof schema === "string") return found;
  if (isUnion(schema)) {
    for (const branch of schema) definitionsOf(branch, found);
    return found;
  }
  const { name, type, symbols, fields, default: fallback } = schema;
  const fieldList = (fields ?? []) as readonly { readonly name: string; readonly type: SchemaJson }[];
  if (typeof name === "string" && (type === "record" || type === "enum")) {
    found.set(name, {
      kind: type,
      fields: new Map(fieldList.map((field) => [field.name, { hasDefault: "default" in field }])),
      symbols: (symbols ?? []) as readonly string[],
      fallback: typeof fallback === "string" ? fallback : null,
    });
  }
  for (const field of fieldList) definitionsOf(field.type, found);
  for (const part of [type, schema["items"], schema["values"]])
    if (typeof part === "object" && part !== null) definitionsOf(part as SchemaJson, found);
  return found;
}

function isUnion(schema: SchemaJson): schema is readonly SchemaJson[] {
  return Array.isArray(schema);
}
