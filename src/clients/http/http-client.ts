// Short calls to outside systems: one request, one answer, bounded in time and size. Never repeats, never follows a redirect,
// never throws for what the network or the other side does. Owns nothing of what an answer means: that is the client of the
// system. Long polls are long-poll-client.ts.
import got, { AbortError } from "got";
import type { Got, OptionsInit, Request } from "got";

import { createAgents, type Agents } from "./connections.ts";
import type { ProxyFor } from "./proxy.ts";
import { retryAfterMs } from "./retry-after.ts";
import { transportFailure } from "./transport-failure.ts";

/** One call. The URL may hold secrets: it is never logged and never part of a result. */
export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as it is; the caller sets its content type. */
  readonly body?: string | HttpBody;
}

/** A body that is made while it is sent, because it is too large to stand in memory twice. */
export interface HttpBody {
  /** Exact sum of the chunks: sent as Content-Length. */
  readonly sizeBytes: number;
  /** The same chunks at every call. */
  chunks(): Iterable<Uint8Array>;
}

/** An answer, of whatever status. */
export interface HttpAnswer {
  readonly kind: "answer";
  readonly status: number;
  /** Null when it broke off or was larger than the limit: the status holds all the same. */
  readonly body: string | null;
  /** Wait that the other side asked for; null means it did not. */
  readonly retryAfterMs: number | null;
  /** Salesforce's word on the use of the org's limit (header Sforce-Limit-Info); left out when there was none. */
  readonly limitInfo?: string;
}

/** No answer. */
export interface NoAnswer {
  readonly kind: "noAnswer";
  /** Error code, or "aborted"; without address, query, header or personal data. */
  readonly detail: string;
  /** False only when the request certainly never reached the other side. */
  readonly mayHaveHappened: boolean;
  /** The call was not made, and may be after so long; left out when it was made. */
  readonly retryAfterMs?: number;
}

/** Limits of one client. */
export interface HttpClientOptions {
  /** Longest wait for each of name lookup, connection and TLS handshake. */
  readonly connectTimeoutMs: number;
  /** Longest wait for the answer once the request is written; also for its body. */
  readonly responseTimeoutMs: number;
  /** Connections per host. */
  readonly maxConnections: number;
  /** Bodies beyond this are not read. */
  readonly maxBodyBytes: number;
  /** Which calls go by a proxy; none when left out. */
  readonly proxyFor?: ProxyFor;
  /** Epoch milliseconds, to read Retry-After dates. */
  readonly now: () => number;
}

/** Makes calls over kept-alive connections. */
export interface HttpClient {
  /** Never rejects. An aborted call is `noAnswer` "aborted", and may have happened unless it was aborted before it began. */
  call(request: HttpRequest, signal: AbortSignal | null): Promise<HttpAnswer | NoAnswer>;
  /** Drops all connections; calls in flight end without answer. Safe to repeat. */
  close(): void;
}

/** A client with its own connections; nothing is opened before the first call. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const agents = createAgents(options);
  const client = got.extend({
    retry: { limit: 0 },
    followRedirect: false,
    throwHttpErrors: false,
    headers: { "user-agent": "salesforce-integration" },
    timeout: {
      lookup: options.connectTimeoutMs,
      connect: options.connectTimeoutMs,
      secureConnect: options.connectTimeoutMs,
      send: options.responseTimeoutMs,
      response: options.responseTimeoutMs,
      read: options.responseTimeoutMs,
      // Waiting for one of the capped connections counts here only.
      request: 3 * options.connectTimeoutMs + 2 * options.responseTimeoutMs,
    },
  });
  return {
    call: (request, signal) => call(client, { ...options, agents }, request, signal),
    close: () => agents.destroy(),
  };
}

function written({ headers, body }: HttpRequest): OptionsInit {
  if (body === undefined || typeof body === "string") return { headers, ...(body === undefined ? {} : { body }) };
  return { headers: { ...headers, "content-length": String(body.sizeBytes) }, body: body.chunks() };
}

async function call(
  client: Got,
  options: HttpClientOptions & { readonly agents: Agents },
  request: HttpRequest,
  signal: AbortSignal | null,
): Promise<HttpAnswer | NoAnswer> {
  if (signal?.aborted === true) return { kind: "noAnswer", detail: "aborted", mayHaveHappened: false };
  if (!URL.canParse(request.url)) return { kind: "noAnswer", detail: "ERR_INVALID_URL", mayHaveHappened: false };
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  let failure: unknown = null;
  let stream: Request | null = null;
  try {
    stream = client.stream(request.url, {
      method: request.method,
      agent: options.agents.of(request.url),
      ...written(request),
      ...(signal === null ? {} : { signal }),
    });
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > options.maxBodyBytes) break;
      chunks.push(chunk);
    }
  } catch (error) {
    failure = error;
  } finally {
    dropRest(stream);
  }
  const response = stream?.response;
  if (failure instanceof AbortError || response === undefined) {
    // Without a socket the call was still waiting for one.
    const untouched = stream?.timings?.socket === undefined;
    const { detail, mayHaveHappened } =
      failure instanceof AbortError ? { detail: "aborted", mayHaveHappened: true } : transportFailure(failure);
    return { kind: "noAnswer", detail, mayHaveHappened: mayHaveHappened && !untouched };
  }
  const limitInfo = response.headers["sforce-limit-info"];
  const isWhole = failure === null && sizeBytes <= options.maxBodyBytes;
  return {
    kind: "answer",
    status: response.statusCode,
    body: isWhole ? Buffer.concat(chunks).toString("utf8") : null,
    retryAfterMs: retryAfterMs(response.headers["retry-after"], options.now()),
    ...(typeof limitInfo === "string" ? { limitInfo } : {}),
  };
}

/**
 * Got ends a stream's request only where it was written whole before the answer ended. What is left of another would fail the process: by
 * the end of its connection, or by its signal, which may be that of an index and abort much later.
 */
function dropRest(stream: Request | null): void {
  stream?.destroy();
}
