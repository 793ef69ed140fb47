// The poll of a chat that is over for us, and not yet at the desk.
import { describe, expect, it } from "vitest";

import type { EndChat } from "../../../src/processors/interconnection/commands.ts";
import type { Closed, UserState } from "../../../src/processors/interconnection/state.ts";
import { active, session, stateWith } from "../../support/owner-parts.ts";
import { events, moved, pollersOf } from "./test-pollers.ts";

const end: EndChat = { lane: "desk", kind: "EndChat", seq: 2, chatId: active.chatId, session, giveUpAt: 9_000_000 };
const over = (pending: readonly EndChat[], more: Partial<Closed> = {}): UserState =>
  stateWith(pending, { interconnection: { ...active, status: "CLOSED", endedAt: 0, lastPosition: 4, ...more } });

describe("the poll of a chat that is over", () => {
  it("stays in flight and tells what the agent says, until the desk was told of the end", async () => {
    const t = pollersOf();
    t.answers.push({ afterMs: 3_000, answer: events(5) });
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(1_000);
    t.pollers.update("ana", over([end]), 0);
    await t.clock.advance(5_000);
    expect(t.asked.map(({ position }) => position)).toEqual([4, 5]);
    expect(t.events.map(({ body }) => body.type)).toEqual(["DeskEvents"]);
    t.pollers.update("ana", over([]), 0);
    await t.clock.advance(1_000);
    expect([t.pollers.count, t.asked.length, t.fatals]).toEqual([0, 2, []]);
  });

  it("begins anew with the next owner", async () => {
    const t = pollersOf();
    t.pollers.update("ana", over([end]), 0);
    await t.clock.advance(0);
    expect(t.asked).toEqual([{ generation: "g1", position: 4 }]);
  });

  it("ends without a word when its session is gone: the end finds it", async () => {
    const t = pollersOf();
    t.answers.push({ kind: "lost", reason: "session_gone", detail: "403" });
    t.pollers.update("ana", over([end]), 0);
    await t.clock.advance(60_000);
    t.pollers.update("ana", over([end]), 0);
    await t.clock.advance(60_000);
    expect([t.asked.length, t.events, t.resyncs.count, t.pollers.count]).toEqual([1, [], 0, 0]);
    expect(t.gates.mayPost(end.chatId, session.generation)).toBe(true);
  });

  it("follows its session to where it moves, so that the last words can be said there: behind the resync", async () => {
    const t = pollersOf();
    t.answers.push({ kind: "moved" }, { afterMs: 1_000, answer: events(0) });
    t.reconnects.push({ kind: "done", value: { session: moved, resetsPostSequence: true } });
    t.pollers.update("ana", over([end]), 0);
    await t.clock.advance(0);
    expect(t.gates.mayPost(end.chatId, moved.generation), "before the resync").toBe(false);
    const there = { ...end, session: moved, isUnsynced: true };
    t.pollers.update("ana", over([there], { session: moved, lastPosition: -1 }), 0);
    await t.clock.advance(2_000);
    expect([t.resyncs.count, t.events.map(({ body }) => body.type)]).toEqual([1, ["DeskReconnected", "DeskEvents"]]);
    t.pollers.update("ana", over([there], { session: moved, lastPosition: 0 }), 0);
    expect(t.gates.mayPost(end.chatId, moved.generation), "behind it").toBe(true);
  });

  it("ends without a word when it can't be polled for as long as polls may fail", async () => {
    const t = pollersOf();
    for (let i = 0; i < 200; i++) t.answers.push({ kind: "failed", detail: "500", retryAfterMs: null });
    t.pollers.update("ana", over([end]), 0);
    await t.clock.advance(60_000);
    expect([t.events, t.pollers.count]).toEqual([[], 0]);
  });

  it("of a session that is on the move when the chat ends ends without a word when nobody says where to", async () => {
    const t = pollersOf();
    t.answers.push({ kind: "moved" });
    const retry = { kind: "retry", detail: "500", status: 500, mayHaveHappened: true, retryAfterMs: null } as const;
    for (let i = 0; i < 200; i++) t.reconnects.push(Promise.resolve(retry));
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(0);
    t.pollers.update("ana", over([end]), 0);
    await t.clock.advance(4_000);
    expect(t.gates.mayPost(end.chatId, session.generation)).toBe(false);
    await t.clock.advance(60_000);
    expect(t.gates.mayPost(end.chatId, session.generation)).toBe(true);
    expect([t.events, t.pollers.count]).toEqual([[], 0]);
  });
});
