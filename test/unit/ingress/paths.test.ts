// What the edge answers beside its routes' own work: welcome and context, other paths and methods, limits, and what is logged.
import { describe, expect, it } from "vitest";

import { createRecordSinks } from "../../../src/ingress/record-sinks.ts";
import type { ContextEntry } from "../../../src/processors/interconnection/state.ts";
import type { ChannelMessage } from "../../../src/processors/messages/generated.ts";
import type { ProducedRecord } from "../../../src/topology/ports.ts";
import { createEdge, startOfTime, type Edge } from "./edge.ts";

const get = async (edge: Edge, url: string): ReturnType<Edge["send"]> =>
  edge.send({ method: "GET", url, headers: { authorization: `Bearer ${await edge.token()}` } });

describe("welcome", () => {
  it("is one JSON document", async () => {
    const response = await createEdge().send({ method: "GET", url: "/v1/welcome" });
    expect([response.statusCode, response.body, response.headers["content-type"]]).toEqual([
      200,
      '{"Message":"Welcome to API!"}',
      "application/json",
    ]);
  });
});

describe("context", () => {
  const said = (entry: Partial<ContextEntry>): ContextEntry => ({
    messageId: "m",
    at: 1_630_404_000_000,
    from: "user",
    text: null,
    media: null,
    ...entry,
  });

  it("is null where nothing was said", async () => {
    const response = await get(createEdge(), "/v1/context/5215512345678");
    expect([response.statusCode, response.body]).toEqual([200, "null"]);
  });

  it("leaves out what is a day old, which a chat that waits for long may hold, and is an empty list when that is all", async () => {
    const edge = createEdge();
    const dayMs = 86_400_000;
    const at = (receivedAt: number, text: string): ContextEntry => said({ at: 5, receivedAt, text });
    const expired = [at(startOfTime - 2 * dayMs, "older"), at(startOfTime - dayMs, "old")];
    edge.world.context = [...expired, at(startOfTime - dayMs + 1, "young")];
    const texts = (await get(edge, "/v1/context/5")).json<{ text: string }[]>().map(({ text }) => text);
    expect(texts).toEqual(["young"]);
    edge.world.context = expired;
    expect((await get(edge, "/v1/context/5")).body).toBe("[]");
  });

  it("has the original's keys in the original's order, without those that are empty", async () => {
    const edge = createEdge();
    edge.world.now = 1_630_404_000_001;
    edge.world.context = [
      said({ text: "Hola" }),
      said({
        ...{ from: "bot", at: 0, receivedAt: 1_630_404_000_000 },
        media: { url: "http://f/1", mimeType: "a/b", caption: "c" },
      }),
      said({ media: { url: "http://f/2", mimeType: null, caption: null } }),
    ];
    const response = await get(edge, "/v1/context/52%2B1");
    expect(response.body).toBe(
      "[" +
        '{"userId":"52+1","client":"salesforce","timestamp":1630404000000,"text":"Hola","from":"user","ttl":"2021-09-01T10:00:00.000Z"},' +
        '{"userId":"52+1","client":"salesforce","url":"http://f/1","mimeType":"a/b","caption":"c","from":"bot","ttl":"2021-09-01T10:00:00.000Z"},' +
        '{"userId":"52+1","client":"salesforce","timestamp":1630404000000,"url":"http://f/2","from":"user","ttl":"2021-09-01T10:00:00.000Z"}' +
        "]",
    );
  });

  it("survives a time that no calendar has", async () => {
    const edge = createEdge();
    edge.world.context = [said({ at: Number.MAX_SAFE_INTEGER })];
    expect((await get(edge, "/v1/context/1")).statusCode).toBe(200);
  });

  it("is 503 while the store is away", async () => {
    const edge = createEdge();
    edge.world.store = "is away";
    const response = await get(edge, "/v1/context/1");
    expect([response.statusCode, response.headers["retry-after"]]).toEqual([503, "2"]);
  });
});

