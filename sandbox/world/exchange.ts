/**
 * The HTTP server of one outside system: receives a call, writes the journal, lets faults strike, answers. Can be cut off and restored.
 * What a call means is decided by the system behind it.
 * Started by the world, one for each system.
 */
import type { AddressInfo } from "node:net";

import fastify from "fastify";
import type { FastifyReply, FastifyRequest } from "fastify";

import { header, parseJson } from "./answers.ts";
import type { Answer, Call } from "./answers.ts";
import { pause } from "./clock.ts";
import type { Clock } from "./clock.ts";
import type { Faults, FaultEffect, Strike } from "./faults.ts";
import type { CallEnd, Identity, Journal, SystemName } from "./journal.ts";

/** A simulated system: it tells what a call is about, and answers it. */
export interface System {
  readonly name: SystemName;
  identify(call: Call): Identity;
  handle(call: Call): Answer | Promise<Answer>;
}

/** What an exchange works with. */
export interface ExchangeParts {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly faults: Faults;
  /** Bodies larger than this are named by their size in the journal. */
  readonly journalBodyBytes: number;
}

/** A running server. */
export interface Exchange {
  readonly url: string;
  /** Refuses connections and resets those there are, until restored. Harmless twice. */
  cut(): Promise<void>;
  /** Listens again on the same port. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

const BODY_LIMIT_BYTES = 64 * 1024 * 1024;

/** Starts the server on 127.0.0.1; port 0 takes any free one. */
export async function startExchange(system: System, parts: ExchangeParts, port: number): Promise<Exchange> {
  const app = fastify({ bodyLimit: BODY_LIMIT_BYTES, forceCloseConnections: true, keepAliveTimeout: 75_000 });
  app.removeAllContentTypeParsers();
  const takeBytes = (_request: FastifyRequest, body: Buffer, done: (error: null, body: Buffer) => void): void => {
    done(null, body);
  };
  app.addContentTypeParser("*", { parseAs: "buffer" }, takeBytes);
  app.all("/*", (request, reply) => serve(system, parts, request, reply));
  await app.listen({ host: "127.0.0.1", port });
  const { port: boundPort } = app.server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${boundPort}`,
    cut: () =>
      new Promise((resolve) => {
        app.server.close(() => {
          resolve();
        });
        app.server.closeAllConnections();
      }),
    restore: () =>
      new Promise((resolve, reject) => {
        if (app.server.listening) {
          resolve();
          return;
        }
        app.server.once("error", reject);
        app.server.listen(boundPort, "127.0.0.1", () => {
          app.server.off("error", reject);
          resolve();
        });
      }),
    close: () => app.close(),
  };
}

async function serve(
  system: System,
  parts: ExchangeParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const call = callOf(request, reply);
  const identity = system.identify(call);
  const sequence = header(call, "x-liveagent-sequence");
  const open = parts.journal.arrive({
    ...identity,
    system: system.name,
    method: call.method,
    path: call.path,
    ...(call.headers.host === undefined ? {} : { host: call.headers.host }),
    ...(sequence === undefined ? {} : { sequence }),
    ...requestField(call, parts.journalBodyBytes),
  });
  const strikes = parts.faults.strike(system.name, call, identity);
  let end: CallEnd | undefined;
  try {
    end = await answer({ system, parts, call, strikes }, reply);
  } finally {
    // fastify answers what the simulator itself could not
    parts.journal.finish(open, end ?? { outcome: "answered", status: 500, handled: false, faults: [] });
  }
  return reply;
}

interface Work {
  readonly system: System;
  readonly parts: ExchangeParts;
  readonly call: Call;
  readonly strikes: readonly Strike[];
}

async function answer(work: Work, reply: FastifyReply): Promise<CallEnd> {
  const faults = work.strikes.map((strike) => strike.id);
  const before = await strikeAll(work, "before", undefined, reply);
  if (before !== undefined) {
    return { ...before, handled: false, faults };
  }
  if (work.call.gone.aborted) {
    reply.hijack();
    return { outcome: "caller-gone", status: null, handled: false, faults };
  }
  const made = await work.system.handle(work.call);
  const after = await strikeAll(work, "after", made, reply);
  return { ...(after ?? send(work.call, made, reply)), handled: true, faults };
}

type Ending = Pick<CallEnd, "outcome" | "status">;

async function strikeAll(
  work: Work,
  when: Strike["when"],
  made: Answer | undefined,
  reply: FastifyReply,
): Promise<Ending | undefined> {
  for (const { effect } of work.strikes.filter((strike) => strike.when === when)) {
    if (effect.kind === "delay") {
      await pause(work.parts.clock, effect.delayMs, work.call.gone);
    } else {
      return carryOut(effect, work.call, made, reply);
    }
  }
  return undefined;
}

async function carryOut(
  effect: Exclude<FaultEffect, { kind: "delay" }>,
  call: Call,
  made: Answer | undefined,
  reply: FastifyReply,
): Promise<Ending> {
  switch (effect.kind) {
    case "status":
      return send(call, faultAnswer(effect), reply);
    case "garbage":
      return send(call, { status: 200, body: effect.body ?? "<html><body>Service maintenance" }, reply);
    case "hang":
      await goneFrom(call);
      reply.hijack();
      return { outcome: "caller-gone", status: null };
    case "reset":
      reply.hijack();
      reply.raw.socket?.resetAndDestroy();
      return { outcome: "reset", status: null };
    case "cut-body":
      await sendHalf(made ?? { status: 200, body: '{"half":' }, reply);
      return { outcome: "reset", status: null };
  }
}

function faultAnswer(effect: Extract<FaultEffect, { kind: "status" }>): Answer {
  return {
    status: effect.status,
    body: effect.body ?? "",
    headers: {
      ...(effect.contentType === undefined ? {} : { "content-type": effect.contentType }),
      ...(effect.retryAfterS === undefined ? {} : { "retry-after": String(effect.retryAfterS) }),
    },
  };
}

function send(call: Call, made: Answer, reply: FastifyReply): Ending {
  if (call.gone.aborted) {
    reply.hijack();
    return { outcome: "caller-gone", status: null };
  }
  void reply.code(made.status).headers(made.headers ?? {});
  void reply.send(made.body === "" ? undefined : made.body);
  return { outcome: "answered", status: made.status };
}

function sendHalf(made: Answer, reply: FastifyReply): Promise<void> {
  reply.hijack();
  const body = Buffer.from(made.body);
  reply.raw.writeHead(made.status, { ...made.headers, "content-length": body.length + 1 });
  return new Promise((resolve) => {
    reply.raw.write(body.subarray(0, Math.max(1, body.length >> 1)), () => {
      reply.raw.socket?.resetAndDestroy();
      resolve();
    });
  });
}

function goneFrom(call: Call): Promise<void> {
  return new Promise((resolve) => {
    if (call.gone.aborted) {
      resolve();
    } else {
      call.gone.addEventListener("abort", () => {
        resolve();
      });
    }
  });
}

function callOf(request: FastifyRequest, reply: FastifyReply): Call {
  const gone = new AbortController();
  reply.raw.on("close", () => {
    if (!reply.raw.writableFinished) {
      gone.abort();
    }
  });
  const mark = request.url.indexOf("?");
  return {
    method: request.method,
    path: mark < 0 ? request.url : request.url.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? "" : request.url.slice(mark + 1)),
    headers: request.headers,
    body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
    gone: gone.signal,
  };
}

function requestField(call: Call, maxBytes: number): { readonly request?: unknown } {
  if (call.body.length === 0) {
    const query = call.query.toString();
    return query === "" ? {} : { request: Object.fromEntries(call.query) };
  }
  if (call.body.length > maxBytes) {
    return { request: { sizeBytes: call.body.length } };
  }
  const source = call.body.toString("utf8");
  if (header(call, "content-type")?.startsWith("application/x-www-form-urlencoded") === true) {
    return { request: Object.fromEntries(new URLSearchParams(source)) };
  }
  return { request: parseJson(source) ?? source };
}
