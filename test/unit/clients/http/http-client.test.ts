// The HTTP clients against a real local server: answers, limits, and failures told apart, by both in the same way.
import { createServer as createTcpServer } from "node:net";
import { gzipSync } from "node:zlib";

import { afterEach, describe, expect, it, vi } from "vitest";

import { createHttpClient } from "../../../../src/clients/http/http-client.ts";
import type { HttpClient, HttpClientOptions, HttpRequest } from "../../../../src/clients/http/http-client.ts";
import { createMessageClient } from "../../../../src/clients/http/message-client.ts";
import { answeringServer } from "./answering-server.ts";
import type { AnsweringServer, Received, Reply } from "./answering-server.ts";

const toClose: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

async function server(answer: (request: Received) => Reply): Promise<AnsweringServer> {
  const started = await answeringServer(answer);
  toClose.push(() => started.close());
  return started;
}

type Limits = Partial<HttpClientOptions>;

const usual: HttpClientOptions = {
  connectTimeoutMs: 3_000,
  responseTimeoutMs: 3_000,
  maxConnections: 4,
  maxBodyBytes: 1_000,
  now: () => Date.UTC(2026, 10, 22, 12, 0, 0),
};

/** Both clients, and how their transports name the same failure. */
const clients = [
  {
    name: "the client of commands",
    opened: 1,
    make: (limits: Limits) => createHttpClient({ ...usual, ...limits }),
    late: "ETIMEDOUT (response)",
    noHandshake: "ETIMEDOUT (secureConnect)",
    reset: "ECONNRESET",
    badHeader: "ERR_INVALID_CHAR",
  },
  {
    name: "the client of messages",
    // undici lets a connection rest for a turn of the event loop: calls without a pause between them take turns on two.
    opened: 2,
    make: (limits: Limits) => {
      const http = createHttpClient({ ...usual, ...limits });
      const { call, close } = createMessageClient({ ...usual, ...limits }, http);
      return {
        call,
        close() {
          close();
          http.close();
        },
      };
    },
    late: "UND_ERR_HEADERS_TIMEOUT",
    noHandshake: "UND_ERR_CONNECT_TIMEOUT",
    reset: "ECONNRESET",
    badHeader: "UND_ERR_INVALID_ARG",
  },
] as const;

/** As tests use it: closed at their end. */
const closed =
  (make: (limits: Limits) => HttpClient) =>
  (limits: Limits = {}): HttpClient => {
    const made = make(limits);
    toClose.push(() => made.close());
    return made;
  };

const post = (url: string): HttpRequest => ({ method: "POST", url, headers: { "x-mine": "1" }, body: '{"a":1}' });

