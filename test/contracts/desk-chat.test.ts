// The desk port's chat, by the real client against the simulated Live Agent, which notes every breach of its protocol.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { acceptChat } from "../../sandbox/world/live-agent/accept.ts";
import { endByAgent, say } from "../../sandbox/world/live-agent/agents.ts";
import { handOver, USUAL_HAND_OVER } from "../../sandbox/world/live-agent/failover.ts";
import type { Session } from "../../sandbox/world/live-agent/session.ts";
import { loseSession } from "../../sandbox/world/live-agent/events.ts";
import type { OpenedSession, PollAnswer } from "../../src/processors/desk/port.ts";
import { textMark } from "../../src/processors/desk/text-mark.ts";
import type { DeskReport } from "../../src/processors/interconnection/commands.ts";
import { agentId, startOutside } from "./outside-world.ts";
import type { Outside } from "./outside-world.ts";

let outside: Outside;
beforeEach(async () => {
  outside = await startOutside({ pollHoldMs: 400 });
});
afterEach(() => outside.close());

const never = new AbortController().signal;
const done = { kind: "done", value: null };

function theirs(session: OpenedSession): Session {
  const found = outside.world.parts.desk.byId.get(session.id);
  if (found === undefined) throw new Error("the world knows no such session");
  return found;
}

const accept = (session: OpenedSession) => {
  const { desk } = outside.world.parts;
  const agent = desk.agents.get(agentId);
  if (agent === undefined) throw new Error("the world has no agent");
  acceptChat(desk, theirs(session), agent);
};
const agentSays = (session: OpenedSession, text: string) => say(outside.world.parts.desk, theirs(session), text);

async function opened(): Promise<OpenedSession> {
  const outcome = await outside.desk.openSession(never);
  if (outcome.kind !== "done") throw new Error(`no session: ${outcome.detail}`);
  return outcome.value;
}

/** A session whose chat was asked for (post 1), with the records that the pre-chat names. */
async function requested(): Promise<OpenedSession> {
  const contact = await outside.desk.ensureContact(
    {
      ...{ lane: "desk", kind: "EnsureContact", seq: 1, chatId: "chat-1", giveUpAt: 0, channel: "whatsapp" },
      ...{ name: "Ana López", email: "ana@example.org", phoneNumber: null, extraData: {} },
    },
    false,
    never,
  );
  const contactId = contact.kind === "done" ? contact.value.contactId : "";
  const theCase = await outside.desk.ensureCase(
    {
      ...{ lane: "desk", kind: "EnsureCase", seq: 2, chatId: "chat-1", giveUpAt: 0, notBefore: 0, channel: "whatsapp" },
      ...{ contactId, subject: "Ayuda", description: "Caso : Ayuda", ownerId: null, extraData: {} },
    },
    false,
    never,
  );
  const caseId = theCase.kind === "done" ? theCase.value.caseId : "";
  const session = await opened();
  const details = { buttonId: "5735g000000SBX1", visitorName: "Ana López", contactId, caseId };
  expect(await outside.desk.requestChat(session, details, 1, never)).toEqual(done);
  return session;
}

/** A session with an agent, all events so far read; answers its position. */
async function engaged(): Promise<{ session: OpenedSession; position: number; resumeToken: string | null }> {
  const session = await requested();
  accept(session);
  const answer = events(await outside.desk.poll(session, -1, never));
  return { session, position: answer.position, resumeToken: answer.resumeToken };
}

function events(answer: PollAnswer): Extract<PollAnswer, { readonly kind: "events" }> {
  if (answer.kind !== "events") throw new Error(`no events but ${JSON.stringify(answer)}`);
  return answer;
}

