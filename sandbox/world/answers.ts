/**
 * A call that reached one of the world's systems, and the answer to it, independent of the HTTP server underneath.
 * Built by the exchange, handled by the simulated systems.
 */
import type { IncomingHttpHeaders } from "node:http";

/** One HTTP call as it came in. */
export interface Call {
  readonly method: string;
  /** Path without the query, still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Fires when the caller went away before the answer. */
  readonly gone: AbortSignal;
}

/** What goes back. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A JSON object of unknown content. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** An answer with a JSON body. */
export function json(status: number, value: unknown): Answer {
  return { status, headers: { "content-type": "application/json;charset=UTF-8" }, body: JSON.stringify(value) };
}

/** An answer with a plain text body. */
export function text(status: number, body: string): Answer {
  return { status, headers: { "content-type": "text/plain;charset=UTF-8" }, body };
}

/** An answer without a body. */
export function empty(status: number): Answer {
  return { status, body: "" };
}

/** One header as a single string, or undefined. */
export function header(call: Call, name: string): string | undefined {
  const value = call.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** The body as JSON; undefined when it is not JSON. An empty body is an empty object. */
export function jsonBody(call: Call): unknown {
  return call.body.length === 0 ? {} : parseJson(call.body.toString("utf8"));
}

/** The value of a JSON text; undefined when it is none. */
export function parseJson(source: string): unknown {
  try {
    return JSON.parse(source) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) {
      return undefined;
    }
    throw error;
  }
}

/** True for a JSON object, not an array, not null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The path's segments, percent-decoded; undefined where the encoding is broken. */
export function segments(path: string): readonly string[] | undefined {
  try {
    return path
      .split("/")
      .filter((part) => part !== "")
      .map(decodeURIComponent);
  } catch (error) {
    if (error instanceof URIError) {
      return undefined;
    }
    throw error;
  }
}
