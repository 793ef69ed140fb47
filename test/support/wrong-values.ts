// Values that a field should not have, or should bear: missing, null, empty, of another type, too long, of every script, and names that
// JavaScript's objects have already. Used by the tests that try each of them on each field of what comes in from outside.

/** One value to try. */
export interface WrongValue {
  readonly name: string;
  /** Undefined: the field is left out. */
  readonly value: unknown;
}

/** Every script, an emoji of several code points, half a pair, a direction mark, a control character. */
export const unicodeText = "Ñandú 東京 👩‍👧 \u202e\u0000\ud83d fin";

/** Longer than any bound of a field, and still within a body. */
export const longText = "x".repeat(300_000);

/** Values that are wrong in any place. */
export const wrongValues: readonly WrongValue[] = [
  { name: "missing", value: undefined },
  { name: "null", value: null },
  { name: "empty", value: "" },
  { name: "a number", value: 7.5 },
  { name: "true", value: true },
  { name: "a list", value: ["x"] },
  { name: "an object", value: { x: 1 } },
  { name: "too long", value: longText },
  { name: "unicode", value: unicodeText },
  { name: "__proto__", value: "__proto__" },
  { name: "constructor", value: "constructor" },
  { name: "an object with __proto__", value: JSON.parse('{"__proto__":{"polluted":true}}') },
];

/** A copy of a JSON value in which the place at this path has another value; a number is a place in a list. */
export function withValue(whole: unknown, path: readonly (string | number)[], value: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return value;
  if (typeof first === "number")
    return (whole as readonly unknown[]).with(first, withValue((whole as readonly unknown[])[first], rest, value));
  const object = whole as Readonly<Record<string, unknown>>;
  return { ...object, [first]: withValue(object[first], rest, value) };
}

/** Names of all that every object has: more of them means that somebody wrote into the prototype. */
export function prototypeNames(): readonly string[] {
  return Object.getOwnPropertyNames(Object.prototype).sort();
}
