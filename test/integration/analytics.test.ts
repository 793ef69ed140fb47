// The example of a reader of the facts: what it rebuilds from the topic alone is what the simulated desk saw, for chats that end in
// every way: by the agent, by a finish, refused by the desk, refused before, lost, and not at all.
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { PLAY_AGENT_ID } from "../../sandbox/environment.ts";
import { acceptChat } from "../../sandbox/world/live-agent/accept.ts";
import { declineChat, endByAgent, say } from "../../sandbox/world/live-agent/agents.ts";
import { loseSession } from "../../sandbox/world/live-agent/events.ts";
import type { Session } from "../../sandbox/world/live-agent/session.ts";
import type { Person } from "../../sandbox/world/people.ts";
import { chatEventExamples } from "../unit/contracts/chat-event-examples.ts";
import { openFactReader, type FactReader } from "../support/chat-facts.ts";
import { eventually } from "../support/eventually.ts";
import { installed } from "../support/own-install.ts";
import { openStage, type Stage } from "../support/stage.ts";

/** What the example prints of a chat. */
interface Figures {
  readonly chatId: string;
  readonly requestId: string;
  readonly caseId: string | null;
  readonly outcome: string;
  readonly waitedMs: number | null;
  readonly durationMs: number | null;
  readonly agents: readonly string[];
  readonly messagesIn: number;
  readonly filesIn: number;
  readonly messagesOut: number;
  readonly messagesFailed: number;
  readonly endedBy: string | null;
  readonly reason: string | null;
  readonly handedBack: string | null;
  readonly isWhole: boolean;
}

/** What the desk saw of a chat, in its own clock. */
interface Truth {
  readonly caseId: string;
  readonly waitedMs: number | null;
  readonly durationMs: number | null;
  readonly heard: number;
  readonly said: number;
}

/** Facts tell when the service heard of something: later than the desk did it by a call or a poll on a busy machine. */
const toleranceMs = 750;
/** A wait and a talk that are longer than the tolerance, and differ from each other. */
const [waitMs, talkMs] = [1_600, 3_200];

const open: { stage?: Stage; reader?: FactReader; figures?: readonly Figures[]; refused?: readonly unknown[] } = {};
const truths = new Map<string, Truth>();

function there<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error("the stage was not set");
  return value;
}

beforeAll(async () => {
  open.stage = await openStage({ file: import.meta.url });
  open.reader = await openFactReader(open.stage.addresses, open.stage.names.topic);
  await Promise.all([byAgent(), byFinish(), byDesk(), lost(), refusedBefore(), stillWaiting()]);
  const analytics = await installed("examples/analytics");
  const { addresses, names } = open.stage;
  const args = [`--brokers=${addresses.brokers}`, `--registry=${addresses.registryUrl}`, `--topic=${names.topic}`];
  const said = await analytics.run("report.js", [...args, "--json"]);
  expect(said.code, said.stderr).toBe(0);
  const printed = JSON.parse(said.stdout) as {
    readonly chats: readonly Figures[];
    readonly refused: readonly unknown[];
  };
  open.figures = printed.chats;
  open.refused = printed.refused;
  const table = await analytics.run("report.js", args);
  console.log(table.stdout);
});

afterAll(async () => {
  await open.reader?.close();
  await open.stage?.close();
});

interface Talk {
  readonly person: Person;
  readonly session: Session;
}

