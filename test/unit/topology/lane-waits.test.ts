// A lane between two tries: what decide makes of its command meanwhile holds at once.
import { describe, expect, it } from "vitest";

import type { HandBack, RequestChat, SayToUser } from "../../../src/processors/interconnection/commands.ts";
import { sayToAgent, session, stateWith } from "../../support/owner-parts.ts";
import { again, lanesOf, results } from "./test-lanes.ts";

const sayToUser = (seq: number): SayToUser => ({
  ...{ lane: "channel", kind: "SayToUser", seq, chatId: "chat", giveUpAt: 2_000_000 },
  ...{ channel: "whatsapp", messageId: `m${String(seq)}`, text: "t", about: "message" },
});
const handBack: HandBack = {
  ...{ lane: "channel", kind: "HandBack", seq: 1, chatId: "chat", giveUpAt: 2_000_000 },
  ...{ channel: "whatsapp", botSlug: "bot", botState: "back" },
};
const requestChat: RequestChat = {
  ...{ lane: "desk", kind: "RequestChat", seq: 1, chatId: "chat", giveUpAt: 2_000_000, session },
  ...{ buttonId: "b", visitorName: "Ana", contactId: "003x", caseId: "500x" },
};
const inFiveMinutes = again({ retryAfterMs: 300_000 });

describe("a chat that a user asks for while his last hand-back is on its way", () => {
  it("is requested at the desk when that is over: the bot must not be given him behind the agent", async () => {
    const t = await lanesOf();
    t.answers.push("hang");
    const chatBefore = { ...handBack, chatId: "before" };
    t.lanes.update("ana", stateWith([chatBefore]));
    await t.clock.settle();
    t.lanes.update("ana", stateWith([requestChat]));
    await t.clock.advance(4_900);
    expect(t.tried.map(({ command }) => command.kind)).toEqual(["HandBack"]);
    await t.clock.advance(200);
    expect(t.tried.map(({ command }) => command.kind)).toEqual(["HandBack", "RequestChat"]);
  });

  it("is not requested any more when it is too late", async () => {
    const t = await lanesOf();
    t.answers.push("hang");
    t.lanes.update("ana", stateWith([{ ...handBack, chatId: "before" }]));
    await t.clock.settle();
    t.lanes.update("ana", stateWith([{ ...requestChat, giveUpAt: t.clock.now() + 1_000 }]));
    await t.clock.advance(1_100);
    expect(t.tried.map(({ command }) => command.kind)).toEqual(["HandBack"]);
    expect(results(t)).toEqual([[1, "given_up", 0]]);
  });
});

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
