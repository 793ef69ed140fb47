// What a call without an answer means: a code for logs, and whether the other side can have acted on it. Pure; knows the error
// shapes of Node, got and undici by their fields only. Used by http-client.ts and long-poll-client.ts.

/** A call that brought no answer. */
export interface TransportFailure {
  /** Error code and phase; never an address, a query or a header. */
  readonly detail: string;
  /** False only when the request certainly never reached the other side. */
  readonly mayHaveHappened: boolean;
}

/** System calls that fail before there is a connection. */
const connectingCalls: ReadonlySet<unknown> = new Set(["connect", "getaddrinfo"]);
const connectingCodes: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
  // A proxy that opened no way to the other side.
  "ERR_PROXY_TUNNEL",
  // Not a request that could be written at all, such as a header with a line break.
  "ERR_INVALID_CHAR",
  "ERR_INVALID_HTTP_TOKEN",
  "UND_ERR_INVALID_ARG",
]);
/** Phases of got's time-outs in which nothing of the request has been written. */
const connectingPhases: ReadonlySet<unknown> = new Set(["lookup", "connect", "secureConnect"]);
/** Certificates are judged before anything of the request is written (Node's TLS and OpenSSL's verify codes). */
const certificateCode = /^(ERR_TLS_CERT_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_)/;
const readableCode = /^[A-Z][A-Z0-9_]{1,60}$/;

/**
 * Classifies an error of a transport. In doubt the request may have happened: a reset or time-out after it was written is
 * not told apart from a reset before the other side read it.
 */
export function transportFailure(error: unknown): TransportFailure {
  const code = codeOf(error);
  const phase = fieldOf(error, "event");
  const detail = typeof phase === "string" ? `${code} (${phase})` : code;
  return { detail, mayHaveHappened: !neverSent(error, 0) };
}

function neverSent(error: unknown, depth: number): boolean {
  if (depth > 5 || typeof error !== "object" || error === null) return false;
  if (connectingPhases.has(fieldOf(error, "event"))) return true;
  const code = fieldOf(error, "code");
  if (connectingCodes.has(code) || connectingCalls.has(fieldOf(error, "syscall"))) return true;
  if (typeof code === "string" && certificateCode.test(code)) return true;
  // Several addresses of one host were tried: all of them must have failed before there was a connection.
  const tried = fieldOf(error, "errors");
  if (Array.isArray(tried) && tried.length > 0) return tried.every((each) => neverSent(each, depth + 1));
  return neverSent(fieldOf(error, "cause"), depth + 1);
}

function codeOf(error: unknown): string {
  for (let at = error, depth = 0; depth < 5 && typeof at === "object" && at !== null; depth += 1) {
    const code = fieldOf(at, "code");
    if (typeof code === "string" && readableCode.test(code) && code !== "ERR_GOT_REQUEST_ERROR") return code;
    at = fieldOf(at, "cause");
  }
  return "transport error";
}

function fieldOf(error: unknown, name: string): unknown {
  return typeof error === "object" && error !== null ? (Reflect.get(error, name) as unknown) : undefined;
}