/** A chat with an agent, three texts and a file of the user, two of the agent, after a wait and for a while. */
async function talked(alias: string): Promise<Talk> {
  const stage = there(open.stage);
  const { desk, clock, bot } = stage.world.parts;
  const person = stage.user(alias, "manual");
  await bot.sent(person.userId, "antes");
  const session = await stage.openChat(person, "QUEUED");
  await eventually("a while of waiting", () => clock.monotonicMs() - session.queuedAtMs >= waitMs);
  const agent = there(desk.agents.get(PLAY_AGENT_ID));
  acceptChat(desk, session, agent);
  await there(open.reader).waitFor(person.userId, "accepted");
  for (const text of ["uno", "dos", "tres"]) await bot.sent(person.userId, text);
  for (const text of ["Hola", "Adiós"]) say(desk, session, text);
  await eventually("both have read each other", () => {
    const heard = session.transcript.filter(({ content }) => ["uno", "dos", "tres"].includes(content)).length;
    return heard === 3 && phoneOf(person).filter((text) => ["Hola", "Adiós"].includes(text)).length === 2;
  });
  await eventually("a while of talking", () => clock.monotonicMs() - there(session.engagedAtMs) >= talkMs);
  return { person, session };
}

function phoneOf({ userId }: Person): readonly string[] {
  return there(open.stage)
    .world.parts.phones.log.read()
    .entries.filter((line) => line.userId === userId && line.from === "service")
    .map(({ text }) => text);
}

async function over(alias: string, { person, session }: Talk): Promise<void> {
  await there(open.reader).waitFor(person.userId, "handed_back");
  const acceptedMs = there(session.engagedAtMs);
  truths.set(alias, {
    caseId: caseOf(session),
    waitedMs: acceptedMs - session.queuedAtMs,
    durationMs: there(session.overAtMs) - acceptedMs,
    heard: session.transcript.filter(({ content }) => ["uno", "dos", "tres"].includes(content)).length,
    said: session.transcript.filter(({ type }) => type === "Agent").length,
  });
}

function caseOf(session: Session): string {
  return session.visitor?.linked["Case"] ?? "none";
}

async function byAgent(): Promise<void> {
  const talk = await talked("byAgent");
  endByAgent(there(open.stage).world.parts.desk, talk.session);
  await over("byAgent", talk);
}

async function byFinish(): Promise<void> {
  const stage = there(open.stage);
  const talk = await talked("byFinish");
  const response = await stage.call("DELETE", `/v1/chat/finish/${talk.person.userId}`);
  expect(response.status).toBe(200);
  await over("byFinish", talk);
}

async function lost(): Promise<void> {
  const talk = await talked("lost");
  loseSession(there(open.stage).world.parts.desk, talk.session, "taken away by the test");
  await over("lost", talk);
}

/** The only agent declines: the desk refuses while the user waits. */
async function byDesk(): Promise<void> {
  const stage = there(open.stage);
  const { clock, desk } = stage.world.parts;
  const person = stage.user("byDesk", "manual");
  const session = await stage.openChat(person, "QUEUED");
  await eventually("a while of waiting", () => clock.monotonicMs() - session.queuedAtMs >= waitMs);
  declineChat(desk, session, there(desk.agents.get(PLAY_AGENT_ID)));
  await there(open.reader).waitFor(person.userId, "handed_back");
  const waitedMs = there(session.overAtMs) - session.queuedAtMs;
  truths.set("byDesk", { caseId: caseOf(session), waitedMs, durationMs: null, heard: 0, said: 0 });
}

async function refusedBefore(): Promise<void> {
  const stage = there(open.stage);
  const { userId, name, email } = stage.user("refused");
  const { faults } = stage.world.parts;
  faults.add({ operation: "create Case", user: userId, times: 1, effect: { kind: "status", status: 400 } });
  const body = { userID: userId, name, email, provider: "whatsapp", botSlug: "bot", botId: "bot-1" };
  const response = await stage.call("POST", "/v1/chats/connect", { ...body, phoneNumber: userId });
  expect(response.status).toBeGreaterThanOrEqual(400);
  await there(open.reader).waitFor(userId, "handed_back");
}

async function stillWaiting(): Promise<void> {
  const stage = there(open.stage);
  const person = stage.user("waiting", "manual");
  const session = await stage.openChat(person, "QUEUED");
  await there(open.reader).waitFor(person.userId, "waiting");
  truths.set("waiting", { caseId: caseOf(session), waitedMs: null, durationMs: null, heard: 0, said: 0 });
}

