// Faults over real HTTP: which calls they strike, what the caller sees, whether the work was done, and what the journal says.
import { Agent, request } from "node:http";

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { FaultOrder } from "../../../sandbox/world/faults.ts";
import type { JournalEntry } from "../../../sandbox/world/journal.ts";
import { call, control, engagedVisitor, stillWorld } from "./harness.ts";
import type { Reply, StillWorld } from "./harness.ts";

let world: StillWorld;

beforeEach(async () => {
  world = await stillWorld({ modes: { typing: false } });
});

afterEach(async () => {
  await world.close();
});

async function fault(order: FaultOrder): Promise<string> {
  const reply = await control(world, "POST", "/faults", order);
  expect(reply.status).toBe(200);
  return (reply.body as { id: string }).id;
}

function sendText(id: string, userId = "u1", text = "hola"): Promise<Reply> {
  const url = `${world.integrationsUrl}/api/outgoing_webhook/bots/sandbox-whatsapp-bot/messages`;
  const headers = { authorization: "Bearer sandbox-whatsapp-jwt", "content-type": "application/json" };
  return call("POST", url, headers, { id, type: "text", userId, text: { body: text } });
}

function phoneTexts(): readonly string[] {
  return world.parts.phones.log.read().entries.map((line) => line.id);
}

async function lastCall(): Promise<JournalEntry> {
  return vi.waitUntil(() => world.parts.journal.log.read().entries.at(-1));
}

describe("what a fault does", () => {
  it("status: answers it with Retry-After and body, and the work is not done", async () => {
    await fault({
      effect: { kind: "status", status: 503, retryAfterS: 7, body: "busy", contentType: "text/plain" },
      times: 1,
    });
    const reply = await sendText("a");
    expect([reply.status, reply.text, reply.headers.get("retry-after")]).toEqual([503, "busy", "7"]);
    expect(phoneTexts()).toEqual([]);
    expect(await lastCall()).toMatchObject({ status: 503, handled: false, outcome: "answered", faults: ["fault-1"] });
  });

  it("status after: the work is done and the reply is another", async () => {
    await fault({ when: "after", effect: { kind: "status", status: 500 }, times: 1 });
    expect((await sendText("a")).status).toBe(500);
    expect(phoneTexts()).toEqual(["a"]);
    expect(await lastCall()).toMatchObject({ status: 500, handled: true });
  });

  it("reset before: nothing is done; reset after: the reply is lost after the write", async () => {
    await fault({ effect: { kind: "reset" }, times: 1 });
    await expect(sendText("a")).rejects.toThrow("fetch failed");
    expect(phoneTexts()).toEqual([]);
    await fault({ when: "after", effect: { kind: "reset" }, times: 1 });
    await expect(sendText("b")).rejects.toThrow("fetch failed");
    expect(phoneTexts()).toEqual(["b"]);
    expect(await lastCall()).toMatchObject({ status: null, handled: true, outcome: "reset" });
  });

  it("cut-body: half an answer", async () => {
    await fault({ when: "after", effect: { kind: "cut-body" }, times: 1 });
    await expect(sendText("a")).rejects.toThrow("terminated");
    expect(phoneTexts()).toEqual(["a"]);
  });

  it("garbage: 200 with something else", async () => {
    await fault({ effect: { kind: "garbage", body: "<html>" }, times: 1 });
    expect(await sendText("a")).toMatchObject({ status: 200, text: "<html>" });
  });

  it("delay: answers when the time is over", async () => {
    await fault({ effect: { kind: "delay", delayMs: 5_000 }, times: 1 });
    const reply = sendText("a");
    await vi.waitUntil(() => world.parts.journal.open().length === 1);
    expect(phoneTexts()).toEqual([]);
    world.clock.advance(5_000);
    expect((await reply).status).toBe(200);
    expect(await lastCall()).toMatchObject({ arrivedMs: 0, endedMs: 5_000 });
  });

  it("hang: no answer until the caller gives up", async () => {
    await fault({ effect: { kind: "hang" }, times: 1 });
    const away = new AbortController();
    const reply = fetch(`${world.botrunnerUrl}/bot/send-to`, { method: "POST", signal: away.signal });
    await vi.waitUntil(() => world.parts.journal.open().length === 1);
    world.clock.advance(600_000);
    expect(world.parts.journal.open()).toHaveLength(1);
    away.abort();
    await expect(reply).rejects.toThrow();
    expect(await lastCall()).toMatchObject({ outcome: "caller-gone", status: null, handled: false });
    expect(world.parts.journal.open()).toEqual([]);
  });

  it("delay and reset join", async () => {
    await fault({ effect: { kind: "delay", delayMs: 100 }, times: 1 });
    await fault({ when: "after", effect: { kind: "reset" }, times: 1 });
    const reply = sendText("a");
    const failed = expect(reply).rejects.toThrow();
    await vi.waitUntil(() => world.parts.journal.open().length === 1);
    world.clock.advance(100);
    await failed;
    expect((await lastCall()).faults).toEqual(["fault-1", "fault-2"]);
  });

  it("a lost poll answer is delivered again, a lost POST reply is not done twice", async () => {
    const { visitor, ack } = await engagedVisitor(world);
    await control(world, "POST", `/live-agent/sessions/${visitor.id}/say`, { text: "hola" });
    await fault({ operation: "Messages", when: "after", effect: { kind: "reset" }, times: 1 });
    await expect(visitor.poll(ack)).rejects.toThrow();
    expect((await visitor.poll(ack)).messages.map(({ message }) => message["text"])).toEqual(["hola"]);
    await fault({ operation: "ChatMessage", when: "after", effect: { kind: "reset" }, times: 1 });
    await expect(visitor.post("ChatMessage", { text: "x" }, 2)).rejects.toThrow();
    expect((await visitor.post("ChatMessage", { text: "x" }, 2)).status).toBe(200);
    expect(visitor.session().transcript.map((line) => line.content)).toEqual(["hola", "x"]);
  });
});

