/**
 * Runs parsed SOQL on the record store: resolves fields and paths, compares as the org does, shapes the result.
 * Refuses unknown objects and fields, filters on long text, and values of the wrong kind.
 * Used by the data API.
 */
import { looksLikeRecordId, shortId } from "../ids.ts";
import { DataError } from "./errors.ts";
import { fieldNamed, objectNamed } from "./objects.ts";
import type { Field, ObjectType, SalesforceRecord } from "./objects.ts";
import type { Records } from "./records.ts";
import { parseSoql } from "./soql.ts";
import type { Condition, Literal, Operator, Ordering } from "./soql.ts";

/** What the query resource answers. */
export interface QueryResult {
  readonly totalSize: number;
  readonly done: true;
  readonly records: readonly Record<string, unknown>[];
}

type Compare = Extract<Condition, { kind: "compare" }>;

/** A field reached from a record, directly or over parents. */
interface Path {
  /** Names of the parents on the way, as the org spells them. */
  readonly parents: readonly { readonly name: string; readonly field: string; readonly object: string }[];
  readonly field: Field;
}

/** Runs a SOQL text; throws a data error. `version` is the API version, for record addresses. */
export function runQuery(records: Records, soql: string, version: string): QueryResult {
  const query = parseSoql(soql);
  const type = objectNamed(query.from);
  if (type === undefined) {
    throw new DataError(400, "INVALID_TYPE", `sObject type '${query.from}' is not supported.`);
  }
  checkRestriction(type, query.where);
  const paths = query.fields.map((field) => pathOf(type, field));
  const matches = query.where === undefined ? () => true : predicate(records, type, query.where);
  const found = [...candidates(records, type, query.where)].filter(matches);
  ordered(records, type, found, query.orderBy);
  const offset = query.offset ?? 0;
  const page = found.slice(offset, query.limit === undefined ? undefined : offset + query.limit);
  if (query.count) {
    return { totalSize: page.length, done: true, records: [] };
  }
  const rows = page.map((record) => shaped(records, { type, record, paths, version }));
  return { totalSize: rows.length, done: true, records: rows };
}

/** Links of files are only told by their file or by what they hang on (Object Reference, ContentDocumentLink, "Usage"). */
function checkRestriction(type: ObjectType, where: Condition | undefined): void {
  if (type.name !== "ContentDocumentLink") {
    return;
  }
  const demands = where?.kind === "and" ? where.parts : where === undefined ? [] : [where];
  const isById = demands.some(
    (demand) =>
      demand.kind === "compare" &&
      (demand.operator === "=" || demand.operator === "in") &&
      ["id", "contentdocumentid", "linkedentityid"].includes(demand.field.toLowerCase()),
  );
  if (!isById) {
    const message =
      "Implementation restriction: ContentDocumentLink requires a filter by a single Id on ContentDocumentId or LinkedEntityId using the equals operator or multiple Id's using the IN operator.";
    throw new DataError(400, "MALFORMED_QUERY", message);
  }
}

/** Records that may match: by id or by the text of a field where WHERE demands one, else all. */
function candidates(records: Records, type: ObjectType, where: Condition | undefined): Iterable<SalesforceRecord> {
  const demands = where?.kind === "and" ? where.parts : where === undefined ? [] : [where];
  for (const demand of demands) {
    const found = demand.kind === "compare" ? demanded(records, type, demand) : undefined;
    if (found !== undefined) {
      return found;
    }
  }
  return records.all(type.name);
}

function demanded(records: Records, type: ObjectType, where: Compare): readonly SalesforceRecord[] | undefined {
  const [value] = where.values;
  if (where.operator !== "=" || value?.kind !== "string" || value.value === "" || where.field.includes(".")) {
    return undefined;
  }
  const field = fieldNamed(type, where.field);
  if (field?.name === "Id") {
    const record = records.get(type.name, value.value);
    return record === undefined ? [] : [record];
  }
  return field?.kind === "text" || field?.kind === "email"
    ? records.findBy(type.name, field.name, value.value)
    : undefined;
}