describe.each(clients)("a call of $name that is answered", ({ make, opened }) => {
  const client = closed(make);

  it("sends method, headers and body, and brings status and body, whatever the status", async () => {
    const { url, received } = await server(() => ({ status: 418, body: "short and stout" }));
    const answer = await client().call(post(`${url}/p?q=1`), null);
    expect(answer).toEqual({ kind: "answer", status: 418, body: "short and stout", retryAfterMs: null });
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({ method: "POST", url: "/p?q=1", body: '{"a":1}' });
    expect(received[0]?.headers["x-mine"]).toBe("1");
  });

  it("tells the other side what it was given and who calls, and nothing of ours (defect F12)", async () => {
    const { url, received } = await server(() => ({ status: 200 }));
    await client().call(post(url), null);
    const transport = ["host", "connection", "content-length", "accept-encoding", "user-agent"];
    const others = Object.keys(received[0]?.headers ?? {}).filter((name) => !transport.includes(name));
    expect(others).toEqual(["x-mine"]);
  });

  it.each([500, 503, 429, 302])("neither repeats nor follows a %i", async (status) => {
    const { url, received } = await server(() => ({ status, headers: { location: "/elsewhere", "retry-after": "0" } }));
    const answer = await client().call({ method: "GET", url, headers: {} }, null);
    expect(answer).toMatchObject({ kind: "answer", status, retryAfterMs: 0 });
    expect(received).toHaveLength(1);
  });

  it("sends a body that is made meanwhile with its length, and again when it is called again", async () => {
    const { url, received } = await server(() => ({ status: 200 }));
    const request: HttpRequest = {
      method: "POST",
      url,
      headers: {},
      body: {
        sizeBytes: 300_004,
        *chunks() {
          for (const letter of ["a", "b", "c"]) yield Buffer.alloc(100_000, letter);
          yield Buffer.from("d\u00e9\n");
        },
      },
    };
    const http = client();
    await http.call(request, null);
    await http.call(request, null);
    expect(received.map(({ body }) => body)).toEqual(
      Array(2).fill(`${"a".repeat(100_000)}${"b".repeat(100_000)}${"c".repeat(100_000)}d\u00e9\n`),
    );
    expect(received[0]?.headers).toMatchObject({ "content-length": "300004" });
    expect(received[0]?.headers["transfer-encoding"]).toBeUndefined();
  });

  it("reads Retry-After as seconds and as a date", async () => {
    const values = ["7", "Sun, 22 Nov 2026 12:01:00 GMT"];
    const { url } = await server(() => ({ status: 503, headers: { "retry-after": values.shift() ?? "" } }));
    const http = client();
    expect(await http.call(post(url), null)).toMatchObject({ retryAfterMs: 7_000 });
    expect(await http.call(post(url), null)).toMatchObject({ retryAfterMs: 60_000 });
  });

  it("keeps the connection for the next call, also after an error status and a 204", async () => {
    const statuses = [500, 204, 200];
    const target = await server(() => ({ status: statuses.shift() ?? 200, body: "" }));
    const http = client();
    for (let call = 0; call < 3; call += 1) await http.call(post(target.url), null);
    expect(target.connections()).toBe(opened);
  });

  it("opens no more connections than allowed", async () => {
    const target = await server(() => ({ status: 200, body: "ok" }));
    const http = client({ maxConnections: 2 });
    await Promise.all(Array.from({ length: 12 }, () => http.call(post(target.url), null)));
    expect(target.received).toHaveLength(12);
    expect(target.connections()).toBeLessThanOrEqual(2);
  });

  it("keeps the status and drops the body when the body is too large, also when it is packed", async () => {
    const packed = gzipSync("a".repeat(100_000));
    const { url } = await server(() => (response) => {
      response.writeHead(201, { "content-encoding": "gzip" });
      response.end(packed);
    });
    expect(packed.length).toBeLessThan(1_000);
    expect(await client().call(post(url), null)).toMatchObject({ kind: "answer", status: 201, body: null });
  });

  it("keeps the status when the body breaks off", async () => {
    const { url } = await server(() => (response) => {
      response.writeHead(201, { "content-length": "100" });
      response.write("half");
      setImmediate(() => response.destroy());
    });
    expect(await client().call(post(url), null)).toMatchObject({ kind: "answer", status: 201, body: null });
  });
});

