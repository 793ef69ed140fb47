/**
 * Parser of the SOQL that the data API accepts: SELECT fields FROM object WHERE … ORDER BY … LIMIT … OFFSET.
 * Only the form of the text is checked here; whether object and fields exist is the evaluator's business.
 * As in the org, AND and OR may be mixed only with parentheses. Facts from the SOQL and SOSL Reference.
 */
import { malformed, soqlTokens } from "./soql-tokens.ts";
import type { Token } from "./soql-tokens.ts";

/** A value in a condition. */
export type Literal =
  | { readonly kind: "string"; readonly value: string; readonly like: string }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "date"; readonly value: string }
  | { readonly kind: "null" };

/** How a field is compared. */
export type Operator = "=" | "!=" | "<" | "<=" | ">" | ">=" | "like" | "in" | "not in";

/** What WHERE says. */
export type Condition =
  | { readonly kind: "and" | "or"; readonly parts: readonly Condition[] }
  | { readonly kind: "not"; readonly part: Condition }
  | {
      readonly kind: "compare";
      readonly field: string;
      readonly operator: Operator;
      readonly values: readonly Literal[];
    };

/** One ORDER BY item. */
export interface Ordering {
  readonly field: string;
  readonly descending: boolean;
  readonly nullsLast: boolean;
}

/** A parsed query. */
export interface Query {
  /** Field paths as written; empty when `count` is true. */
  readonly fields: readonly string[];
  /** SELECT COUNT(). */
  readonly count: boolean;
  readonly from: string;
  readonly where: Condition | undefined;
  readonly orderBy: readonly Ordering[];
  readonly limit: number | undefined;
  readonly offset: number | undefined;
}

const RESERVED = new Set([
  "select",
  "from",
  "where",
  "and",
  "or",
  "not",
  "order",
  "by",
  "limit",
  "offset",
  "like",
  "in",
]);
const SIGN_OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ["=", "="],
  ["!=", "!="],
  ["<>", "!="],
  ["<", "<"],
  ["<=", "<="],
  [">", ">"],
  [">=", ">="],
]);

/** Parses a SOQL text; throws MALFORMED_QUERY. */
export function parseSoql(source: string): Query {
  const words = reader(soqlTokens(source));
  words.keyword("select");
  const count = selectsCount(words);
  const fields = count ? [] : fieldList(words);
  words.keyword("from");
  const from = words.name();
  const where = words.takeKeyword("where") ? condition(words) : undefined;
  const orderBy = words.takeKeyword("order") ? orderings(words) : [];
  const limit = words.takeKeyword("limit") ? words.wholeNumber() : undefined;
  const offset = words.takeKeyword("offset") ? words.wholeNumber() : undefined;
  words.end();
  return { fields, count, from, where, orderBy, limit, offset };
}

interface Words {
  peek(ahead?: number): Token;
  next(): Token;
  keyword(word: string): void;
  takeKeyword(word: string): boolean;
  takeSign(sign: string): boolean;
  sign(sign: string): void;
  name(): string;
  wholeNumber(): number;
  end(): void;
}

function reader(tokens: readonly Token[]): Words {
  let at = 0;
  const peek = (ahead = 0): Token => {
    const token = tokens[Math.min(at + ahead, tokens.length - 1)];
    return token ?? { kind: "end", text: "", at: 0 };
  };
  const next = (): Token => {
    const token = peek();
    at += 1;
    return token;
  };
  const takeKeyword = (word: string): boolean => {
    const isThere = isKeyword(peek(), word);
    at += isThere ? 1 : 0;
    return isThere;
  };
  const takeSign = (sign: string): boolean => {
    const isThere = peek().kind === "sign" && peek().text === sign;
    at += isThere ? 1 : 0;
    return isThere;
  };
  return {
    peek,
    next,
    takeKeyword,
    takeSign,
    keyword(word) {
      if (!takeKeyword(word)) {
        throw unexpected(peek(), word);
      }
    },
    sign(sign) {
      if (!takeSign(sign)) {
        throw unexpected(peek(), sign);
      }
    },
    name() {
      const token = next();
      if (token.kind !== "name" || RESERVED.has(token.text.toLowerCase())) {
        throw unexpected(token, "a name");
      }
      return token.text;
    },
    wholeNumber() {
      const token = next();
      if (token.kind !== "number" || !/^\d+$/.test(token.text)) {
        throw unexpected(token, "a whole number");
      }
      return Number(token.text);
    },
    end() {
      if (peek().kind !== "end") {
        throw unexpected(peek(), "the end");
      }
    },
  };
}

