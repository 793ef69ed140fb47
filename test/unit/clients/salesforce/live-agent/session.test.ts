// Session, chat request and posts of Live Agent: exact bodies, headers and statuses.
import { afterEach, describe, expect, it } from "vitest";

import { createServers } from "../../../../../src/clients/salesforce/live-agent/servers.ts";
import { createSessionCalls } from "../../../../../src/clients/salesforce/live-agent/session.ts";
import type { OpenedSession } from "../../../../../src/processors/desk/port.ts";
import { answeringServer } from "../../http/answering-server.ts";
import type { Reply } from "../../http/answering-server.ts";
import { never, shortClient } from "../clients.ts";

const toClose: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

async function setUp(reply: Reply) {
  const server = await answeringServer(() => reply);
  const http = shortClient();
  toClose.push(
    () => http.close(),
    () => server.close(),
  );
  const endpoint = {
    servers: createServers(server.url, [server.url]),
    apiVersion: "52",
    organizationId: "00D1",
    deploymentId: "5721",
  };
  return { calls: createSessionCalls(http, endpoint), received: server.received };
}

const session: OpenedSession = {
  id: "sid",
  key: "uuid!17!c2ln=",
  route: "0a1b2c3d",
  pollTimeoutMs: 40_000,
  numbered: true,
};
const details = { buttonId: "5731", visitorName: "Ana", contactId: "003A", caseId: "500A" };
const lost: Reply = (_, request) => void request.socket.destroy();
const ok: Reply = { status: 200, body: "OK" };

describe("opening a session", () => {
  const opened = (clientPollTimeout: unknown): Reply => ({
    status: 200,
    body: { id: "sid", key: "uuid!17!c2ln=", affinityToken: "0a1b2c3d", clientPollTimeout },
  });

  it("asks with the literal affinity null, and no session key or number", async () => {
    const { calls, received } = await setUp(opened(40));
    expect(await calls.openSession(never)).toEqual({ kind: "done", value: session });
    expect(received[0]).toMatchObject({ method: "GET", url: "/chat/rest/System/SessionId", body: "" });
    expect(received[0]?.headers).toMatchObject({ "x-liveagent-api-version": "52", "x-liveagent-affinity": "null" });
    expect(received[0]?.headers).not.toHaveProperty("x-liveagent-session-key");
    expect(received[0]?.headers).not.toHaveProperty("x-liveagent-sequence");
  });

  it.each([
    ["30", 30_000],
    [30, 30_000],
    [0.05, 50],
    [60, 60_000],
    [600, 110_000],
    [undefined, 40_000],
    [0, 40_000],
    ["soon", 40_000],
  ])("reads clientPollTimeout %j", async (clientPollTimeout, pollTimeoutMs) => {
    const { calls } = await setUp(opened(clientPollTimeout));
    expect(await calls.openSession(never)).toMatchObject({ value: { pollTimeoutMs } });
  });

  it.each<[string, Reply, object]>([
    ["503", { status: 503, headers: { "retry-after": "4" } }, { kind: "retry", retryAfterMs: 4_000 }],
    ["500", { status: 500 }, { kind: "retry", status: 500 }],
    ["a lost answer", lost, { kind: "retry", status: null }],
    ["404", { status: 404 }, { kind: "broken" }],
    ["400", { status: 400 }, { kind: "refused" }],
    ["no JSON", { status: 200, body: "OK" }, { kind: "broken" }],
    ["no key", { status: 200, body: { id: "sid", affinityToken: "a" } }, { kind: "broken" }],
  ])("judges %s", async (_, reply, outcome) => {
    const { calls } = await setUp(reply);
    expect(await calls.openSession(never)).toMatchObject(outcome);
  });
});

