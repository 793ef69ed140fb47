// The long polls of one partition index: acknowledgement after the produce, the right to act, sessions that move.
import { describe, expect, it } from "vitest";

import type { PollAnswer } from "../../../src/processors/desk/port.ts";
import type { AgentEvent } from "../../../src/processors/messages/generated.ts";
import { createSeededRandom } from "../../../src/topology/in-memory/clock.ts";
import { active, stateWith, type OwnerParts } from "../../support/owner-parts.ts";
import { events, moved, pollersOf, type Reconnect } from "./test-pollers.ts";

const bodies = ({ events: told }: OwnerParts): string[] => told.map(({ body }) => body.type);
const deskEvents = ({ events: told }: OwnerParts): unknown[] =>
  told.map(({ body }: AgentEvent) =>
    body.type === "DeskEvents" ? [body.generation, body.position, body.resumeToken, body.events.length] : body.type,
  );

describe("a poll", () => {
  it("goes on behind the position of the state, and acknowledges only what was produced", async () => {
    const t = pollersOf();
    t.answers.push(events(5, 6));
    t.holdTelling(true);
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(1_000);
    expect(t.asked).toEqual([{ generation: "g1", position: 4 }]);
    t.holdTelling(false);
    await t.clock.advance(0);
    expect(t.asked.at(-1)).toEqual({ generation: "g1", position: 6 });
    expect(deskEvents(t)).toEqual([["g1", 6, "t", 2]]);
  });

  it("keeps the session alive while its events can't be produced, with the position unchanged", async () => {
    const t = pollersOf();
    t.answers.push(events(5), events(5), { kind: "nothing" });
    t.holdTelling(true);
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(45_000);
    expect(t.asked.map(({ position }) => position)).toEqual([4, 4, 4]);
    t.holdTelling(false);
    await t.clock.advance(0);
    expect(t.asked.at(-1)?.position).toBe(5);
    expect(deskEvents(t)).toHaveLength(1);
  });

  it("with very many events tells them in several records, the place to resume with the last", async () => {
    const t = pollersOf();
    t.answers.push(events(...Array.from({ length: 250 }, (_, i) => 5 + i)));
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(0);
    expect(deskEvents(t)).toEqual([
      ["g1", 104, null, 100],
      ["g1", 204, null, 100],
      ["g1", 254, "t", 50],
    ]);
  });

  it("is in flight once per chat, ends with its chat, and closes at a stop", async () => {
    const t = pollersOf();
    t.pollers.update("ana", stateWith([]), 0);
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(0);
    expect([t.asked.length, t.pollers.count]).toEqual([1, 1]);
    t.pollers.update("ana", stateWith([], { interconnection: null }), 0);
    await t.clock.advance(0);
    expect(t.pollers.count).toBe(0);
    t.pollers.update("bea", stateWith([]), 0);
    await t.clock.advance(0);
    await t.pollers.stop();
    expect([t.asked.length, t.pollers.count, t.fatals]).toEqual([2, 0, []]);
  });

  it("waits for its jitter", async () => {
    const t = pollersOf();
    t.pollers.update("ana", stateWith([]), 500);
    await t.clock.advance(400);
    expect(t.asked).toEqual([]);
    await t.clock.advance(200);
    expect(t.asked).toHaveLength(1);
  });

  it("R22 answered with nothing at once does not become a busy loop", async () => {
    const t = pollersOf();
    for (let i = 0; i < 1_000; i++) t.answers.push({ kind: "nothing" });
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(5_000);
    expect(t.asked.length).toBeLessThan(60);
  });

  it.each([
    ["without events", { ...events(), position: 4, resumeToken: null }, 0],
    ["with events that are told already", events(5), 1],
  ])(
    "R22 answered %s at once, again and again, is neither a busy loop nor a flood of records",
    async (_, same, told) => {
      const t = pollersOf();
      for (let i = 0; i < 1_000; i++) t.answers.push(same);
      t.pollers.update("ana", stateWith([]), 0);
      await t.clock.advance(5_000);
      expect(t.asked.length).toBeLessThan(60);
      expect(t.events).toHaveLength(told);
    },
  );

  it("that is sent to another server tells what came with that first, then the loss, and asks no more", async () => {
    const t = pollersOf();
    t.answers.push({ ...events(5, 6), lost: { reason: "server_switched", detail: "SwitchServer" } });
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(60_000);
    expect(bodies(t)).toEqual(["DeskEvents", "DeskLost"]);
    expect([t.asked.length, t.pollers.count]).toEqual([1, 0]);
  });

  it("that fails by a defect ends the process", async () => {
    const t = pollersOf();
    t.answers.push(new TypeError("a defect"));
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(0);
    expect(t.fatals).toHaveLength(1);
  });
});

