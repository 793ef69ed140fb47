// Requests that the other side holds open: cheap to keep by the thousand, and certain to be over when they are over. got costs
// three times the memory and CPU of undici per pending request. Used by salesforce/live-agent/poll.ts.
import type { Dispatcher } from "undici";

import { openPollConnection } from "./connections.ts";
import type { HttpAnswer } from "./http-client.ts";
import type { ProxyFor } from "./proxy.ts";
import { retryAfterMs } from "./retry-after.ts";
import { transportFailure } from "./transport-failure.ts";

/** One held request. */
export interface LongPoll {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** No answer within this, or up to a second later: the connection counts as dead and is closed. Whole milliseconds. */
  readonly timeoutMs: number;
}

/** Limits of the client. */
export interface LongPollOptions {
  readonly connectTimeoutMs: number;
  /** Longest silence inside a body once the answer has begun. */
  readonly bodyTimeoutMs: number;
  readonly maxBodyBytes: number;
  /** Which polls go by a proxy, through a tunnel; none when left out. */
  readonly proxyFor?: ProxyFor;
  /** Epoch milliseconds, to read Retry-After dates. */
  readonly now: () => number;
}

/** Makes held requests; as many at once as are asked for. */
export interface LongPollClient {
  /**
   * Resolves with the answer or with `noAnswer`. Rejects only when aborted, with the signal's reason. Whenever no whole
   * answer came, the socket is closed before the promise settles, so that the next poll never meets this one.
   */
  get(
    poll: LongPoll,
    signal: AbortSignal,
  ): Promise<HttpAnswer | { readonly kind: "noAnswer"; readonly detail: string }>;
  /** Polls in flight. */
  inFlight(): number;
  /** Closes all connections; resolves when their sockets are closed. Polls in flight end with `noAnswer`. */
  close(): Promise<void>;
}

/** A client without open connections; each poll in flight has a connection of its own, reused by the next poll. */
export function createLongPollClient(options: LongPollOptions): LongPollClient {
  const idle = new Map<string, Set<Dispatcher>>();
  const busy = new Set<Dispatcher>();

  function take(origin: string): Dispatcher {
    const waiting = idle.get(origin);
    const known = waiting?.values().next().value;
    if (waiting !== undefined && known !== undefined) {
      waiting.delete(known);
      return known;
    }
    const connection = openPollConnection(origin, options);
    // An idle connection that lost its socket is of no further use; without this they would pile up after a busy hour.
    connection.on("disconnect", () => {
      if (idle.get(origin)?.delete(connection) === true) void connection.destroy();
    });
    return connection;
  }

  function giveBack(origin: string, connection: Dispatcher): void {
    const waiting = idle.get(origin) ?? new Set();
    waiting.add(connection);
    idle.set(origin, waiting);
  }

  return {
    async get(poll, signal) {
      signal.throwIfAborted();
      const url = URL.parse(poll.url);
      if (url === null) return { kind: "noAnswer", detail: "ERR_INVALID_URL" };
      const { origin, pathname, search } = url;
      const connection = take(origin);
      busy.add(connection);
      try {
        const response = await connection.request({
          method: "GET",
          path: pathname + search,
          headers: poll.headers,
          headersTimeout: poll.timeoutMs,
          bodyTimeout: options.bodyTimeoutMs,
          signal,
        });
        const body = await response.body.text();
        giveBack(origin, connection);
        return {
          kind: "answer",
          status: response.statusCode,
          body,
          retryAfterMs: retryAfterMs(single(response.headers["retry-after"]), options.now()),
        };
      } catch (error) {
        await connection.destroy();
        signal.throwIfAborted();
        return { kind: "noAnswer", detail: transportFailure(error).detail };
      } finally {
        busy.delete(connection);
      }
    },
    inFlight: () => busy.size,
    async close() {
      const all = [...busy, ...[...idle.values()].flatMap((waiting) => [...waiting])];
      idle.clear();
      await Promise.all(all.map((connection) => connection.destroy()));
    },
  };
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
