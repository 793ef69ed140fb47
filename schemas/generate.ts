// Writes the TypeScript types of all records in this folder to src/processors/messages/generated.ts, so that Avro is the
// only source of message types. `node schemas/generate.ts` writes, `--check` only compares and fails when they differ.
// A union of several records becomes a union of `{ type: "<record>" } & <record>`: the codec tags what avsc wraps.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

type Schema = string | readonly Schema[] | NamedSchema;
interface NamedSchema {
  readonly type: string | NamedSchema;
  readonly name?: string;
  readonly doc?: string;
  readonly symbols?: readonly string[];
  readonly fields?: readonly { readonly name: string; readonly type: Schema; readonly doc?: string }[];
  readonly items?: Schema;
  readonly values?: Schema;
}

const folder = dirname(fileURLToPath(import.meta.url));
const target = join(folder, "..", "src", "processors", "messages", "generated.ts");
const primitives: Readonly<Record<string, string>> = {
  null: "null",
  boolean: "boolean",
  int: "number",
  long: "number",
  float: "number",
  double: "number",
  string: "string",
  bytes: "Buffer",
};

const declarations = new Map<string, string>();
const records = new Set<string>();
const files = readdirSync(folder)
  .filter((file) => file.endsWith(".avsc"))
  .sort();
const schemas = files.map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as NamedSchema);
for (const schema of schemas) collectRecords(schema);
for (const schema of schemas) reference(schema);

const text = [
  "// Generated from schemas/*.avsc by `npm run generate`; never edited. Times are epoch milliseconds.",
  "",
  "/** A branch of a union of records: the record and its name. */",
  "export type Tagged<Name extends string, Value> = { readonly type: Name } & Value;",
  "",
  ...[...declarations.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, declaration]) => declaration),
].join("\n");

if (process.argv.includes("--check")) {
  if (readFileSync(target, "utf8") !== text) {
    process.stderr.write("src/processors/messages/generated.ts differs from schemas/*.avsc: run `npm run generate`\n");
    process.exitCode = 1;
  }
} else {
  writeFileSync(target, text);
}

function collectRecords(schema: Schema): void {
  if (typeof schema === "string") return;
  if (isUnion(schema)) {
    for (const branch of schema) collectRecords(branch);
    return;
  }
  if (typeof schema.type !== "string") {
    collectRecords(schema.type);
    return;
  }
  if (schema.type === "record" && schema.name !== undefined) records.add(schema.name);
  for (const field of schema.fields ?? []) collectRecords(field.type);
  if (schema.items !== undefined) collectRecords(schema.items);
  if (schema.values !== undefined) collectRecords(schema.values);
}

function reference(schema: Schema): string {
  if (typeof schema === "string") return primitives[schema] ?? schema;
  if (isUnion(schema)) return union(schema);
  if (typeof schema.type !== "string") return reference(schema.type);
  switch (schema.type) {
    case "record":
    case "enum":
      return declare(schema);
    case "array":
      return `readonly ${parenthesised(reference(schema.items ?? "null"))}[]`;
    case "map":
      return `Readonly<Record<string, ${reference(schema.values ?? "null")}>>`;
    default:
      return primitives[schema.type] ?? schema.type;
  }
}

function union(branches: readonly Schema[]): string {
  const names = branches.map(reference);
  const tagged = names.filter((name) => records.has(name)).length > 1;
  return names.map((name) => (tagged && records.has(name) ? `Tagged<"${name}", ${name}>` : name)).join(" | ");
}

function declare(schema: NamedSchema): string {
  const name = schema.name ?? "";
  if (declarations.has(name)) return name;
  declarations.set(name, "");
  const doc = `/** ${schema.doc ?? ""} */\n`;
  if (schema.type === "enum") {
    const symbols = (schema.symbols ?? []).map((symbol) => `\n  | "${symbol}"`).join("");
    declarations.set(name, `${doc}export type ${name} =${symbols};\n`);
    return name;
  }
  const fields = (schema.fields ?? []).map(
    (field) => `  /** ${field.doc ?? ""} */\n  readonly ${field.name}: ${reference(field.type)};`,
  );
  declarations.set(name, `${doc}export interface ${name} {\n${fields.join("\n")}\n}\n`);
  return name;
}

function parenthesised(type: string): string {
  return type.includes(" ") ? `(${type})` : type;
}

function isUnion(schema: Schema): schema is readonly Schema[] {
  return Array.isArray(schema);
}
