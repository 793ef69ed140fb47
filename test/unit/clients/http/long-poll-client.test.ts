// The long-poll client against a real local server: held requests, time-outs, aborts, closed sockets.
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";

import { afterEach, describe, expect, it, vi } from "vitest";

import { createLongPollClient } from "../../../../src/clients/http/long-poll-client.ts";
import { answeringServer } from "./answering-server.ts";
import type { AnsweringServer, Received, Reply } from "./answering-server.ts";

const toClose: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

async function server(answer: (request: Received) => Reply): Promise<AnsweringServer> {
  const started = await answeringServer(answer);
  toClose.push(() => started.close());
  return started;
}

function client() {
  const made = createLongPollClient({
    connectTimeoutMs: 3_000,
    bodyTimeoutMs: 3_000,
    maxBodyBytes: 1_000,
    now: () => 0,
  });
  toClose.push(() => made.close());
  return made;
}

/** The sockets that undici opens from now on, as it tells them. */
function clientSockets(): Socket[] {
  const sockets: Socket[] = [];
  const note = (message: unknown) => void sockets.push((message as { socket: Socket }).socket);
  subscribe("undici:client:connected", note);
  toClose.push(async () => void unsubscribe("undici:client:connected", note));
  return sockets;
}

const poll = (url: string, timeoutMs = 5_000) => ({ url: `${url}/poll?ack=3`, headers: { "x-key": "k" }, timeoutMs });
const never = new AbortController().signal;

describe("a long poll", () => {
  it("brings the answer, and its connection serves the next one", async () => {
    const target = await server(() => ({ status: 200, body: "event", headers: { "retry-after": "2" } }));
    const polls = client();
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await polls.get(poll(target.url), never)).toEqual({
        kind: "answer",
        status: 200,
        body: "event",
        retryAfterMs: 2_000,
      });
    }
    expect(target.received[0]).toMatchObject({ method: "GET", url: "/poll?ack=3" });
    expect(target.received[0]?.headers["x-key"]).toBe("k");
    expect(target.connections()).toBe(1);
    expect(polls.inFlight()).toBe(0);
  });

  it("does not wait for others, however many are held", async () => {
    const target = await server(() => () => undefined);
    const polls = client();
    const controller = new AbortController();
    const held = Array.from({ length: 300 }, () => polls.get(poll(target.url), controller.signal));
    await vi.waitFor(() => expect(target.received).toHaveLength(300), { timeout: 4_000 });
    expect(polls.inFlight()).toBe(300);
    controller.abort();
    const ends = await Promise.allSettled(held);
    expect(ends.every(({ status }) => status === "rejected")).toBe(true);
    expect(polls.inFlight()).toBe(0);
  });

  it("is over for the other side, too, when an aborted one rejects", async () => {
    const target = await server(() => () => undefined);
    const sockets = clientSockets();
    const polls = client();
    const controller = new AbortController();
    const held = polls.get(poll(target.url), controller.signal);
    await vi.waitFor(() => expect(target.received).toHaveLength(1), { timeout: 3_000 });
    const reason = new Error("partition lost");
    controller.abort(reason);
    const rejection = await held.catch((error: unknown) => error);
    expect(sockets.map(({ closed }) => closed)).toEqual([true]);
    expect(rejection).toBe(reason);
    await vi.waitFor(() => expect(target.openSockets()).toBe(0), { timeout: 3_000 });
  });

  it("that was aborted before it began is never sent", async () => {
    const target = await server(() => ({ status: 204 }));
    await expect(client().get(poll(target.url), AbortSignal.abort())).rejects.toThrow();
    expect(target.received).toHaveLength(0);
  });

  it("without answer in time ends with its socket closed, and the next one works", async () => {
    const replies: Reply[] = [() => undefined, { status: 204 }];
    const target = await server(() => replies.shift() ?? { status: 500 });
    const sockets = clientSockets();
    const polls = client();
    const first = await polls.get(poll(target.url, 80), never);
    expect(sockets.map(({ closed }) => closed)).toEqual([true]);
    expect(first).toEqual({ kind: "noAnswer", detail: "UND_ERR_HEADERS_TIMEOUT" });
    await vi.waitFor(() => expect(target.openSockets()).toBe(0), { timeout: 3_000 });
    expect(await polls.get(poll(target.url), never)).toMatchObject({ kind: "answer", status: 204, body: "" });
  });

  it.each<[string, Reply]>([
    ["is reset", (_, request) => void request.socket.resetAndDestroy()],
    [
      "breaks off in the body",
      (response) => {
        response.writeHead(200, { "content-length": "100" });
        response.write("half");
        setImmediate(() => response.destroy());
      },
    ],
    ["is too large", { status: 200, body: "a".repeat(2_000) }],
  ])("R25 that %s brings no answer", async (_, reply) => {
    const target = await server(() => reply);
    expect(await client().get(poll(target.url), never)).toMatchObject({ kind: "noAnswer" });
  });

  it("finds nobody there", async () => {
    const target = await answeringServer(() => ({ status: 200 }));
    await target.close();
    expect(await client().get(poll(target.url), never)).toEqual({ kind: "noAnswer", detail: "ECONNREFUSED" });
  });

  it.each([
    ["an address without origin", { url: "/poll" }, "ERR_INVALID_URL"],
    ["a header with a line break", { headers: { "x-key": "a\nb" } }, "UND_ERR_INVALID_ARG"],
  ])("with %s is never sent", async (_, wrong, detail) => {
    const target = await server(() => ({ status: 204 }));
    expect(await client().get({ ...poll(target.url), ...wrong }, never)).toEqual({ kind: "noAnswer", detail });
    expect(target.received).toHaveLength(0);
  });

  it("ends without answer when the client closes", async () => {
    const target = await server(() => () => undefined);
    const polls = client();
    const held = polls.get(poll(target.url), never);
    await vi.waitFor(() => expect(target.received).toHaveLength(1), { timeout: 3_000 });
    await polls.close();
    expect(await held).toMatchObject({ kind: "noAnswer" });
    await vi.waitFor(() => expect(target.openSockets()).toBe(0), { timeout: 3_000 });
  });
});
