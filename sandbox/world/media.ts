/**
 * The host of users' files: what a phone has sent lies here for the service to fetch. Files can be made to behave badly: slow,
 * endless, dripping, lying about their length, redirecting, refusing. Keeps who asked for what.
 * Started by the world; files are put by tests and over the control API.
 */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

import { appendLog } from "./append-log.ts";
import type { AppendLog } from "./append-log.ts";
import { pause } from "./clock.ts";
import type { Clock } from "./clock.ts";

/** How a file is handed out. */
export type Manner =
  | { readonly kind: "plain" }
  /** Nothing happens for so long, then as usual. */
  | { readonly kind: "late"; readonly delayMs: number }
  /** One byte every so often, without an end. */
  | { readonly kind: "drip"; readonly everyMs: number }
  /** As fast as it is taken, without an end. */
  | { readonly kind: "endless" }
  /** Content-Length says so many bytes more than there are. */
  | { readonly kind: "lying"; readonly moreBytes: number }
  | { readonly kind: "redirect"; readonly to: string }
  | { readonly kind: "status"; readonly status: number };

/** A file. */
export interface StoredFile {
  readonly bytes: Buffer;
  readonly mimeType: string;
  readonly manner?: Manner;
}

/** A request for a file. */
export interface MediaRequest {
  readonly path: string;
  /** 0 where the connection just went away. */
  readonly status: number;
  readonly sentBytes: number;
}

/** The host. */
export interface MediaHost {
  readonly url: string;
  /** `host:port`, as a list of allowed hosts takes it. */
  readonly host: string;
  /** Requests in order of their end. */
  readonly log: AppendLog<MediaRequest>;
  /** Puts a file there, or another one in its place; answers its address. */
  put(name: string, file: StoredFile): string;
  /** The file of that name; undefined when there is none. Not a request, so not in the log. */
  find(name: string): StoredFile | undefined;
  /** Takes every file away. */
  clear(): void;
  close(): Promise<void>;
}

const BLOCK_BYTES = 256 * 1024;

/** Starts the host on 127.0.0.1; port 0 takes any free one. */
export async function startMedia(clock: Clock, remembered: number | null, port: number): Promise<MediaHost> {
  const files = new Map<string, StoredFile>();
  const log = appendLog<MediaRequest>(clock, remembered);
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    // Not by URL, which throws at what is no address, as "//" is.
    const [path = ""] = (request.url ?? "").split("?");
    const gone = new AbortController();
    const before = request.socket.bytesWritten;
    response.on("close", () => {
      gone.abort();
      const status = response.headersSent ? response.statusCode : 0;
      log.append({ path, status, sentBytes: request.socket.bytesWritten - before });
    });
    void handOut({ clock, gone: gone.signal, request, response }, files.get(path));
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const host = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return {
    url: `http://${host}`,
    host,
    log,
    put(name, file) {
      const path = `/${encodeURIComponent(name)}`;
      files.set(path, file);
      return `http://${host}${path}`;
    },
    find: (name) => files.get(`/${encodeURIComponent(name)}`),
    clear() {
      files.clear();
      log.clear();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        for (const socket of sockets) {
          socket.destroy();
        }
      }),
  };
}

interface Work {
  readonly clock: Clock;
  readonly gone: AbortSignal;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function handOut(work: Work, file: StoredFile | undefined): Promise<void> {
  const { response } = work;
  if (file === undefined) {
    response.writeHead(404).end();
    return;
  }
  const manner = file.manner ?? { kind: "plain" };
  switch (manner.kind) {
    case "redirect":
      response.writeHead(302, { location: manner.to }).end();
      return;
    case "status":
      response.writeHead(manner.status).end();
      return;
    case "late":
      await pause(work.clock, manner.delayMs, work.gone);
      break;
    case "endless":
      endless(response, file);
      return;
    case "drip":
      await drip(work, file, manner.everyMs);
      return;
    case "plain":
    case "lying":
  }
  const moreBytes = manner.kind === "lying" ? manner.moreBytes : 0;
  response.writeHead(200, { "content-type": file.mimeType, "content-length": file.bytes.length + moreBytes });
  if (moreBytes === 0) {
    response.end(file.bytes);
  } else {
    response.write(file.bytes, () => response.destroy());
  }
}

function endless(response: ServerResponse, file: StoredFile): void {
  response.writeHead(200, { "content-type": file.mimeType });
  const block = Buffer.alloc(BLOCK_BYTES, file.bytes);
  const more = (): void => {
    while (!response.destroyed && response.write(block)) {
      // as long as the sockets take it
    }
  };
  response.on("drain", more);
  more();
}

async function drip({ clock, gone, response }: Work, file: StoredFile, everyMs: number): Promise<void> {
  response.writeHead(200, { "content-type": file.mimeType });
  for (let i = 0; !gone.aborted; i++) {
    response.write(file.bytes.subarray(i % file.bytes.length, (i % file.bytes.length) + 1));
    await pause(clock, everyMs, gone);
  }
}
