// One long poll by status and body.
import { afterEach, describe, expect, it } from "vitest";

import { createLongPollClient } from "../../../../../src/clients/http/long-poll-client.ts";
import { createServers } from "../../../../../src/clients/salesforce/live-agent/servers.ts";
import { createPoll } from "../../../../../src/clients/salesforce/live-agent/poll.ts";
import type { OpenedSession } from "../../../../../src/processors/desk/port.ts";
import { answeringServer } from "../../http/answering-server.ts";
import type { Reply } from "../../http/answering-server.ts";
import { never } from "../clients.ts";

const toClose: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

async function setUp(reply: Reply) {
  const server = await answeringServer(() => reply);
  const polls = createLongPollClient({
    connectTimeoutMs: 3_000,
    bodyTimeoutMs: 3_000,
    maxBodyBytes: 1e6,
    now: () => 0,
  });
  toClose.push(
    () => polls.close(),
    () => server.close(),
  );
  const endpoint = {
    servers: createServers(server.url, [server.url]),
    apiVersion: "52",
    organizationId: "00D1",
    deploymentId: "5721",
  };
  return { poll: createPoll(polls, endpoint), received: server.received };
}

const session: OpenedSession = { id: "sid", key: "the-key", route: "the-route", pollTimeoutMs: 3_000, numbered: true };

describe("a poll of Live Agent", () => {
  it("acknowledges the position and carries the session, without a number", async () => {
    const { poll, received } = await setUp({ status: 204 });
    expect(await poll(session, -1, never)).toEqual({ kind: "nothing" });
    expect(received[0]).toMatchObject({ method: "GET", url: "/chat/rest/System/Messages?ack=-1" });
    expect(received[0]?.headers).toMatchObject({
      "x-liveagent-api-version": "52",
      "x-liveagent-affinity": "the-route",
      "x-liveagent-session-key": "the-key",
    });
    expect(received[0]?.headers).not.toHaveProperty("x-liveagent-sequence");
  });

  it("waits longer than the desk may hold it: an answer of the last moment does not meet the time-out", async () => {
    const waits: number[] = [];
    const get = ({ timeoutMs }: { readonly timeoutMs: number }) => {
      waits.push(timeoutMs);
      return Promise.resolve({ kind: "answer", status: 204, body: null, retryAfterMs: null } as const);
    };
    const servers = createServers("http://127.0.0.1:1", []);
    const poll = createPoll({ get }, { servers, apiVersion: "52", organizationId: "00D1", deploymentId: "5721" });
    await poll({ ...session, pollTimeoutMs: 30_000 }, -1, never);
    expect(waits[0]).toBeGreaterThanOrEqual(31_000);
    expect(waits[0]).toBeLessThan(35_000);
  });

  it("names no position for a session taken over, until it has been told one", async () => {
    const { poll, received } = await setUp({ status: 204 });
    const adopted = { ...session, numbered: false };
    await poll(adopted, -1, never);
    await poll(adopted, 7, never);
    expect(received.map(({ url }) => url)).toEqual(["/chat/rest/System/Messages", "/chat/rest/System/Messages?ack=7"]);
  });

  it("reads an answer whatever stands in the fields that nobody needs (defect D3)", async () => {
    const message = {
      text: "Hi",
      items: [{ id: 1 }],
      customDetails: [{ label: "a" }],
      sensitiveDataRules: {},
      wait: 1.5,
    };
    const { poll } = await setUp({ status: 200, body: { messages: [{ type: "ChatMessage", message }], sequence: 4 } });
    expect(await poll(session, 3, never)).toMatchObject({ kind: "events", events: [{ kind: "said", text: "Hi" }] });
  });

  it("brings the events of the answer", async () => {
    const messages = [{ type: "ChatMessage", message: { text: "Hi", name: "Kim" } }];
    const { poll } = await setUp({ status: 200, body: { messages, sequence: 4, offset: 16 } });
    expect(await poll(session, 3, never)).toMatchObject({
      kind: "events",
      position: 4,
      resumeToken: "16",
      events: [{ number: 4, kind: "said", text: "Hi", agentName: "Kim" }],
    });
  });

  it("brings what was told beside a SwitchServer, and the loss behind it", async () => {
    const messages = [
      { type: "ChatMessage", message: { text: "last words", name: "Kim" } },
      { type: "SwitchServer", message: { newUrl: "https://d.la9-c9-xyz.salesforceliveagent.com/chat" } },
    ];
    const { poll } = await setUp({ status: 200, body: { messages, sequence: 5 } });
    expect(await poll(session, 3, never)).toMatchObject({
      kind: "events",
      position: 5,
      events: [
        { number: 4, kind: "said", text: "last words" },
        { number: 5, kind: "other" },
      ],
      lost: { reason: "server_switched", detail: "SwitchServer" },
    });
  });

  it.each<[string, Reply, object]>([
    [
      "403",
      { status: 403, body: "Session required but was invalid or not found" },
      { kind: "lost", reason: "session_gone", detail: expect.stringMatching(/^\[403\] - Error call with status : /) },
    ],
    ["409", { status: 409 }, { kind: "conflict" }],
    ["503", { status: 503 }, { kind: "moved" }],
    [
      "500",
      { status: 500, headers: { "retry-after": "2" } },
      { kind: "failed", detail: "status 500", retryAfterMs: 2_000 },
    ],
    ["404", { status: 404 }, { kind: "failed", detail: "status 404", retryAfterMs: null }],
    [
      "no JSON",
      { status: 200, body: "<html>" },
      { kind: "failed", detail: "status 200: unreadable answer", retryAfterMs: null },
    ],
    [
      "a list",
      { status: 200, body: [] },
      { kind: "failed", detail: "status 200: unreadable answer", retryAfterMs: null },
    ],
    [
      "JSON that is not Live Agent's",
      { status: 200, body: { error: "maintenance" } },
      { kind: "failed", detail: "status 200: no messages", retryAfterMs: null },
    ],
    ["a reset", (_, request) => void request.socket.resetAndDestroy(), { kind: "failed", retryAfterMs: null }],
    ["silence", () => undefined, { kind: "failed", detail: "UND_ERR_HEADERS_TIMEOUT", retryAfterMs: null }],
  ])("R25 judges %s", async (name, reply, answer) => {
    const { poll } = await setUp(reply);
    const pollTimeoutMs = name === "silence" ? 100 : session.pollTimeoutMs;
    expect(await poll({ ...session, pollTimeoutMs }, 3, never)).toMatchObject(answer);
  });
});
