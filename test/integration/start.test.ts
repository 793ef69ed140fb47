// Start and stop of the process: what is wrong is told at once and by name, services are waited for, a stop drains. Starts a set of
// services of its own where it has to take them away.
import { once } from "node:events";
import { createServer } from "node:net";

import { Redis } from "ioredis";
import { Kafka, logLevel, type Admin } from "kafkajs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { createServices } from "../../sandbox/services/driver.ts";
import type { Services } from "../../sandbox/services/services.ts";
import { settingCanaries } from "../support/canaries.ts";
import { createConversations } from "../support/conversations.ts";
import { startChatter } from "../support/chatter.ts";
import { eventually } from "../support/eventually.ts";
import { startRespServer } from "../support/resp-server.ts";
import { createServiceProcess, type ServiceProcess } from "../support/service-process.ts";
import { ownNames, serviceAddresses } from "../support/services.ts";
import { openStage, type Stage, type StageOptions } from "../support/stage.ts";

const stages: Stage[] = [];
const processes: ServiceProcess[] = [];
const refusedCode = 78;

afterEach(async () => {
  await Promise.all([...stages.splice(0), ...processes.splice(0)].map((one) => one.close()));
});

async function stageOf(options: Omit<StageOptions, "file"> = {}): Promise<Stage> {
  const stage = await openStage({ file: import.meta.url, ...options });
  stages.push(stage);
  return stage;
}

/** Starts a service that will not come up; gives all it said. */
async function refusal(stage: Stage): Promise<string> {
  await stage.service.spawn();
  expect(await stage.service.ended()).toEqual({ code: refusedCode, signal: null });
  return stage.service.output();
}