describe("the right to act", () => {
  it("gone ends the poll without a word", async () => {
    const t = pollersOf();
    t.rightIs("gone");
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(5_000);
    expect([t.asked, t.events]).toEqual([[], []]);
  });

  it("not seen lets polls go on while the heartbeat is young, but tells nothing", async () => {
    const t = pollersOf();
    t.rightIs("blind");
    t.answers.push(events(5));
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(1_000);
    expect([t.asked.length, t.events.length]).toEqual([1, 0]);
    t.rightIs("mine");
    await t.clock.advance(1_000);
    expect(t.events).toHaveLength(1);
  });

  it("not seen and an old heartbeat stop the polls", async () => {
    const t = pollersOf();
    t.rightIs("blind");
    t.heartbeatAge = 7_001;
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(5_000);
    expect(t.asked).toEqual([]);
    t.heartbeatAge = 100;
    await t.clock.advance(300);
    expect(t.asked).toHaveLength(1);
  });
});

describe("polls that fail together", () => {
  it("do not come back as one flood: spread over seconds, each well before its session would die", async () => {
    const { next } = createSeededRandom(7);
    const t = pollersOf({ random: () => next() });
    const chats = 800;
    for (let i = 0; i < chats; i++) t.answers.push({ kind: "failed", detail: "ECONNREFUSED", retryAfterMs: null });
    for (let i = 0; i < chats; i++) t.pollers.update(`user-${String(i)}`, stateWith([]), 0);
    await t.clock.advance(0);
    expect(t.asked).toHaveLength(chats);
    const perSecond: number[] = [];
    for (let second = 0; second < 10; second++) {
      const before = t.asked.length;
      await t.clock.advance(1_000);
      perSecond.push(t.asked.length - before);
    }
    expect(t.asked).toHaveLength(2 * chats);
    expect(Math.max(...perSecond)).toBeLessThan(chats / 3);
  });

  it("and one that fails alone is asked again at once", async () => {
    const t = pollersOf();
    t.answers.push({ kind: "failed", detail: "ECONNRESET", retryAfterMs: null });
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(250);
    expect(t.asked).toHaveLength(2);
  });
});

describe("the budget of polls that fail", () => {
  const unreachable: PollAnswer = { kind: "failed", detail: "ECONNREFUSED", retryAfterMs: null };
  const hung = { afterMs: 42_000, answer: { kind: "failed", detail: "no answer", retryAfterMs: null } } as const;

  it("does not begin while a poll is held: reset after 29 s, it has all of it", async () => {
    const t = pollersOf();
    t.answers.push({ afterMs: 29_000, answer: unreachable }, ...Array.from({ length: 60 }, () => unreachable));
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(29_000 + 39_000);
    expect(bodies(t)).toEqual([]);
    await t.clock.advance(3_000);
    expect(bodies(t)).toEqual(["DeskLost"]);
  });

  it("outlives a poll that hangs until its client gives up: it is asked again at once, with the same acknowledgement", async () => {
    const t = pollersOf();
    t.answers.push(hung, events(5));
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(42_100);
    expect(t.asked.slice(0, 2).map(({ position }) => position)).toEqual([4, 4]);
    expect(bodies(t)).toEqual(["DeskEvents"]);
    await t.clock.advance(60_000);
    expect(t.pollers.count).toBe(1);
  });

  it("counts a hang from when an answer was due: a second one in a row uses it up", async () => {
    const t = pollersOf();
    t.answers.push(hung, hung, events(5));
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(84_100);
    expect(t.asked).toHaveLength(2);
    expect(bodies(t)).toEqual(["DeskLost"]);
  });

  it("begins anew after an answer", async () => {
    const t = pollersOf();
    for (let i = 0; i < 4; i++) t.answers.push({ afterMs: 20_000, answer: unreachable }, { kind: "nothing" });
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(90_000);
    expect(bodies(t)).toEqual([]);
    expect(t.pollers.count).toBe(1);
  });
});

