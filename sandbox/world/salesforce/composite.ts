/**
 * The composite resource: up to 25 requests in one, 5 of them queries, in order, later ones referring to earlier ones, optionally
 * all or none.
 * Facts from the REST API Developer Guide, "Composite" and "Composite Subrequest Result".
 * Called by the data API; what a part means is the data API's business.
 */
import { isObject, json, parseJson, segments } from "../answers.ts";
import type { Answer } from "../answers.ts";
import type { DataRequest } from "./data-request.ts";
import { DataError, errorAnswer } from "./errors.ts";
import type { Records } from "./records.ts";
import { resolveText, resolveValue } from "./references.ts";

const MAX_PARTS = 25;
const MAX_QUERIES = 5;

interface Part {
  readonly method: string;
  readonly url: string;
  readonly referenceId: string;
  readonly body: unknown;
  readonly httpHeaders: Readonly<Record<string, string>>;
}

interface PartResult {
  readonly body: unknown;
  readonly httpHeaders: Readonly<Record<string, string>>;
  readonly httpStatusCode: number;
  readonly referenceId: string;
}

/** Handles a composite request; throws a data error when the request as a whole is wrong. */
export function composite(records: Records, request: DataRequest, run: (part: DataRequest) => Answer): Answer {
  if (request.method !== "POST") {
    throw new DataError(405, "METHOD_NOT_ALLOWED", `HTTP Method '${request.method}' not allowed. Allowed are POST`);
  }
  const { parts, allOrNone } = partsOf(request.body);
  const results: PartResult[] = [];
  records.transaction(() => {
    const answered = new Map<string, unknown>();
    for (const part of parts) {
      const result = resultOf(part, answered, request, run);
      results.push(result);
      if (result.httpStatusCode < 300) {
        answered.set(part.referenceId, result.body);
      } else if (allOrNone) {
        return false;
      }
    }
    return true;
  });
  const isRolledBack = allOrNone && results.some((result) => result.httpStatusCode >= 300);
  return json(200, { compositeResponse: isRolledBack ? rolledBack(parts, results) : results });
}

function resultOf(
  part: Part,
  answered: ReadonlyMap<string, unknown>,
  request: DataRequest,
  run: (part: DataRequest) => Answer,
): PartResult {
  const answer = answerOf(part, answered, request, run);
  const body = answer.body === "" ? null : (parseJson(answer.body) ?? answer.body);
  return { body, httpHeaders: {}, httpStatusCode: answer.status, referenceId: part.referenceId };
}

function answerOf(
  part: Part,
  answered: ReadonlyMap<string, unknown>,
  request: DataRequest,
  run: (part: DataRequest) => Answer,
): Answer {
  try {
    const url = new URL(resolveText(part.url, answered), "http://org");
    const path = segments(url.pathname) ?? [];
    if (path[0] !== "services" || path[1] !== "data" || path[3] === "composite") {
      throw new DataError(404, "NOT_FOUND", "The requested resource does not exist");
    }
    const assign = part.httpHeaders["Sforce-Auto-Assign"];
    return run({
      method: part.method,
      path: path.slice(2),
      query: url.searchParams,
      body: part.body === null ? undefined : resolveValue(part.body, answered),
      autoAssign: assign === undefined ? request.autoAssign : assign.toLowerCase() !== "false",
    });
  } catch (error) {
    if (error instanceof DataError) {
      return errorAnswer(error);
    }
    throw error;
  }
}

function rolledBack(parts: readonly Part[], results: readonly PartResult[]): readonly PartResult[] {
  const message = "The transaction was rolled back since another operation in the same transaction failed.";
  return parts.map((part) => {
    const own = results.find((result) => result.referenceId === part.referenceId);
    return own !== undefined && own.httpStatusCode >= 300
      ? own
      : {
          body: [{ errorCode: "PROCESSING_HALTED", message }],
          httpHeaders: {},
          httpStatusCode: 400,
          referenceId: part.referenceId,
        };
  });
}

function partsOf(body: unknown): { readonly parts: readonly Part[]; readonly allOrNone: boolean } {
  if (!isObject(body) || !Array.isArray(body["compositeRequest"])) {
    throw new DataError(400, "JSON_PARSER_ERROR", "compositeRequest must be an array");
  }
  for (const option of ["allOrNone", "collateSubrequests"]) {
    if (body[option] !== undefined && typeof body[option] !== "boolean") {
      throw new DataError(400, "JSON_PARSER_ERROR", `${option} must be a boolean`);
    }
  }
  const parts = (body["compositeRequest"] as readonly unknown[]).map(partOf);
  if (parts.length > MAX_PARTS) {
    throw new DataError(400, "LIMIT_EXCEEDED", `The limit of ${MAX_PARTS} subrequests was exceeded`);
  }
  if (parts.filter(({ url }) => /^\/services\/data\/[^/]+\/query/.test(url)).length > MAX_QUERIES) {
    throw new DataError(400, "LIMIT_EXCEEDED", `The limit of ${MAX_QUERIES} queries was exceeded`);
  }
  const seen = new Set(parts.map((part) => part.referenceId));
  if (seen.size !== parts.length) {
    throw new DataError(400, "INVALID_INPUT", "referenceId provided is not unique");
  }
  return { parts, allOrNone: body["allOrNone"] === true };
}

function partOf(value: unknown): Part {
  if (!isObject(value)) {
    throw new DataError(400, "JSON_PARSER_ERROR", "a subrequest must be an object");
  }
  const { method, url, referenceId, body, httpHeaders } = value;
  if (typeof method !== "string" || typeof url !== "string" || typeof referenceId !== "string") {
    throw new DataError(400, "JSON_PARSER_ERROR", "a subrequest needs method, url and referenceId");
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9_]*$/.test(referenceId)) {
    throw new DataError(
      400,
      "JSON_PARSER_ERROR",
      `Provided referenceId ('${referenceId}') must start with a letter or a number, and it can contain only letters, numbers and underscores ('_').`,
    );
  }
  if (!url.startsWith("/services/data/")) {
    throw new DataError(400, "JSON_PARSER_ERROR", `url must start with /services/data/: ${url}`);
  }
  const headers = isObject(httpHeaders)
    ? Object.fromEntries(Object.entries(httpHeaders).map(([name, text]) => [name, String(text)]))
    : {};
  return { method, url, referenceId, body: body ?? null, httpHeaders: headers };
}
