/**
 * A small router for the control API: method, path with `:name` parts, and a function that returns what is answered as JSON.
 * Used by the control server and the files that contribute routes to it.
 */

/** A request to the control API. */
export interface ControlRequest {
  /** Values of the `:name` parts, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The JSON body; undefined when there was none. */
  readonly body: unknown;
}

/** A refusal of the control API: status and one sentence. */
export class ControlError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "ControlError";
    this.status = status;
  }
}

/** A route: for example `POST /faults`. What it returns is answered as JSON; undefined as 204. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly handle: (request: ControlRequest) => unknown;
}

/** A whole number from the query; the given value when it is left out. Throws 400 for anything else. */
export function numberIn<T>(query: URLSearchParams, name: string, otherwise: T): number | T {
  const written = query.get(name);
  if (written === null) {
    return otherwise;
  }
  if (!/^\d+$/.test(written)) {
    throw new ControlError(400, `${name} must be a whole number`);
  }
  return Number(written);
}

/** Reading position, page size and waiting time from the query, as all logs take them. */
export function readOptionsIn(query: URLSearchParams): { since: number; limit: number; waitMs: number } {
  return {
    since: numberIn(query, "since", 0),
    limit: numberIn(query, "limit", 1000),
    waitMs: Math.min(numberIn(query, "wait", 0), 60_000),
  };
}

/** A text in a JSON body; throws 400 when it is missing. */
export function textIn(body: unknown, name: string): string {
  const value = fieldIn(body, name);
  if (typeof value !== "string") {
    throw new ControlError(400, `${name} must be a text`);
  }
  return value;
}

/** A text in a JSON body that may be left out. */
export function optionalTextIn(body: unknown, name: string): string | undefined {
  return fieldIn(body, name) === undefined ? undefined : textIn(body, name);
}

/** A field of a JSON body; undefined when there is no such field. */
export function fieldIn(body: unknown, name: string): unknown {
  return typeof body === "object" && body !== null ? (body as Record<string, unknown>)[name] : undefined;
}

/** The body as an object; throws 400 when it is none. An absent body is an empty object. */
export function objectIn(body: unknown): Record<string, unknown> {
  if (body === undefined || body === null) {
    return {};
  }
  if (typeof body !== "object" || Array.isArray(body)) {
    throw new ControlError(400, "the body must be a JSON object");
  }
  return body as Record<string, unknown>;
}

/** Only those fields of an object that have the type of the same field in `shape`; throws 400 for any other field. */
export function likeShape<T extends object>(body: unknown, shape: T): Partial<T> {
  const given = objectIn(body);
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(shape, name)) {
      throw new ControlError(400, `${name} is not known; known are ${Object.keys(shape).join(", ")}`);
    }
    if (typeof value !== typeof shape[name as keyof T]) {
      throw new ControlError(400, `${name} must be a ${typeof shape[name as keyof T]}`);
    }
  }
  return given as Partial<T>;
}