describe("which calls a fault strikes", () => {
  const broken = { kind: "status", status: 500 } as const;

  it("so many, after letting some pass, until cleared", async () => {
    await fault({ effect: broken, skip: 1, times: 2 });
    const statuses = [];
    for (const id of ["a", "b", "c", "d"]) {
      statuses.push((await sendText(id)).status);
    }
    expect(statuses).toEqual([200, 500, 500, 200]);
    const id = await fault({ effect: broken });
    expect((await sendText("e")).status).toBe(500);
    expect((await control(world, "GET", "/faults")).body).toMatchObject({ faults: [{ struck: 2 }, { id, struck: 1 }] });
    expect((await control(world, "DELETE", `/faults/${id}`)).status).toBe(204);
    expect((await sendText("f")).status).toBe(200);
    expect((await control(world, "DELETE", `/faults/${id}`)).status).toBe(404);
  });

  it("those of one user", async () => {
    await fault({ effect: broken, user: "u2" });
    expect((await sendText("a", "u1")).status).toBe(200);
    expect((await sendText("b", "u2")).status).toBe(500);
  });

  it("those of one session, of one operation, of one path", async () => {
    const { visitor, ack } = await engagedVisitor(world);
    const other = await engagedVisitor(world);
    await fault({ effect: broken, session: visitor.id, operation: "Chat*" });
    expect((await visitor.post("ChatMessage", { text: "x" }, 2)).status).toBe(500);
    expect((await other.visitor.post("ChatMessage", { text: "x" }, 2)).status).toBe(200);
    await control(world, "DELETE", "/faults");
    await fault({ effect: broken, system: "salesforce", path: "/chat/*/Messages", method: "GET" });
    expect((await visitor.poll(ack)).status).toBe(500);
    expect((await visitor.post("ChatMessage", { text: "x" }, 2)).status).toBe(200);
    expect((await sendText("a")).status).toBe(200);
  });

  it("the user whose contact or case is written, known by e-mail", async () => {
    await control(world, "PUT", "/phones/u9", { name: "Ada", email: "ada@example.org" });
    await fault({ effect: broken, operation: "create Contact", user: "u9" });
    const url = `${world.salesforceUrl}/services/data/v52.0/sobjects/Contact`;
    const headers = { "content-type": "application/json" };
    expect((await call("POST", url, headers, { LastName: "x", Email: "ada@example.org" })).status).toBe(500);
    expect((await call("POST", url, headers, { LastName: "x", Email: "eva@example.org" })).status).toBe(401);
  });

  it("about the share that is asked for", async () => {
    await fault({ effect: broken, share: 0.5 });
    const replies = await Promise.all(Array.from({ length: 200 }, (_, n) => sendText(`m${n}`)));
    const struck = replies.filter((reply) => reply.status === 500).length;
    expect(struck).toBeGreaterThan(60);
    expect(struck).toBeLessThan(140);
  });

  it.each([
    ["an unknown field", { effect: broken, colour: 1 }],
    ["no effect", {}],
    ["an unknown kind", { effect: { kind: "explode" } }],
    ["a status that is none", { effect: { kind: "status" } }],
    ["an unknown system", { effect: broken, system: "mainframe" }],
    ["an unknown moment", { effect: broken, when: "later" }],
    ["a number as text", { effect: broken, times: "1" }],
  ])("is not switched on with %s", async (_name, order) => {
    expect((await control(world, "POST", "/faults", order)).status).toBe(400);
    expect(world.parts.faults.list()).toEqual([]);
  });
});

