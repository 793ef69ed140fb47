// Searches and creates on the data API whose answers are read with care: a search that failed is never "not found", a create
// is done only with the new record's id. Used by contacts.ts and cases.ts.
import type { Outcome } from "../../../processors/outcome.ts";
import { failedAnswer } from "../../http/failed-call.ts";
import { isObject, listOf, numberOf, objectOf, textOf } from "../../http/json.ts";
import type { JsonObject } from "../../http/json.ts";
import { apiErrorText } from "./api-errors.ts";
import type { DataApi } from "./api-call.ts";
import { queryPath } from "./soql.ts";

/** One named query of a composite search. */
export interface NamedQuery {
  readonly referenceId: string;
  readonly soql: string;
}

/**
 * Runs the queries in one composite call and answers the first record of the first query that found one, null when all of
 * them answered and found nothing. The order of the queries decides, not the order of the answers. A query that failed
 * before one that found something fails the search: the record it would have found comes first.
 */
export async function findFirst(
  api: DataApi,
  queries: readonly NamedQuery[],
  personal: readonly string[],
  signal: AbortSignal,
): Promise<Outcome<JsonObject | null>> {
  const outcome = await api.call(
    {
      method: "POST",
      path: `/services/data/v${api.apiVersion}.0/composite`,
      // Key order and the null body as the original sends them (parity sheet, section 12).
      body: {
        allOrNone: false,
        collateSubrequests: false,
        compositeRequest: queries.map(({ referenceId, soql }) => ({
          method: "GET",
          url: queryPath(api.apiVersion, soql),
          body: null,
          referenceId,
        })),
      },
      success: 200,
      personal,
    },
    signal,
  );
  if (outcome.kind !== "done") return harmless(outcome);
  const results = listOf(objectOf(outcome.value).compositeResponse).map(objectOf);
  for (const { referenceId } of queries) {
    const found = subResult(
      results.find((result) => result.referenceId === referenceId),
      personal,
    );
    if (found.kind !== "done" || found.value !== null) return found;
  }
  return { kind: "done", value: null };
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

/** A search changes nothing. */
function harmless<Value>(outcome: Outcome<Value>): Outcome<Value> {
  return outcome.kind === "retry" ? { ...outcome, mayHaveHappened: false } : outcome;
}

function subResult(result: JsonObject | undefined, personal: readonly string[]): Outcome<JsonObject | null> {
  const status = numberOf(result?.httpStatusCode);
  if (result === undefined || status === null)
    return { kind: "broken", detail: "composite answer lacks a sub-result", status: 200 };
  if (status === 200) return firstRecord(result.body);
  const answer = { kind: "answer", status, body: null, retryAfterMs: null } as const;
  return harmless(failedAnswer(answer, apiErrorText(result.body, personal)));
}

function firstRecord(body: unknown): Outcome<JsonObject | null> {
  const { totalSize, records } = objectOf(body);
  const size = numberOf(totalSize);
  const first = listOf(records)[0];
  if (size === 0) return { kind: "done", value: null };
  if (size !== null && isObject(first)) return { kind: "done", value: first };
  return { kind: "broken", detail: "query answer without totalSize or records", status: 200 };
}