describe("other paths and methods", () => {
  type Method = "GET" | "POST" | "PUT" | "DELETE" | "HEAD" | "OPTIONS" | "PATCH";
  it.each<readonly [Method, url: string, status: number, headers: Record<string, string>, body: string]>([
    ["GET", "/", 404, { "content-type": "text/plain; charset=utf-8" }, "404 page not found\n"],
    ["POST", "/v1/chats", 404, {}, "404 page not found\n"],
    ["GET", "/v1/context/", 404, {}, "404 page not found\n"],
    ["GET", "/v1/context/a/b", 404, {}, "404 page not found\n"],
    ["GET", "/v1/chats/connect", 405, { allow: "OPTIONS, POST" }, "Method Not Allowed\n"],
    ["GET", "/v1/authenticate", 405, { allow: "OPTIONS, POST" }, "Method Not Allowed\n"],
    ["HEAD", "/v1/welcome", 405, { allow: "GET, OPTIONS" }, ""],
    ["PATCH", "/v1/chat/finish/5", 405, { allow: "DELETE, OPTIONS" }, "Method Not Allowed\n"],
    ["OPTIONS", "/v1/chats/connect", 200, { allow: "OPTIONS, POST" }, ""],
    ["OPTIONS", "/v1/context/5", 200, { allow: "GET, OPTIONS" }, ""],
    ["OPTIONS", "/nowhere", 404, {}, "404 page not found\n"],
    ["GET", "/v1/welcome/", 301, { location: "/v1/welcome" }, ""],
    ["GET", "/V1/Context/AbC?token=x", 301, { location: "/v1/context/AbC?token=x" }, ""],
    ["GET", "/V1/context/5?token=a?b&c=?", 301, { location: "/v1/context/5?token=a?b&c=?" }, ""],
    ["POST", "/v1/Chats/connect/", 307, { location: "/v1/chats/connect" }, ""],
    ["GET", "/v1/authenticate/", 404, {}, "404 page not found\n"],
    ["GET", "//elsewhere.example/v1/welcome", 404, {}, "404 page not found\n"],
  ])("%s %s is %i", async (method, url, status, headers, body) => {
    const response = await createEdge().send({ method, url });
    expect([response.statusCode, response.body]).toEqual([status, body]);
    expect(response.headers).toMatchObject(headers);
  });

  it("is 400 for an address that cannot be decoded", async () => {
    expect((await createEdge().send({ method: "GET", url: "/v1/context/%E0%A4%A" })).statusCode).toBe(400);
  });

  it("overrides no method by header", async () => {
    const headers = { "x-http-method-override": "DELETE" };
    expect((await createEdge().send({ method: "POST", url: "/v1/chat/finish/5", headers })).statusCode).toBe(405);
  });
});

describe("bodies", () => {
  const post = (edge: Edge, payload: string, headers: Record<string, string> = {}): ReturnType<Edge["send"]> =>
    edge.send({ method: "POST", url: "/v1/integrations/whatsapp/webhook", payload, headers });
  const status = '{"type":"status"}';

  it.each(["text/plain", "application/x-www-form-urlencoded", "garbage;;", "multipart/form-data"])(
    "are read as JSON when they claim to be %s",
    async (type) => expect((await post(createEdge(), status, { "content-type": type })).statusCode).toBe(200),
  );

  it("may have 1 MiB and not a byte more", async () => {
    const edge = createEdge();
    const filled = (bytes: number): string => status + " ".repeat(bytes - status.length);
    expect((await post(edge, filled(1024 * 1024))).statusCode).toBe(200);
    const response = await post(edge, filled(1024 * 1024 + 1));
    expect([response.statusCode, response.json()]).toEqual([
      413,
      { ErrorDescription: "the body is larger than 1 MiB" },
    ]);
  });
});

describe("logs and metrics", () => {
  it("count a method that callers invent as other, so that labels don't grow with them", async () => {
    const edge = createEdge();
    for (const method of ["MKCOL", "PROPFIND"] as const) await edge.send({ method, url: "/v1/welcome" });
    const labels = edge.seen.counts
      .filter(({ name }) => name === "http_requests")
      .map(({ labels: { method } }) => method);
    expect(labels).toEqual(["other", "other"]);
  });

  it("name the route, never the user, the query or the token", async () => {
    const edge = createEdge();
    const token = await edge.token();
    await edge.send({ method: "GET", url: `/v1/context/5215512345678?token=${token}` });
    await edge.send({ method: "GET", url: "/nowhere/5215512345678" });
    edge.world.store = "is away";
    await edge.send({ method: "GET", url: `/v1/context/5215512345678?token=${token}` });
    const written = JSON.stringify([edge.seen.lines, edge.seen.counts]);
    expect(written).toContain("/v1/context/:user_id");
    expect(written).not.toContain("5215512345678");
    expect(written).not.toContain(token.slice(0, 20));
  });

  it("write no line for an accepted webhook, one for a refused one, and count both", async () => {
    const edge = createEdge();
    const url = "/v1/integrations/whatsapp/webhook";
    await edge.send({ method: "POST", url, payload: '{"type":"status"}' });
    expect(edge.seen.lines).toEqual([]);
    await edge.send({ method: "POST", url, payload: "x" });
    expect(edge.seen.lines).toEqual([
      { text: "request", fields: { method: "POST", path: url, status: 400, ms: expect.any(Number) } },
    ]);
    const counted = edge.seen.counts
      .filter(({ name }) => name === "http_requests")
      .map(({ labels }) => labels["status"]);
    expect(counted).toEqual(["200", "400"]);
  });
});

