/**
 * The data API under /services/data/v{V}.0/: query, sobjects, composite.
 * Turns calls into work on the record store, and its refusals into the answers that Salesforce gives.
 * Called by the Salesforce system after the token was checked. Facts from the REST API Developer Guide.
 */
import { empty, header, isObject, json, parseJson, segments } from "../answers.ts";
import type { Answer, Call, JsonObject } from "../answers.ts";
import { composite } from "./composite.ts";
import type { DataRequest } from "./data-request.ts";
import { DataError, errorAnswer } from "./errors.ts";
import { fieldNamed, objectNamed } from "./objects.ts";
import type { ObjectType } from "./objects.ts";
import { runQuery } from "./query.ts";
import type { Records } from "./records.ts";

/** Handles a call whose path starts with /services/data/. Never throws a data error. */
export function dataApi(records: Records, call: Call): Answer {
  const path = segments(call.path);
  const request: DataRequest = {
    method: call.method,
    path: path?.slice(2) ?? [],
    query: call.query,
    body: call.body.length === 0 ? undefined : parseJson(call.body.toString("utf8")),
    autoAssign: header(call, "sforce-auto-assign")?.toLowerCase() !== "false",
  };
  try {
    if (request.body !== undefined && !isJson(call)) {
      const message = `Content-Type header specified in HTTP request is not supported: ${header(call, "content-type") ?? "none"}`;
      throw new DataError(415, "UNSUPPORTED_MEDIA_TYPE", message);
    }
    const version = versionOf(request.path[0]);
    return request.path[1] === "composite" && request.path.length === 2
      ? composite(records, request, (part) => dispatch(records, part, version))
      : dispatch(records, request, version);
  } catch (error) {
    if (error instanceof DataError) {
      return errorAnswer(error);
    }
    throw error;
  }
}

function isJson(call: Call): boolean {
  return header(call, "content-type")?.startsWith("application/json") === true;
}

function versionOf(segment: string | undefined): string {
  const version = /^v(\d{2})\.0$/.exec(segment ?? "")?.[1];
  if (version === undefined) {
    throw notFound();
  }
  return version;
}

function notFound(): DataError {
  return new DataError(404, "NOT_FOUND", "The requested resource does not exist");
}

function notAllowed(method: string, allowed: string): DataError {
  return new DataError(405, "METHOD_NOT_ALLOWED", `HTTP Method '${method}' not allowed. Allowed are ${allowed}`);
}

function dispatch(records: Records, request: DataRequest, version: string): Answer {
  const [, resource, object, ...rest] = request.path;
  if (resource === "query" && object === undefined) {
    return query(records, request, version);
  }
  if (resource !== "sobjects" || object === undefined || rest.length > 2) {
    throw notFound();
  }
  const type = objectNamed(object);
  if (type === undefined) {
    throw notFound();
  }
  const [first, second] = rest;
  if (first === undefined) {
    return createRecord(records, type, request);
  }
  return second === undefined
    ? oneRecord(records, type, request, first)
    : byExternalId(records, type, request, [first, second]);
}

function query(records: Records, request: DataRequest, version: string): Answer {
  if (request.method !== "GET") {
    throw notAllowed(request.method, "GET,HEAD");
  }
  const soql = request.query.get("q");
  if (soql === null || soql.trim() === "") {
    throw new DataError(400, "MALFORMED_QUERY", "A query string has to be specified");
  }
  return json(200, runQuery(records, soql, version));
}

function bodyOf(request: DataRequest): JsonObject {
  if (!isObject(request.body)) {
    throw new DataError(400, "JSON_PARSER_ERROR", "Unexpected content, the body must be a JSON object");
  }
  return request.body;
}

function createRecord(records: Records, type: ObjectType, request: DataRequest): Answer {
  if (request.method !== "POST") {
    throw notAllowed(request.method, "POST");
  }
  const record = records.create(type, bodyOf(request), request);
  return json(201, { id: record.Id, success: true, errors: [] });
}

function oneRecord(records: Records, type: ObjectType, request: DataRequest, id: string): Answer {
  if (request.method === "PATCH") {
    records.update(type, id, bodyOf(request));
    return empty(204);
  }
  if (request.method !== "GET") {
    throw notAllowed(request.method, "GET,PATCH");
  }
  const record = records.get(type.name, id);
  if (record === undefined) {
    throw notFound();
  }
  const wanted = request.query.get("fields")?.split(",");
  const names = wanted ?? Object.keys(record).filter((name) => name !== "VersionData");
  const values = names.map((name) => [canonical(type, name.trim()), record[canonical(type, name.trim())] ?? null]);
  const attributes = {
    type: type.name,
    url: `/services/data/${request.path[0] ?? ""}/sobjects/${type.name}/${record.Id}`,
  };
  return json(200, { attributes, ...Object.fromEntries(values) });
}

function canonical(type: ObjectType, name: string): string {
  const field = fieldNamed(type, name);
  if (field === undefined) {
    throw new DataError(400, "INVALID_FIELD", `No such column '${name}' on sobject of type ${type.name}`);
  }
  return field.name;
}

/** Upsert by external id: creates or updates, never both; ambiguous values are refused with 300. */
function byExternalId(
  records: Records,
  type: ObjectType,
  request: DataRequest,
  [name, value]: readonly [string, string],
): Answer {
  const field = fieldNamed(type, name);
  if (field?.kind !== "custom") {
    throw new DataError(404, "NOT_FOUND", `Provided external ID field does not exist or is not accessible: ${name}`);
  }
  const found = records.findBy(type.name, field.name, value);
  const [only] = found;
  if (found.length > 1) {
    return json(
      300,
      found.map((record) => `/services/data/${request.path[0] ?? ""}/sobjects/${type.name}/${record.Id}`),
    );
  }
  if (request.method === "GET") {
    if (only === undefined) {
      throw notFound();
    }
    return oneRecord(records, type, request, only.Id);
  }
  if (request.method !== "PATCH") {
    throw notAllowed(request.method, "GET,PATCH");
  }
  const fields = bodyOf(request);
  if (Object.keys(fields).some((key) => key.toLowerCase() === name.toLowerCase())) {
    const message = `The ${name} field should not be specified in the sobject data.`;
    throw new DataError(400, "INVALID_FIELD", message, [name]);
  }
  if (only !== undefined) {
    records.update(type, only.Id, fields);
    return json(200, { id: only.Id, success: true, errors: [], created: false });
  }
  const created = records.create(type, { ...fields, [field.name]: value }, request);
  return json(201, { id: created.Id, success: true, errors: [], created: true });
}