async function withAdmin<Result>(work: (admin: Admin) => Promise<Result>): Promise<Result> {
  const kafka = new Kafka({ brokers: serviceAddresses().brokers.split(","), logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

describe("a wrong configuration", () => {
  it("is told with all its mistakes at once, by name, without a secret, and ends with 78", async () => {
    const secret = "canary-wrong-key-61b8c0d2";
    const service = await createServiceProcess({
      name: "start-wrong",
      environment: () => ({
        SALESFORCE_INTEGRATION_PORT: "eighty",
        "SALESFORCE-INTEGRATION_METRICS_PORT": "70000",
        SALESFORCE_INTEGRATION_TIMEZONE: "Mars/Olympus",
        SALESFORCE_INTEGRATION_STATE_ENCRYPTION_KEY: secret,
        SALESFORCE_INTEGRATION_KAFKA_SECURITY_PROTOCOL: "PLAIN",
        SALESFORCE_INTEGRATION_SECRET_KEY: settingCanaries.secretKey,
        SALESFORCE_INTEGRATION_YALO_PASSWORD: settingCanaries.botPassword,
        SALESFORCE_INTEGRATION_MAIN_CONTEXT_TIME_OUT: "soon",
      }),
    });
    processes.push(service);
    await service.spawn();
    expect(await service.ended()).toEqual({ code: refusedCode, signal: null });
    const output = await service.output();
    const wrong = ["PORT", "METRICS_PORT", "TIMEZONE", "STATE_ENCRYPTION_KEY", "KAFKA_SECURITY_PROTOCOL"];
    const missing = ["SALESFORCE_PASSWORD", "SCHEMA_REGISTRY_URL", "KAFKA_TOPIC", "SFC_CLIENT_ID", "SFC_BASE_URL"];
    for (const name of [...wrong, "MAIN_CONTEXT_TIME_OUT", ...missing])
      expect(output, name).toMatch(new RegExp(`^  SALESFORCE_INTEGRATION_${name} .*, for example `, "m"));
    for (const value of [secret, settingCanaries.secretKey, settingCanaries.botPassword])
      expect(output).not.toContain(value);
  });

  it("names the subject that is not registered where the service may not register it", async () => {
    const stage = await stageOf({ start: false, settings: { SCHEMA_AUTO_REGISTER: "false" } });
    const output = await refusal(stage);
    for (const suffix of ["chat-requests", "channel-messages", "agent-events", "chat-events", "interconnections"])
      expect(output).toContain(`Subject ${stage.names.topic}.${suffix}-value does not exist: register it`);
  });

  it("refuses topics with different partition counts, naming them", async () => {
    const stage = await stageOf({ start: false });
    const { topic } = stage.names;
    await withAdmin((admin) =>
      admin.createTopics({
        topics: [
          { topic: `${topic}.chat-requests`, numPartitions: 2 },
          { topic: `${topic}.agent-events`, numPartitions: 3 },
        ],
        waitForLeaders: true,
      }),
    );
    expect(await refusal(stage)).toMatch(
      new RegExp(`Partition counts must be equal.*${topic}\\.chat-requests has 2, ${topic}\\.agent-events has 3`),
    );
  });

  it("refuses a changelog that would expire", async () => {
    const stage = await stageOf({ start: false });
    const topic = `${stage.names.topic}.interconnections`;
    await withAdmin((admin) => admin.createTopics({ topics: [{ topic, numPartitions: 4 }], waitForLeaders: true }));
    expect(await refusal(stage)).toContain(
      `Topic ${topic} has cleanup.policy=delete, so the state of users would expire`,
    );
  });

  it("that fails after it has joined the group leaves it like any other", async () => {
    const stage = await stageOf({ start: false });
    const { topic, appName } = stage.names;
    const squatter = createServer();
    squatter.listen(Number(new URL(stage.service.url).port), "127.0.0.1");
    await once(squatter, "listening");
    await stage.service.spawn({ HOST: "127.0.0.1" });
    const { code } = await stage.service.ended();
    squatter.close();
    expect(code).toBe(1);
    const output = await stage.service.output();
    expect(output).toContain("joined the consumer group");
    expect(output).toContain("EADDRINUSE");
    await withAdmin(async (admin) => {
      const { groups } = await admin.describeGroups([`${appName}-${topic}`]);
      expect(groups.flatMap(({ members }) => members)).toEqual([]);
    });
  });

  it("refuses to join a group with members that are not of this service", async () => {
    const stage = await stageOf({ start: false });
    const { topic, appName } = stage.names;
    await withAdmin((admin) =>
      admin.createTopics({ topics: [{ topic: `${topic}-other`, numPartitions: 1 }], waitForLeaders: true }),
    );
    const kafka = new Kafka({
      brokers: serviceAddresses().brokers.split(","),
      clientId: "go-service",
      logLevel: logLevel.NOTHING,
    });
    const stranger = kafka.consumer({ groupId: `${appName}-${topic}` });
    await stranger.connect();
    try {
      await stranger.subscribe({ topic: `${topic}-other` });
      const joined = new Promise((resolve) => stranger.on(stranger.events.GROUP_JOIN, resolve));
      await stranger.run({ eachMessage: async () => undefined });
      await joined;
      const output = await refusal(stage);
      expect(output).toContain(`The consumer group ${appName}-${topic} has members that are not of this service`);
      expect(output).toContain("go-service at ");
    } finally {
      await stranger.disconnect();
    }
  });

  it("refuses a Redis that is too old", async () => {
    const old = await startRespServer({
      redis_version: "6.0.16",
      redis_mode: "standalone",
      role: "master",
      loading: "0",
    });
    try {
      const stage = await stageOf({ start: false, settings: { REDIS_ADDRESS: old.address } });
      expect(await refusal(stage)).toContain("Redis is version 6.0.16; 6.2 or newer is needed.");
    } finally {
      await old.close();
    }
  });
});

describe("what can lose data", () => {
  it("is warned of: Redis that keeps nothing or evicts, one replica", async () => {
    const redis = new Redis(`redis://${serviceAddresses().redis}`);
    const before = { save: await configOf(redis, "save"), aof: await configOf(redis, "appendonly") };
    try {
      await redis.config("SET", "save", "");
      await redis.config("SET", "appendonly", "no");
      await redis.config("SET", "maxmemory-policy", "allkeys-lru");
      const stage = await stageOf();
      const output = await stage.service.output();
      expect(output).toContain("Redis keeps nothing on disk");
      expect(output).toContain("maxmemory-policy allkeys-lru");
      expect(output).toContain("Set noeviction.");
      expect(output).toContain("Replication factor 1, lost with the disk of one broker");
    } finally {
      await redis.config("SET", "maxmemory-policy", "noeviction");
      await redis.config("SET", "save", before.save);
      await redis.config("SET", "appendonly", before.aof);
      await redis.quit();
    }
  });
});

async function configOf(redis: Redis, name: string): Promise<string> {
  const [, value = ""] = (await redis.config("GET", name)) as readonly string[];
  return value;
}

it("a low limit of open descriptors is warned of", async () => {
  const stage = await stageOf({ descriptors: 1_024 });
  const [warning = "none"] = (await stage.service.output()).split("\n").filter((line) => line.includes("descriptors"));
  expect(JSON.parse(warning)).toMatchObject({ severity: "warn", limit: 1_024, wanted: 4_096 });
});

describe("a start before its services", () => {
  const own: { services?: Services } = {};

  beforeAll(async () => {
    own.services = await createServices({ say: () => undefined, env: process.env, kind: "local" });
    await own.services.start();
  }, 120_000);

  afterAll(async () => {
    await own.services?.stop();
  });

  it("waits for them, says in /ready what is missing, and is ready within 5 s of their being there", async () => {
    const { services } = own;
    if (services === undefined) throw new Error("no services");
    await Promise.all([services.kafka.stop(), services.registry.stop(), services.redis.stop()]);
    const stage = await stageOf({ start: false, services: services.addresses() });
    const { service } = stage;
    await service.spawn();
    const missing = async (): Promise<string> => {
      const response = await fetch(`${service.metricsUrl}/ready`);
      expect(response.status).toBe(503);
      return response.text();
    };
    await eventually("the observation port is open", () => isOpen(`${service.metricsUrl}/live`));
    for (const name of ["redis", "schema registry", "kafka"]) expect(await missing()).toContain(name);
    await services.redis.start();
    await eventually("Redis is found", async () => !(await missing()).includes("redis"));
    await services.registry.start();
    await eventually("the registry is found", async () => !(await missing()).includes("schema registry"));
    expect(await missing()).toContain("kafka");
    await services.kafka.start();
    const startedMs = performance.now();
    await service.ready(30_000);
    const tookMs = performance.now() - startedMs;
    console.log(`ready ${tookMs.toFixed(0)} ms after the last service was there`);
    expect(tookMs).toBeLessThan(5_000);
    expect((await fetch(`${service.metricsUrl}/live`)).status).toBe(200);
  });
});

async function isOpen(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

describe("a stop", () => {
  it("in the middle of a conversation drains, exits with 0 within 15 s, and the next start goes on with nothing lost or doubled", async () => {
    const names = ownNames(import.meta.url);
    const stage = await stageOf({ names });
    const ana = stage.user("ana");
    const session = await stage.openChat(ana);
    const talk = createConversations(stage, { ana });
    const chatter = startChatter(talk, ["ana"], 50);
    await eventually("there is talk", () => talk.latencies().agentToUser.length > 20);
    const ending = await stage.service.terminate();
    console.log(`SIGTERM in the middle of a conversation: ended after ${ending.tookMs.toFixed(0)} ms`);
    expect(ending).toMatchObject({ code: 0, signal: null });
    expect(ending.tookMs).toBeLessThan(15_000);
    await stage.service.start();
    await eventually("the talk goes on", () => talk.latencies().agentToUser.length > 60);
    await chatter.stop();
    await talk.drained();
    const verdict = talk.judge();
    expect(verdict, verdict.text).toMatchObject({ ok: true, inFlightDoubles: [] });
    // A clean stop leaves nothing in flight: the channel is not even asked to drop a repeat.
    expect(stage.world.parts.phones.log.read().entries.filter(({ repeat }) => repeat)).toEqual([]);
    expect(
      session.posts.filter(({ sequence }, i) => sequence !== i + 1),
      "no post twice or out of turn",
    ).toEqual([]);
    expect(session.polls.filter(({ overlaps }) => overlaps)).toEqual([]);
    expect(session.violations).toEqual([]);
  });

  it("is over at once at the second SIGTERM", async () => {
    const stage = await stageOf();
    const ana = stage.user("ana");
    await stage.openChat(ana);
    // A text that hangs at the desk keeps the drain waiting.
    stage.world.parts.faults.add({ system: "salesforce", operation: "ChatMessage", effect: { kind: "hang" } });
    await stage.world.parts.bot.sent(ana.userId, "hola");
    await eventually("the text hangs", () =>
      stage.world.parts.journal.open().some(({ operation }) => operation === "ChatMessage"),
    );
    stage.service.signal("SIGTERM");
    await eventually("it is stopping", async () => (await stage.service.output()).includes('"stopping"'));
    expect(stage.service.isRunning()).toBe(true);
    const startedMs = performance.now();
    stage.service.signal("SIGTERM");
    const ending = await stage.service.ended();
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    expect(ending.code === 0, "an end without a drain is no success").toBe(false);
  });
});
