// A server that answers as a test says, for the tests of the clients: remembers what came in, can hold, cut and dawdle.
import { createServer } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** One request as it came in. */
export interface Received {
  readonly method: string;
  /** Path and query as written. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What to answer: status and body, or a function that does what it likes with the response. */
export type Reply =
  | {
      readonly status: number;
      readonly body?: string | object;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | ((response: ServerResponse, request: IncomingMessage) => void);

/** A running server. */
export interface AnsweringServer {
  readonly url: string;
  readonly received: Received[];
  /** Sockets open now. */
  openSockets(): number;
  /** Connections accepted so far. */
  connections(): number;
  close(): Promise<void>;
}

/** Starts a server on a free port; `answer` is asked for every request, in the order in which they arrive. */
export async function answeringServer(answer: (request: Received) => Reply): Promise<AnsweringServer> {
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const one = { method, url, headers, body: Buffer.concat(chunks).toString("utf8") };
      received.push(one);
      const reply = answer(one);
      if (typeof reply === "function") {
        reply(response, request);
        return;
      }
      const { body = "" } = reply;
      response.writeHead(reply.status, reply.headers);
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    });
  });
  server.on("connection", (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server listens on no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    received,
    openSockets: () => sockets.size,
    connections: () => connections,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
