// The HTTP edge over real HTTP, with real services taken away from under it: what is acknowledged, what is refused, what is told late.
// Starts a set of services of its own.
import { Kafka, logLevel } from "kafkajs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { createServices } from "../../sandbox/services/driver.ts";
import type { ServiceControl, Services } from "../../sandbox/services/services.ts";
import type { Person } from "../../sandbox/world/people.ts";
import { createConversations, describeLatencies, percentile } from "../support/conversations.ts";
import { startChatter } from "../support/chatter.ts";
import { eventually } from "../support/eventually.ts";
import { openStage, type Stage, type StageOptions } from "../support/stage.ts";

const own: { services?: Services } = {};
const stages: Stage[] = [];

beforeAll(async () => {
  own.services = await createServices({ say: () => undefined, env: process.env, kind: "local" });
  await own.services.start();
}, 120_000);

afterEach(async () => {
  await Promise.all(stages.splice(0).map((stage) => stage.close()));
});

afterAll(async () => {
  await own.services?.stop();
});

function services(): Services {
  if (own.services === undefined) throw new Error("no services");
  return own.services;
}

async function stageOf(options: Omit<StageOptions, "file" | "services"> = {}): Promise<Stage> {
  const stage = await openStage({ file: import.meta.url, services: services().addresses(), ...options });
  stages.push(stage);
  return stage;
}

interface Timed {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: Readonly<Record<string, string>>;
  readonly tookMs: number;
}

async function timed(response: Promise<Response>): Promise<Timed> {
  const startedMs = performance.now();
  const { status, headers, json } = await response.then(async (one) => ({ ...pick(one), json: await one.json() }));
  const body = (json ?? {}) as Readonly<Record<string, string>>;
  return { status, retryAfter: headers.get("retry-after"), body, tookMs: performance.now() - startedMs };
}

function pick({ status, headers }: Response): Pick<Response, "status" | "headers"> {
  return { status, headers };
}

function webhook({ service }: Stage, { userId }: Person, id: string, text: string): Promise<Timed> {
  const body = { id, timestamp: String(Date.now()), type: "text", from: userId, text: { body: text } };
  return timed(
    fetch(`${service.url}/v1/integrations/whatsapp/webhook`, { method: "POST", body: JSON.stringify(body) }),
  );
}

function connect(stage: Stage, person: Person): Promise<Timed> {
  const { userId, name, email, phoneNumber } = person;
  const payload = { userID: userId, name, email, phoneNumber, provider: "whatsapp", botSlug: "bot", botId: "521" };
  return timed(stage.call("POST", "/v1/chats/connect", payload));
}

function finish(stage: Stage, { userId }: Person): Promise<Timed> {
  return timed(stage.call("DELETE", `/v1/chat/finish/${userId}`));
}

function context(stage: Stage, { userId }: Person): Promise<Timed> {
  return timed(stage.call("GET", `/v1/context/${userId}`));
}

function onScreen({ world }: Stage, { userId }: Person): readonly string[] {
  const { entries } = world.parts.desk.screens.read();
  return entries.filter(({ user, from }) => user === userId && from === "visitor").map(({ text }) => text);
}

/** The user has an agent, who has read what came before. */
async function withAgent(stage: Stage, person: Person): Promise<void> {
  await stage.openChat(person);
  await eventually("the agent is greeted", () =>
    onScreen(stage, person).some((text) => text.includes("necesito ayuda")),
  );
}

