// The port that looks at the service: /metrics for Prometheus, /live and /ready for whoever runs it. Not the public port.
// Readiness is the caller's to know. Opened first and closed last, so that an unready service can say why.
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import type { Log } from "../../topology/ports.ts";
import type { ServiceMetrics } from "./metrics.ts";

/** What the server needs. */
export interface ObservationOptions {
  readonly host: string;
  /** 0 is any free port. */
  readonly port: number;
  readonly metrics: Pick<ServiceMetrics, "exposition">;
  /** What is not there, by name, such as kafka, redis; empty means ready. Asked on every /ready: must not wait. */
  readonly missing: () => readonly string[];
  readonly log: Log;
}

/** The running server. */
export interface ObservationServer {
  readonly host: string;
  readonly port: number;
  /** Stops answering. Safe to repeat. */
  close(): Promise<void>;
}

const requestTimeoutMs = 5_000;

/** Starts the server; the port is logged. Rejects when it cannot be bound. */
export async function startObservationServer(options: ObservationOptions): Promise<ObservationServer> {
  const server = createServer(
    { requestTimeout: requestTimeoutMs, headersTimeout: requestTimeoutMs },
    (request, response) => {
      const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
      if (request.method !== "GET" && request.method !== "HEAD") {
        reply(response, 405, { error: "only GET" });
        return;
      }
      answer(path, response, options).catch((error: unknown) => {
        options.log.error({ path, error }, "the observation port failed to answer");
        response.destroy();
      });
    },
  );
  await listening(server, options);
  const { address: host, port } = server.address() as AddressInfo;
  options.log.info({ host, port }, "observation port open");
  const closed = Promise.withResolvers<undefined>();
  server.on("close", () => closed.resolve(undefined));
  return {
    host,
    port,
    close: () => {
      if (server.listening) server.close();
      server.closeAllConnections();
      return closed.promise;
    },
  };
}

async function answer(path: string, response: ServerResponse, options: ObservationOptions): Promise<void> {
  if (path === "/metrics") {
    const { contentType, text } = await options.metrics.exposition();
    response.writeHead(200, { "content-type": contentType }).end(text);
  } else if (path === "/live") {
    reply(response, 200, { live: true });
  } else if (path === "/ready") {
    const missing = options.missing();
    reply(response, missing.length === 0 ? 200 : 503, { ready: missing.length === 0, missing });
  } else {
    reply(response, 404, { error: "no such page: /metrics, /live or /ready" });
  }
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response
    .writeHead(status, { "content-type": "application/json", "cache-control": "no-store" })
    .end(JSON.stringify(body));
}

function listening(server: Server, { host, port }: ObservationOptions): Promise<undefined> {
  const opened = Promise.withResolvers<undefined>();
  server.once("error", opened.reject);
  server.listen(port, host, () => {
    server.removeListener("error", opened.reject);
    opened.resolve(undefined);
  });
  return opened.promise;
}
