// The simulated long poll over real HTTP: holding, numbering, redelivery, second polls, hand-over; rules 1, 2, 10, 11 of the simulator guide.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { act, call, control, engagedVisitor, queuedVisitor, stillWorld } from "./harness.ts";
import type { PollReply, Reply, StillWorld, Visitor } from "./harness.ts";

let world: StillWorld;

beforeEach(async () => {
  world = await stillWorld({ modes: { typing: false } });
});

afterEach(async () => {
  await world.close();
});

const texts = (reply: PollReply): readonly unknown[] => reply.messages.map(({ message }) => message["text"]);

describe("one poll", () => {
  it("is held 30 s and then answered 204 without a body", async () => {
    const { visitor, ack } = await engagedVisitor(world);
    const { reply } = await visitor.heldPoll(ack);
    world.clock.advance(29_999);
    expect(visitor.session().openPoll).toBeDefined();
    world.clock.advance(1);
    expect(await reply).toMatchObject({ status: 204, text: "" });
    expect(visitor.session().polls.at(-1)).toMatchObject({ status: 204, overlaps: false, ack });
  });

  it("is answered as soon as something happens, all of one moment together", async () => {
    const { visitor, ack } = await engagedVisitor(world);
    await control(world, "PATCH", "/live-agent/modes", { typing: true });
    const { reply } = await visitor.heldPoll(ack);
    await act(world, visitor, "say", { text: "hola" });
    expect(await reply).toMatchObject({
      types: ["AgentTyping", "ChatMessage", "AgentNotTyping"],
      sequence: ack + 3,
    });
  });

  it("numbers from 0, so that sequence is ack plus the number of messages, with a growing offset", async () => {
    const visitor = await queuedVisitor(world);
    const first = await visitor.poll(-1);
    expect(first.sequence).toBe(-1 + first.messages.length);
    await act(world, visitor, "accept");
    await act(world, visitor, "say", { text: "a" });
    const second = await visitor.poll(first.sequence);
    expect(second.sequence).toBe(first.sequence + second.messages.length);
    expect(second.offset).toBeGreaterThan(first.offset);
  });

  it("delivers again what was not acknowledged", async () => {
    const { visitor, ack } = await engagedVisitor(world);
    await act(world, visitor, "say", { text: "a" });
    expect(texts(await visitor.poll(ack))).toEqual(["a"]);
    await act(world, visitor, "say", { text: "b" });
    expect(texts(await visitor.poll(ack))).toEqual(["a", "b"]);
    expect(texts(await visitor.poll(ack + 1))).toEqual(["b"]);
  });

  it("takes a missing ack for: everything delivered so far", async () => {
    const { visitor } = await engagedVisitor(world);
    await act(world, visitor, "say", { text: "a" });
    expect(texts(await visitor.poll())).toEqual(["a"]);
    await act(world, visitor, "say", { text: "b" });
    expect(texts(await visitor.poll())).toEqual(["b"]);
  });

  it("clamps an ack beyond the last event, and notes it", async () => {
    const { visitor, ack } = await engagedVisitor(world);
    const { reply } = await visitor.heldPoll(ack + 50);
    await act(world, visitor, "say", { text: "a" });
    expect(texts(await reply)).toEqual(["a"]);
    expect(visitor.session().violations).toHaveLength(1);
  });

  it("is over when its caller goes away, and what happens then waits for the next", async () => {
    const { visitor, ack } = await engagedVisitor(world);
    const away = new AbortController();
    const url = `${world.salesforceUrl}/chat/rest/System/Messages?ack=${ack}`;
    const lost = fetch(url, { headers: visitor.headers(), signal: away.signal });
    await vi.waitUntil(() => visitor.session().openPoll !== undefined);
    away.abort();
    await expect(lost).rejects.toThrow();
    await vi.waitUntil(() => visitor.session().openPoll === undefined);
    await act(world, visitor, "say", { text: "a" });
    expect(texts(await visitor.poll(ack))).toEqual(["a"]);
    expect(visitor.session().polls.some((poll) => poll.overlaps)).toBe(false);
    const entries = world.parts.journal.log.read().entries.filter((entry) => entry.operation === "Messages");
    expect(entries.map((entry) => entry.outcome)).toContain("caller-gone");
  });
});