function figuresOf(alias: string): { readonly figures: Figures; readonly truth: Truth } {
  const truth = there(truths.get(alias));
  const figures = there(open.figures).find(({ caseId }) => caseId === truth.caseId);
  return { figures: there(figures), truth };
}

function close(figure: number | null, truth: number | null): void {
  expect(figure).not.toBeNull();
  expect(Math.abs((figure ?? 0) - (truth ?? 0)), `${String(figure)} and ${String(truth)}`).toBeLessThan(toleranceMs);
}

describe("the figures of a chat", () => {
  it.each([
    ["byAgent", { endedBy: "agent", reason: "agent" }],
    ["byFinish", { endedBy: "finish", reason: "finish" }],
    ["lost", { endedBy: "desk", reason: "session_lost" }],
  ] as const)("that ended %s are what the desk saw", (alias, end) => {
    const { figures, truth } = figuresOf(alias);
    expect(figures).toMatchObject({ ...end, outcome: "answered", agents: ["Bruno Díaz"], isWhole: true });
    expect(figures.handedBack).toEqual(expect.any(String));
    expect({ in: figures.messagesIn, out: figures.messagesOut }).toEqual({ in: truth.heard, out: truth.said });
    expect(truth).toMatchObject({ heard: 3, said: 2 });
    expect({ files: figures.filesIn, failed: figures.messagesFailed }).toEqual({ files: 0, failed: 0 });
    close(figures.waitedMs, truth.waitedMs);
    close(figures.durationMs, truth.durationMs);
  });

  it("that the desk refused are what the desk saw", () => {
    const { figures, truth } = figuresOf("byDesk");
    const end = { endedBy: "desk", reason: "desk_unavailable", outcome: "unanswered" };
    expect(figures).toMatchObject({ ...end, agents: [], durationMs: null, isWhole: true });
    close(figures.waitedMs, truth.waitedMs);
  });

  it("that goes on say so", () => {
    const { figures } = figuresOf("waiting");
    const open_ = { outcome: "waiting", waitedMs: null, durationMs: null, endedBy: null, reason: null };
    expect(figures).toMatchObject({ ...open_, handedBack: null, isWhole: true });
  });

  it("that was refused before it came to the desk name the reason, once", () => {
    const refusals = there(open.figures).filter(({ outcome }) => outcome === "refused");
    expect(refusals).toMatchObject([{ reason: "case_failed", waitedMs: null, caseId: null, isWhole: true }]);
    expect(open.refused).toEqual([{ requestId: refusals[0]?.requestId, reason: "case_failed" }]);
  });

  it("are of every chat, and of no other", () => {
    expect(there(open.figures)).toHaveLength(6);
    expect(there(open.stage).world.parts.desk.byId.size, "the refused one never came to the desk").toBe(5);
  });
});

describe("the facts behind them", () => {
  const common = ["requested", "refused", "contact_created", "case_created", "waiting", "accepted", "context_sent"];
  const talk = ["message_in", "message_out", "ended", "finish_done", "handed_back"];
  const alike = ["chatId", "requestId", "agentName", "messageId", "messageType", "textChars", "text", "botState"];

  it.each([...common, ...talk])("of kind %s have the form of their example in docs/contracts.md", (kind) => {
    const facts = there(open.reader)
      .all()
      .filter((fact) => fact.kind === kind);
    const [example] = [...chatEventExamples().values()].filter((one) => one.kind === kind);
    expect(facts.length).toBeGreaterThan(0);
    for (const fact of facts) {
      expect(Object.keys(fact)).toEqual(Object.keys(there(example)));
      const isNull = (of: object): readonly boolean[] => alike.map((field) => Reflect.get(of, field) === null);
      // Who ended it: only a finish has a request, only a chat with an agent his name.
      if (kind !== "ended") expect(isNull(fact), JSON.stringify(fact.reason)).toEqual(isNull(there(example)));
    }
  });
});
