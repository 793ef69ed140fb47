// Owns the page's HTTP server on 127.0.0.1: its document and assets, the stream of batches, its API, and the world's routes under
// /api/world. Refuses calls for other hosts and of other pages. Called by page.ts; what the routes do is in routes.ts.
import type { ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import fastify, { type FastifyInstance } from "fastify";

import { guardLoopback } from "../world/control/loopback-guard.ts";
import type { Route } from "../world/control/routes.ts";
import { serveRoutes } from "../world/control/server.ts";
import { caseFile } from "./case-files.ts";
import { DOCUMENT, PAGE_HEADERS } from "./document.ts";
import type { Asset } from "./bundle.ts";
import type { Feed } from "./feed.ts";
import type { WorldParts } from "../world/world-parts.ts";

/** What it serves. */
export interface PageServerOptions {
  readonly port: number;
  readonly feed: Feed;
  readonly parts: Pick<WorldParts, "media" | "desk">;
  /** Of the page and of the world, with their whole paths. */
  readonly routes: readonly Route[];
  readonly assets: ReadonlyMap<string, Asset>;
}

/** The running server. */
export interface PageServer {
  readonly url: string;
  close(): Promise<void>;
}

/** A page that takes in less than it is sent is cut off; it comes back and is shown how things stand. */
const MOST_UNSENT_BYTES = 8 * 1024 * 1024;
const SAFE_TYPES = /^image\/(png|jpeg|gif|webp)$|^application\/pdf$/;

/** Starts it; port 0 is any free one. */
export async function startPageServer(options: PageServerOptions): Promise<PageServer> {
  const app = fastify({ forceCloseConnections: true });
  guardLoopback(app);
  app.addHook("onSend", async (_request, reply) => {
    reply.headers(PAGE_HEADERS);
  });
  app.get("/", (_request, reply) => reply.type("text/html; charset=utf-8").send(DOCUMENT));
  app.get("/:asset", (request, reply) => {
    const asset = options.assets.get(request.url);
    if (asset === undefined) return reply.code(404).send({ error: "there is no such file" });
    return reply.type(asset.mimeType).send(Buffer.from(asset.bytes));
  });
  serveFiles(app, options.parts);
  app.get("/api/events", (_request, reply) => {
    reply.hijack();
    stream(reply.raw, options.feed);
  });
  serveRoutes(app, options.routes, "");
  await app.listen({ host: "127.0.0.1", port: options.port });
  const { port } = app.server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${String(port)}`, close: () => app.close() };
}

function serveFiles(app: FastifyInstance, { media, desk }: PageServerOptions["parts"]): void {
  app.get<{ Params: { readonly name: string } }>("/media/:name", async ({ params }, reply) => {
    const file = media.find(params.name);
    if (file === undefined) return reply.code(404).send({ error: "there is no such file" });
    return reply.type(safeType(file.mimeType)).send(file.bytes);
  });
  app.get<{ Params: { readonly id: string } }>("/case-files/:id", async ({ params }, reply) => {
    const bytes = caseFile(desk.records, params.id);
    if (bytes === undefined) return reply.code(404).send({ error: "there is no such file" });
    return reply.type(typeByContent(bytes)).send(bytes);
  });
}

/** A file of a user never runs as a page of ours. */
function safeType(mimeType: string): string {
  return SAFE_TYPES.test(mimeType) ? mimeType : "application/octet-stream";
}

const SIGNS: readonly (readonly [sign: string, mimeType: string])[] = [
  ["89504e47", "image/png"],
  ["ffd8ff", "image/jpeg"],
  ["47494638", "image/gif"],
  ["25504446", "application/pdf"],
];

function typeByContent(bytes: Buffer): string {
  const head = bytes.subarray(0, 4).toString("hex");
  return SIGNS.find(([sign]) => head.startsWith(sign))?.[1] ?? "application/octet-stream";
}

/** Server-sent events: `snapshot` first, then `batch` after `batch`. */
function stream(response: ServerResponse, feed: Feed): void {
  response.writeHead(200, {
    ...PAGE_HEADERS,
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
  });
  const send = (event: string, data: unknown): void => {
    if (response.writableLength > MOST_UNSENT_BYTES) response.destroy();
    else response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  response.write("retry: 500\n\n");
  send("snapshot", feed.snapshot());
  response.once(
    "close",
    feed.listen((batch) => send("batch", batch)),
  );
}
