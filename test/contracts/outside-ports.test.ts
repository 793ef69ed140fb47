// What desk, channel and bot are to the graph, asked of both bindings: the real clients on the sandbox's world, and the fakes that simulation and unit
// tests play with. What only one of them can show is in desk-chat, desk-records, channel and bot.test.ts.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { acceptChat } from "../../sandbox/world/live-agent/accept.ts";
import { endByAgent, say } from "../../sandbox/world/live-agent/agents.ts";
import { handOver, USUAL_HAND_OVER } from "../../sandbox/world/live-agent/failover.ts";
import { loseSession } from "../../sandbox/world/live-agent/events.ts";
import type { Session } from "../../sandbox/world/live-agent/session.ts";
import type { BotPort, ChannelPort } from "../../src/processors/channel/port.ts";
import type { Desk, OpenedSession, PollAnswer } from "../../src/processors/desk/port.ts";
import type { EnsureCase, EnsureContact } from "../../src/processors/interconnection/commands.ts";
import type { Clock } from "../../src/topology/ports.ts";
import { createFakeChannel } from "../support/fake-channel.ts";
import { createFakeDesk } from "../support/fake-desk.ts";
import type { DeskChat } from "../support/fake-desk-types.ts";
import { agentId, startOutside } from "./outside-world.ts";

type Losable = "ensureContact" | "ensureCase" | "say" | "channel" | "bot";

/** A binding, and what stands on its other side. */
interface Side {
  readonly desk: Desk;
  readonly channel: ChannelPort;
  readonly bot: BotPort;
  contacts(): number;
  cases(): number;
  accepts(session: OpenedSession): void;
  agentSays(session: OpenedSession, text: string): void;
  agentEnds(session: OpenedSession): void;
  agentSees(session: OpenedSession): readonly string[];
  /** How many have reached the desk. */
  polls(session: OpenedSession): number;
  /** To another server, with what was not acknowledged told again. */
  moves(session: OpenedSession): void;
  forgets(session: OpenedSession): void;
  /** What the phone shows, and how often the bot was given the user. */
  phone(): readonly string[];
  given(): number;
  /** The next such call is carried out, and its answer never comes. */
  losesAnswer(call: Losable): void;
  close(): Promise<void>;
}

async function realClients(): Promise<Side> {
  const outside = await startOutside({ pollHoldMs: 300 });
  const { desk, faults, integrations, phones, botrunner } = outside.world.parts;
  integrations.modes.dedupe = true;
  const theirs = ({ id }: OpenedSession): Session => {
    const found = desk.byId.get(id);
    if (found === undefined) throw new Error("the world knows no such session");
    return found;
  };
  const operations: Readonly<Record<Losable, string>> = {
    ...{ ensureContact: "create Contact", ensureCase: "create Case", say: "ChatMessage" },
    ...{ channel: "messages", bot: "send-to" },
  };
  return {
    ...{ desk: outside.desk, channel: outside.channel, bot: outside.bot },
    contacts: () => [...desk.records.all("Contact")].length,
    cases: () => [...desk.records.all("Case")].length,
    accepts(session) {
      const agent = desk.agents.get(agentId);
      if (agent === undefined) throw new Error("the world has no agent");
      acceptChat(desk, theirs(session), agent);
    },
    agentSays: (session, text) => say(desk, theirs(session), text),
    agentEnds: (session) => endByAgent(desk, theirs(session)),
    agentSees: (session) =>
      theirs(session).transcript.flatMap(({ type, content }) => (type === "Chasitor" ? [content] : [])),
    polls: (session) => theirs(session).polls.length,
    moves: (session) => handOver(theirs(session), USUAL_HAND_OVER),
    forgets: (session) => loseSession(desk, theirs(session), "forgotten"),
    phone: () => phones.log.read().entries.flatMap(({ text, shown }) => (shown ? [text] : [])),
    given: () => botrunner.states.read().entries.length,
    losesAnswer: (call) =>
      void faults.add({ operation: operations[call], when: "after", times: 1, effect: { kind: "reset" } }),
    close: () => outside.close(),
  };
}

/** Time as it is: the fakes are given it by whoever plays with them. */
const clock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, fn) {
    const timer = setTimeout(fn, delayMs);
    return () => clearTimeout(timer);
  },
};

async function fakes(): Promise<Side> {
  const desk = createFakeDesk(clock, { holdMs: 300 });
  const phone = createFakeChannel();
  const theirs = ({ id }: OpenedSession): DeskChat => {
    const found = desk.chats.find(({ sessionId }) => sessionId === id);
    if (found === undefined) throw new Error("no chat was requested in that session");
    return found;
  };
  return {
    ...{ desk: desk.desk, channel: phone.channel, bot: phone.bot },
    contacts: () => new Set(desk.contacts.values()).size,
    cases: () => desk.created.length,
    accepts: (session) => theirs(session).accept(),
    agentSays: (session, text) => theirs(session).say(text),
    agentEnds: (session) => theirs(session).end(),
    agentSees: (session) => theirs(session).seen,
    polls: (session) => theirs(session).polls,
    moves: (session) => theirs(session).move(),
    forgets: (session) => theirs(session).drop(),
    phone: () => phone.shown.map(({ text }) => text),
    given: () => phone.handedBack.length,
    losesAnswer(call) {
      if (call === "channel") phone.fail("say", "lost reply");
      else if (call === "bot") phone.fail("handBack", "lost reply");
      else desk.fail(call, { kind: "retry", effect: "after" });
    },
    close: () => Promise.resolve(),
  };
}