describe("a whole chat", () => {
  it("goes through as the protocol wants it", async () => {
    const session = await requested();
    expect(session).toMatchObject({ pollTimeoutMs: 40_000 });
    expect(theirs(session)).toMatchObject({ state: "QUEUED", visitor: { visitorName: "Ana López" } });
    expect(Object.keys(theirs(session).visitor?.linked ?? {})).toEqual(["Case", "Contact"]);

    const queued = events(await outside.desk.poll(session, -1, never));
    expect(queued).toMatchObject({ position: 0, events: [{ number: 0, kind: "queued" }] });
    expect(await outside.desk.poll(session, 0, never)).toEqual({ kind: "nothing" });

    const held = outside.desk.poll(session, 0, never);
    accept(session);
    const accepted = events(await held);
    expect(accepted.events.at(-1)).toMatchObject({ kind: "accepted", agentName: "Ana Torres" });

    expect(await outside.desk.say(session, "Hola\n¿qué tal? 🙂", 2, never)).toEqual(done);
    agentSays(session, "Buenas");
    agentSays(session, "¿En qué ayudo?");
    const talk = events(await outside.desk.poll(session, accepted.position, never));
    expect(talk.events.filter(({ kind }) => kind === "said").map(({ text }) => text)).toEqual([
      "Buenas",
      "¿En qué ayudo?",
    ]);
    expect(talk.events.map(({ number }) => number)).toEqual(talk.events.map((_, at) => accepted.position + 1 + at));
    expect(talk.resumeToken).toMatch(/^\d+$/);

    expect(await outside.desk.end(session, "left", 3, never)).toEqual(done);
    const end = events(await outside.desk.poll(session, talk.position, never));
    expect(end.events).toMatchObject([{ kind: "ended", reason: "client" }]);
    expect(await outside.desk.poll(session, end.position, never)).toMatchObject({
      kind: "lost",
      reason: "session_gone",
    });

    const { posts, polls, violations } = theirs(session);
    expect(posts.map(({ noun, sequence, text }) => [noun, sequence, text])).toEqual([
      ["ChasitorInit", 1, undefined],
      ["ChatMessage", 2, "Hola\n¿qué tal? 🙂"],
      ["ChatEnd", 3, undefined],
    ]);
    expect(polls.some(({ overlaps }) => overlaps)).toBe(false);
    expect(violations).toEqual([]);
  });

  it("asks for what is beside the talk, takes the reports of it, and the end of a user who was silent", async () => {
    const rule = { id: "0GO1", name: "Cards", pattern: "\\d{16}", replacement: "****" };
    const asked = { idleTimeoutS: 180, idleWarningS: 120, sensitiveDataRules: [{ ...rule, actionType: "Replace" }] };
    Object.assign(outside.world.parts.desk.modes, asked);
    const session = await requested();
    accept(session);
    const told = events(await outside.desk.poll(session, -1, never)).events;
    expect(told.find(({ kind }) => kind === "queued")?.dataRules).toEqual([rule]);
    expect(told.at(-1)).toMatchObject({ kind: "accepted", idleLimitSeconds: 180, idleWarningSeconds: 120 });
    const reports: readonly DeskReport[] = [
      { kind: "rules_applied", rules: [{ id: "0GO1", name: "Cards" }] },
      { kind: "user_silent" },
      { kind: "user_back" },
    ];
    for (const [i, report] of reports.entries())
      expect(await outside.desk.report(session, report, i + 2, never)).toEqual(done);
    expect(await outside.desk.end(session, "user_idle", 5, never)).toEqual(done);
    expect(theirs(session)).toMatchObject({ endedBy: "clientIdleTimeout", violations: [] });
  });

  it("R21 that the agent ends is told with the agent's reason, and ending it again is done", async () => {
    const { session, position } = await engaged();
    endByAgent(outside.world.parts.desk, theirs(session));
    const end = events(await outside.desk.poll(session, position, never));
    expect(end.events).toMatchObject([{ kind: "ended", reason: "agent" }]);
    expect(await outside.desk.say(session, "too late", 2, never)).toMatchObject({ kind: "refused", status: 403 });
    expect(await outside.desk.end(session, "left", 2, never)).toEqual(done);
  });

  it("with nobody online is refused by the desk", async () => {
    outside.world.parts.desk.agents.clear();
    const session = await requested();
    const answer = events(await outside.desk.poll(session, -1, never));
    expect(answer.events.at(-1)).toMatchObject({ kind: "refused", reason: "Unavailable" });
  });
});

describe("the number of a post", () => {
  it("R23 makes a repeat after a lost answer harmless", async () => {
    const { session } = await engaged();
    outside.world.parts.faults.add({ operation: "ChatMessage", when: "after", times: 1, effect: { kind: "reset" } });
    expect(await outside.desk.say(session, "once", 2, never)).toMatchObject({ kind: "retry", mayHaveHappened: true });
    expect(await outside.desk.say(session, "once", 2, never)).toEqual(done);
    expect(theirs(session).transcript.map(({ content }) => content)).toEqual(["once"]);
  });

  it("R23 of a repeat is out of step where the desk says so, at or beyond the number", async () => {
    const { session } = await engaged();
    outside.world.parts.desk.modes.repeatedPost = 409;
    await outside.desk.say(session, "once", 2, never);
    expect(await outside.desk.say(session, "once", 2, never)).toEqual({ kind: "outOfStep", lastAccepted: 2 });
  });

  it("R23 with a gap is out of step with the last accepted one", async () => {
    const { session } = await engaged();
    expect(await outside.desk.say(session, "ahead", 9, never)).toEqual({ kind: "outOfStep", lastAccepted: 1 });
    expect(await outside.desk.end(session, "left", 9, never)).toEqual({ kind: "outOfStep", lastAccepted: 1 });
    expect(await outside.desk.say(session, "in step", 2, never)).toEqual(done);
  });
});