/** All records of a topic so far. */
async function recordsIn(topic: string): Promise<number> {
  const kafka = new Kafka({ brokers: [services().addresses().brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  try {
    const offsets = await admin.fetchTopicOffsets(topic);
    return offsets.reduce((sum, { high }) => sum + Number(high), 0);
  } finally {
    await admin.disconnect();
  }
}

async function without<Result>(
  { down, up }: { readonly down: () => Promise<void>; readonly up: () => Promise<void> },
  work: () => Promise<Result>,
): Promise<Result> {
  await down();
  try {
    return await work();
  } finally {
    await up();
  }
}

const frozen = (control: ServiceControl) => ({ down: () => control.pause(), up: () => control.resume() });
const killed = (control: ServiceControl) => ({ down: () => control.kill(), up: () => control.start() });

describe("while Kafka is away", () => {
  it.each([
    ["frozen", () => frozen(services().kafka)],
    ["killed", () => killed(services().kafka)],
  ])(
    "(%s) nothing is acknowledged: 503 with Retry-After within 5 s; the repeated webhook is applied once",
    async (_how, outage) => {
      const stage = await stageOf();
      const ana = stage.user("ana");
      await withAgent(stage, ana);
      const eva = stage.user("eva");
      await stage.token();
      const answers = await without(outage(), () =>
        Promise.all([webhook(stage, ana, "wamid.again", "repetido"), connect(stage, eva), context(stage, ana)]),
      );
      const [message, opening, told] = answers;
      expect(message).toMatchObject({ status: 503, retryAfter: expect.stringMatching(/^\d+$/) });
      expect(message.tookMs).toBeLessThan(5_000);
      expect(opening).toMatchObject({ status: 503, retryAfter: expect.stringMatching(/^\d+$/) });
      expect(told.status, "the context does not need the broker").toBe(200);
      const again = await eventually(
        "the repeat is acknowledged",
        async () => {
          const answer = await webhook(stage, ana, "wamid.again", "repetido");
          return answer.status === 200 && answer;
        },
        { timeoutMs: 60_000 },
      );
      expect(again.body).toEqual({ Message: "insert success" });
      expect(await webhook(stage, ana, "wamid.last", "último")).toMatchObject({ status: 200 });
      await eventually("the agent has read the last", () => onScreen(stage, ana).includes("último"), {
        timeoutMs: 60_000,
      });
      expect(onScreen(stage, ana).slice(2), "after history and greeting").toEqual(["repetido", "último"]);
    },
  );
});

describe("while Redis is away", () => {
  it.each([
    ["frozen", () => frozen(services().redis)],
    ["killed", () => killed(services().redis)],
  ])(
    "(%s) webhooks are taken, connect is refused before anything is produced, the context is 503",
    async (_how, outage) => {
      const stage = await stageOf();
      const ana = stage.user("ana");
      await withAgent(stage, ana);
      const eva = stage.user("eva");
      await stage.token();
      const requests = `${stage.names.topic}.chat-requests`;
      const before = await recordsIn(requests);
      await without(outage(), async () => {
        const [message, opening, told] = await Promise.all([
          webhook(stage, ana, "wamid.meanwhile", "mientras"),
          connect(stage, eva),
          context(stage, ana),
        ]);
        expect(message).toMatchObject({ status: 200, body: { Message: "insert success" } });
        expect(opening).toMatchObject({
          status: 500,
          body: {
            ErrorDescription: expect.stringMatching(
              /^could not create chat in salesforce : error retrieve interconnection/,
            ),
          },
        });
        expect(told.status).toBe(503);
        expect(await recordsIn(requests), "nothing was produced").toBe(before);
      });
      await eventually("the agent reads what came meanwhile", () => onScreen(stage, ana).includes("mientras"));
      expect(onScreen(stage, ana).filter((text) => text === "mientras")).toHaveLength(1);
      expect(stage.session(eva), "nobody asked an agent for the refused one").toBeUndefined();
    },
  );
});

describe("while the registry is away", () => {
  it("webhooks and connects of known schemas go on", async () => {
    const stage = await stageOf();
    const ana = stage.user("ana");
    await without(killed(services().registry), async () => {
      expect(await webhook(stage, ana, "wamid.one", "hola")).toMatchObject({ status: 200 });
      expect(await connect(stage, ana)).toMatchObject({ status: 200, body: { Message: "Chat created succefully" } });
      await eventually("the agent reads it", () => onScreen(stage, ana).some((text) => text.includes("hola")));
    });
  });
});

describe("connect and finish", () => {
  it("a second connect is refused while the chat is open; finish ends it at the desk and hands back; then there is none", async () => {
    const stage = await stageOf();
    const { parts } = stage.world;
    const ana = stage.user("ana");
    expect(await connect(stage, ana)).toMatchObject({ status: 200 });
    expect(await connect(stage, ana)).toMatchObject({
      status: 500,
      body: { ErrorDescription: "could not create chat in salesforce : session exists with this userID" },
    });
    expect(await finish(stage, ana)).toMatchObject({ status: 200, body: { Message: "Chat finished successfully" } });
    await eventually("the bot has the user", () =>
      parts.botrunner.states.read().entries.some(({ userId }) => userId === ana.userId),
    );
    await eventually("the chat is over at the desk", () => stage.session(ana)?.state !== "ENGAGED");
    expect(await finish(stage, ana)).toMatchObject({
      status: 404,
      body: { ErrorDescription: "could not finish chat in salesforce : this contact does not have an interconnection" },
    });
    expect(await finish(stage, stage.user("eva"))).toMatchObject({ status: 404 });
    expect([...parts.desk.records.all("Case")]).toHaveLength(1);
    expect(await connect(stage, ana), "and again").toMatchObject({ status: 200 });
    expect([...parts.desk.records.all("Contact")], "the contact is found, not made again").toHaveLength(1);
  });

  it.each([
    ["that answers late", 4_000],
    ["whose answer is not waited for", 7_000],
  ])(
    "a desk %s: the caller is told in time that the chat is not open, and no agent is left with it",
    async (_how, delayMs) => {
      const stage = await stageOf({ settings: { MAIN_CONTEXT_TIME_OUT: "3" } });
      const ana = stage.user("ana");
      stage.world.parts.faults.add({
        operation: "ChasitorInit",
        when: "after",
        effect: { kind: "delay", delayMs },
      });
      expect(await connect(stage, ana)).toMatchObject({
        status: 500,
        body: { ErrorDescription: "could not create chat in salesforce : not open in time" },
      });
      await eventually(
        "the late chat is ended at the desk",
        () => {
          const state = stage.session(ana)?.state;
          return state === "ENDED" || state === "LOST";
        },
        {
          why: () =>
            [...stage.world.parts.desk.byId.values()].map(({ state, user, posts }) => ({ state, user, posts })),
        },
      );
      stage.world.parts.faults.clear();
      expect(await connect(stage, ana)).toMatchObject({ status: 200 });
      expect([...stage.world.parts.desk.records.all("Case")], "its case is used again").toHaveLength(1);
    },
  );

  it("no outcome in time: 202 with the request's id, under which the outcome is told later", async () => {
    const stage = await stageOf({ settings: { MAIN_CONTEXT_TIME_OUT: "3" } });
    const { parts } = stage.world;
    const ana = stage.user("ana");
    await stage.token();
    parts.faults.add({ operation: "token", effect: { kind: "delay", delayMs: 500 } });
    const asking = connect(stage, ana);
    await eventually("the chat is being opened", () => parts.journal.open().length > 0);
    const answer = await without(frozen(services().redis), () => asking);
    expect(answer).toMatchObject({
      status: 202,
      retryAfter: "1",
      body: { requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    });
    const path = `/v1/chats/${answer.body["requestId"] ?? ""}`;
    const outcome = await eventually("the outcome is known", async () => {
      const later = await timed(stage.call("GET", path));
      return later.status !== 202 && later;
    });
    expect(outcome).toMatchObject({
      status: 500,
      body: { ErrorDescription: expect.stringContaining("not open in time") },
    });
    const longAgo = "01893f00-0000-7000-8000-000000000000";
    expect(await timed(stage.call("GET", `/v1/chats/${longAgo}`))).toMatchObject({ status: 404 });
  });

  it("while every outside call answers within 1 s no connect and no finish gets 202, of fifty each", async () => {
    const stage = await stageOf();
    stage.world.parts.faults.add({ effect: { kind: "delay", delayMs: 900 } });
    const people = Array.from({ length: 50 }, (_, i) => stage.user(`u${String(i)}`));
    const opened = await Promise.all(people.map((person) => connect(stage, person)));
    const finished = await Promise.all(people.map((person) => finish(stage, person)));
    const slowest = (answers: readonly Timed[]): string =>
      percentile(
        answers.map(({ tookMs }) => tookMs),
        1,
      ).toFixed(0);
    console.log(`50 connects at 0.9 s a call: slowest ${slowest(opened)} ms; finishes: ${slowest(finished)} ms`);
    expect(opened.map(({ status }) => status)).toEqual(people.map(() => 200));
    expect(finished.map(({ status }) => status)).toEqual(people.map(() => 200));
  });
});

it("carries 20 messages a second each way over 10 chats; its latency is told", async () => {
  const stage = await stageOf();
  const people = Object.fromEntries(
    Array.from({ length: 10 }, (_, i) => [`u${String(i)}`, stage.user(`u${String(i)}`)]),
  );
  await Promise.all(Object.values(people).map((person) => stage.openChat(person)));
  const talk = createConversations(stage, people);
  const chatter = startChatter(talk, Object.keys(people), 50);
  await eventually("200 each way", () => talk.latencies().agentToUser.length >= 200);
  await chatter.stop();
  await talk.drained();
  const { userToAgent, agentToUser } = talk.latencies();
  console.log(`${describeLatencies("user to agent", userToAgent)}; ${describeLatencies("agent to user", agentToUser)}`);
  const verdict = talk.judge();
  expect(verdict, verdict.text).toMatchObject({ ok: true, inFlightDoubles: [] });
  expect(
    percentile(userToAgent, 0.5),
    "a bound that catches disasters, also on a machine that does other things",
  ).toBeLessThan(250);
  expect(percentile(agentToUser, 0.5)).toBeLessThan(250);
});