describe("a post", () => {
  it("asks for the chat with the original's body, key by key, and number 1", async () => {
    const { calls, received } = await setUp(ok);
    expect(await calls.requestChat(session, details, 1, never)).toEqual({ kind: "done", value: null });
    expect(received[0]).toMatchObject({ method: "POST", url: "/chat/rest/Chasitor/ChasitorInit" });
    expect(received[0]?.headers).toMatchObject({
      "x-liveagent-api-version": "52",
      "x-liveagent-affinity": "0a1b2c3d",
      "x-liveagent-session-key": "uuid!17!c2ln=",
      "x-liveagent-sequence": "1",
      "content-type": "application/json; charset=utf-8",
    });
    const detail = (label: string, value: string) => ({
      label,
      value,
      displayToAgent: true,
      transcriptFields: [label],
    });
    const entity = (name: string, label: string) => ({
      entityName: name,
      linkToEntityName: name,
      linkToEntityField: "Id",
      saveToTranscript: name,
      showOnCreate: true,
      entityFieldsMaps: [{ fieldName: "Id", label, doFind: true, isExactMatch: true, doCreate: false }],
    });
    expect(JSON.parse(received[0]?.body ?? "")).toEqual({
      organizationId: "00D1",
      deploymentId: "5721",
      buttonId: "5731",
      sessionId: "sid",
      userAgent: "Yalo Bot",
      language: "es-MX",
      screenResolution: "1900x1080",
      visitorName: "Ana",
      prechatDetails: [detail("CaseId", "500A"), detail("ContactId", "003A")],
      prechatEntities: [entity("Case", "CaseId"), entity("Contact", "ContactId")],
      receiveQueueUpdates: true,
      isPost: true,
    });
  });

  it("leaves out the pair whose id is empty", async () => {
    const { calls, received } = await setUp(ok);
    await calls.requestChat(session, { ...details, contactId: "" }, 1, never);
    expect(received[0]?.body).toContain("CaseId");
    expect(received[0]?.body).not.toContain("ContactId");
  });

  it.each(["buttonId", "visitorName"] as const)("asks for no chat without a %s", async (field) => {
    const { calls, received } = await setUp(ok);
    expect(await calls.requestChat(session, { ...details, [field]: "" }, 1, never)).toEqual({
      kind: "refused",
      detail: `chat request without ${field}`,
      status: null,
    });
    expect(received).toHaveLength(0);
  });

  it("says a text as it is", async () => {
    const { calls, received } = await setUp({ status: 202 });
    expect(await calls.say(session, 'línea 1\n"2" 🙂', 7, never)).toEqual({ kind: "done", value: null });
    expect(received[0]).toMatchObject({ url: "/chat/rest/Chasitor/ChatMessage" });
    expect(JSON.parse(received[0]?.body ?? "")).toEqual({ text: 'línea 1\n"2" 🙂' });
    expect(received[0]?.headers["x-liveagent-sequence"]).toBe("7");
  });

  it.each([
    ["user_silent", "triggered"],
    ["user_back", "cleared"],
  ] as const)("tells that of a silence: %s", async (kind, idleTimeoutWarningEvent) => {
    const { calls, received } = await setUp({ status: 200, body: "OK" });
    expect(await calls.report(session, { kind }, 7, never)).toEqual({ kind: "done", value: null });
    expect(received[0]).toMatchObject({ url: "/chat/rest/Chasitor/ChasitorIdleTimeoutWarningEvent" });
    expect(JSON.parse(received[0]?.body ?? "")).toEqual({ idleTimeoutWarningEvent });
    expect(received[0]?.headers["x-liveagent-sequence"]).toBe("7");
  });

  it("tells which rules found something, by id where there is one", async () => {
    const { calls, received } = await setUp({ status: 200, body: "OK" });
    const rules = [
      { id: "0GO1", name: "Cards" },
      { id: null, name: "Words" },
    ];
    expect(await calls.report(session, { kind: "rules_applied", rules }, 7, never)).toEqual({
      kind: "done",
      value: null,
    });
    expect(received[0]).toMatchObject({ url: "/chat/rest/Chasitor/SensitiveDataRuleTriggered" });
    expect(JSON.parse(received[0]?.body ?? "")).toEqual({ rules: [{ id: "0GO1", name: "Cards" }, { name: "Words" }] });
  });

  it("ends a chat whose user was silent with the desk's word for it", async () => {
    const { calls, received } = await setUp({ status: 200, body: "OK" });
    await calls.end(session, "user_idle", 7, never);
    expect(JSON.parse(received[0]?.body ?? "")).toEqual({ reason: "clientIdleTimeout" });
  });

  it("posts without a number in a session that was begun without", async () => {
    const { calls, received } = await setUp({ status: 200, body: "OK" });
    const adopted = { ...session, numbered: false };
    await calls.say(adopted, "hello", 7, never);
    await calls.end(adopted, "left", 8, never);
    expect(received.map(({ url }) => url)).toEqual(["/chat/rest/Chasitor/ChatMessage", "/chat/rest/Chasitor/ChatEnd"]);
    for (const { headers } of received) expect(headers).not.toHaveProperty("x-liveagent-sequence");
  });

  it("never says an empty text", async () => {
    const { calls, received } = await setUp(ok);
    expect(await calls.say(session, "", 7, never)).toMatchObject({ kind: "refused" });
    expect(received).toHaveLength(0);
  });

  it("ends the chat for the visitor", async () => {
    const { calls, received } = await setUp(ok);
    expect(await calls.end(session, "left", 8, never)).toEqual({ kind: "done", value: null });
    expect(received[0]).toMatchObject({ url: "/chat/rest/Chasitor/ChatEnd", body: '{"reason":"client"}' });
    expect(received[0]?.headers["x-liveagent-sequence"]).toBe("8");
  });

  it.each<[string, number, object]>([
    ["has moved", 200, { kind: "done", value: null }],
    ["is gone", 403, { kind: "done", value: null }],
    ["has not moved", 405, { kind: "retry", status: 503 }],
    ["can't be reached", 503, { kind: "retry", status: 503 }],
  ])("asks at a 503 where the session is now, which %s", async (_, status, outcome) => {
    const message = { affinityToken: "new", resetSequence: true };
    const answers: Reply = (response, { method, url = "" }) => {
      const isReconnect = url.includes("ReconnectSession");
      response.writeHead(isReconnect ? status : method === "DELETE" ? 200 : 503);
      response.end(isReconnect ? JSON.stringify({ messages: [{ type: "ReconnectSession", message }] }) : "");
    };
    const { calls, received } = await setUp(answers);
    expect(await calls.end(session, "left", 2, never)).toMatchObject(outcome);
    const last = received.at(-1);
    if (status === 200) expect([last?.method, last?.headers["x-liveagent-affinity"]]).toEqual(["DELETE", "new"]);
    else expect(last?.url).toContain("System/ReconnectSession");
  });

  it.each<[number, object]>([
    [200, { kind: "done", value: null }],
    [403, { kind: "done", value: null }],
    [503, { kind: "retry", status: 503 }],
  ])("gives a session up in which there is no chat to end (%i)", async (status, outcome) => {
    const answers: Reply = (response, { method }) => {
      response.writeHead(method === "DELETE" ? status : 500).end();
    };
    const { calls, received } = await setUp(answers);
    expect(await calls.end(session, "left", 2, never)).toMatchObject(outcome);
    expect(received.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "POST /chat/rest/Chasitor/ChatEnd",
      `DELETE /chat/rest/System/SessionId/${encodeURIComponent(session.key)}`,
    ]);
    expect(received[1]?.headers).toMatchObject({ "x-liveagent-affinity": session.route });
    expect(received[1]?.headers).not.toHaveProperty("x-liveagent-sequence");
  });

  const gone: Reply = { status: 403, body: "Session required but was invalid or not found" };
  it.each<[string, Reply, object]>([
    ["a gap", { status: 409, body: "Out of sync Ack. Expected 498. Actual 4" }, { kind: "outOfStep", lastAccepted: 4 }],
    [
      "a gap with a full stop",
      { status: 409, body: "Out of sync Ack. Expected 3. Actual 0.\n" },
      { kind: "outOfStep", lastAccepted: 0 },
    ],
    ["409 without a number", { status: 409, body: "conflict" }, { kind: "broken", status: 409 }],
    ["a session that is gone", gone, { kind: "refused", status: 403 }],
    ["a void route", { status: 503 }, { kind: "retry", status: 503, mayHaveHappened: false }],
    ["500", { status: 500 }, { kind: "retry", mayHaveHappened: true }],
    ["a lost answer", lost, { kind: "retry", mayHaveHappened: true }],
    ["400", { status: 400 }, { kind: "refused", status: 400 }],
    ["404", { status: 404 }, { kind: "broken", status: 404 }],
    ["405", { status: 405 }, { kind: "broken", status: 405 }],
  ])("judges %s", async (_, reply, outcome) => {
    const { calls } = await setUp(reply);
    expect(await calls.say(session, "x", 5, never)).toMatchObject(outcome);
    expect(await calls.requestChat(session, details, 1, never)).toMatchObject(outcome);
    expect(await calls.end(session, "left", 6, never)).toMatchObject(reply === gone ? { kind: "done" } : outcome);
  });
});

