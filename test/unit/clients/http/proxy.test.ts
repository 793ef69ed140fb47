// Outgoing proxies: which address takes which, and that calls and polls really go through a CONNECT proxy.
import { createServer, request as forward, type IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";

import { describe, expect, it, onTestFinished } from "vitest";

import { createClock } from "../../../../src/clients/clock.ts";
import { createGuardedDownload, type LookedUp } from "../../../../src/clients/http/guarded-download.ts";
import { createHttpClient } from "../../../../src/clients/http/http-client.ts";
import { createLongPollClient } from "../../../../src/clients/http/long-poll-client.ts";
import { createProxyFor } from "../../../../src/clients/http/proxy.ts";
import { createRegistryApi } from "../../../../src/clients/schema-registry/registry-api.ts";
import { createWriterSchemas } from "../../../../src/clients/schema-registry/writer-schemas.ts";
import { answeringServer } from "./answering-server.ts";

const limits = {
  connectTimeoutMs: 2_000,
  responseTimeoutMs: 2_000,
  bodyTimeoutMs: 2_000,
  maxConnections: 4,
  maxBodyBytes: 1_000,
  now: () => 0,
};
const never = new AbortController().signal;

describe("the choice", () => {
  const proxyFor = createProxyFor({
    http: "http://plain:3128",
    https: "http://secure:3129",
    direct: ["example.com", ".internal", "*.svc", "10.0.0.0/8", "fd00::/8", "192.168.1.1", "host:8080", "2001:db8::1"],
  });
  it.each([
    ["http://other.net/", "plain:3128"],
    ["https://other.net/", "secure:3129"],
    ["https://example.com/", null],
    ["https://a.b.example.com/", null],
    ["https://notexample.com/", "secure:3129"],
    ["http://a.internal/", null],
    ["http://internal/", "plain:3128"],
    ["http://a.svc/", null],
    ["http://10.2.3.4/", null],
    ["http://11.2.3.4/", "plain:3128"],
    ["http://[fd00::2]/", null],
    ["http://[2001:db8::1]/", null],
    ["http://[2001:db8::2]/", "plain:3128"],
    ["http://192.168.1.1/", null],
    ["http://host:8080/", null],
    ["http://host/", "plain:3128"],
    ["http://localhost/", null],
    ["https://127.0.0.2/", null],
    ["http://[::1]/", null],
  ])("%s takes %s", (url, proxy) => {
    expect(proxyFor(new URL(url))?.host ?? null).toBe(proxy);
  });

  it("is direct for all with a star, and for the scheme without a proxy", () => {
    expect(createProxyFor({ http: "http://p:1", https: null, direct: ["*"] })(new URL("http://a/"))).toBe(null);
    expect(createProxyFor({ http: "http://p:1", https: null, direct: [] })(new URL("https://a/"))).toBe(null);
  });
});

/** A proxy that leads every tunnel, and every forwarded request, to one port, whatever name was asked for. */
async function proxy(port: number, refuse = false, forwardTo: string | null = null) {
  const asked: string[] = [];
  const credentials: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  const server = createServer();
  server.on("connection", (socket) => sockets.add(socket));
  server.on("connect", (request: IncomingMessage, socket: Socket) => {
    asked.push(`CONNECT ${request.url ?? ""}`);
    credentials.push(request.headers["proxy-authorization"]);
    if (refuse) return void socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    const upstream = connect(port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on("error", () => socket.destroy());
    sockets.add(upstream);
  });
  server.on("request", (request, response) => {
    asked.push(`${request.method ?? ""} ${request.url ?? ""}`);
    credentials.push(request.headers["proxy-authorization"]);
    if (forwardTo === null) return void response.end("forwarded");
    const { pathname, search } = new URL(request.url ?? "");
    const asIt = { method: request.method ?? "GET", headers: request.headers };
    request.pipe(forward(`${forwardTo}${pathname}${search}`, asIt, (answer) => void answer.pipe(response)));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const url = `http://user:p%40ss@127.0.0.1:${String(address.port)}`;
  return { asked, credentials, proxyFor: createProxyFor({ http: url, https: url, direct: ["direct.invalid"] }) };
}

const basic = `Basic ${Buffer.from("user:p@ss").toString("base64")}`;

async function desk() {
  const started = await answeringServer(() => ({ status: 200, body: "there" }));
  onTestFinished(() => started.close());
  return { ...started, port: Number(new URL(started.url).port) };
}

describe("a proxy that is set", () => {
  it("carries polls through one tunnel, with credentials", async () => {
    const target = await desk();
    const { asked, credentials, proxyFor } = await proxy(target.port);
    const polls = createLongPollClient({ ...limits, proxyFor });
    onTestFinished(() => polls.close());
    const poll = { url: "http://desk.invalid/poll?ack=1", headers: {}, timeoutMs: 2_000 };
    for (let turn = 0; turn < 2; turn += 1)
      expect(await polls.get(poll, never)).toMatchObject({ kind: "answer", status: 200, body: "there" });
    expect(asked).toEqual(["CONNECT desk.invalid:80"]);
    expect(credentials).toEqual([basic]);
    expect(target.received.map(({ url, headers }) => [url, headers["proxy-authorization"]])).toEqual([
      ["/poll?ack=1", undefined],
      ["/poll?ack=1", undefined],
    ]);
  });

  it("ends a poll without answer when no tunnel is opened", async () => {
    const { proxyFor } = await proxy(1, true);
    const polls = createLongPollClient({ ...limits, proxyFor });
    onTestFinished(() => polls.close());
    expect(await polls.get({ url: "https://desk.invalid/", headers: {}, timeoutMs: 2_000 }, never)).toEqual({
      kind: "noAnswer",
      detail: "ERR_PROXY_TUNNEL",
    });
  });

  it("forwards http calls and tunnels https calls", async () => {
    const { asked, credentials, proxyFor } = await proxy(1);
    const http = createHttpClient({ ...limits, proxyFor });
    onTestFinished(() => http.close());
    const call = (url: string) => http.call({ method: "GET", url, headers: {} }, null);
    expect(await call("http://desk.invalid/data")).toMatchObject({ kind: "answer", body: "forwarded" });
    expect(await call("https://desk.invalid/data")).toMatchObject({ kind: "noAnswer" });
    expect(asked).toEqual(["GET http://desk.invalid/data", "CONNECT desk.invalid:443"]);
    expect(credentials).toEqual([basic, basic]);
  });

  it("knows that a refused tunnel carried nothing", async () => {
    const { proxyFor } = await proxy(1, true);
    const http = createHttpClient({ ...limits, proxyFor });
    onTestFinished(() => http.close());
    const answer = await http.call({ method: "POST", url: "https://desk.invalid/data", headers: {}, body: "x" }, null);
    expect(answer).toMatchObject({ kind: "noAnswer", mayHaveHappened: false });
  });

  it("is left aside for what NO_PROXY names", async () => {
    const { asked, proxyFor } = await proxy(1);
    const http = createHttpClient({ ...limits, proxyFor });
    onTestFinished(() => http.close());
    expect(await http.call({ method: "GET", url: "http://direct.invalid/", headers: {} }, null)).toMatchObject({
      kind: "noAnswer",
    });
    expect(asked).toEqual([]);
  });

  it("hands http downloads on and tunnels https ones, with credentials for the proxy alone", async () => {
    const { asked, credentials, proxyFor } = await proxy(1);
    const unknownHere = (_host: string, done: LookedUp): void => done(new Error("ENOTFOUND"), []);
    const options = { maxBytes: 1_000, answerTimeoutMs: 2_000, totalTimeoutMs: 4_000, allowedHosts: [] };
    const download = createGuardedDownload({ ...limits, ...options, proxyFor, lookup: unknownHere });
    const file = await download("http://media.invalid/a?b=c", never);
    expect(file).toMatchObject({ kind: "done", value: { sizeBytes: "forwarded".length } });
    expect(await download("https://media.invalid/a", never)).toMatchObject({ kind: "retry" });
    expect(asked).toEqual(["GET http://media.invalid/a?b=c", "CONNECT media.invalid:443"]);
    expect(credentials).toEqual([basic, basic]);
  });

  it("is not asked for a file at an address that is private, by number or by name", async () => {
    const { asked, proxyFor } = await proxy(1);
    const inside = (_host: string, done: LookedUp): void => done(null, [{ address: "10.0.0.7", family: 4 }]);
    const options = {
      maxBytes: 1_000,
      answerTimeoutMs: 2_000,
      totalTimeoutMs: 4_000,
      allowedHosts: ["allowed.invalid"],
    };
    const download = createGuardedDownload({ ...limits, ...options, proxyFor, lookup: inside });
    for (const url of ["http://10.0.0.7/a", "http://inside.invalid/a", "https://inside.invalid/a"])
      expect(await download(url, never)).toMatchObject({ kind: "refused", detail: "ADDRESS_NOT_ALLOWED" });
    expect(asked).toEqual([]);
    expect(await download("http://allowed.invalid/a", never)).toMatchObject({ kind: "done" });
  });

  it("carries the calls to the schema registry, and those of its client", async () => {
    const schema = { status: 200, body: { schema: '"string"', id: 7 } } as const;
    const registry = await answeringServer(() => schema);
    onTestFinished(() => registry.close());
    const { asked, proxyFor } = await proxy(Number(new URL(registry.url).port), false, registry.url);
    const settings = { url: "http://registry.invalid", user: "me", password: "p", proxyFor };
    const api = createRegistryApi(settings);
    expect(await api.lookUp("s", "{}")).toEqual({ kind: "id", id: 7 });
    expect(await createWriterSchemas(settings, api, createClock()).schemaOf(7)).toMatchObject({ kind: "type" });
    expect(asked).toEqual([
      "POST http://registry.invalid/subjects/s",
      expect.stringMatching(/^GET http:\/\/registry\.invalid\/schemas\/ids\/7/),
    ]);
  });
});
