// Where connections to outside systems are made: the keep-alive agents of commands and the single connections of long polls.
// Both are made here and nowhere else, so that an outgoing proxy has one place. Used by http-client.ts and long-poll-client.ts.
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";

import { Client } from "undici";
import type { Dispatcher } from "undici";

/** Agents of one command client, one per scheme. */
export interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
  /** Closes idle and busy connections. */
  destroy(): void;
}

/** Idle connections are dropped after this long, or earlier when the server says so in its Keep-Alive header. */
const idleTimeoutMs = 30_000;

/**
 * Keep-alive agents with at most `maxConnections` connections per host; further calls wait for a free one. Their own
 * agents keep a flood of polls from starving a send.
 */
export function createAgents(options: { readonly maxConnections: number }): Agents {
  const shared = { keepAlive: true, maxSockets: options.maxConnections, timeout: idleTimeoutMs };
  const http = new HttpAgent(shared);
  const https = new HttpsAgent(shared);
  return {
    http,
    https,
    destroy() {
      http.destroy();
      https.destroy();
    },
  };
}

/**
 * A connection that carries one request at a time and opens its socket with the first one. `destroy()` resolves when the
 * socket is closed. HTTP/1.1 only: closing one HTTP/2 stream would leave the socket, and with it the doubt.
 */
export function openPollConnection(
  origin: string,
  options: { readonly connectTimeoutMs: number; readonly maxBodyBytes: number },
): Dispatcher {
  return new Client(origin, {
    pipelining: 1,
    allowH2: false,
    connect: { timeout: options.connectTimeoutMs },
    maxResponseSize: options.maxBodyBytes,
  });
}