describe("a session that moved", () => {
  const reconnected = (): Reconnect => ({
    kind: "done",
    value: { session: moved, resetsPostSequence: true },
  });

  it("is polled in its new place from the start, after the reconnect was told", async () => {
    const t = pollersOf();
    t.answers.push({ kind: "moved" }, events(0));
    t.reconnects.push(reconnected());
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(0);
    expect(bodies(t)).toEqual(["DeskReconnected", "DeskEvents"]);
    expect(t.asked).toEqual([
      { generation: "g1", position: 4 },
      { generation: "g2", position: -1 },
      { generation: "g2", position: 0 },
    ]);
  });

  it("is kept alive in its new place while the move can't be told", async () => {
    const t = pollersOf();
    t.answers.push({ kind: "moved" }, { kind: "nothing" }, { kind: "nothing" });
    t.reconnects.push(reconnected());
    t.holdTelling(true);
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(45_000);
    expect(t.asked.slice(1).map(({ generation }) => generation)).toEqual(["g2", "g2"]);
    t.holdTelling(false);
    await t.clock.advance(0);
    expect(bodies(t)).toEqual(["DeskReconnected"]);
  });

  it("is told where it is also by an owner that lost the index meanwhile: nobody else has heard it", async () => {
    const t = pollersOf();
    t.answers.push({ kind: "moved" });
    const answer = Promise.withResolvers<Reconnect>();
    t.reconnects.push(answer.promise);
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(0);
    t.rightIs("blind");
    t.end.abort();
    answer.resolve(reconnected());
    await t.clock.advance(100);
    await t.pollers.stop();
    expect(bodies(t)).toEqual(["DeskReconnected"]);
    expect(t.asked).toHaveLength(1);
  });

  it("and whose reconnect is not answered holds up no owner that lost the index for long", async () => {
    const t = pollersOf();
    t.answers.push({ kind: "moved" });
    t.reconnects.push(Promise.withResolvers<Reconnect>().promise);
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(0);
    t.end.abort();
    const stopped = t.pollers.stop();
    await t.clock.advance(5_000);
    await stopped;
    expect([bodies(t), t.fatals]).toEqual([[], []]);
  });

  it("and whose chat has ended meanwhile is waited for at a stop, as any other", async () => {
    const t = pollersOf();
    t.answers.push({ kind: "moved" });
    t.reconnects.push(Promise.withResolvers<Reconnect>().promise);
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(0);
    t.pollers.update("ana", stateWith([], { interconnection: null }), 0);
    t.end.abort();
    let hasStopped = false;
    const stopped = t.pollers.stop().then(() => (hasStopped = true));
    await t.clock.advance(4_000);
    expect(hasStopped).toBe(false);
    await t.clock.advance(1_000);
    await stopped;
  });

  it("and can't be reconnected is lost, once", async () => {
    const t = pollersOf();
    t.answers.push({ kind: "moved" });
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(0);
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(60_000);
    expect(bodies(t)).toEqual(["DeskLost"]);
    expect(t.pollers.count).toBe(0);
  });

  it("and turns out not to have moved is polled where it was: a 503 of an outage, not of a hand-over", async () => {
    const t = pollersOf();
    t.answers.push({ kind: "moved" }, events(5));
    t.reconnects.push({ kind: "refused", detail: "no hand-over", status: 405 });
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(10_000);
    expect(bodies(t)).toEqual(["DeskEvents"]);
    expect(t.asked.map(({ generation }) => generation)).toEqual(["g1", "g1", "g1"]);
    expect(t.pollers.count).toBe(1);
  });

  it("by the word of a post is reconnected at once, though its poll is held; the poll had not failed", async () => {
    const t = pollersOf();
    t.reconnects.push({ kind: "refused", detail: "no hand-over", status: 405 }, reconnected());
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(10_000);
    t.gates.metVoidRoute("chat", "g1");
    expect(t.gates.mayPost("chat", "g1")).toBe(false);
    await t.clock.advance(0);
    expect([t.gates.mayPost("chat", "g1"), t.asked.length, bodies(t)]).toEqual([true, 2, []]);
    t.answers.push({ kind: "nothing" });
    t.gates.metVoidRoute("chat", "g1");
    await t.clock.advance(0);
    expect(bodies(t)).toEqual(["DeskReconnected"]);
    expect([t.gates.mayPost("chat", "g1"), t.gates.mayPost("chat", "g2")]).toEqual([false, true]);
  });

  it("is posted to when it is decided what the desk told first there, and not by the word of a later poll", async () => {
    const t = pollersOf();
    t.reconnects.push(reconnected());
    t.answers.push({ kind: "moved" }, events(0, 1), { kind: "nothing" });
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(0);
    expect(t.asked.at(-1)).toEqual({ generation: "g2", position: 1 });
    t.pollers.update("ana", stateWith([], { interconnection: { ...active, session: moved, position: -1 } }), 0);
    expect(t.gates.mayPost("chat", "g2")).toBe(false);
    t.pollers.update("ana", stateWith([], { interconnection: { ...active, session: moved, position: 1 } }), 0);
    expect(t.gates.mayPost("chat", "g2")).toBe(true);
    t.gates.metVoidRoute("chat", "g2");
    t.pollers.update("ana", stateWith([], { interconnection: { ...active, session: moved, position: 1 } }), 0);
    expect(t.gates.mayPost("chat", "g2")).toBe(false);
  });

  it("and was reconnected by an owner before us, who got no further, hears the resync before any post", async () => {
    const t = pollersOf();
    t.pollers.update("ana", stateWith([], { interconnection: { ...active, position: -1 } }), 0);
    await t.clock.advance(0);
    expect(t.gates.mayPost("chat", "g1")).toBe(false);
    t.pollers.update("ana", stateWith([], { interconnection: { ...active, session: moved, position: -1 } }), 0);
    t.answers.push(events(0));
    await t.clock.advance(0);
    t.pollers.update("ana", stateWith([], { interconnection: { ...active, session: moved, position: 0 } }), 0);
    expect(t.gates.mayPost("chat", "g2")).toBe(true);
    expect(t.asked.map(({ generation }) => generation)).toEqual(["g1", "g2", "g2"]);
  });

  it("again and again, and never has, is lost when its budget is used up", async () => {
    const t = pollersOf();
    t.answers.push(...Array.from({ length: 200 }, () => ({ kind: "moved" as const })));
    t.reconnects.push(
      ...Array.from({ length: 200 }, () => ({ kind: "refused" as const, detail: "no hand-over", status: 405 })),
    );
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(60_000);
    expect(bodies(t)).toEqual(["DeskLost"]);
    expect(t.pollers.count).toBe(0);
  });

  it("elsewhere, unknown to a poll that gave up on the old place, is polled again", async () => {
    const t = pollersOf();
    t.answers.push({ kind: "lost", reason: "session_gone", detail: "403" });
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(0);
    expect(bodies(t)).toEqual(["DeskLost"]);
    t.pollers.update("ana", stateWith([], { interconnection: { ...active, session: moved, position: -1 } }), 0);
    await t.clock.advance(0);
    expect(t.asked.at(-1)).toEqual({ generation: "g2", position: -1 });
    expect(t.pollers.count).toBe(1);
  });
});