describe("over a socket", () => {
  it("refuses headers beyond 128 KiB", async () => {
    const edge = createEdge();
    const { port } = await edge.ingress.listen();
    const headers = { authorization: `Bearer ${"x".repeat(129 * 1024)}` };
    const response = await fetch(`http://127.0.0.1:${port.toString()}/v1/tokens/check`, { headers });
    expect(response.status).toBe(431);
  });

  it("refuses a token of 100 kB as any bad token, in header and query", async () => {
    const edge = createEdge();
    const { port } = await edge.ingress.listen();
    const url = `http://127.0.0.1:${port.toString()}/v1/tokens/check`;
    const token = `a.${"x".repeat(100_000)}.c`;
    const answers = [
      await fetch(url, { headers: { authorization: `Bearer ${token}` } }),
      await fetch(`${url}?token=${token}`),
    ];
    for (const answer of answers)
      expect([answer.status, await answer.text()]).toEqual([
        401,
        '{"ErrorDescription":"Invalid Authorization token."}',
      ]);
  });

  it("asks who calls before it looks at a path parameter of any length", async () => {
    const edge = createEdge();
    const { port } = await edge.ingress.listen();
    const base = `http://127.0.0.1:${port.toString()}/v1`;
    const user = "5".repeat(20_000);
    const authorization = `Bearer ${await edge.token()}`;
    const calls = [
      ["DELETE", `/chat/finish/${user}`, 404],
      ["GET", `/context/${user}`, 200],
      ["POST", `/integrations/webhook/register/${user}`, 500],
    ] as const;
    for (const [method, path, status] of calls) {
      expect((await fetch(base + path, { method })).status, path.slice(0, 20)).toBe(401);
      expect((await fetch(base + path, { method, headers: { authorization } })).status, path.slice(0, 20)).toBe(status);
    }
    expect(edge.seen.requests).toEqual([]);
  });

  it("answers those who wait with 202 when it closes, and takes nobody new", async () => {
    const edge = createEdge();
    const waiting = Promise.withResolvers<undefined>();
    edge.world.waiting = waiting;
    const { port } = await edge.ingress.listen();
    const base = `http://127.0.0.1:${port.toString()}`;
    const headers = { authorization: `Bearer ${await edge.token()}` };
    const finishing = fetch(`${base}/v1/chat/finish/5`, { method: "DELETE", headers });
    await waiting.promise;
    const closed = edge.ingress.close(10);
    expect((await finishing).status).toBe(202);
    await closed;
    await expect(fetch(`${base}/v1/welcome`)).rejects.toThrow();
  });
});

describe("record sinks", () => {
  it("encode, key by user, and leave the partition to the key", async () => {
    const produced: ProducedRecord[] = [];
    const sinks = createRecordSinks(
      { produce: async (records) => (produced.push(...records), [0]) },
      {
        encode: (topic, value) => Buffer.from(`${topic} ${(value as ChannelMessage).messageId}`),
        decode: () => ({ kind: "unavailable", detail: "" }),
      },
    );
    await sinks.messages.produce({ messageId: "m-1", userId: "5215512345678" } as ChannelMessage);
    expect(produced).toEqual([
      {
        topic: "channel-messages",
        partition: null,
        key: Buffer.from("5215512345678"),
        value: Buffer.from("channel-messages m-1"),
      },
    ]);
  });

  it("produce several in one call, so that a failed one goes out again whole, and none without a call", async () => {
    const calls: (readonly ProducedRecord[])[] = [];
    const sinks = createRecordSinks(
      { produce: async (records) => (calls.push(records), records.map((_, i) => i)) },
      {
        encode: (_topic, value) => Buffer.from((value as ChannelMessage).messageId),
        decode: () => ({ kind: "unavailable", detail: "" }),
      },
    );
    const message = (messageId: string): ChannelMessage => ({ messageId, userId: "5" }) as ChannelMessage;
    await sinks.messages.produce(message("m-1"), message("m-2"));
    await sinks.messages.produce();
    expect(calls.map((records) => records.map(({ value }) => value?.toString()))).toEqual([["m-1", "m-2"]]);
  });
});
