// Reads request bodies as the original's decoder did: the first JSON value only, keys in any case, the last duplicate, unknown
// keys ignored, a wrong type refused by name. Called by the routes; what a body must hold is validation.ts's.

/** What came of reading a body; `problem` is fit to be told to the caller. */
export type Read<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly problem: string };

/** A text, a whole number, any object, an object with fields of its own, or a list of such objects. */
type Field = "string" | "integer" | "map" | Shape | readonly [Shape];

/** Fields of an object by their JSON name. */
export interface Shape {
  readonly [name: string]: Field;
}

/** An object as its shape tells it: what is missing or null is an empty text, an empty list, or null. */
export type Shaped<S extends Shape> = { readonly [Name in keyof S]: ShapedField<S[Name]> };

type ShapedField<F> = F extends "string"
  ? string
  : F extends "integer"
    ? number | null
    : F extends "map"
      ? Readonly<Record<string, unknown>> | null
      : F extends readonly [infer Item extends Shape]
        ? readonly Shaped<Item>[]
        : F extends Shape
          ? Shaped<F> | null
          : never;

/** As deep as Go's decoder goes. */
const deepest = 10_000;
/** Values in the first value of a body, at any depth: 1 MiB of what Messenger sends, at 29 bytes a value, has 36,000; it can hold 500,000. */
const mostValues = 36_000;

/** The first JSON value of a body. Problems have the words of Go's decoder where callers may know them. */
export function firstJsonValue(body: Buffer): Read<unknown> {
  const excess = excessOf(body);
  if (excess !== null) return { ok: false, problem: excess };
  const text = body.toString("utf8");
  const whole = parse(text);
  if (whole.ok) return whole;
  const start = /\S/.exec(text)?.index;
  if (start === undefined) return { ok: false, problem: "EOF" };
  const end = endOfValue(text, start);
  if (end === "never") return { ok: false, problem: "unexpected EOF" };
  if (end === "nothing") {
    return { ok: false, problem: `invalid character '${text[start] ?? ""}' looking for beginning of value` };
  }
  return parse(text.slice(start, end));
}

/**
 * What is beyond the bounds in a body's first value; null for nothing. Looked for before it is parsed: that is one step, in which nobody else is served,
 * of 50 ms and more where 1 MiB is all brackets or all keys; this takes 1 to 10.
 */
function excessOf(body: Buffer): string | null {
  let depth = 0;
  let values = 0;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at];
    if (byte === quote) at = endOfQuoted(body, at);
    else if (byte === comma) values++;
    else if (byte === openBracket || byte === openBrace) {
      values++;
      if (++depth > deepest) return "exceeded max depth";
    } else if ((byte === closeBracket || byte === closeBrace) && --depth <= 0) return null;
    if (values > mostValues) return "too many values";
  }
  return null;
}

const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
const [openBracket, closeBracket] = [0x5b, 0x5d];
const [openBrace, closeBrace] = [0x7b, 0x7d];

/** Where the closing quote of a text stands that begins there, or the end of the body. */
function endOfQuoted(body: Buffer, start: number): number {
  for (let at = start + 1; at < body.length; at++) {
    if (body[at] === backslash) at++;
    else if (body[at] === quote) return at;
  }
  return body.length;
}

function parse(text: string): Read<unknown> {
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch (error) {
    // Its message repeats a piece of the body.
    if (error instanceof SyntaxError) return { ok: false, problem: "invalid JSON" };
    throw error;
  }
}

function endOfValue(text: string, start: number): number | "never" | "nothing" {
  const first = text[start] ?? "";
  if (first === "{" || first === "[") return endOfBrackets(text, start);
  if (first === '"') return endOfString(text, start);
  const literal = /^(?:true|false|null|-?\d[\d.eE+-]*)/.exec(text.slice(start, start + 400))?.[0];
  return literal === undefined ? "nothing" : start + literal.length;
}

function endOfBrackets(text: string, start: number): number | "never" {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (character === '"') {
      const end = endOfString(text, at);
      if (end === "never") return "never";
      at = end - 1;
    } else if (character === "{" || character === "[") depth++;
    else if ((character === "}" || character === "]") && --depth === 0) return at + 1;
  }
  return "never";
}

function endOfString(text: string, start: number): number | "never" {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === '"') return at + 1;
  }
  return "never";
}

/** Reads a value by its shape. `struct` is the original's name of it, which its error texts carry. */
export function readShape<const S extends Shape>(struct: string, shape: S, value: unknown): Read<Shaped<S>> {
  if (value !== null && (typeof value !== "object" || Array.isArray(value))) {
    return { ok: false, problem: `json: cannot unmarshal ${kindOf(value)} into Go value of type handlers.${struct}` };
  }
  const reading: Reading = { problems: [], items: 0 };
  const read = readFields(struct, shape, value ?? {}, reading);
  const [problem] = reading.problems;
  return problem === undefined ? { ok: true, value: read as Shaped<S> } : { ok: false, problem };
}

/** One body on its way: what is wrong with it, and how many items its lists have had so far. */
interface Reading {
  readonly problems: string[];
  items: number;
}

/** Items of all lists of one body together: Messenger sends up to a thousand updates, and a body of 1 MiB can hold 350,000. */
const mostItems = 5_000;

function readFields(struct: string, shape: Shape, object: object, reading: Reading): Record<string, unknown> {
  const names = new Map(Object.keys(shape).map((name) => [name.toLowerCase(), name]));
  const read: Record<string, unknown> = {};
  for (const [name, type] of Object.entries(shape)) read[name] = absent(type);
  for (const [key, value] of Object.entries(object) as [string, unknown][]) {
    const name = names.get(key) ?? names.get(key.toLowerCase());
    const type = name === undefined ? undefined : shape[name];
    if (name === undefined || type === undefined || value === null) continue;
    read[name] = readField({ struct, name }, type, value, reading);
  }
  return read;
}

function absent(type: Field): unknown {
  if (type === "string") return "";
  return isList(type) ? [] : null;
}

function isList(type: Field): type is readonly [Shape] {
  return Array.isArray(type);
}

/** Where a value stands, for what is said of it. */
interface Place {
  readonly struct: string;
  readonly name: string;
}

function readField(place: Place, type: Field, value: unknown, reading: Reading): unknown {
  const { problems } = reading;
  if (isList(type)) {
    const [item] = type;
    if (Array.isArray(value)) {
      reading.items += value.length;
      if (reading.items <= mostItems) return value.map((each: unknown) => readField(place, item, each ?? {}, reading));
      problems.push(`${place.struct}.${place.name}: more than ${mostItems.toString()} items`);
      return [];
    }
  } else if (type === "string") {
    if (typeof value === "string") return value.toWellFormed();
  } else if (type === "integer") {
    if (Number.isSafeInteger(value)) return value;
  } else if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return type === "map" ? value : readFields(place.struct, type, value, reading);
  }
  problems.push(mismatch(place, value, type));
  return undefined;
}

function mismatch({ struct, name }: Place, value: unknown, type: Field): string {
  const words = { string: "string", integer: "int64", map: "object" };
  const wanted = typeof type === "string" ? words[type] : isList(type) ? "list" : "object";
  return `json: cannot unmarshal ${kindOf(value)} into Go struct field ${struct}.${name} of type ${wanted}`;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}
