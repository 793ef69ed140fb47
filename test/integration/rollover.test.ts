// From the Go service to this one and back. Its open chats, context and undelivered texts are in Redis and Kafka in its own bytes; it is
// stopped, this service starts on them: the talk goes on both ways, ends, and the bot has its users back. Then the way back, and forth.
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { PLAY_AGENT_ID } from "../../sandbox/environment.ts";
import { acceptChat } from "../../sandbox/world/live-agent/accept.ts";
import { endByAgent, say } from "../../sandbox/world/live-agent/agents.ts";
import type { Session } from "../../sandbox/world/live-agent/session.ts";
import type { Person } from "../../sandbox/world/people.ts";
import { formatRecord } from "../../src/processors/interconnection/record.ts";
import { nobody } from "../../src/processors/interconnection/state.ts";
import { openFactReader, type FactReader } from "../support/chat-facts.ts";
import { createConversations, type Conversations } from "../support/conversations.ts";
import { eventually } from "../support/eventually.ts";
import { createOriginalService, type OriginalService } from "../support/original-service.ts";
import { openStage, type Stage } from "../support/stage.ts";
import { checkTokens, describeVerdict } from "../support/tokens.ts";
import { topicBytes } from "../support/topic-bytes.ts";

const hourMs = 3_600_000;
const open: { stage?: Stage; original?: OriginalService; facts?: FactReader } = {};

beforeAll(async () => {
  const stage = await openStage({ file: import.meta.url, start: false });
  open.stage = stage;
  open.original = createOriginalService(stage);
  const kafka = new Kafka({ brokers: stage.addresses.brokers.split(","), logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: stage.names.topic, numPartitions: 1 }], waitForLeaders: true });
  await admin.disconnect();
});

afterAll(async () => {
  await open.facts?.close();
  await open.original?.close();
  await open.stage?.close();
});

function stage(): Stage {
  if (open.stage === undefined) throw new Error("no stage");
  return open.stage;
}

function original(): OriginalService {
  if (open.original === undefined) throw new Error("no service before");
  return open.original;
}

function sessionOf(person: Person): Session {
  const session = stage().session(person);
  if (session === undefined) throw new Error("no session");
  return session;
}

/** What agents have read of a user. */
function screen({ userId }: Person): readonly string[] {
  const { entries } = stage().world.parts.desk.screens.read();
  return entries.filter(({ user, from }) => user === userId && from === "visitor").map(({ text }) => text);
}

/** What the user has got. */
function phone({ userId }: Person): readonly string[] {
  const { entries } = stage().world.parts.phones.log.read();
  return entries.filter((entry) => entry.userId === userId && entry.from === "service").map(({ text }) => text);
}

function states({ userId }: Person): readonly string[] {
  const { entries } = stage().world.parts.botrunner.states.read();
  return entries.filter((entry) => entry.userId === userId).map(({ state }) => state);
}

/** What other users say is another conversation's. */
function talkOf(of: Stage, people: Readonly<Record<string, Person>>): Conversations {
  const all = createConversations(of, people);
  const mine = (user: string): boolean => Object.hasOwn(people, user);
  return {
    ...all,
    judge() {
      const history = all.history();
      const verdict = checkTokens({ ...history, seen: history.seen.filter(({ user }) => mine(user)) });
      return { ...verdict, text: describeVerdict(verdict) };
    },
  };
}

async function talkGoesOn(talk: Conversations, alias: string): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await talk.userSays(alias);
    talk.agentSays(alias);
    await talk.drained([alias]);
  }
}

