// From a reconnect until posts go out again: the resync, and what the desk told first there. Meanwhile the session is polled on, for it dies
// without polls.
import { describe, expect, it } from "vitest";

import { active, stateWith } from "../../support/owner-parts.ts";
import { events, moved, pollersOf, type Reconnect, type TestPollers } from "./test-pollers.ts";

const bodies = ({ events: told }: TestPollers): unknown[] => told.map(({ body }) => body.type);
const reconnected: Reconnect = { kind: "done", value: { session: moved, resetsPostSequence: true } };
const noHandOver: Reconnect = { kind: "refused", detail: "no hand-over", status: 405 };
const movedAt = (position: number) => stateWith([], { interconnection: { ...active, session: moved, position } });
const mayPost = ({ gates }: TestPollers): boolean => gates.mayPost("chat", "g2");

describe("a resync", () => {
  it("that hangs is tried again soon, and the session is polled meanwhile", async () => {
    const t = pollersOf();
    t.hangingResyncs = 4;
    t.reconnects.push(reconnected);
    t.answers.push({ kind: "moved" }, events(0));
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(24_000);
    expect([t.resyncs.count, bodies(t)]).toEqual([5, ["DeskReconnected", "DeskEvents"]]);
    expect(t.asked.slice(1, 3)).toEqual([
      { generation: "g2", position: -1 },
      { generation: "g2", position: -1 },
    ]);
  });

  it("waits for the right to act, and the session is polled meanwhile", async () => {
    const t = pollersOf();
    t.reconnects.push(reconnected);
    t.answers.push({ kind: "moved" }, { afterMs: 100, answer: events(0) });
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(50);
    t.rightIs("blind");
    await t.clock.advance(60_000);
    expect([t.resyncs.count, bodies(t)]).toEqual([0, ["DeskReconnected"]]);
    expect(t.asked.slice(1)).toEqual([
      { generation: "g2", position: -1 },
      { generation: "g2", position: -1 },
    ]);
    t.rightIs("mine");
    await t.clock.advance(1_000);
    expect([t.resyncs.count, bodies(t)]).toEqual([1, ["DeskReconnected", "DeskEvents"]]);
  });
});

describe("posts to a session that has moved", () => {
  it("wait for the resync, also where its new place says before that it is void, and then that it is not", async () => {
    const t = pollersOf();
    t.reconnects.push(reconnected, noHandOver);
    t.answers.push({ kind: "moved" }, { kind: "moved" }, { afterMs: 5_000, answer: events(0) });
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(2_000);
    t.pollers.update("ana", movedAt(-1), 0);
    expect([t.resyncs.count, mayPost(t)]).toEqual([0, false]);
    await t.clock.advance(10_000);
    expect([t.resyncs.count, mayPost(t)]).toEqual([1, false]);
    t.pollers.update("ana", movedAt(0), 0);
    expect(mayPost(t)).toBe(true);
  });

  it("wait for what the desk told first there, also where that place was void for a moment", async () => {
    const t = pollersOf();
    t.reconnects.push(reconnected, noHandOver);
    t.answers.push({ kind: "moved" }, events(0), { kind: "moved" });
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(20_000);
    expect([bodies(t), mayPost(t)]).toEqual([["DeskReconnected", "DeskEvents"], false]);
    t.pollers.update("ana", movedAt(0), 0);
    expect([t.resyncs.count, mayPost(t)]).toEqual([1, true]);
  });

  it("do not go out in the middle of the next move, and do where that was none", async () => {
    const t = pollersOf();
    const answer = Promise.withResolvers<Reconnect>();
    t.reconnects.push(reconnected, answer.promise);
    t.answers.push({ kind: "moved" }, events(0), { afterMs: 100, answer: { kind: "moved" } });
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(20_000);
    t.pollers.update("ana", movedAt(0), 0);
    expect(mayPost(t)).toBe(false);
    answer.resolve(noHandOver);
    await t.clock.advance(0);
    expect(mayPost(t)).toBe(true);
  });

  it("wait for as long as that takes, and go out where its record was given up", async () => {
    const t = pollersOf();
    t.reconnects.push(reconnected);
    const later = { afterMs: 20_000, answer: { kind: "nothing" } } as const;
    t.answers.push({ kind: "moved" }, events(0), later, later, later);
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(0);
    t.pollers.update("ana", movedAt(-1), 0);
    expect(bodies(t)).toEqual(["DeskReconnected", "DeskEvents"]);
    t.shownTo = 0;
    await t.clock.advance(45_000);
    expect(mayPost(t)).toBe(false);
    t.shownTo = 1;
    await t.clock.advance(20_000);
    expect(mayPost(t)).toBe(true);
  });
});