it("a session in which no chat could be requested is given up", async () => {
  const opened = await outside.desk.openSession(never);
  if (opened.kind !== "done") throw new Error("no session");
  expect(await outside.desk.end(opened.value, "left", 1, never)).toEqual(done);
  expect(theirs(opened.value).state).toBe("ENDED");
});

describe("a poll", () => {
  it("R22 whose answer was lost brings the same events with the same numbers again", async () => {
    const { session, position } = await engaged();
    agentSays(session, "hear me");
    outside.world.parts.faults.add({ operation: "Messages", when: "after", times: 1, effect: { kind: "cut-body" } });
    expect(await outside.desk.poll(session, position, never)).toMatchObject({ kind: "failed" });
    const first = events(await outside.desk.poll(session, position, never));
    expect(first.events.map(({ number }) => number)).toEqual([position + 1, position + 2, position + 3]);
    expect(events(await outside.desk.poll(session, position, never))).toEqual(first);
  });

  it("R22 that was aborted is over: the next one meets no conflict", async () => {
    const { session, position } = await engaged();
    for (let round = 0; round < 20; round += 1) {
      const controller = new AbortController();
      const held = outside.desk.poll(session, position, controller.signal);
      await vi.waitUntil(() => theirs(session).openPoll !== undefined, { interval: 1, timeout: 5_000 });
      controller.abort();
      await expect(held).rejects.toThrow();
      await vi.waitUntil(() => theirs(session).openPoll === undefined, { interval: 1, timeout: 5_000 });
    }
    agentSays(session, "still there");
    expect(events(await outside.desk.poll(session, position, never)).events).toHaveLength(3);
    expect(theirs(session).violations).toEqual([]);
  });

  it("R22 without answer ends after the session's time, and the next one meets no conflict", async () => {
    const { session, position } = await engaged();
    outside.world.parts.faults.add({ operation: "Messages", times: 1, effect: { kind: "hang" } });
    const short = { ...session, pollTimeoutMs: 100 };
    expect(await outside.desk.poll(short, position, never)).toMatchObject({ kind: "failed", retryAfterMs: null });
    expect(await outside.desk.poll(session, position, never)).toEqual({ kind: "nothing" });
    expect(theirs(session).violations).toEqual([]);
  });

  it("R22 beside another one is a conflict, and the session lives on", async () => {
    const { session, position } = await engaged();
    const first = outside.desk.poll(session, position, never);
    await vi.waitUntil(() => theirs(session).openPoll !== undefined, { interval: 1, timeout: 5_000 });
    expect(await outside.desk.poll(session, position, never)).toEqual({ kind: "conflict" });
    expect(await first).toEqual({ kind: "nothing" });
  });

  it.each([
    [
      { kind: "status", status: 500 },
      { kind: "failed", detail: "status 500" },
    ],
    [
      { kind: "status", status: 502, retryAfterS: 3 },
      { kind: "failed", retryAfterMs: 3_000 },
    ],
    [{ kind: "garbage" }, { kind: "failed", detail: "status 200: unreadable answer" }],
    [{ kind: "reset" }, { kind: "failed" }],
  ] as const)("that ends in %j has failed, and the next one works", async (effect, answer) => {
    const { session, position } = await engaged();
    outside.world.parts.faults.add({ operation: "Messages", times: 1, effect });
    expect(await outside.desk.poll(session, position, never)).toMatchObject(answer);
    expect(await outside.desk.poll(session, position, never)).toEqual({ kind: "nothing" });
  });
});