describe("a second poll of the session", () => {
  it("lenient: is refused with 409 and the first lives on; both are marked", async () => {
    const { visitor, ack } = await engagedVisitor(world);
    const { reply } = await visitor.heldPoll(ack);
    expect((await visitor.poll(ack)).status).toBe(409);
    await act(world, visitor, "say", { text: "a" });
    expect(texts(await reply)).toEqual(["a"]);
    expect(visitor.session().polls.filter((poll) => poll.overlaps)).toHaveLength(2);
    expect(visitor.session().violations).toEqual(["a second poll while one was open"]);
  });

  it("strict: ends the session for both", async () => {
    await control(world, "PATCH", "/live-agent/modes", { secondPoll: "strict" });
    const { visitor, ack } = await engagedVisitor(world);
    const { reply } = await visitor.heldPoll(ack);
    expect((await visitor.poll(ack)).status).toBe(409);
    expect((await reply).status).toBe(403);
    expect((await visitor.poll(ack)).status).toBe(403);
  });

  it("newest: refuses the first", async () => {
    await control(world, "PATCH", "/live-agent/modes", { secondPoll: "newest" });
    const { visitor, ack } = await engagedVisitor(world);
    const first = await visitor.heldPoll(ack);
    const second = visitor.poll(ack);
    expect((await first.reply).status).toBe(409);
    await act(world, visitor, "say", { text: "a" });
    expect(texts(await second)).toEqual(["a"]);
  });
});

function reconnect(visitor: Visitor, offset: number | string, affinity = "null"): Promise<Reply> {
  const url = `${world.salesforceUrl}/chat/rest/System/ReconnectSession?ReconnectSession.offset=${offset}`;
  return call("GET", url, { ...visitor.headers(), "x-liveagent-affinity": affinity });
}

/** A visitor who has seen one text of the agent, and then sees 503. */
async function handedOver(how: unknown): Promise<{ visitor: Visitor; seen: PollReply }> {
  const { visitor, ack } = await engagedVisitor(world);
  await visitor.post("ChatMessage", { text: "from me" }, 2);
  await act(world, visitor, "say", { text: "seen" });
  const seen = await visitor.poll(ack);
  await act(world, visitor, "hand-over", how);
  await act(world, visitor, "say", { text: "unseen" });
  return { visitor, seen };
}

async function reconnected(visitor: Visitor, offset: number): Promise<Record<string, unknown>> {
  const reply = await reconnect(visitor, offset);
  const { messages } = reply.body as { messages: { type: string; message: Record<string, unknown> }[] };
  const message = messages[0]?.message ?? {};
  expect(messages[0]?.type).toBe("ReconnectSession");
  visitor.affinity = String(message["affinityToken"]);
  return message;
}