describe("R32: what the Go service left", () => {
  it("R32: its open chats go on both ways, its context is shown, its undelivered texts arrive once, and all ends at the bot", async () => {
    const [ana, bea, leo, old, over] = ["ana", "bea", "leo", "old", "over"].map((name) => stage().user(name, "manual"));
    if (!ana || !bea || !leo || !old || !over) throw new Error("nobody");
    const talk = talkOf(stage(), { ana, bea });
    await original().remember(leo, { text: "hola <b>", from: "user", agoMs: 2 * hourMs });
    await original().remember(leo, { text: "¿en qué ayudo?", from: "bot", agoMs: hourMs });
    await original().remember(leo, { text: "de ayer", from: "user", agoMs: 25 * hourMs });
    await original().remember(bea, { text: "antes del chat", from: "user", agoMs: hourMs });
    const chatOfAna = await original().chat(ana, "ACTIVE");
    // From before the way back: her connect had been refused here, and then the Go service opened her chat.
    const refused = formatRecord(ana.userId, stage().names.client, { ...nobody, lastFact: 3 });
    await original().put(ana, "connecting", refused);
    await original().chat(bea, "ON_HOLD");
    await original().remember(bea, { text: "mientras espero", from: "user", agoMs: 1_000 });
    const chatOfOld = await original().chat(old, "ACTIVE", 20 * hourMs);
    endByAgent(stage().world.parts.desk, sessionOf(old));
    const { sequence } = await original().poll(chatOfOld);
    expect(await original().poll(chatOfOld, sequence)).toMatchObject({ status: 403 });
    await original().store({ ...chatOfAna, userID: over.userId, status: "CLOSED" });
    await original().queue([{ to: "user", record: chatOfAna, text: "ya entregado" }], true);
    await original().queue(
      [
        { to: "user", record: chatOfAna, text: "del agente, sin entregar" },
        { to: "agent", record: chatOfAna, text: "del usuario, sin entregar" },
        { raw: "no es JSON" },
      ],
      false,
    );
    const postsBefore = sessionOf(ana).posts.length;

    await stage().service.start();
    open.facts = await openFactReader(stage().addresses, stage().names.topic);

    const shown = async (person: Person): Promise<readonly (string | undefined)[]> => {
      const answer = await stage().call("GET", `/v1/context/${person.userId}`);
      return ((await answer.json()) as { readonly text?: string }[]).map(({ text }) => text);
    };
    expect(await shown(leo)).toEqual(["hola <b>", "¿en qué ayudo?"]);
    await expect.poll(() => shown(bea)).toEqual(["antes del chat", "mientras espero"]);

    await expect.poll(() => phone(ana), { timeout: 20_000 }).toContain("del agente, sin entregar");
    await expect.poll(() => screen(ana), { timeout: 20_000 }).toContain("del usuario, sin entregar");
    await talkGoesOn(talk, "ana");

    const agent = stage().world.parts.desk.agents.get(PLAY_AGENT_ID);
    if (agent === undefined) throw new Error("no such agent");
    acceptChat(stage().world.parts.desk, sessionOf(bea), agent);
    await eventually("the agent reads what was said before and while waiting", () =>
      screen(bea).some((text) => text.includes("antes del chat") && text.includes("mientras espero")),
    );
    await talkGoesOn(talk, "bea");

    const own = sessionOf(ana).posts.slice(postsBefore);
    expect(own.length, "posts of a chat taken over").toBeGreaterThan(3);
    for (const session of [sessionOf(ana), sessionOf(bea)]) {
      expect(session.posts.map(({ sequence }) => sequence).filter((number) => number !== null)).toEqual([]);
      expect(session.violations).toEqual([]);
      expect(session.polls.filter(({ status }) => status === 403)).toEqual([]);
    }
    expect(sessionOf(ana).polls.at(1)?.ack, "goes on behind what the desk has delivered").toBeNull();

    const again = await stage().call("DELETE", `/v1/chat/finish/${over.userId}`);
    expect([again.status, await again.text()]).toEqual([
      404,
      JSON.stringify({
        ErrorDescription: "could not finish chat in salesforce : this contact does not have an interconnection",
      }),
    ]);
    endByAgent(stage().world.parts.desk, sessionOf(ana));
    await expect.poll(() => states(ana), { timeout: 20_000 }).toEqual(["from-sf-success"]);
    const finished = await stage().call("DELETE", `/v1/chat/finish/${bea.userId}`);
    expect(finished.status).toBe(200);
    await expect.poll(() => states(bea), { timeout: 20_000 }).toEqual(["from-sf-success"]);
    // The end at the desk and the hand-back are in lanes of their own.
    const lastPost = (): unknown => sessionOf(bea).posts.at(-1);
    await expect.poll(lastPost, { timeout: 20_000 }).toMatchObject({ noun: "ChatEnd", sequence: null });

    const ended = await open.facts.waitFor(old.userId, "ended");
    expect(ended).toMatchObject({ reason: "session_lost", caseId: chatOfOld.caseID, contactId: null });
    await stage().service.restart();
    const back = await stage().call("POST", "/v1/chats/connect", connectOf(old));
    expect(back.status, "a record that was left open keeps nobody from an agent").toBe(200);
    expect(states(old), "a chat that ended long ago moves nobody at the bot").toEqual([]);
    expect(phone(ana).filter((text) => text === "del agente, sin entregar")).toHaveLength(1);
    expect(phone(ana)).not.toContain("ya entregado");
    expect(screen(ana).filter((text) => text === "del usuario, sin entregar")).toHaveLength(1);
    const verdict = talk.judge();
    expect(verdict, verdict.text).toMatchObject({ ok: true });

    const bytes = await topicBytes(stage().addresses.brokers, stage().names.topic);
    const all = [...bytes.values()].join("\n");
    for (const secret of [chatOfAna.sessionKey, sessionOf(bea).key])
      expect(all, "sealed on our topics").not.toContain(secret);
    expect(bytes.get("dead-letters")).toContain("no es JSON");
  });

  it("R32: the way back: with STATE_COMPAT=original the Go service reads the open chats, and forth again the talk goes on", async () => {
    const eva = stage().user("eva");
    const talk = talkOf(stage(), { eva });
    await stage().service.restart();
    await talk.userSays("eva", "antes del chat ");
    const session = await stage().openChat(eva, "ENGAGED");
    await talkGoesOn(talk, "eva");
    expect(await original().restored(eva), "sealed as long as nobody goes back").not.toMatchObject({
      sessionKey: session.key,
    });
    expect(await stage().service.terminate()).toMatchObject({ code: 0 });

    await stage().service.start({ SALESFORCE_INTEGRATION_STATE_COMPAT: "original" });
    const record = await eventually("the record is as the Go service reads it", async () => {
      const found = await original().restored(eva);
      return found?.sessionKey === session.key && found;
    });
    expect(record).toMatchObject({
      ...{ client: stage().names.client, userID: eva.userId, sessionID: session.id, status: "ACTIVE" },
      ...{ affinityToken: session.affinityToken, provider: "whatsapp", name: eva.name, email: eva.email },
    });
    await talkGoesOn(talk, "eva");
    const words = (await original().remembered(eva)).map(({ text }) => text);
    expect(words.some((text) => text?.startsWith("antes del chat "))).toBe(true);
    expect(await stage().service.terminate()).toMatchObject({ code: 0 });

    // The Go service: writes the record back as it knows it, polls, speaks. Then it is stopped.
    await original().store(record);
    say(stage().world.parts.desk, session, "dicho mientras tanto");
    expect(await original().poll(record)).toMatchObject({ status: 200 });
    expect(await original().say(record, "por el servicio de antes")).toBe(200);

    await stage().service.start();
    await talkGoesOn(talk, "eva");
    expect(session.violations).toEqual([]);
    endByAgent(stage().world.parts.desk, session);
    await expect.poll(() => states(eva), { timeout: 20_000 }).toEqual(["from-sf-success"]);
    const verdict = talk.judge();
    expect(verdict, verdict.text).toMatchObject({ ok: true });
  });
});

function connectOf({ userId, name, email, channel }: Person): unknown {
  return { userID: userId, name, email, provider: channel, botSlug: "bot-slug", botId: "5215500000000" };
}