function isKeyword(token: Token, word: string): boolean {
  return token.kind === "name" && token.text.toLowerCase() === word;
}

function unexpected(token: Token, wanted: string): Error {
  const found = token.kind === "end" ? "<EOF>" : token.text;
  return malformed(`unexpected token: '${found}' at position ${token.at}, expecting ${wanted}`);
}

function selectsCount(words: Words): boolean {
  const follows = words.peek(1);
  if (!isKeyword(words.peek(), "count") || follows.kind !== "sign" || follows.text !== "(") {
    return false;
  }
  words.next();
  words.sign("(");
  words.sign(")");
  return true;
}

function fieldList(words: Words): readonly string[] {
  const fields = [words.name()];
  while (words.takeSign(",")) {
    fields.push(words.name());
  }
  return fields;
}

function condition(words: Words): Condition {
  const first = term(words);
  const joint = isKeyword(words.peek(), "and") ? "and" : "or";
  const parts = [first];
  while (words.takeKeyword(joint)) {
    parts.push(term(words));
  }
  if (parts.length > 1 && isKeyword(words.peek(), joint === "and" ? "or" : "and")) {
    throw unexpected(words.peek(), "parentheses around mixed AND and OR");
  }
  return parts.length === 1 ? first : { kind: joint, parts };
}

function term(words: Words): Condition {
  if (words.takeKeyword("not")) {
    return { kind: "not", part: term(words) };
  }
  if (words.takeSign("(")) {
    const inner = condition(words);
    words.sign(")");
    return inner;
  }
  const field = words.name();
  return comparison(words, field);
}

function comparison(words: Words, field: string): Condition {
  if (words.takeKeyword("like")) {
    const value = literal(words);
    if (value.kind !== "string") {
      throw malformed(`LIKE needs a quoted value for ${field}`);
    }
    return { kind: "compare", field, operator: "like", values: [value] };
  }
  if (words.takeKeyword("in")) {
    return { kind: "compare", field, operator: "in", values: literalList(words) };
  }
  if (words.takeKeyword("not")) {
    words.keyword("in");
    return { kind: "compare", field, operator: "not in", values: literalList(words) };
  }
  const sign = words.next();
  const operator = sign.kind === "sign" ? SIGN_OPERATORS.get(sign.text) : undefined;
  if (operator === undefined) {
    throw unexpected(sign, "an operator");
  }
  return { kind: "compare", field, operator, values: [literal(words)] };
}

function literalList(words: Words): readonly Literal[] {
  words.sign("(");
  const values = [literal(words)];
  while (words.takeSign(",")) {
    values.push(literal(words));
  }
  words.sign(")");
  return values;
}

function literal(words: Words): Literal {
  const token = words.next();
  if (token.kind === "string") {
    return { kind: "string", value: token.text, like: token.like };
  }
  if (token.kind === "number") {
    return { kind: "number", value: Number(token.text) };
  }
  if (token.kind === "date") {
    return { kind: "date", value: token.text };
  }
  const word = token.kind === "name" ? token.text.toLowerCase() : "";
  if (word === "null") {
    return { kind: "null" };
  }
  if (word === "true" || word === "false") {
    return { kind: "boolean", value: word === "true" };
  }
  throw unexpected(token, "a value");
}

function orderings(words: Words): readonly Ordering[] {
  words.keyword("by");
  const found = [ordering(words)];
  while (words.takeSign(",")) {
    found.push(ordering(words));
  }
  return found;
}

function ordering(words: Words): Ordering {
  const field = words.name();
  const descending = words.takeKeyword("desc");
  if (!descending) {
    words.takeKeyword("asc");
  }
  let nullsLast = false;
  if (words.takeKeyword("nulls")) {
    nullsLast = words.takeKeyword("last");
    if (!nullsLast) {
      words.keyword("first");
    }
  }
  return { field, descending, nullsLast };
}
