/**
 * Words of a SOQL text: names, literals, signs, each with its place. String escapes are resolved here, and wrong ones refused.
 * Facts from the SOQL and SOSL Reference ("Quoted String Escape Sequences", "Date Formats").
 * Used by the SOQL parser only.
 */
import { DataError } from "./errors.ts";

/** A word of the text. `like` is a string's value with `\_` and `\%` still escaped, for LIKE. */
export type Token =
  | { readonly kind: "name"; readonly text: string; readonly at: number }
  | { readonly kind: "string"; readonly text: string; readonly like: string; readonly at: number }
  | { readonly kind: "number"; readonly text: string; readonly at: number }
  | { readonly kind: "date"; readonly text: string; readonly at: number }
  | { readonly kind: "sign"; readonly text: string; readonly at: number }
  | { readonly kind: "end"; readonly text: ""; readonly at: number };

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  N: "\n",
  r: "\r",
  R: "\r",
  t: "\t",
  T: "\t",
  b: "\b",
  B: "\b",
  f: "\f",
  F: "\f",
  '"': '"',
  "'": "'",
  "\\": "\\",
};

const SPACE = /\s+/y;
const DATE = /\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:?\d{2}))?/y;
const NUMBER = /[+-]?(\d+(\.\d*)?|\.\d+)/y;
const NAME = /[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*/y;
const SIGN = /<=|>=|!=|<>|[=<>(),]/y;

/** The refusal of a text that is no SOQL. */
export function malformed(message: string): DataError {
  return new DataError(400, "MALFORMED_QUERY", message);
}

/** Splits a SOQL text; throws MALFORMED_QUERY. The last token is of kind `end`. */
export function soqlTokens(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    const space = matchAt(SPACE, source, at);
    if (space !== undefined) {
      at += space.length;
      continue;
    }
    if (source[at] === "'") {
      const { token, end } = stringToken(source, at);
      tokens.push(token);
      at = end;
      continue;
    }
    const token = plainToken(source, at);
    tokens.push(token);
    at += token.text.length;
  }
  tokens.push({ kind: "end", text: "", at });
  return tokens;
}

function plainToken(source: string, at: number): Token {
  const rules = [
    ["date", DATE],
    ["number", NUMBER],
    ["name", NAME],
    ["sign", SIGN],
  ] as const;
  for (const [kind, expression] of rules) {
    const found = matchAt(expression, source, at);
    if (found !== undefined) {
      return { kind, text: found, at };
    }
  }
  throw malformed(`unexpected token: '${source.charAt(at)}' at position ${at}`);
}

function matchAt(expression: RegExp, source: string, at: number): string | undefined {
  expression.lastIndex = at;
  return expression.exec(source)?.[0];
}

function stringToken(source: string, start: number): { readonly token: Token; readonly end: number } {
  let value = "";
  let like = "";
  let at = start + 1;
  for (; at < source.length && source[at] !== "'"; at++) {
    const character = source.charAt(at);
    if (character !== "\\") {
      value += character;
      like += character;
      continue;
    }
    const { text, raw, length } = escapeAt(source, at);
    value += text;
    like += raw;
    at += length - 1;
  }
  if (at >= source.length) {
    throw malformed(`line 1:${start} mismatched character '<EOF>' expecting '''`);
  }
  return { token: { kind: "string", text: value, like, at: start }, end: at + 1 };
}

function escapeAt(
  source: string,
  at: number,
): { readonly text: string; readonly raw: string; readonly length: number } {
  const letter = source.charAt(at + 1);
  const plain = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined;
  if (plain !== undefined) {
    // in LIKE a backslash of the value must stay told apart from one that escapes a wildcard
    return { text: plain, raw: plain === "\\" ? "\\\\" : plain, length: 2 };
  }
  if (letter === "_" || letter === "%") {
    return { text: letter, raw: `\\${letter}`, length: 2 };
  }
  const code = /^[uU]([0-9a-fA-F]{4})/.exec(source.slice(at + 1, at + 6))?.[1];
  if (code !== undefined) {
    const character = String.fromCharCode(Number.parseInt(code, 16));
    return { text: character, raw: character, length: 6 };
  }
  throw malformed(`Invalid string literal. Illegal character sequence '\\${letter}' in string literal.`);
}
