// Moved hosts: where SwitchServer sends us, which hosts are believed, and that a session stays where it was opened.
import { afterEach, describe, expect, it } from "vitest";

import { createHttpClient } from "../../../../../src/clients/http/http-client.ts";
import { createLongPollClient } from "../../../../../src/clients/http/long-poll-client.ts";
import { createPoll } from "../../../../../src/clients/salesforce/live-agent/poll.ts";
import { createServers } from "../../../../../src/clients/salesforce/live-agent/servers.ts";
import { createSessionCalls } from "../../../../../src/clients/salesforce/live-agent/session.ts";
import { answeringServer, type Reply } from "../../http/answering-server.ts";

const toClose: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

const never = new AbortController().signal;
const limits = { connectTimeoutMs: 3_000, maxBodyBytes: 1e6, now: () => 0 };
const opened = { id: "sid", key: "key", affinityToken: "0a1b2c3d", clientPollTimeout: 3 };
const switchTo = (newUrl: unknown): Reply => {
  return { status: 200, body: { messages: [{ type: "SwitchServer", message: { newUrl } }] } };
};

async function serving(reply: Reply) {
  const server = await answeringServer(() => reply);
  toClose.push(() => server.close());
  return server;
}

function deskAt(configured: string, known: readonly string[]) {
  const http = createHttpClient({ ...limits, responseTimeoutMs: 3_000, maxConnections: 5 });
  const polls = createLongPollClient({ ...limits, bodyTimeoutMs: 3_000 });
  toClose.push(
    () => http.close(),
    () => polls.close(),
  );
  const servers = createServers(configured, known);
  const endpoint = { servers, apiVersion: "52", organizationId: "00D1", deploymentId: "5721" };
  return { servers, ...createSessionCalls(http, endpoint), poll: createPoll(polls, endpoint) };
}

const old = { id: "old", key: "key", route: "ffff", pollTimeoutMs: 3_000, numbered: true };

describe("SwitchServer", () => {
  it("to a server that goes away later is forgotten: the next session is asked for where the setting says", async () => {
    const there = await serving({ status: 200, body: opened });
    const here = await serving(switchTo(`${there.url}/chat`));
    const desk = deskAt(here.url, [here.url, there.url]);
    await desk.openSession(never);
    await there.close();
    expect(await desk.openSession(never)).toMatchObject({ kind: "retry" });
    await desk.openSession(never);
    expect(here.received).toHaveLength(2);
  });

  it("to a new session opens it at the other server, and there it stays", async () => {
    const there = await serving({ status: 200, body: opened });
    const here = await serving(switchTo(`${there.url}/chat`));
    const desk = deskAt(here.url, [here.url, there.url]);
    expect(await desk.openSession(never)).toMatchObject({ kind: "retry", mayHaveHappened: false });
    const outcome = await desk.openSession(never);
    if (outcome.kind !== "done") throw new Error("not opened");
    await desk.say(outcome.value, "Hola", 2, never);
    await desk.poll(outcome.value, -1, never);
    await desk.end(old, "left", 3, never);
    expect(there.received.map(({ url }) => url)).toEqual([
      "/chat/rest/System/SessionId",
      "/chat/rest/Chasitor/ChatMessage",
      "/chat/rest/System/Messages?ack=-1",
    ]);
    expect(there.received[1]?.headers).toMatchObject({ "x-liveagent-affinity": "0a1b2c3d" });
    expect(here.received.at(-1)?.url, "a session of before is where it was").toBe("/chat/rest/Chasitor/ChatEnd");
  });

  it("to a poll is the loss of the session, with a place to go to", async () => {
    const here = await serving(switchTo("https://d.la9-c9-xyz.salesforceliveagent.com/chat"));
    const desk = deskAt(here.url, []);
    expect(await desk.poll(old, 3, never)).toMatchObject({ kind: "lost", reason: "server_switched" });
    expect(desk.servers.current()).toBe("https://d.la9-c9-xyz.salesforceliveagent.com");
  });

  it.each([
    ["https://chat.example.org", "https://chat.example.org:8443/chat", "https://chat.example.org:8443"],
    ["http://chat.example.org", "https://chat.example.org/chat", "https://chat.example.org"],
    ["http://chat.example.org:1", "http://chat.example.org:2/chat", "http://chat.example.org:2"],
  ])("of a desk at %s may lead to %s: the host is known", (known, newUrl, there) => {
    const servers = createServers("http://configured.example", [known]);
    expect([servers.moveTo(newUrl), servers.current()]).toEqual([true, there]);
  });

  it("leads nobody from https to http", () => {
    const servers = createServers("https://chat.example.org", ["https://chat.example.org"]);
    expect([servers.moveTo("http://chat.example.org/chat"), servers.current()]).toEqual([
      false,
      "https://chat.example.org",
    ]);
  });

  it.each([
    "http://d.la9.salesforceliveagent.com/chat",
    "https://salesforce.com.evil.example/chat",
    "http://169.254.169.254/chat",
    "nowhere",
    undefined,
  ])("to %s is believed nowhere", async (newUrl) => {
    const here = await serving(switchTo(newUrl));
    const desk = deskAt(here.url, [here.url]);
    expect(await desk.poll(old, 3, never)).toMatchObject({ kind: "lost", reason: "session_gone" });
    expect(await desk.openSession(never)).toMatchObject({ kind: "broken" });
    expect(desk.servers.current()).toBe(here.url);
  });

  it("is no matter for a reconnect: the session's server stays in its route", async () => {
    const message = { affinityToken: "9f8e", resetSequence: true };
    const there = await serving({ status: 200, body: { messages: [{ type: "ReconnectSession", message }] } });
    const desk = deskAt("https://here.example", [there.url]);
    const session = { ...old, route: `ffff ${there.url}` };
    const outcome = await desk.reconnect(session, "7", never);
    expect(outcome).toMatchObject({ kind: "done", value: { session: { route: `9f8e ${there.url}` } } });
  });
});