function pathOf(type: ObjectType, written: string): Path {
  const steps = written.split(".");
  const last = steps.pop() ?? "";
  const parents: { name: string; field: string; object: string }[] = [];
  let current = type;
  for (const step of steps) {
    const parent = current.parents.get(step.toLowerCase());
    const next = parent === undefined ? undefined : objectNamed(parent.object);
    if (parent === undefined || next === undefined) {
      const message = `Didn't understand relationship '${step}' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name.`;
      throw new DataError(400, "INVALID_FIELD", message);
    }
    parents.push(parent);
    current = next;
  }
  const field = fieldNamed(current, last);
  if (field === undefined) {
    const message = `No such column '${last}' on entity '${current.name}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name.`;
    throw new DataError(400, "INVALID_FIELD", message);
  }
  return { parents, field };
}

function valueAt(records: Records, path: Path, record: SalesforceRecord): unknown {
  let current: SalesforceRecord | undefined = record;
  for (const parent of path.parents) {
    const id: unknown = current?.[parent.field];
    current = typeof id === "string" ? records.get(parent.object, id) : undefined;
  }
  return current === undefined ? null : fieldValue(current, path.field);
}

function fieldValue(record: SalesforceRecord, field: Field): unknown {
  if (Object.hasOwn(record, field.name)) {
    return record[field.name];
  }
  if (field.kind === "custom") {
    const wanted = field.name.toLowerCase();
    const name = Object.keys(record).find((candidate) => candidate.toLowerCase() === wanted);
    return name === undefined ? null : record[name];
  }
  return field.kind === "boolean" ? false : null;
}

function predicate(records: Records, type: ObjectType, where: Condition): (record: SalesforceRecord) => boolean {
  switch (where.kind) {
    case "not": {
      const part = predicate(records, type, where.part);
      return (record) => !part(record);
    }
    case "and": {
      const parts = where.parts.map((part) => predicate(records, type, part));
      return (record) => parts.every((part) => part(record));
    }
    case "or": {
      const parts = where.parts.map((part) => predicate(records, type, part));
      return (record) => parts.some((part) => part(record));
    }
    case "compare": {
      const path = pathOf(type, where.field);
      checkFilter(path.field, where);
      if (path.field.kind === "custom") {
        checkCustom(records, type, path, where);
      }
      const test = comparison(path.field, where);
      return (record) => test(valueAt(records, path, record));
    }
  }
}

function checkFilter(field: Field, where: Compare): void {
  if (field.kind === "longtext" || field.kind === "base64") {
    throw new DataError(400, "INVALID_FIELD", `field '${field.name}' can not be filtered in a query call`);
  }
  for (const value of where.values) {
    if (field.kind === "id" && value.kind === "string" && value.value !== "" && !looksLikeRecordId(value.value)) {
      throw new DataError(400, "INVALID_QUERY_FILTER_OPERATOR", `invalid ID field: ${value.value}`);
    }
    if (!allowed(field.kind, value.kind)) {
      const message = `value of filter criterion for field '${field.name}' must be of type ${field.kind} and should ${needsQuotes(field.kind) ? "" : "not "}be enclosed in quotes`;
      throw new DataError(400, "INVALID_FIELD", message);
    }
  }
}

/** A custom field has the type of what stands in it: the org refuses literals of another. */
function checkCustom(records: Records, type: ObjectType, path: Path, where: Compare): void {
  let stored: unknown = null;
  for (const record of records.all(type.name)) {
    stored = valueAt(records, path, record);
    if (stored !== null && stored !== undefined) {
      break;
    }
  }
  const wanted = typeof stored;
  const isOther = where.values.some(
    ({ kind }) => (kind === "string" || kind === "number" || kind === "boolean") && kind !== wanted,
  );
  if (stored !== null && stored !== undefined && isOther) {
    const message = `value of filter criterion for field '${path.field.name}' must be of type ${wanted} and should ${wanted === "string" ? "" : "not "}be enclosed in quotes`;
    throw new DataError(400, "INVALID_FIELD", message);
  }
}

function needsQuotes(kind: Field["kind"]): boolean {
  return kind === "text" || kind === "email" || kind === "id";
}

function allowed(field: Field["kind"], value: Literal["kind"]): boolean {
  if (value === "null" || field === "custom") {
    return true;
  }
  if (needsQuotes(field)) {
    return value === "string";
  }
  return field === "datetime" || field === "date" ? value === "date" : value === field;
}