describe("a reconnect", () => {
  const moved = (message: object, beside: object = {}): Reply => ({
    status: 200,
    body: { messages: [{ type: "ReconnectSession", message, ...beside }] },
  });

  it("asks with the last place, the session's key and the literal affinity null", async () => {
    const { calls, received } = await setUp(moved({ resetSequence: true, affinityToken: "9f8e7d6c" }));
    expect(await calls.reconnect(session, "1600000001", never)).toEqual({
      kind: "done",
      value: { session: { ...session, route: "9f8e7d6c" }, resetsPostSequence: true },
    });
    expect(received[0]).toMatchObject({
      method: "GET",
      url: "/chat/rest/System/ReconnectSession?ReconnectSession.offset=1600000001",
    });
    expect(received[0]?.headers).toMatchObject({
      "x-liveagent-affinity": "null",
      "x-liveagent-session-key": "uuid!17!c2ln=",
    });
  });

  it("before any event asks from 0", async () => {
    const { calls, received } = await setUp(moved({ affinityToken: "9f8e7d6c" }));
    await calls.reconnect(session, null, never);
    expect(received[0]?.url).toContain("ReconnectSession.offset=0");
  });

  it.each<[string, Reply, boolean]>([
    ["missing", moved({ affinityToken: "r" }), true],
    ["false", moved({ affinityToken: "r", resetSequence: false }), false],
    ["false as a text", moved({ affinityToken: "r", resetSequence: "false" }), false],
    ["beside the message", moved({}, { affinityToken: "r", resetSequence: true }), true],
  ])("reads resetSequence %s", async (_, reply, resetsPostSequence) => {
    const { calls } = await setUp(reply);
    expect(await calls.reconnect(session, null, never)).toMatchObject({
      value: { session: { route: "r" }, resetsPostSequence },
    });
  });

  it.each<[string, Reply, object]>([
    ["no hand-over", { status: 405 }, { kind: "refused", status: 405 }],
    ["a session that is gone", { status: 403 }, { kind: "refused", status: 403 }],
    ["a further hand-over", { status: 503 }, { kind: "retry" }],
    ["a lost answer", lost, { kind: "retry" }],
    ["an answer without a token", moved({}), { kind: "broken" }],
    ["no JSON", { status: 200, body: "OK" }, { kind: "broken" }],
  ])("judges %s", async (_, reply, outcome) => {
    const { calls } = await setUp(reply);
    expect(await calls.reconnect(session, "1", never)).toMatchObject(outcome);
  });

  it("is followed by a resync without a number", async () => {
    const { calls, received } = await setUp(ok);
    expect(await calls.resync(session, never)).toEqual({ kind: "done", value: null });
    expect(received[0]).toMatchObject({
      method: "POST",
      url: "/chat/rest/Chasitor/ChasitorResyncState",
      body: '{"organizationId":"00D1"}',
    });
    expect(received[0]?.headers).not.toHaveProperty("x-liveagent-sequence");
  });

  it.each<[number, object]>([
    [403, { kind: "refused" }],
    [409, { kind: "refused" }],
    [503, { kind: "retry" }],
  ])("whose resync is answered with %i is judged", async (status, outcome) => {
    const { calls } = await setUp({ status });
    expect(await calls.resync(session, never)).toMatchObject(outcome);
  });
});

it("no outcome tells key, route or text", async () => {
  const replies: Reply[] = [{ status: 400, body: "uuid!17!c2ln= 0a1b2c3d hush" }, lost, { status: 409, body: "hush" }];
  for (const reply of replies) {
    const { calls } = await setUp(reply);
    const outcome = JSON.stringify(await calls.say(session, "hush", 1, never));
    expect(outcome).not.toMatch(/c2ln|0a1b2c3d|hush|127\.0/);
  }
});
