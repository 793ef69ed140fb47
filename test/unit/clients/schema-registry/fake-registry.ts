// A registry for unit tests: an HTTP server whose answers a test decides, and that keeps what it was asked.
import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** What the registry was asked. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

/** What it answers; "hang" never does, "cut" ends the connection. */
export type Answered = { readonly status: number; readonly body?: string | object } | "hang" | "cut";

/** A running fake. */
export interface FakeRegistry {
  readonly url: string;
  readonly asked: readonly Asked[];
  readonly close: () => void;
}

/** Starts one on a free port. */
export async function fakeRegistry(answer: (asked: Asked) => Answered): Promise<FakeRegistry> {
  const asked: Asked[] = [];
  const respond = (request: IncomingMessage, response: ServerResponse, text: string): void => {
    const call: Asked = {
      method: request.method ?? "",
      path: decodeURIComponent(request.url ?? ""),
      authorization: request.headers.authorization,
      body: text === "" ? null : JSON.parse(text),
    };
    asked.push(call);
    const answered = answer(call);
    if (answered === "hang") return;
    if (answered === "cut") {
      request.socket.destroy();
      return;
    }
    const { status, body = "" } = answered;
    response.writeHead(status, { "content-type": "application/vnd.schemaregistry.v1+json" });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (part: string) => {
      text += part;
    });
    request.on("end", () => respond(request, response, text));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}/base/`,
    asked,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