describe.each(clients)("a call of $name without answer", ({ make, late, noHandshake, reset, badHeader }) => {
  const client = closed(make);

  it("certainly did not happen when nobody listens", async () => {
    const { url, close } = await answeringServer(() => ({ status: 200 }));
    await close();
    expect(await client().call(post(url), null)).toEqual({
      kind: "noAnswer",
      detail: "ECONNREFUSED",
      mayHaveHappened: false,
    });
  });

  it("certainly did not happen when the name does not resolve", async () => {
    const answer = await client().call(post("http://nobody.invalid/"), null);
    expect(answer).toMatchObject({ kind: "noAnswer", mayHaveHappened: false });
  });

  it("may have happened when the connection is reset after the request was written", async () => {
    const { url } = await server(() => (_, request) => {
      request.socket.resetAndDestroy();
    });
    expect(await client().call(post(url), null)).toEqual({
      kind: "noAnswer",
      detail: reset,
      mayHaveHappened: true,
    });
  });

  it("may have happened when the answer does not come in time", async () => {
    const { url } = await server(() => () => undefined);
    expect(await client({ responseTimeoutMs: 50 }).call(post(url), null)).toEqual({
      kind: "noAnswer",
      detail: late,
      mayHaveHappened: true,
    });
  });

  it("did not happen when the TLS handshake never ends", async () => {
    const mute = createTcpServer(() => undefined);
    await new Promise<void>((resolve) => {
      mute.listen(0, "127.0.0.1", resolve);
    });
    toClose.push(() => void mute.close());
    const address = mute.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    expect(
      await client({ connectTimeoutMs: 300, responseTimeoutMs: 1_000 }).call(post(`https://127.0.0.1:${port}/`), null),
    ).toEqual({
      kind: "noAnswer",
      detail: noHandshake,
      mayHaveHappened: false,
    });
  });

  it("is aborted: before it began nothing happened, later it may have", async () => {
    const controller = new AbortController();
    const target = await server(() => () => {
      controller.abort();
    });
    const http = client();
    expect(await http.call(post(target.url), AbortSignal.abort())).toEqual({
      kind: "noAnswer",
      detail: "aborted",
      mayHaveHappened: false,
    });
    expect(target.received).toHaveLength(0);
    expect(await http.call(post(target.url), controller.signal)).toEqual({
      kind: "noAnswer",
      detail: "aborted",
      mayHaveHappened: true,
    });
  });

  it.each([
    ["an address without origin", { url: "/services/oauth2/token" }, "ERR_INVALID_URL"],
    ["a header with a line break", { headers: { authorization: "Bearer a\nb" } }, badHeader],
  ])("is never sent with %s", async (_, wrong, detail) => {
    const target = await server(() => ({ status: 200 }));
    expect(await client().call({ ...post(target.url), ...wrong }, null)).toEqual({
      kind: "noAnswer",
      detail,
      mayHaveHappened: false,
    });
    expect(target.received).toHaveLength(0);
  });

  it("tells nothing of the address", async () => {
    const { url, close } = await answeringServer(() => ({ status: 200 }));
    await close();
    const answer = await client().call(post(`${url}/users/5215512345678?jwt=secret`), null);
    expect(JSON.stringify(answer)).not.toMatch(/secret|5215512345678|127\.0\.0\.1/);
  });
});

describe("the client of messages", () => {
  it("sends nothing of what was given up while it waited for a connection", async () => {
    const answers: (() => void)[] = [];
    const target = await server(() => (response) => void answers.push(() => response.end("late")));
    const http = closed(clients[1].make)({ maxConnections: 1 });
    const first = http.call(post(target.url), null);
    await vi.waitFor(() => expect(answers).toHaveLength(1));
    const controller = new AbortController();
    const second = http.call(post(target.url), controller.signal);
    controller.abort();
    expect(await second).toEqual({ kind: "noAnswer", detail: "aborted", mayHaveHappened: false });
    answers[0]?.();
    expect(await first).toMatchObject({ status: 200, body: "late" });
    const third = http.call(post(target.url), null);
    await vi.waitFor(() => expect(answers).toHaveLength(2));
    answers[1]?.();
    expect(await third).toMatchObject({ status: 200 });
    expect(target.received).toHaveLength(2);
  });

  it("gives a call up that gets no connection", async () => {
    const target = await server(() => () => undefined);
    const http = closed(clients[1].make)({ maxConnections: 1, connectTimeoutMs: 30, responseTimeoutMs: 60 });
    const answers = [http.call(post(target.url), null), http.call(post(target.url), null)];
    expect(await Promise.all(answers)).toEqual([
      { kind: "noAnswer", detail: "ETIMEDOUT (request)", mayHaveHappened: true },
      { kind: "noAnswer", detail: "ETIMEDOUT (request)", mayHaveHappened: false },
    ]);
  });

  it("hands on what goes by a proxy, and bodies that are made meanwhile", async () => {
    const handed: string[] = [];
    const others: HttpClient = {
      close: () => undefined,
      call: ({ url }) => {
        handed.push(url);
        return Promise.resolve({ kind: "answer", status: 200, body: "", retryAfterMs: null });
      },
    };
    const proxyFor = ({ hostname }: URL): URL | null => (hostname === "far.invalid" ? new URL("http://proxy") : null);
    const http = createMessageClient({ ...usual, proxyFor }, others);
    await http.call(post("http://far.invalid/"), null);
    await http.call({ ...post("http://near.invalid/"), body: { sizeBytes: 0, chunks: () => [] } }, null);
    expect(handed).toEqual(["http://far.invalid/", "http://near.invalid/"]);
  });
});
