// A lane between two tries: what decide makes of its command meanwhile holds at once.
import { describe, expect, it } from "vitest";

import type { SayToUser } from "../../../src/processors/interconnection/commands.ts";
import { sayToAgent, stateWith } from "../../support/owner-parts.ts";
import { again, lanesOf, results } from "./test-lanes.ts";

const sayToUser = (seq: number): SayToUser => ({
  ...{ lane: "channel", kind: "SayToUser", seq, chatId: "chat", giveUpAt: 2_000_000 },
  ...{ channel: "whatsapp", messageId: `m${String(seq)}`, text: "t", about: "message" },
});
const inFiveMinutes = again({ retryAfterMs: 300_000 });

describe("a lane that waits between two tries", () => {
  it("goes on at once when its command is withdrawn", async () => {
    const t = await lanesOf();
    t.answers.push(inFiveMinutes);
    t.lanes.update("ana", stateWith([sayToAgent(1)]));
    await t.clock.advance(1_000);
    t.lanes.update("ana", stateWith([sayToAgent(2)]));
    await t.clock.settle();
    expect(results(t)).toEqual([[2, "done", 1]]);
  });

  it("hears of it beside the user's other lane, which waits as well", async () => {
    const t = await lanesOf();
    t.answers.push(inFiveMinutes, inFiveMinutes);
    t.lanes.update("ana", stateWith([sayToAgent(1), sayToUser(1)]));
    await t.clock.advance(1_000);
    expect(t.tried).toHaveLength(2);
    t.lanes.update("ana", stateWith([sayToAgent(2), sayToUser(2)]));
    await t.clock.settle();
    expect(t.tried.slice(2).map(({ command }) => [command.lane, command.seq])).toEqual([
      ["desk", 2],
      ["channel", 2],
    ]);
  });

  it("gives its command up as soon as no further try may begin", async () => {
    const t = await lanesOf();
    t.answers.push(inFiveMinutes);
    t.lanes.update("ana", stateWith([sayToAgent(1), sayToAgent(2)]));
    await t.clock.advance(1_000);
    t.lanes.update("ana", stateWith([sayToAgent(1, { giveUpAt: t.clock.now() + 60_000 }), sayToAgent(2)]));
    await t.clock.settle();
    expect(results(t)).toEqual([
      [1, "given_up", 1],
      [2, "done", 1],
    ]);
    expect(t.events[0]?.body).toMatchObject({ reason: "503" });
  });

  it("does not try sooner because something else of the user has changed", async () => {
    const t = await lanesOf();
    t.answers.push(again({ retryAfterMs: 30_000 }));
    t.lanes.update("ana", stateWith([sayToAgent(1)]));
    for (let seq = 2; seq < 12; seq++) {
      await t.clock.advance(1_000);
      t.lanes.update("ana", stateWith([sayToAgent(1, { giveUpAt: t.clock.now() + 60_000 }), sayToUser(seq)]));
    }
    expect(t.tried.filter(({ command }) => command.lane === "desk")).toHaveLength(1);
    await t.clock.advance(22_000);
    expect(results(t).at(-1)).toEqual([1, "done", 2]);
  });
});
