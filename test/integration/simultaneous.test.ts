// Calls that meet: many connects of one user at once, by HTTP at three instances and by topic, and the same webhook at two instances;
// and calls that reach an instance which does not own their user.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";

import type { Person } from "../../sandbox/world/people.ts";
import { openFactReader, type Fact, type FactReader } from "../support/chat-facts.ts";
import { createConversations } from "../support/conversations.ts";
import { eventually } from "../support/eventually.ts";
import type { ServiceProcess } from "../support/service-process.ts";
import { openStage, type Stage } from "../support/stage.ts";
import { openTopicProducer, type TopicProducer } from "../support/topic-producer.ts";

const callTimeoutMs = 30_000;
const open: { stage?: Stage; facts?: FactReader; upstream?: TopicProducer } = {};

beforeAll(async () => {
  open.stage = await openStage({ file: import.meta.url, instances: 3, settings: { KAFKA_PARTITIONS: "12" } });
  open.facts = await openFactReader(open.stage.addresses, open.stage.names.topic);
  open.upstream = await openTopicProducer(open.stage);
});

afterAll(async () => {
  await open.upstream?.close();
  await open.facts?.close();
  await open.stage?.close();
});

function there<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error("the stage was not set");
  return value;
}

it("twenty connects at once are one chat, one case, one contact, and nineteen refusals that say so", async () => {
  const [stage, facts, upstream] = [there(open.stage), there(open.facts), there(open.upstream)];
  const { desk } = stage.world.parts;
  const ana = stage.user("ana");
  const byTopic = Array.from({ length: 8 }, () => randomUUID());
  await stage.token();
  const calls = Array.from({ length: 12 }, (_, i) => connectAt(instance(stage, i), ana));
  await Promise.all(byTopic.map((requestId) => upstream.connect(ana, requestId)));
  const answers = await Promise.all(calls);
  const outcomes = await eventually(
    "an outcome of each request by topic",
    () => {
      const found = byTopic.map((id) => facts.of(ana.userId).find((fact) => isOutcome(fact) && fact.requestId === id));
      return found.every((one) => one !== undefined) && found;
    },
    { why: () => facts.of(ana.userId).map(({ kind, reason, requestId }) => [kind, reason, requestId]) },
  );

  const refusedByHttp = answers.filter(({ status }) => status === 500);
  const refusedByTopic = outcomes.filter(({ kind }) => kind === "refused");
  const made = answers.filter(({ status }) => status === 200).length + outcomes.length - refusedByTopic.length;
  console.log(
    `${String(made)} connected, ${String(refusedByHttp.length)} of 12 refused by HTTP, ${String(refusedByTopic.length)} of 8 by topic`,
  );
  expect(made).toBe(1);
  expect(refusedByHttp.length + refusedByTopic.length).toBe(19);
  for (const { text } of refusedByHttp) expect(text).toContain("session exists with this userID");
  for (const { reason, chatId } of refusedByTopic)
    expect({ reason, chatId }).toEqual({ reason: "chat_open", chatId: null });
  expect([...desk.byId.values()].filter(({ user }) => user === ana.userId)).toHaveLength(1);
  expect([...desk.records.all("Case")]).toHaveLength(1);
  expect([...desk.records.all("Contact")]).toHaveLength(1);
  // Every outcome is told once; facts may be a moment behind the answers.
  const told = await eventually("a fact of each outcome", () => {
    const found = facts.of(ana.userId).filter(isOutcome);
    return new Set(found.map(({ requestId }) => requestId)).size === 20 && found;
  });
  expect(told).toHaveLength(20);
  expect(facts.of(ana.userId).filter(({ kind }) => kind === "case_created")).toHaveLength(1);
});