describe("hand-over to another server", () => {
  it("answers 503 to everything, a held poll too, until the session reconnects", async () => {
    const { visitor, ack } = await engagedVisitor(world);
    const { reply } = await visitor.heldPoll(ack);
    await act(world, visitor, "hand-over");
    expect((await reply).status).toBe(503);
    expect((await visitor.poll(ack)).status).toBe(503);
    expect((await visitor.post("ChatMessage", { text: "x" }, 2)).status).toBe(503);
  });

  it("leaves a held poll as it is when told so, until the session reconnects: only new calls are answered 503", async () => {
    const { visitor, ack } = await engagedVisitor(world);
    const { reply } = await visitor.heldPoll(ack);
    await act(world, visitor, "hand-over", { heldPoll: "stays" });
    await act(world, visitor, "say", { text: "unheard" });
    expect((await visitor.post("ChatMessage", { text: "x" }, 2)).status).toBe(503);
    expect(visitor.session().openPoll).toBeDefined();
    await reconnected(visitor, 0);
    expect((await reply).status).toBe(503);
    expect((await visitor.poll(-1)).types[0]).toBe("ChasitorSessionData");
    expect(visitor.session().violations).toEqual([]);
  });

  it("restarts: new affinity, sequence from 1, numbers from 0, session data first, then what was not seen", async () => {
    const { visitor, seen } = await handedOver({});
    const old = visitor.affinity;
    expect(await reconnected(visitor, seen.offset)).toMatchObject({ resetSequence: true });
    expect(visitor.affinity).not.toBe(old);
    const polled = await visitor.poll(-1);
    expect(polled).toMatchObject({ types: ["ChasitorSessionData", "ChatMessage"], sequence: 1 });
    expect(texts(polled)[1]).toBe("unseen");
    expect(polled.messages[0]?.message["chatMessages"]).toMatchObject([
      { type: "Chasitor", content: "from me", sequence: 1 },
      { type: "Agent", content: "seen", sequence: 2 },
      { type: "Agent", content: "unseen", sequence: 3 },
    ]);
    const resync = { organizationId: "00D5g0000000SBX" };
    expect((await visitor.post("ChasitorResyncState", resync)).status).toBe(200);
    expect((await visitor.post("ChatMessage", { text: "again" }, 1)).status).toBe(200);
    expect(visitor.session().violations).toEqual([]);
  });

  it("goes on with the numbers, redelivers seen events and keeps the sequence, when told so", async () => {
    const { visitor, seen } = await handedOver({ numbering: "continue", redeliver: 1, resetSequence: false });
    expect(await reconnected(visitor, seen.offset)).toMatchObject({ resetSequence: false });
    const polled = await visitor.poll(seen.sequence);
    expect(polled.types).toEqual(["ChasitorSessionData", "ChatMessage", "ChatMessage"]);
    expect(texts(polled).slice(1)).toEqual(["seen", "unseen"]);
    expect(polled.sequence).toBe(seen.sequence + 3);
    expect((await visitor.post("ChatMessage", { text: "x" }, 3)).status).toBe(200);
  });

  it("leaves resetSequence out when told so, and still resets", async () => {
    const { visitor, seen } = await handedOver({ resetSequence: "left-out" });
    expect(await reconnected(visitor, seen.offset)).toEqual({ affinityToken: visitor.affinity });
    expect(visitor.session().postSequence).toBe(0);
  });

  it("notes a POST before the resync", async () => {
    const { visitor, seen } = await handedOver({});
    await reconnected(visitor, seen.offset);
    await visitor.post("ChatMessage", { text: "too early" }, 1);
    await visitor.post("ChasitorResyncState", { organizationId: "00D5g0000000SBX" });
    expect(visitor.session().violations).toEqual([
      "ChatMessage between ReconnectSession and ChasitorResyncState",
      "ChasitorResyncState before ChasitorSessionData was read",
    ]);
  });

  it("notes a second resync by who has acknowledged something since the reconnect, and not before", async () => {
    const { visitor, seen } = await handedOver({});
    await reconnected(visitor, seen.offset);
    const resync = (): Promise<unknown> => visitor.post("ChasitorResyncState", { organizationId: "00D5g0000000SBX" });
    const { sequence } = await visitor.poll(-1);
    await resync();
    await visitor.poll(-1);
    await resync();
    expect(visitor.session().violations).toEqual([]);
    await act(world, visitor, "say", { text: "on" });
    await visitor.poll(sequence);
    await resync();
    expect(visitor.session().violations).toEqual(["ChasitorResyncState without a reconnect"]);
  });

  it("refuses a reconnect without hand-over, without an offset, and with an affinity", async () => {
    const { visitor, ack } = await engagedVisitor(world);
    expect((await reconnect(visitor, 0)).status).toBe(405);
    await act(world, visitor, "hand-over");
    expect((await reconnect(visitor, "x")).status).toBe(400);
    expect((await reconnect(visitor, 0, visitor.affinity)).status).toBe(400);
    expect((await visitor.poll(ack)).status).toBe(503);
  });

  it("ends a session whose end came during the hand-over", async () => {
    const { visitor, seen } = await handedOver({});
    await act(world, visitor, "end");
    await reconnected(visitor, seen.offset);
    const polled = await visitor.poll(-1);
    expect(polled.types).toEqual(["ChasitorSessionData", "ChatMessage", "ChatEnded"]);
    expect((await visitor.poll(polled.sequence)).status).toBe(403);
  });
});

describe("loss of a session", () => {
  it("answers 403 to the held poll and to everything after", async () => {
    const { visitor, ack } = await engagedVisitor(world);
    const { reply } = await visitor.heldPoll(ack);
    await act(world, visitor, "lose");
    expect((await reply).status).toBe(403);
    expect((await visitor.post("ChatMessage", { text: "x" }, 2)).status).toBe(403);
    expect(visitor.session()).toMatchObject({ state: "LOST", endedBy: "taken away" });
  });
});
