// The driver of local services: all three come up, can be used, survive being killed, frozen and restarted with their data, lose it when
// wiped, and leave no process behind. Starts its own set, beside the one of the test run.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { Kafka, logLevel, type Admin } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import { isSameProcess, type NotedProcess } from "../../sandbox/process-identity.mjs";
import { createServices } from "../../sandbox/services/driver.ts";
import { readNoteSync, runsFolder } from "../../sandbox/services/run-directory.ts";
import type { Services } from "../../sandbox/services/services.ts";

const UP_MS = 60_000;
const state: { services: Services | undefined; admin: Admin | undefined; redis: Redis | undefined } = {
  services: undefined,
  admin: undefined,
  redis: undefined,
};

function services(): Services {
  if (state.services === undefined) throw new Error("not started");
  return state.services;
}

function redis(): Redis {
  state.redis ??= new Redis(`redis://${services().addresses().redis}`, {
    retryStrategy: () => 50,
    maxRetriesPerRequest: 100,
  });
  return state.redis;
}

async function kafka(): Promise<Admin> {
  const admin = new Kafka({
    brokers: [services().addresses().brokers],
    logLevel: logLevel.NOTHING,
    retry: { retries: 20, initialRetryTime: 50, maxRetryTime: 300 },
  }).admin();
  await admin.connect();
  state.admin = admin;
  return admin;
}

async function withKafka<Result>(use: (admin: Admin) => Promise<Result>): Promise<Result> {
  const admin = await kafka();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
    state.admin = undefined;
  }
}

const topics = (): Promise<string[]> => withKafka((admin) => admin.listTopics());

async function subjects(): Promise<unknown> {
  const response = await fetch(`${services().addresses().registryUrl}/subjects`);
  return response.json();
}

async function register(subject: string): Promise<unknown> {
  const response = await fetch(`${services().addresses().registryUrl}/subjects/${subject}/versions`, {
    method: "POST",
    headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
    body: JSON.stringify({ schema: JSON.stringify({ type: "record", name: "A", fields: [] }) }),
  });
  return response.json();
}

/** True when it does not answer within 300 ms. */
function isFrozen(ask: () => Promise<unknown>): Promise<boolean> {
  const silence = new Promise<boolean>((resolve) =>
    AbortSignal.timeout(300).addEventListener("abort", () => resolve(true)),
  );
  return Promise.race([ask().then(() => false), silence]);
}

/** The processes that runs owned by this test have noted down. */
function ownProcesses(): NotedProcess[] {
  return readdirSync(runsFolder())
    .map((run) => join(runsFolder(), run))
    .filter((run) => readNoteSync(join(run, "owner.json"))?.pid === process.pid)
    .flatMap((run) =>
      readdirSync(run)
        .filter((file) => file.endsWith(".pid.json"))
        .map((file) => join(run, file)),
    )
    .map(readNoteSync)
    .filter((noted) => noted !== undefined);
}

beforeAll(async () => {
  state.services = await createServices({ say: () => undefined, env: process.env, kind: "local" });
  await state.services.start();
}, UP_MS);

afterAll(async () => {
  state.redis?.disconnect();
  await state.admin?.disconnect();
  await state.services?.stop();
}, UP_MS);

describe("Redis", () => {
  it("keeps every write and evicts nothing", async () => {
    expect(await redis().config("GET", "appendonly")).toEqual(["appendonly", "yes"]);
    expect(await redis().config("GET", "maxmemory-policy")).toEqual(["maxmemory-policy", "noeviction"]);
  });

  it("has its data after a kill and a stop, on the same port", async () => {
    await redis().set("a", "1");
    await services().redis.kill();
    await services().redis.start();
    expect(await redis().get("a")).toBe("1");
    await services().redis.stop();
    await services().redis.start();
    expect(await redis().get("a")).toBe("1");
  });

  it("is silent while it is frozen, and then goes on", async () => {
    await services().redis.pause();
    expect(await isFrozen(() => redis().ping())).toBe(true);
    await services().redis.resume();
    expect(await redis().ping()).toBe("PONG");
  });

  it("is empty after a wipe, running or not", async () => {
    await redis().set("b", "1");
    await services().redis.wipe();
    expect(await redis().dbsize()).toBe(0);
    await redis().set("b", "1");
    await services().redis.stop();
    await services().redis.wipe();
    await services().redis.start();
    expect(await redis().dbsize()).toBe(0);
  });
});

describe("registry", () => {
  it(
    "has its schemas, with the same ids, after a kill",
    async () => {
      const registered = await register("kept-value");
      await services().registry.kill();
      await services().registry.start();
      expect(await register("kept-value")).toEqual(registered);
    },
    UP_MS,
  );

  it("is silent while it is frozen, and then goes on", async () => {
    await services().registry.pause();
    expect(await isFrozen(subjects)).toBe(true);
    await services().registry.resume();
    expect(await subjects()).toEqual(["kept-value"]);
  });

  it(
    "is empty after a wipe",
    async () => {
      await services().registry.wipe();
      expect(await subjects()).toEqual([]);
    },
    UP_MS,
  );
});

describe("Kafka", () => {
  it(
    "has its topics after a kill and a stop, on the same port",
    async () => {
      await withKafka((admin) => admin.createTopics({ topics: [{ topic: "kept", numPartitions: 3 }] }));
      await services().kafka.kill();
      await services().kafka.start();
      expect(await topics()).toEqual(["kept"]);
      await services().kafka.stop();
      await services().kafka.start();
      expect(await topics()).toEqual(["kept"]);
    },
    UP_MS,
  );

  it(
    "is silent while it is frozen, and then goes on",
    async () => {
      const admin = await kafka();
      await services().kafka.pause();
      const asked = admin.listTopics();
      expect(await isFrozen(() => asked)).toBe(true);
      await services().kafka.resume();
      expect(await asked).toEqual(["kept"]);
      await admin.disconnect();
    },
    UP_MS,
  );

  it(
    "is empty after a wipe",
    async () => {
      await services().kafka.wipe();
      expect(await topics()).toEqual([]);
    },
    UP_MS,
  );
});

describe("the driver", () => {
  it("gives only addresses of this machine", () => {
    const { brokers, registryUrl, redis: address } = services().addresses();
    expect([brokers, new URL(registryUrl).host, address].every((host) => host.startsWith("127.0.0.1:"))).toBe(true);
  });

  it(
    "leaves no process and no folder behind, also when it was stopped while it started",
    async () => {
      state.redis?.disconnect();
      const noted = ownProcesses();
      expect(noted).toHaveLength(3);
      await services().kafka.pause();
      await services().stop();
      expect(noted.filter(isSameProcess)).toEqual([]);

      const starting = services().start();
      const outcome = starting.then(
        () => "started",
        (error: unknown) => String(error),
      );
      await vi.waitUntil(() => ownProcesses().length >= 2, { timeout: UP_MS });
      await services().stop();
      expect(await outcome).toContain("stopped while starting");
      expect(ownProcesses()).toEqual([]);
      expect(
        readdirSync(runsFolder()).filter(
          (run) => readNoteSync(join(runsFolder(), run, "owner.json"))?.pid === process.pid,
        ),
      ).toEqual([]);
    },
    UP_MS,
  );
});