it("any instance takes any call: connect, webhook, context, finish, each at another one", async () => {
  const stage = there(open.stage);
  const { desk, botrunner } = stage.world.parts;
  const people = Array.from({ length: 6 }, (_, i) => stage.user(`any${String(i)}`));
  await Promise.all(
    people.map(async (person, i) => {
      const text = `palabra ${String(i)}`;
      expect(await webhookAt(instance(stage, i + 1), person, { id: `before-${String(i)}`, text })).toBe(200);
      for (const service of stage.services) {
        const context = async (): Promise<string> =>
          (await callAt(service, "GET", `/v1/context/${person.userId}`)).text;
        await expect.poll(context, { timeout: 10_000 }).toContain(text);
      }
      expect(await connectAt(instance(stage, i), person)).toMatchObject({ status: 200 });
      const session = await eventually("the agent reads what came before", () => {
        const found = stage.session(person);
        return found?.state === "ENGAGED" && shown(stage, person).some((line) => line.includes(text)) && found;
      });
      const more = `otra ${String(i)}`;
      expect(await webhookAt(instance(stage, i + 2), person, { id: `in-${String(i)}`, text: more })).toBe(200);
      await eventually("the agent reads it", () => shown(stage, person).includes(more));
      const path = `/v1/chat/finish/${person.userId}`;
      expect(await callAt(instance(stage, i + 2), "DELETE", path)).toMatchObject({ status: 200 });
      await eventually("the bot has the user back", () =>
        botrunner.states.read().entries.some(({ userId }) => userId === person.userId),
      );
      // The end at the desk has a lane of its own.
      await eventually("the desk has ended it", () => desk.byId.get(session.id)?.state === "ENDED");
    }),
  );
});

it("R24 the same webhook at two instances at once, and later at the third, is one message", async () => {
  const stage = there(open.stage);
  const bea = stage.user("bea");
  const talk = createConversations(stage, { bea });
  await stage.openChat(bea);
  const texts = Array.from({ length: 10 }, (_, i) => `mensaje ${String(i)} de bea`);
  for (const [i, text] of texts.entries()) {
    const message = { id: `same-${String(i)}`, text };
    const first = stage.services.slice(0, 2).map((service) => webhookAt(service, bea, message));
    expect(await Promise.all(first)).toEqual([200, 200]);
    expect(await webhookAt(instance(stage, 2), bea, message)).toBe(200);
  }
  // Written after all of them, so when it is there they are.
  await talk.userSays("bea", "fin ");
  await talk.drained();
  const read = shown(stage, bea).flatMap((line) => [...line.matchAll(/mensaje \d+ de bea/g)].map(([text]) => text));
  expect(read).toEqual(texts);
  expect(stage.session(bea)?.violations).toEqual([]);
});

function instance({ services }: Stage, n: number): ServiceProcess {
  return there(services[n % services.length]);
}

interface Answered {
  readonly status: number;
  readonly text: string;
}

async function callAt(service: ServiceProcess, method: string, path: string, body?: unknown): Promise<Answered> {
  const response = await fetch(`${service.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${await there(open.stage).token()}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(callTimeoutMs),
  });
  return { status: response.status, text: await response.text() };
}

function connectAt(service: ServiceProcess, { userId, name, email, phoneNumber, channel }: Person): Promise<Answered> {
  const body = {
    userID: userId,
    name,
    email,
    phoneNumber,
    provider: channel,
    botSlug: "bot",
    botId: "bot-1",
    extraData: {},
  };
  return callAt(service, "POST", "/v1/chats/connect", body);
}

async function webhookAt(
  service: ServiceProcess,
  { userId }: Person,
  { id, text }: { readonly id: string; readonly text: string },
): Promise<number> {
  const body = { id, timestamp: String(Date.now()), type: "text", from: userId, text: { body: text } };
  return (await callAt(service, "POST", "/v1/integrations/whatsapp/webhook", body)).status;
}

function shown({ world }: Stage, { userId }: Person): readonly string[] {
  return world.parts.desk.screens
    .read()
    .entries.filter(({ user, from }) => user === userId && from === "visitor")
    .map(({ text }) => text);
}

function isOutcome({ kind }: Fact): boolean {
  return kind === "waiting" || kind === "refused";
}
