// Reads request bodies as the original's decoder did: the first JSON value only, keys in any case, the last duplicate, unknown
// keys ignored, a wrong type refused by name. Called by the routes; what a body must hold is validation.ts's.

/** What came of reading a body; `problem` is fit to be told to the caller. */
export type Read<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly problem: string };

/** Fields of an object by their JSON name: a text, any object, or an object with fields of its own. */
export interface Shape {
  readonly [name: string]: "string" | "map" | Shape;
}

/** An object as its shape tells it: a text that is missing or null is empty, an object that is missing is null. */
export type Shaped<S extends Shape> = {
  readonly [Name in keyof S]: S[Name] extends "string"
    ? string
    : S[Name] extends "map"
      ? Readonly<Record<string, unknown>> | null
      : S[Name] extends Shape
        ? Shaped<S[Name]> | null
        : never;
};

/** The first JSON value of a body. Problems have the words of Go's decoder where callers may know them. */
export function firstJsonValue(body: Buffer): Read<unknown> {
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
  const problems: string[] = [];
  const read = readFields(struct, shape, value ?? {}, problems);
  const [problem] = problems;
  return problem === undefined ? { ok: true, value: read as Shaped<S> } : { ok: false, problem };
}

function readFields(struct: string, shape: Shape, object: object, problems: string[]): Record<string, unknown> {
  const names = new Map(Object.keys(shape).map((name) => [name.toLowerCase(), name]));
  const read: Record<string, unknown> = {};
  for (const [name, type] of Object.entries(shape)) read[name] = type === "string" ? "" : null;
  for (const [key, value] of Object.entries(object) as [string, unknown][]) {
    const name = names.get(key) ?? names.get(key.toLowerCase());
    if (name === undefined || value === null) continue;
    const type = shape[name];
    if (type === "string") {
      if (typeof value === "string") read[name] = value.toWellFormed();
      else problems.push(mismatch(struct, name, value, "string"));
    } else if (typeof value !== "object" || Array.isArray(value)) {
      problems.push(mismatch(struct, name, value, "object"));
    } else {
      read[name] = type === "map" || type === undefined ? value : readFields(struct, type, value, problems);
    }
  }
  return read;
}

function mismatch(struct: string, name: string, value: unknown, wanted: string): string {
  return `json: cannot unmarshal ${kindOf(value)} into Go struct field ${struct}.${name} of type ${wanted}`;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}
