// Where connections to outside systems are made: the keep-alive agents of commands, the pools of messages and the single connections
// of long polls. They are made here and nowhere else, so that an outgoing proxy has one place. Used by http-client.ts,
// message-client.ts and long-poll-client.ts; which proxy it is, if any, proxy.ts says.
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";

import { Client, Pool } from "undici";
import type { Dispatcher } from "undici";

import type { ProxyFor } from "./proxy.ts";
import { tunnelConnector } from "./tunnel.ts";

/** Agents of one route, one per scheme. */
export interface AgentPair {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

/** Agents of one command client: the direct ones, and those of the proxies that were needed. */
export interface Agents {
  /** The agents for an address, which must be a URL. */
  of(url: string): AgentPair;
  /** Closes idle and busy connections. */
  destroy(): void;
}

/** Idle connections are dropped after this long, or earlier when the server says so in its Keep-Alive header. */
const idleTimeoutMs = 30_000;

/**
 * Keep-alive agents with at most `maxConnections` connections per host; further calls wait for a free one. Their own
 * agents keep a flood of polls from starving a send. Node's agents know proxies: https goes through a tunnel, http is forwarded.
 */
export function createAgents(options: { readonly maxConnections: number; readonly proxyFor?: ProxyFor }): Agents {
  const shared = { keepAlive: true, maxSockets: options.maxConnections, timeout: idleTimeoutMs };
  const pairs = new Map<string, AgentPair>();
  return {
    of(url) {
      const proxy = options.proxyFor?.(new URL(url))?.href ?? "";
      const known = pairs.get(proxy);
      if (known !== undefined) return known;
      // An empty list of exceptions: they are proxy.ts's to know.
      const http = proxy === "" ? {} : { proxyEnv: { HTTP_PROXY: proxy, NO_PROXY: "" } };
      const https = proxy === "" ? {} : { proxyEnv: { HTTPS_PROXY: proxy, NO_PROXY: "" } };
      const pair = { http: new HttpAgent({ ...shared, ...http }), https: new HttpsAgent({ ...shared, ...https }) };
      pairs.set(proxy, pair);
      return pair;
    },
    destroy() {
      for (const { http, https } of pairs.values()) {
        http.destroy();
        https.destroy();
      }
    },
  };
}

/**
 * A connection that carries one request at a time and opens its socket with the first one. `destroy()` resolves when the
 * socket is closed. HTTP/1.1 only: closing one HTTP/2 stream would leave the socket, and with it the doubt.
 */
export function openPollConnection(
  origin: string,
  options: { readonly connectTimeoutMs: number; readonly maxBodyBytes: number; readonly proxyFor?: ProxyFor },
): Dispatcher {
  const proxy = options.proxyFor?.(new URL(origin)) ?? null;
  return new Client(origin, {
    pipelining: 1,
    allowH2: false,
    connect: proxy === null ? { timeout: options.connectTimeoutMs } : tunnelConnector(proxy, options.connectTimeoutMs),
    maxResponseSize: options.maxBodyBytes,
  });
}

/** Kept-alive direct connections to one origin, at most `maxConnections`; further calls wait for a free one. HTTP/1.1. */
export function openPool(
  origin: string,
  options: { readonly maxConnections: number; readonly connectTimeoutMs: number; readonly responseTimeoutMs: number },
): Dispatcher {
  return new Pool(origin, {
    connections: options.maxConnections,
    pipelining: 1,
    allowH2: false,
    connect: { timeout: options.connectTimeoutMs },
    headersTimeout: options.responseTimeoutMs,
    bodyTimeout: options.responseTimeoutMs,
    keepAliveTimeout: idleTimeoutMs,
    keepAliveMaxTimeout: idleTimeoutMs,
  });
}