const never = new AbortController().signal;
const done = { kind: "done", value: null };
const heardNothing = { kind: "retry", mayHaveHappened: true };

function contact(fields: Partial<EnsureContact> = {}): EnsureContact {
  return {
    ...{ lane: "desk", kind: "EnsureContact", seq: 1, chatId: "chat-1", giveUpAt: 0, channel: "whatsapp" },
    ...{ name: "Ana López", email: "ana@example.org", phoneNumber: "5512345678", extraData: {} },
    ...fields,
  };
}

function theCase(contactId: string, fields: Partial<EnsureCase> = {}): EnsureCase {
  return {
    ...{ lane: "desk", kind: "EnsureCase", seq: 2, chatId: "chat-1", giveUpAt: 0, channel: "whatsapp" },
    ...{ notBefore: Date.now() - 1_000, contactId, subject: "Ayuda", description: "Caso : Ayuda" },
    ...{ ownerId: null, extraData: {}, ...fields },
  };
}

describe.each([
  ["the real clients", realClients],
  ["the fakes", fakes],
] as const)("%s", (_name, open) => {
  let side: Side;
  beforeEach(async () => {
    side = await open();
  });
  afterEach(() => side.close());

  async function contactId(fields: Partial<EnsureContact> = {}): Promise<string> {
    const outcome = await side.desk.ensureContact(contact(fields), false, never);
    if (outcome.kind !== "done") throw new Error(`no contact: ${outcome.detail}`);
    return outcome.value.contactId;
  }

  async function requested(): Promise<OpenedSession> {
    const id = await contactId();
    const made = await side.desk.ensureCase(theCase(id), false, never);
    const opened = await side.desk.openSession(never);
    if (made.kind !== "done" || opened.kind !== "done") throw new Error("no chat");
    const details = { buttonId: "5735g000000SBX1", visitorName: "Ana López", contactId: id, ...made.value };
    expect(await side.desk.requestChat(opened.value, details, 1, never)).toEqual(done);
    return opened.value;
  }

  /** A session with an agent; everything so far is read and acknowledged by what comes next. */
  async function engaged(): Promise<{
    readonly session: OpenedSession;
    readonly position: number;
    readonly token: string;
  }> {
    const session = await requested();
    side.accepts(session);
    const { position, resumeToken, events } = eventsOf(await side.desk.poll(session, -1, never));
    expect(events.map(({ kind }) => kind)).toContain("accepted");
    return { session, position, token: resumeToken ?? "" };
  }

  function eventsOf(answer: PollAnswer): Extract<PollAnswer, { readonly kind: "events" }> {
    if (answer.kind !== "events") throw new Error(`no events but ${JSON.stringify(answer)}`);
    return answer;
  }

  const said = (answer: PollAnswer): readonly (string | null)[] =>
    eventsOf(answer).events.flatMap(({ kind, text }) => (kind === "said" ? [text] : []));

  it("a contact is created on a miss, and found by e-mail and by phone from then on", async () => {
    const first = await side.desk.ensureContact(contact(), false, never);
    expect(first).toMatchObject({ kind: "done", value: { created: true, blocked: false } });
    const id = await contactId();
    expect(first).toMatchObject({ value: { contactId: id } });
    expect(await side.desk.ensureContact(contact({ email: "other@example.org" }), false, never)).toMatchObject({
      kind: "done",
      value: { contactId: id, created: false },
    });
    expect(await contactId({ email: "other@example.org", phoneNumber: "2" })).not.toBe(id);
    expect(side.contacts()).toBe(2);
  });

  it("a contact whose creation's answer was lost is found by the next try, and is there once", async () => {
    side.losesAnswer("ensureContact");
    expect(await side.desk.ensureContact(contact(), false, never)).toMatchObject(heardNothing);
    expect(await side.desk.ensureContact(contact(), true, never)).toMatchObject({
      kind: "done",
      value: { created: true },
    });
    expect(side.contacts()).toBe(1);
  });

  it("a case whose creation's answer was lost is found by the next try; another chat's or subject's is another", async () => {
    const id = await contactId();
    side.losesAnswer("ensureCase");
    expect(await side.desk.ensureCase(theCase(id), false, never)).toMatchObject(heardNothing);
    expect(await side.desk.ensureCase(theCase(id), true, never)).toMatchObject({ kind: "done" });
    expect(side.cases()).toBe(1);
    await side.desk.ensureCase(theCase(id, { notBefore: Date.now() + 60_000 }), true, never);
    await side.desk.ensureCase(theCase(id, { subject: "Venta" }), true, never);
    expect(side.cases()).toBe(3);
    await side.desk.ensureCase(theCase(id, { subject: "Nuevo", otherSubjects: ["Venta"] }), true, never);
    expect(side.cases()).toBe(3);
  });

  it("posts are shown in their order, and the repeat of a number is dropped", async () => {
    const { session } = await engaged();
    expect(await side.desk.say(session, "uno", 2, never)).toEqual(done);
    side.losesAnswer("say");
    expect(await side.desk.say(session, "dos", 3, never)).toMatchObject(heardNothing);
    expect(await side.desk.say(session, "dos", 3, never)).toEqual(done);
    expect(side.agentSees(session)).toEqual(["uno", "dos"]);
  });

  it("a post whose number leaves a gap is out of step, and tells the last number", async () => {
    const { session } = await engaged();
    expect(await side.desk.say(session, "dos", 3, never)).toEqual({ kind: "outOfStep", lastAccepted: 1 });
    expect(side.agentSees(session)).toEqual([]);
  });

  it("events come again under their numbers until they are acknowledged, and then no more", async () => {
    const { session, position } = await engaged();
    side.agentSays(session, "hola");
    const first = eventsOf(await side.desk.poll(session, position, never));
    expect(said(first)).toEqual(["hola"]);
    const again = eventsOf(await side.desk.poll(session, position, never));
    expect([again.position, said(again)]).toEqual([first.position, ["hola"]]);
    expect(await side.desk.poll(session, first.position, never)).toEqual({ kind: "nothing" });
  });

  it("a second poll of a session is a conflict, and the first goes on", async () => {
    const { session, position } = await engaged();
    const held = side.desk.poll(session, position, never);
    await vi.waitUntil(() => side.polls(session) === 2, { interval: 1, timeout: 5_000 });
    expect(await side.desk.poll(session, position, never)).toEqual({ kind: "conflict" });
    side.agentSays(session, "hola");
    expect(said(await held)).toEqual(["hola"]);
  });

  it("a session that has moved is told so, to polls and posts, until it is reconnected; then what was not acknowledged comes again", async () => {
    const { session, position, token } = await engaged();
    side.agentSays(session, "hola");
    await side.desk.poll(session, position, never);
    side.moves(session);
    expect(await side.desk.poll(session, position, never)).toMatchObject({ kind: "moved" });
    expect(await side.desk.say(session, "uno", 2, never)).toMatchObject({ kind: "retry", moved: true });
    const outcome = await side.desk.reconnect(session, token, never);
    if (outcome.kind !== "done") throw new Error(outcome.detail);
    const { session: there, resetsPostSequence } = outcome.value;
    expect(await side.desk.resync(there, never)).toEqual(done);
    expect(said(await side.desk.poll(there, -1, never))).toContain("hola");
    expect(await side.desk.say(there, "uno", resetsPostSequence ? 1 : 2, never)).toEqual(done);
    expect(side.agentSees(there)).toEqual(["uno"]);
  });

  it("a reconnect without a move is refused, and the session lives on where it was", async () => {
    const { session, token } = await engaged();
    expect(await side.desk.reconnect(session, token, never)).toMatchObject({ kind: "refused" });
    expect(await side.desk.say(session, "uno", 2, never)).toEqual(done);
  });

  it("the agent's end comes as an event; to end such a chat is done", async () => {
    const { session, position } = await engaged();
    side.agentEnds(session);
    const { events } = eventsOf(await side.desk.poll(session, position, never));
    expect(events.at(-1)).toMatchObject({ kind: "ended" });
    expect(await side.desk.end(session, "left", 2, never)).toEqual(done);
  });

  it("a session that the desk has forgotten is lost to polls, refused to posts, and done to an end", async () => {
    const { session, position } = await engaged();
    side.forgets(session);
    expect(await side.desk.poll(session, position, never)).toMatchObject({ kind: "lost", reason: "session_gone" });
    expect(await side.desk.say(session, "uno", 2, never)).toMatchObject({ kind: "refused", status: 403 });
    expect(await side.desk.end(session, "left", 2, never)).toEqual(done);
  });

  it("a text whose answer was lost is shown once on WhatsApp, by its id, and twice on Facebook, which has none", async () => {
    for (const [channel, userId] of [
      ["whatsapp", "5215512345678"],
      ["facebook", "6543210987654321"],
    ] as const) {
      const message = { channel, userId, messageId: `m-${channel}`, text: `hola ${channel}` };
      side.losesAnswer("channel");
      expect(await side.channel.say(message, never)).toMatchObject(heardNothing);
      expect(await side.channel.say(message, never)).toEqual(done);
    }
    expect(side.phone()).toEqual(["hola whatsapp", "hola facebook", "hola facebook"]);
  });

  it("a hand-back whose answer was lost is told twice", async () => {
    const request = { userId: "5215512345678", botSlug: "sandbox-bot", botState: "from-sf-success" };
    side.losesAnswer("bot");
    expect(await side.bot.handBack(request, never)).toMatchObject(heardNothing);
    expect(await side.bot.handBack(request, never)).toEqual(done);
    expect(side.given()).toBe(2);
  });
});