function comparison(field: Field, where: Compare): (value: unknown) => boolean {
  const [first] = where.values;
  switch (where.operator) {
    case "like": {
      const expression = likeExpression(first?.kind === "string" ? first.like : "");
      return (value) => typeof value === "string" && expression.test(value);
    }
    case "in":
      return (value) => where.values.some((literal) => order(field, value, literal) === 0);
    case "not in":
      return (value) => where.values.every((literal) => order(field, value, literal) !== 0);
    case "=":
    case "!=":
    case "<":
    case "<=":
    case ">":
    case ">=": {
      const literal = first ?? { kind: "null" };
      return (value) => holds(where.operator, order(field, value, literal));
    }
  }
}

function holds(operator: Operator, difference: number | undefined): boolean {
  if (operator === "!=") {
    return difference !== 0;
  }
  if (difference === undefined) {
    return false;
  }
  const answers: Partial<Record<Operator, boolean>> = {
    "=": difference === 0,
    "<": difference < 0,
    "<=": difference <= 0,
    ">": difference > 0,
    ">=": difference >= 0,
  };
  return answers[operator] ?? false;
}

/** Below, at or above the literal; undefined when the two cannot be compared. An empty text is null to the org. */
function order(field: Field, value: unknown, literal: Literal): number | undefined {
  const isNull = value === null || value === undefined || value === "";
  if (literal.kind === "null" || (literal.kind === "string" && literal.value === "")) {
    return isNull ? 0 : undefined;
  }
  if (isNull) {
    return undefined;
  }
  if (literal.kind === "date") {
    return typeof value === "string" ? Date.parse(value) - Date.parse(literal.value) : undefined;
  }
  if (literal.kind === "number" || literal.kind === "boolean") {
    return typeof value === literal.kind ? Number(value) - Number(literal.value) : undefined;
  }
  if (typeof value !== "string") {
    return undefined;
  }
  if (field.kind === "id") {
    return shortId(value) === shortId(literal.value) ? 0 : 1;
  }
  const [left, right] = [value.toLowerCase(), literal.value.toLowerCase()];
  return left === right ? 0 : left < right ? -1 : 1;
}

function likeExpression(written: string): RegExp {
  let source = "";
  for (let at = 0; at < written.length; at++) {
    const character = written.charAt(at);
    if (character === "\\") {
      at += 1;
      source += literalCharacter(written.charAt(at));
    } else if (character === "%") {
      source += ".*";
    } else {
      source += character === "_" ? "." : literalCharacter(character);
    }
  }
  return new RegExp(`^${source}$`, "is");
}

function literalCharacter(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

function ordered(records: Records, type: ObjectType, found: SalesforceRecord[], by: readonly Ordering[]): void {
  const keys = by.map((item) => ({ ...item, path: pathOf(type, item.field) }));
  found.sort((left, right) => {
    for (const key of keys) {
      const [a, b] = [valueAt(records, key.path, left), valueAt(records, key.path, right)];
      const difference = sortOrder(a, b, key);
      if (difference !== 0) {
        return difference;
      }
    }
    return 0;
  });
}

function sortOrder(a: unknown, b: unknown, by: Ordering): number {
  const [aIsNull, bIsNull] = [a === null || a === undefined, b === null || b === undefined];
  if (aIsNull || bIsNull) {
    return aIsNull === bIsNull ? 0 : aIsNull === by.nullsLast ? 1 : -1;
  }
  const difference = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en");
  return by.descending ? -difference : difference;
}

interface Row {
  readonly type: ObjectType;
  readonly record: SalesforceRecord;
  readonly paths: readonly Path[];
  readonly version: string;
}

function shaped(records: Records, { type, record, paths, version }: Row): Record<string, unknown> {
  const row: Record<string, unknown> = { attributes: attributes(type.name, record.Id, version) };
  for (const path of paths) {
    let target = row;
    let current: SalesforceRecord | undefined = record;
    for (const parent of path.parents) {
      const id: unknown = current[parent.field];
      current = typeof id === "string" ? records.get(parent.object, id) : undefined;
      if (current === undefined) {
        target[parent.name] ??= null;
        break;
      }
      const inner: unknown = (target[parent.name] ??= { attributes: attributes(parent.object, current.Id, version) });
      target = inner as Record<string, unknown>;
    }
    if (current !== undefined) {
      target[path.field.name] = fieldValue(current, path.field) ?? null;
    }
  }
  return row;
}

function attributes(object: string, id: string, version: string): Record<string, string> {
  return { type: object, url: `/services/data/v${version}.0/sobjects/${object}/${id}` };
}