describe("cutting a system off", () => {
  it("resets what is open, refuses new connections, and only there; restored it listens on the same port", async () => {
    const { visitor, ack } = await engagedVisitor(world);
    const { reply } = await visitor.heldPoll(ack);
    const lost = expect(reply).rejects.toThrow();
    await control(world, "POST", "/systems/salesforce/cut");
    await lost;
    await expect(visitor.poll(ack)).rejects.toMatchObject({ cause: { code: "ECONNREFUSED" } });
    expect((await sendText("a")).status).toBe(200);
    await control(world, "POST", "/systems/salesforce/cut");
    await control(world, "POST", "/systems/salesforce/restore");
    await control(world, "POST", "/systems/salesforce/restore");
    await control(world, "POST", `/live-agent/sessions/${visitor.id}/say`, { text: "hola" });
    expect((await visitor.poll(ack)).types).toEqual(["ChatMessage"]);
    expect((await control(world, "POST", "/systems/mainframe/cut")).status).toBe(404);
  });
});

describe("journal", () => {
  it("keeps every call with body, sequence, user and session, and can be waited on", async () => {
    const { visitor } = await engagedVisitor(world);
    const since = world.parts.journal.log.end();
    const waiting = control(world, "GET", `/journal?since=${since}&wait=60000&operation=ChatMessage`);
    await visitor.post("ChasitorTyping", {}, 2);
    await visitor.post("ChatMessage", { text: "x" }, 3);
    const { entries, next } = (await waiting).body as { entries: JournalEntry[]; next: number };
    expect(entries).toMatchObject([
      {
        system: "salesforce",
        operation: "ChatMessage",
        session: visitor.id,
        user: "Ada",
        sequence: "3",
        request: { text: "x" },
        status: 200,
      },
    ]);
    expect(next).toBe(since + 2);
  });

  it("answers a wait that brings nothing when its time is over", async () => {
    const waiting = control(world, "GET", "/journal?since=0&wait=1000");
    const clock = setInterval(() => {
      world.clock.advance(1000);
    }, 5);
    const { body } = await waiting;
    clearInterval(clock);
    expect(body).toEqual({ entries: [], next: 0, oldest: 0 });
  });

  it("lists held calls as open", async () => {
    const { visitor, ack } = await engagedVisitor(world);
    const { reply } = await visitor.heldPoll(ack);
    const { entries } = (await control(world, "GET", "/journal/open")).body as { entries: object[] };
    expect(entries).toMatchObject([{ operation: "Messages", session: visitor.id, request: { ack: String(ack) } }]);
    world.clock.advance(30_000);
    expect((await reply).status).toBe(204);
    expect(world.parts.journal.open()).toEqual([]);
  });

  it("keeps connections alive between calls", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    for (let n = 0; n < 3; n++) {
      await new Promise<void>((resolve, reject) => {
        const outgoing = request(`${world.botrunnerUrl}/x`, { agent }, (response) => {
          ports.add(response.socket.localPort);
          response.resume();
          response.on("end", resolve);
        });
        outgoing.on("error", reject);
        outgoing.end();
      });
    }
    agent.destroy();
    expect(ports.size).toBe(1);
  });
});

it("a world with a system cut off can be closed", async () => {
  const cut = await stillWorld();
  await control(cut, "POST", "/systems/integrations/cut");
  await expect(cut.close()).resolves.toBeUndefined();
});
