// Connect, finish and the outcome of an earlier request: every status and text, the records they make, and the order of steps.
import { describe, expect, it } from "vitest";

import { defaultPartTimeoutMs } from "../../../src/ingress/ingress.ts";
import { requestNamespace } from "../../../src/ingress/request-id.ts";
import type { Reply } from "../../../src/processors/interconnection/state.ts";
import { createEdge, created, startOfTime, type Edge } from "./edge.ts";

const body = {
  userID: "5215512345678",
  name: "Ana",
  provider: "whatsapp",
  botSlug: "my-bot",
  botId: "5215500000000",
  email: "ana@example.com",
};
const prefix = "could not create chat in salesforce";

async function connect(
  edge: Edge,
  payload: unknown = body,
  headers: Record<string, string> = {},
): ReturnType<Edge["send"]> {
  const authorization = `Bearer ${await edge.token()}`;
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  return edge.send({ method: "POST", url: "/v1/chats/connect", headers: { authorization, ...headers }, payload: text });
}

async function finish(edge: Edge, headers: Record<string, string> = {}, user = body.userID): ReturnType<Edge["send"]> {
  const authorization = `Bearer ${await edge.token()}`;
  return edge.send({ method: "DELETE", url: `/v1/chat/finish/${user}`, headers: { authorization, ...headers } });
}

async function outcome(edge: Edge, requestId: string): ReturnType<Edge["send"]> {
  const authorization = `Bearer ${await edge.token()}`;
  return edge.send({ method: "GET", url: `/v1/chats/${requestId}`, headers: { authorization } });
}

const refusedFor = (reason: Reply["reason"], detail: string | null = null): Reply => ({
  outcome: "refused",
  reason,
  chatId: null,
  detail,
});
const error = (text: string): string => JSON.stringify({ ErrorDescription: text });