describe("R20 a hand-over", () => {
  it.each(["restart", "continue"] as const)("is survived (%s): nothing lost, posts counted anew", async (numbering) => {
    const { session, position, resumeToken } = await engaged();
    await outside.desk.say(session, "before", 2, never);
    const held = outside.desk.poll(session, position, never);
    await vi.waitUntil(() => theirs(session).openPoll !== undefined, { interval: 1, timeout: 5_000 });
    handOver(theirs(session), { ...USUAL_HAND_OVER, numbering });
    expect(await held).toMatchObject({ kind: "moved" });
    expect(await outside.desk.say(session, "held back", 3, never)).toMatchObject({
      kind: "retry",
      status: 503,
      mayHaveHappened: false,
    });
    agentSays(session, "meanwhile");

    const reconnected = await outside.desk.reconnect(session, resumeToken, never);
    if (reconnected.kind !== "done") throw new Error(reconnected.detail);
    const { session: anew, resetsPostSequence } = reconnected.value;
    expect(resetsPostSequence).toBe(true);
    expect(anew).toEqual({ ...session, route: theirs(session).affinityToken });
    expect(anew.route).not.toBe(session.route);

    const first = events(await outside.desk.poll(anew, -1, never));
    const textsHeard = { count: 1, last: textMark("before") };
    expect(first.events[0]).toMatchObject({ kind: "other", detail: "ChasitorSessionData", textsHeard });
    expect(first.events.filter(({ kind }) => kind === "said").map(({ text }) => text)).toEqual(["meanwhile"]);
    expect(await outside.desk.resync(anew, never)).toEqual(done);
    expect(await outside.desk.say(anew, "held back", 1, never)).toEqual(done);
    expect(await outside.desk.poll(anew, first.position, never)).toEqual({ kind: "nothing" });
    expect(await outside.desk.poll(session, position, never)).toMatchObject({ kind: "moved" });
    expect(theirs(session).violations).toEqual([]);
  });

  it("is learned by a post while the desk goes on holding the poll", async () => {
    const { session, position } = await engaged();
    const controller = new AbortController();
    const held = outside.desk.poll(session, position, controller.signal);
    await vi.waitUntil(() => theirs(session).openPoll !== undefined, { interval: 1, timeout: 5_000 });
    handOver(theirs(session), { ...USUAL_HAND_OVER, heldPoll: "stays" });
    expect(await outside.desk.say(session, "held back", 2, never)).toMatchObject({ kind: "retry", moved: true });
    controller.abort();
    await expect(held).rejects.toThrow();
  });

  it.each([
    [false, false],
    ["left-out", true],
  ] as const)("with resetSequence %s resets the numbers: %s", async (resetSequence, resets) => {
    const { session, resumeToken } = await engaged();
    handOver(theirs(session), { ...USUAL_HAND_OVER, resetSequence });
    expect(await outside.desk.reconnect(session, resumeToken, never)).toMatchObject({
      kind: "done",
      value: { resetsPostSequence: resets },
    });
  });

  it("ends a chat that nobody polls any more where it is now", async () => {
    const { session } = await engaged();
    handOver(theirs(session), USUAL_HAND_OVER);
    expect(await outside.desk.end(session, "left", 2, never)).toEqual(done);
    expect(theirs(session)).toMatchObject({ state: "ENDED", violations: [] });
  });

  it.each([false, true])("gives a chat up whole that is over before the resync (moved again: %s)", async (again) => {
    const { session, resumeToken } = await engaged();
    handOver(theirs(session), USUAL_HAND_OVER);
    const reconnected = await outside.desk.reconnect(session, resumeToken, never);
    if (reconnected.kind !== "done") throw new Error(reconnected.detail);
    if (again) handOver(theirs(session), USUAL_HAND_OVER);
    expect(await outside.desk.end(reconnected.value.session, "unsynced", 1, never)).toEqual(done);
    expect(theirs(session)).toMatchObject({ state: "ENDED", violations: [] });
  });

  it("that there was none refuses the reconnect", async () => {
    const { session } = await engaged();
    expect(await outside.desk.reconnect(session, null, never)).toMatchObject({ kind: "refused", status: 405 });
  });
});

it("a session that is gone is lost, refused, or done, as the call wants it", async () => {
  const { session, position, resumeToken } = await engaged();
  loseSession(outside.world.parts.desk, theirs(session), "taken away");
  expect(await outside.desk.poll(session, position, never)).toEqual({
    kind: "lost",
    reason: "session_gone",
    detail: expect.stringMatching(/^\[403\] - Error call with status : /),
  });
  expect(await outside.desk.say(session, "anybody?", 2, never)).toMatchObject({ kind: "refused", status: 403 });
  expect(await outside.desk.reconnect(session, resumeToken, never)).toMatchObject({ kind: "refused", status: 403 });
  expect(await outside.desk.end(session, "left", 2, never)).toEqual(done);
});

it("a desk that is away has certainly done nothing, and the chat goes on afterwards", async () => {
  const { session, position } = await engaged();
  await outside.world.parts.exchanges.get("salesforce")?.cut();
  // The first call may still meet a kept connection that breaks under it: that one stays in doubt.
  expect(await outside.desk.say(session, "hello?", 2, never)).toMatchObject({ kind: "retry" });
  expect(await outside.desk.say(session, "hello?", 2, never)).toMatchObject({ kind: "retry", mayHaveHappened: false });
  expect(await outside.desk.poll(session, position, never)).toMatchObject({ kind: "failed", detail: "ECONNREFUSED" });
  expect(await outside.desk.openSession(never)).toMatchObject({ kind: "retry" });
  await outside.world.parts.exchanges.get("salesforce")?.restore();
  expect(await outside.desk.say(session, "hello?", 2, never)).toEqual(done);
  expect(await outside.desk.poll(session, position, never)).toEqual({ kind: "nothing" });
});
