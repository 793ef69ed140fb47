// A desk hands a session to another server (503, new affinity token), again and again while both sides write: numbers go on or start
// anew, and events that were told before come again. Nothing is lost, shown twice or out of order, and the chat stays.
import { afterEach, expect, it } from "vitest";

import { handOver } from "../../sandbox/world/live-agent/failover.ts";
import { createConversations } from "../support/conversations.ts";
import { eventually } from "../support/eventually.ts";
import { openStage, type Stage } from "../support/stage.ts";

const open: { stage?: Stage } = {};

afterEach(async () => {
  await open.stage?.close();
  delete open.stage;
});

it.each(["restart", "continue"] as const)(
  "numbering restarted after a reconnect (%s), events repeated: nothing is lost, doubled or out of order",
  async (numbering) => {
    const stage = await openStage({ file: import.meta.url });
    open.stage = stage;
    const ana = stage.user("ana");
    const talk = createConversations(stage, { ana });
    const session = await stage.openChat(ana);
    for (const redeliver of [0, 1, 3, 50]) {
      for (let i = 0; i < 3; i += 1) {
        talk.agentSays("ana");
        await talk.userSays("ana");
      }
      await talk.drained();
      const { affinityToken } = session;
      handOver(session, { numbering, redeliver, resetSequence: true });
      talk.agentSays("ana");
      await talk.userSays("ana");
      await eventually("the service has followed the session", () => session.affinityToken !== affinityToken);
      await talk.drained();
    }
    const verdict = talk.judge();
    expect(verdict, verdict.text).toMatchObject({ ok: true, delivered: 32 });
    expect(session.state).toBe("ENGAGED");
    expect(session.violations).toEqual([]);
    expect(session.polls.filter(({ overlaps }) => overlaps)).toEqual([]);
  },
);

it("a move that only a post learns of, while the desk still holds the poll: followed, and nothing said before the resync", async () => {
  const stage = await openStage({ file: import.meta.url });
  open.stage = stage;
  const ana = stage.user("ana");
  const talk = createConversations(stage, { ana });
  const session = await stage.openChat(ana);
  await talk.userSays("ana");
  await talk.drained();
  await eventually("the desk holds a poll", () => session.openPoll !== undefined);
  const { affinityToken } = session;
  handOver(session, { numbering: "restart", redeliver: 0, resetSequence: true, heldPoll: "stays" });
  for (let i = 0; i < 5; i += 1) {
    await talk.userSays("ana");
    talk.agentSays("ana");
  }
  await eventually("the service has followed the session", () => session.affinityToken !== affinityToken);
  await talk.drained();
  const verdict = talk.judge();
  expect(verdict, verdict.text).toMatchObject({ ok: true, delivered: 11 });
  expect(session.state).toBe("ENGAGED");
  expect(session.violations).toEqual([]);
});

it("a text whose answer was lost with a move that begins numbers anew is known by what the desk tells there, and said once", async () => {
  const stage = await openStage({ file: import.meta.url });
  open.stage = stage;
  const ana = stage.user("ana");
  const talk = createConversations(stage, { ana });
  const session = await stage.openChat(ana);
  await talk.userSays("ana");
  await talk.drained();
  const { affinityToken } = session;
  const { faults } = stage.world.parts;
  const lost = faults.add({
    ...{ operation: "ChatMessage", user: ana.userId },
    ...{ when: "after", times: 1, effect: { kind: "reset" } },
  });
  const posts = (): number => session.posts.filter(({ noun }) => noun === "ChatMessage").length;
  const before = posts();
  await talk.userSays("ana");
  await eventually("the desk has the text", () => posts() > before);
  handOver(session, { numbering: "restart", redeliver: 0, resetSequence: true });
  await eventually("the service has followed the session", () => session.affinityToken !== affinityToken);
  for (let i = 0; i < 3; i += 1) await talk.userSays("ana");
  await talk.drained();
  expect(faults.list().find(({ id }) => id === lost.id)?.struck).toBe(1);
  const verdict = talk.judge();
  expect(verdict, verdict.text).toMatchObject({ ok: true, delivered: 5 });
  expect(session.violations).toEqual([]);
});