describe("connect", () => {
  it("answers 200 with the original's text when the chat was created", async () => {
    const response = await connect(createEdge());
    expect([response.statusCode, response.body]).toEqual([200, '{"Message":"Chat created succefully"}']);
  });

  it("answers 200, 400 and 500 with the original's texts", async () => {
    const edge = createEdge();
    const answer = async (payload: unknown): Promise<unknown> => {
      const response = await connect(edge, payload);
      return [response.statusCode, response.body];
    };
    expect(await answer(body)).toEqual([200, '{"Message":"Chat created succefully"}']);
    expect(await answer("x")).toEqual([
      400,
      error("Invalid payload received : invalid character 'x' looking for beginning of value"),
    ]);
    expect(await answer({ ...body, name: "" })).toEqual([
      400,
      error(
        "Error validating payload : Key: 'ChatPayload.Name' Error:Field validation for 'Name' failed on the 'required' tag",
      ),
    ]);
    edge.world.reply = refusedFor("chat_open");
    expect(await answer(body)).toEqual([500, error(`${prefix} : session exists with this userID`)]);
    edge.world.reply = refusedFor("contact_blocked");
    expect(await answer(body)).toEqual([500, error(`${prefix}: this contact is blocked`)]);
    edge.world.reply = refusedFor("case_failed", "Error call with status-[400]");
    expect(await answer(body)).toEqual([500, error(`${prefix} : Error call with status-[400]`)]);
  });

  it("makes a request of it, with every field", async () => {
    const edge = createEdge();
    const extraData = { a: "x", n: 1.5, yes: true, nothing: null, list: [1, { b: 2 }], constructor: "c" };
    await connect(edge, { ...body, provider: "facebook", phoneNumber: "5512345678", extraData });
    expect(edge.seen.requests).toEqual([
      {
        requestId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
        client: "salesforce",
        userId: body.userID,
        occurredAt: startOfTime,
        expiresAt: startOfTime + 10_000 + 60_000,
        body: {
          type: "Connect",
          name: "Ana",
          channel: "facebook",
          botSlug: "my-bot",
          botId: "5215500000000",
          email: "ana@example.com",
          phoneNumber: "5512345678",
          extraData: { a: "x", n: 1.5, yes: true, nothing: null, list: { json: '[1,{"b":2}]' }, constructor: "c" },
        },
      },
    ]);
  });

  it("has no phone number and no extra data where there are none", async () => {
    const edge = createEdge();
    await connect(edge, { ...body, phoneNumber: "", extraData: null });
    expect(edge.seen.requests[0]?.body).toMatchObject({ phoneNumber: null, extraData: {} });
  });

  it("subscribes, produces, waits, and closes, in this order", async () => {
    const edge = createEdge();
    await connect(edge);
    expect(edge.seen.steps).toEqual(["subscribe", "produce", "wait", "close"]);
  });

  it.each<readonly [Reply, original: number, http: number, text: string]>([
    [refusedFor("chat_open"), 500, 409, `${prefix} : session exists with this userID`],
    [refusedFor("contact_blocked"), 500, 403, `${prefix}: this contact is blocked`],
    [refusedFor("service_failed"), 500, 500, `${prefix} : the service failed`],
    [refusedFor("invalid_request", "no button"), 400, 400, `${prefix} : Invalid payload received : no button`],
    [refusedFor("contact_failed", "[500] x"), 500, 500, `${prefix} : not found or create contact : [500] x`],
    [refusedFor("case_failed", "Error call with status-[400]"), 500, 500, `${prefix} : Error call with status-[400]`],
    [refusedFor("session_failed", "[403] - y"), 500, 500, `${prefix} : [403] - y`],
    [refusedFor("chat_request_failed"), 500, 500, `${prefix} : no answer`],
    [refusedFor("opening_timeout"), 500, 500, `${prefix} : not open in time`],
    [refusedFor("expired"), 503, 503, `${prefix} : the request was too old when it was read`],
  ])("tells the outcome $reason", async (reply, original, http, text) => {
    for (const [refusalStatus, status] of [
      ["original", original],
      ["http", http],
    ] as const) {
      const edge = createEdge({ refusalStatus });
      edge.world.reply = reply;
      const response = await connect(edge);
      expect([response.statusCode, response.body]).toEqual([status, error(text)]);
    }
  });

  const key = (field: string, tag = "required"): string =>
    `Key: 'ChatPayload.${field}' Error:Field validation for '${field}' failed on the '${tag}' tag`;
  it.each<readonly [what: string, payload: unknown, text: string]>([
    ["an empty body", "", "Invalid payload received : EOF"],
    ["a cut body", '{"userID":"1"', "Invalid payload received : unexpected EOF"],
    ["null", "null", "Error validating payload : validator: (nil *handlers.ChatPayload)"],
    [
      "a list",
      "[]",
      "Invalid payload received : json: cannot unmarshal array into Go value of type handlers.ChatPayload",
    ],
    [
      "a number for a text",
      { ...body, userID: 52 },
      "Invalid payload received : json: cannot unmarshal number into Go struct field ChatPayload.userID of type string",
    ],
    [
      "a list for extraData",
      { ...body, extraData: [] },
      "Invalid payload received : json: cannot unmarshal array into Go struct field ChatPayload.extraData of type object",
    ],
    [
      "nothing of what is required",
      {},
      `Error validating payload : ${["UserID", "Name", "Provider", "BotSlug", "BotId", "Email"].map((field) => key(field)).join("\n")}`,
    ],
    ["an empty name", { ...body, name: "" }, `Error validating payload : ${key("Name")}`],
    ["a null e-mail", { ...body, email: null }, `Error validating payload : ${key("Email")}`],
    [
      "an unknown provider",
      { ...body, provider: "telegram" },
      `Error validating payload : ${key("Provider", "oneof")}`,
    ],
    [
      "a user id that is too long",
      { ...body, userID: "é".repeat(128) },
      `Error validating payload : ${key("UserID", "max")}`,
    ],
    [
      "a prototype's name in extraData",
      `{${JSON.stringify(body).slice(1, -1)},"extraData":{"__proto__":{"a":1}}}`,
      "Invalid payload received : extraData: key __proto__ is not allowed",
    ],
    [
      "extraData that nests too deep",
      `{${JSON.stringify(body).slice(1, -1)},"extraData":{"a":${"[".repeat(9_000)}${"]".repeat(9_000)}}}`,
      "Invalid payload received : extraData: a value is nested too deep, or a number too large",
    ],
    [
      "a body that nests deeper than Go's decoder went",
      `{${JSON.stringify(body).slice(1, -1)},"extraData":{"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}}`,
      "Invalid payload received : exceeded max depth",
    ],
    [
      "more values than anybody needs",
      `{${JSON.stringify(body).slice(1, -1)},"unread":[${"0,".repeat(36_000)}0]}`,
      "Invalid payload received : too many values",
    ],
    [
      "a number too large",
      `{${JSON.stringify(body).slice(1, -1)},"extraData":{"a":[1e400]}}`,
      "Invalid payload received : extraData: a value is nested too deep, or a number too large",
    ],
  ])("answers 400 to %s and asks nobody", async (_what, payload, text) => {
    const edge = createEdge();
    const response = await connect(edge, payload);
    expect([response.statusCode, response.body]).toEqual([400, error(text)]);
    expect(edge.seen.steps).toEqual([]);
    expect((await connect(edge)).statusCode).toBe(200);
  });

  it("leaves objects as they were, whatever is sent", async () => {
    const edge = createEdge();
    await connect(
      edge,
      `{${JSON.stringify(body).slice(1, -1)},"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}`,
    );
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it("replaces half characters, which no broker could carry", async () => {
    const edge = createEdge();
    await connect(edge, `{${JSON.stringify({ ...body, name: "" }).slice(1, -1)},"name":"a\\ud800b"}`);
    expect(edge.seen.requests[0]?.body).toMatchObject({ name: "a\ufffdb" });
  });
});

describe("finish", () => {
  it("asks for the end of the decoded user's chat, without an expiry, in the caller's name", async () => {
    const edge = createEdge();
    edge.world.reply = { outcome: "done", reason: "chat_finished", chatId: "c", detail: null };
    const response = await finish(edge, {}, "a%20b");
    expect([response.statusCode, response.body]).toEqual([200, '{"Message":"Chat finished successfully"}']);
    expect(edge.seen.requests[0]).toMatchObject({
      userId: "a b",
      expiresAt: null,
      body: { type: "Finish", requestedBy: "yaloUser" },
    });
  });

  it("answers 200, or 404 with one of two texts", async () => {
    const edge = createEdge();
    const answer = async (reply: Reply): Promise<unknown> => {
      edge.world.reply = reply;
      const response = await finish(edge);
      return [response.statusCode, response.body];
    };
    const done: Reply = { outcome: "done", reason: "chat_finished", chatId: "c", detail: null };
    const prefixed = (text: string): string => error(`could not finish chat in salesforce : ${text}`);
    expect(await answer(done)).toEqual([200, '{"Message":"Chat finished successfully"}']);
    expect(await answer(refusedFor("never_connected"))).toEqual([
      404,
      prefixed("error not found interconnection: not found interconnection"),
    ]);
    expect(await answer(refusedFor("no_chat"))).toEqual([
      404,
      prefixed("this contact does not have an interconnection"),
    ]);
  });

  it.each([
    ["no_chat", "this contact does not have an interconnection"],
    ["never_connected", "error not found interconnection: not found interconnection"],
  ] as const)("answers 404 for %s", async (reason, text) => {
    const edge = createEdge();
    edge.world.reply = refusedFor(reason);
    const response = await finish(edge);
    expect([response.statusCode, response.body]).toEqual([404, error(`could not finish chat in salesforce : ${text}`)]);
  });
});

describe("when a part does not answer", () => {
  const connectStoreText = `${prefix} : error retrieve interconnection: the store does not answer`;
  const finishStoreText =
    "could not finish chat in salesforce : error not found interconnection: the store does not answer";

  it("answers 500 before producing when the store is away", async () => {
    const edge = createEdge();
    edge.world.store = "is away";
    const [connected, finished] = [await connect(edge), await finish(edge)];
    expect([connected.statusCode, connected.body]).toEqual([500, error(connectStoreText)]);
    expect([finished.statusCode, finished.body]).toEqual([500, error(finishStoreText)]);
    expect(edge.seen.requests).toEqual([]);
  });

  it("answers 503 with Retry-After when the broker does not acknowledge, and ends the subscription", async () => {
    const edge = createEdge();
    edge.world.broker = "refuses";
    const [connected, finished] = [await connect(edge), await finish(edge)];
    expect([connected.statusCode, connected.headers["retry-after"]]).toEqual([503, "2"]);
    expect(connected.body).toBe(error(`${prefix} : the message broker does not answer`));
    expect(finished.statusCode).toBe(503);
    expect(edge.seen.steps).toEqual(["subscribe", "produce", "close", "subscribe", "produce", "close"]);
  });

  it("does so in time when they say nothing at all", async () => {
    const edge = createEdge({ partTimeoutMs: 20 });
    edge.world.broker = "is silent";
    expect((await connect(edge)).statusCode).toBe(503);
    edge.world.store = "is silent";
    expect((await connect(edge)).statusCode).toBe(500);
    expect(defaultPartTimeoutMs).toBeLessThan(5000);
  });

  it("answers 202 when the store leaves after the request was taken", async () => {
    const edge = createEdge();
    edge.world.store = "leaves while waiting";
    expect((await connect(edge)).statusCode).toBe(202);
  });
});

describe("when the outcome is late", () => {
  it("answers 202 with the request's id and where to ask, counted", async () => {
    const edge = createEdge();
    edge.world.reply = null;
    const response = await connect(edge);
    const requestId = edge.seen.requests[0]?.requestId;
    expect(response.statusCode).toBe(202);
    expect(response.json()).toEqual({ Message: "Request accepted, its outcome is not known yet", requestId });
    expect(response.headers["location"]).toBe(`/v1/chats/${requestId ?? ""}`);
    expect(edge.seen.counts).toContainEqual({ name: "late_replies", labels: { operation: "connect" } });
  });

  it("answers 500 instead where callers know no 202", async () => {
    const edge = createEdge({ lateStatus: 500 });
    edge.world.reply = null;
    const response = await connect(edge);
    expect([response.statusCode, response.body]).toEqual([500, error(`${prefix} : no outcome in time`)]);
  });

  it("tells the outcome later, as connect would have", async () => {
    const edge = createEdge();
    edge.world.reply = null;
    const { requestId } = (await connect(edge)).json<{ readonly requestId: string }>();
    expect((await outcome(edge, requestId)).statusCode).toBe(202);
    edge.world.kept.set(requestId, created);
    const response = await outcome(edge, requestId);
    expect([response.statusCode, response.body]).toEqual([200, '{"Message":"Chat created succefully"}']);
    edge.world.kept.set(requestId, refusedFor("chat_open"));
    expect((await outcome(edge, requestId)).statusCode).toBe(500);
  });

  it("knows nothing of a request that is too old, or that it never gave an id", async () => {
    const edge = createEdge();
    edge.world.reply = null;
    const { requestId } = (await connect(edge)).json<{ readonly requestId: string }>();
    edge.world.now += 10_000 + 120_000 + 1;
    expect((await outcome(edge, requestId)).statusCode).toBe(404);
    expect((await outcome(edge, "8f0a0a3c-2f5e-4d1b-9a55-6d0b1f6b2c11")).statusCode).toBe(404);
  });

  it("answers 503 while the store is away", async () => {
    const edge = createEdge();
    edge.world.store = "is away";
    expect((await outcome(edge, "019b7c9a-0000-7000-8000-000000000000")).statusCode).toBe(503);
  });
});

describe("identity of a request", () => {
  it("is new each time", async () => {
    const edge = createEdge();
    await connect(edge);
    await connect(edge);
    expect(new Set(edge.seen.requests.map(({ requestId }) => requestId)).size).toBe(2);
  });

  it("is one for the same Idempotency-Key, operation and user, and another for each other", async () => {
    const edge = createEdge();
    const headers = { "idempotency-key": "order-4711" };
    await connect(edge, body, headers);
    await connect(edge, body, headers);
    await connect(edge, { ...body, userID: "2" }, headers);
    await finish(edge, headers);
    const [first, repeated, otherUser, otherOperation] = edge.seen.requests.map(({ requestId }) => requestId);
    expect(repeated).toBe(first);
    expect(new Set([first, otherUser, otherOperation]).size).toBe(3);
  });

  it.each(["short", "with blanks in it", "x".repeat(129)])("does not take the key %j", async (key) => {
    const edge = createEdge();
    await connect(edge, body, { "idempotency-key": key });
    await connect(edge, body, { "idempotency-key": key });
    expect(new Set(edge.seen.requests.map(({ requestId }) => requestId)).size).toBe(2);
  });

  it("is not a proxy's X-Request-Id, which a whole trace shares", async () => {
    const edge = createEdge();
    await connect(edge, body, { "x-request-id": "trace-4711" });
    await connect(edge, body, { "x-request-id": "trace-4711" });
    expect(new Set(edge.seen.requests.map(({ requestId }) => requestId)).size).toBe(2);
  });

  it("derives under a namespace that repeats depend on", () => {
    expect(requestNamespace).toBe("8f0a0a3c-2f5e-5d1b-9a55-6d0b1f6b2c11");
  });
});
