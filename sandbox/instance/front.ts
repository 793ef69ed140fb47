// A load balancer in front of several instances: each call goes to the next one in turn, and to the one after where nobody listens. A
// connection that breaks on the way is answered 502, as balancers do: the caller can't know what became of it. Refuses calls for other
// hosts and of web pages from elsewhere. Used by the sandbox and by tests of several instances.
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { strangerIn } from "../world/control/loopback-guard.ts";

/** A balancer that listens. */
export interface Front {
  readonly url: string;
  close(): Promise<void>;
}

type Passed = "answered" | "nobody listens" | "broken";

/** Starts it on 127.0.0.1; port 0 is any free one. `targets` are base URLs, running or not, asked for at every call. */
export async function startFront(targets: () => readonly string[], port = 0): Promise<Front> {
  let turn = 0;
  const server = createServer((incoming, response) => {
    const stranger = strangerIn(incoming.headers);
    if (stranger !== undefined) {
      response.writeHead(403, { "content-type": "text/plain; charset=utf-8" }).end(`${stranger}\n`);
      return;
    }
    const urls = targets();
    const first = turn % Math.max(urls.length, 1);
    turn += 1;
    // Fails when the caller is gone before its body was there: nobody is left to be answered.
    handle(incoming, response, [...urls.slice(first), ...urls.slice(0, first)]).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const bound = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(bound.port)}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function handle(incoming: IncomingMessage, response: ServerResponse, urls: readonly string[]): Promise<void> {
  const body = await bodyOf(incoming);
  for (const url of urls) {
    const passed = await passOn(url, incoming, body, response);
    if (passed === "answered") return;
    if (passed === "broken") break;
  }
  if (response.headersSent) response.destroy();
  else response.writeHead(502).end();
}

function passOn(url: string, incoming: IncomingMessage, body: Buffer, response: ServerResponse): Promise<Passed> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(url);
    // As it came: what looks like the address of another host is but a path here.
    const { method, headers, url: path } = incoming;
    // A connection of its own for each call: whether somebody listens is known before anything was sent.
    const call = request({ hostname, port, path, method, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
      answer.once("error", () => {
        resolve("broken");
      });
      answer.once("end", () => {
        resolve("answered");
      });
    });
    call.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code === "ECONNREFUSED" ? "nobody listens" : "broken");
    });
    call.end(body);
  });
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
