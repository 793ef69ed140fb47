// Searches and creates on the data API whose answers are read with care: a search that failed is never "not found", a create
// is done only with the new record's id. Used by contacts.ts, accounts.ts and cases.ts.
import type { Outcome } from "../../../processors/outcome.ts";
import { failedAnswer } from "../../http/failed-call.ts";
import { isObject, listOf, numberOf, objectOf, textOf } from "../../../processors/json.ts";
import type { JsonObject } from "../../../processors/json.ts";
import { apiErrorText } from "./api-errors.ts";
import type { DataApi } from "./api-call.ts";
import { queryPath } from "./soql.ts";

/** One named query of a composite search. */
export interface NamedQuery {
  readonly referenceId: string;
  /** Field that it searches by, for who reads of a refusal. */
  readonly about: string;
  readonly soql: string;
  /** The same with literals of other types, tried in turn where the org says that the field is of another type. */
  readonly otherwise?: readonly string[];
}

/** Queries that one composite call takes (REST API Guide, "Composite": 25 sub-requests, 5 of them queries). */
const queriesAtOnce = 5;

/**
 * Runs the queries and answers the first record of the first one that found any, null when all of them answered and found
 * nothing. The order of the queries decides, not the order of the answers. A query that failed before one that found
 * something fails the search: the record it would have found comes first.
 */
export async function findFirst(
  api: DataApi,
  queries: readonly NamedQuery[],
  personal: readonly string[],
  signal: AbortSignal,
): Promise<Outcome<JsonObject | null>> {
  for (let from = 0; from < queries.length; from += queriesAtOnce) {
    const some = queries.slice(from, from + queriesAtOnce);
    const parts = some.map(({ referenceId, soql }) => ({
      method: "GET" as const,
      url: queryPath(api.apiVersion, soql),
      body: null,
      referenceId,
    }));
    const results = await compositeResults(api, parts, personal, signal);
    if (results.kind !== "done") return harmless(results);
    for (const query of some) {
      const answer = results.value(query.referenceId, 200);
      const first = answer.kind === "done" ? firstRecord(answer.value) : harmless<JsonObject | null>(answer);
      const found = isOtherType(first) ? ((await findOtherwise(api, query, personal, signal)) ?? first) : first;
      if (found.kind !== "done") return { ...found, detail: `search by ${query.about}: ${found.detail}` };
      if (found.value !== null) return found;
    }
  }
  return { kind: "done", value: null };
}

/** The org's words for a literal whose type is not the field's; they are those for a field that it does not have, too. */
function isOtherType(outcome: Outcome<unknown>): boolean {
  return outcome.kind === "refused" && outcome.detail.includes("INVALID_FIELD");
}

/** Null when the org takes none of the other literals. */
async function findOtherwise(
  api: DataApi,
  { otherwise = [] }: NamedQuery,
  personal: readonly string[],
  signal: AbortSignal,
): Promise<Outcome<JsonObject | null> | null> {
  for (const soql of otherwise) {
    const found = await findOne(api, soql, personal, signal);
    if (!isOtherType(found)) return found;
  }
  return null;
}

/** One part of a composite call. */
interface Part {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly body: JsonObject | null;
  readonly referenceId: string;
}

/**
 * One composite call, none of whose parts undoes another. Answers the function that reads the result of a part: its body
 * where its status is `success`.
 */
export async function compositeResults(
  api: DataApi,
  parts: readonly Part[],
  personal: readonly string[],
  signal: AbortSignal,
): Promise<Outcome<(referenceId: string, success: number) => Outcome<unknown>>> {
  const outcome = await api.call(
    {
      method: "POST",
      path: `/services/data/v${api.apiVersion}.0/composite`,
      // Key order and the null body as the original sends them (parity sheet, section 12).
      body: { allOrNone: false, collateSubrequests: false, compositeRequest: parts },
      success: 200,
      personal,
    },
    signal,
  );
  if (outcome.kind !== "done") return outcome;
  const results = listOf(objectOf(outcome.value).compositeResponse).map(objectOf);
  const value = (referenceId: string, success: number): Outcome<unknown> => {
    const result = results.find((each) => each.referenceId === referenceId);
    const status = numberOf(result?.httpStatusCode);
    if (result === undefined || status === null)
      return { kind: "broken", detail: "composite answer lacks a sub-result", status: 200 };
    if (status === success) return { kind: "done", value: result.body };
    const answer = { kind: "answer", status, body: null, retryAfterMs: null } as const;
    return failedAnswer(answer, apiErrorText(result.body, personal));
  };
  return { kind: "done", value };
}

/** Runs one query and answers its first record, null when it answered and found nothing. */
export async function findOne(
  api: DataApi,
  soql: string,
  personal: readonly string[],
  signal: AbortSignal,
): Promise<Outcome<JsonObject | null>> {
  const path = queryPath(api.apiVersion, soql);
  const outcome = await api.call({ method: "GET", path, success: 200, personal }, signal);
  return outcome.kind === "done" ? firstRecord(outcome.value) : harmless(outcome);
}

/**
 * Creates a record and answers its id. `retry` with `mayHaveHappened` when it may be there without our knowing its id: look
 * for it before it is created again.
 */
export async function createRecord(
  api: DataApi,
  record: {
    readonly object: "Contact" | "Case";
    readonly fields: JsonObject;
    readonly headers?: Readonly<Record<string, string>>;
  },
  personal: readonly string[],
  signal: AbortSignal,
): Promise<Outcome<string>> {
  const outcome = await api.call(
    {
      method: "POST",
      path: `/services/data/v${api.apiVersion}.0/sobjects/${record.object}`,
      ...(record.headers === undefined ? {} : { headers: record.headers }),
      body: record.fields,
      success: 201,
      personal,
    },
    signal,
  );
  if (outcome.kind !== "done") return outcome;
  const id = textOf(objectOf(outcome.value).id);
  if (id !== null) return { kind: "done", value: id };
  const detail = `${record.object} created, but the answer holds no id`;
  return { kind: "retry", detail, status: 201, mayHaveHappened: true, retryAfterMs: null };
}

/** Changes a record. Repeat-safe. Answers false when there is no such record. */
export async function updateRecord(
  api: DataApi,
  record: {
    readonly object: "Case";
    readonly id: string;
    readonly fields: JsonObject;
    readonly headers?: Readonly<Record<string, string>>;
  },
  personal: readonly string[],
  signal: AbortSignal,
): Promise<Outcome<boolean>> {
  const path = `/services/data/v${api.apiVersion}.0/sobjects/${record.object}/${encodeURIComponent(record.id)}`;
  const headers = record.headers === undefined ? {} : { headers: record.headers };
  const request = { method: "PATCH", path, ...headers, body: record.fields, success: 204, personal } as const;
  const outcome = await api.call(request, signal);
  if (outcome.kind === "refused" && outcome.status === 404) return { kind: "done", value: false };
  return outcome.kind === "done" ? { kind: "done", value: true } : outcome;
}

/** A search changes nothing. */
function harmless<Value>(outcome: Outcome<Value>): Outcome<Value> {
  return outcome.kind === "retry" ? { ...outcome, mayHaveHappened: false } : outcome;
}

/** The first record of a query's answer, null when it found none. */
export function firstRecord(body: unknown): Outcome<JsonObject | null> {
  const { totalSize, records } = objectOf(body);
  const size = numberOf(totalSize);
  const first = listOf(records)[0];
  if (size === 0) return { kind: "done", value: null };
  if (size !== null && isObject(first)) return { kind: "done", value: first };
  return { kind: "broken", detail: "query answer without totalSize or records", status: 200 };
}
