// The numbers under which a lane posts: rather too high than too low, for under one too low the desk drops a text without a word.
import { describe, expect, it } from "vitest";

import { active, sayToAgent, session, stateWith } from "../../support/owner-parts.ts";
import { lanesOf } from "./test-lanes.ts";

describe("the numbers of posts", () => {
  const post = (seq: number, generation: string) => sayToAgent(seq, { session: { ...session, generation } });
  const at = (postSequence: number) => ({ interconnection: { ...active, postSequence } });

  it("go on where the session has moved and the state does not say that they begin anew, also without the store's marks", async () => {
    const t = await lanesOf();
    t.lanes.update("ana", stateWith([post(1, "g1")], at(3)));
    await t.clock.settle();
    t.store.faults.flush();
    await t.store.store.claim(0, 5, "me");
    t.lanes.update("ana", stateWith([post(1, "g1"), post(2, "g2")], at(3)));
    await t.clock.settle();
    t.lanes.update("ana", stateWith([post(3, "g3")], at(0)));
    await t.clock.settle();
    expect(t.tried.map(({ postSequence }) => postSequence)).toEqual([4, 5, 6]);
  });

  it("are those of the command where its chat has ended while it waited for the right to act, and the store has lost the marks", async () => {
    const t = await lanesOf();
    t.rightIs("blind");
    t.lanes.update("ana", stateWith([post(1, "g1")], at(5)));
    await t.clock.settle();
    const closed = { ...post(1, "g1"), postsBefore: 5 };
    t.lanes.update("ana", stateWith([closed], { interconnection: null }));
    t.rightIs("mine");
    await t.clock.advance(1_000);
    expect(t.tried.map(({ postSequence }) => postSequence)).toEqual([6]);
  });

  it("are told with a command that was done before, from the lane's mark", async () => {
    const t = await lanesOf();
    const mark = { partition: 0, epoch: 5, userId: "ana", chatId: "chat", lane: "desk" as const, seq: 1 };
    await t.store.store.begin(mark, 7, false);
    await t.store.store.finish(mark, 7);
    t.lanes.update("ana", stateWith([post(1, "g1")], at(3)));
    await t.clock.settle();
    expect(t.tried).toEqual([]);
    expect(t.events.map(({ body }) => body)).toMatchObject([{ outcome: "done", postSequence: 7, generation: null }]);
  });
});
