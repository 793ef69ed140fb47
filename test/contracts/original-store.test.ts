// What the Go service left in Redis, read and looked through by the store around ours: its sets of context, however many, and however far
// away Redis is.
import { Redis } from "ioredis";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";

import { createClock } from "../../src/clients/clock.ts";
import { createRedisConnection } from "../../src/clients/redis/connection.ts";
import { createContextReader } from "../../src/clients/redis/context.ts";
import { amongOriginals, type StoreAmongOriginals } from "../../src/clients/redis/original-store.ts";
import { loadScripts } from "../../src/clients/redis/scripts.ts";
import { createRedisStore } from "../../src/clients/redis/store.ts";
import { createSealer } from "../../src/clients/sealer.ts";
import { memoryLimits } from "../../src/topology/memory-limits.ts";
import { ownNames, serviceAddresses } from "../support/services.ts";
import { silent } from "../support/stores.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";

const { redis: address } = serviceAddresses();
const { topic, client: prefix } = ownNames(import.meta.url);
const redis = new Redis(`redis://${address}`, { protocol: 2 });
afterAll(() => redis.disconnect());

const member = (userId: string, ttlMs: number): string =>
  JSON.stringify({ userId, text: `of ${userId}`, from: "user", ttl: new Date(Date.now() + ttlMs).toISOString() });

async function storeAt(at: string, client: string, writesForOriginal = false): Promise<StoreAmongOriginals> {
  const connection = createRedisConnection(
    { address: at, password: null },
    { log: silent, random: { next: () => 0.5 } },
  );
  onTestFinished(() => connection.close());
  await connection.ready(10_000);
  const space = { client, topicPrefix: topic };
  const limits = memoryLimits(1_000);
  const clock = createClock();
  const inner = createRedisStore(connection, { space, limits, clock, scripts: loadScripts() });
  const options = { space, clock, log: silent, sealer: createSealer([]), writesForOriginal };
  return amongOriginals(inner, connection, { ...options, limits: { acceptTimeoutMs: null, chatMaxAgeMs: 1_000 } });
}

describe("the context of the Go service", () => {
  it("is an empty list while a set holds only what has expired, and none without a set", async () => {
    const client = `${prefix}-expired`;
    const { store } = await storeAt(address, client);
    await redis.sadd(`${client}:one:context`, member("one", -1_000));
    await redis.sadd(`${client}:many:context`, member("many", -1_000), member("many", -2_000), member("many", 60_000));
    const context = createContextReader((users) => store.load(users), silent);
    expect(await context.of("one")).toEqual([]);
    expect((await context.of("many"))?.map(({ text }) => text)).toEqual(["of many"]);
    expect(await context.of("nobody")).toBeNull();
  });
});

it("a chat is its CLIENT's alone: another's whose key begins the same is neither counted nor read", async () => {
  const client = `${prefix}-tenant`;
  const record = (of: string, userID: string): string =>
    JSON.stringify({
      ...{ client: of, userID, sessionID: "s", sessionKey: "k", affinityToken: "a", status: "ACTIVE" },
      ...{ timestamp: new Date().toISOString(), provider: "whatsapp", botSlug: "b", botID: "i" },
      ...{ name: "n", email: "e", phoneNumber: "", caseID: "c", extraData: {} },
    });
  await redis.set(`${client}:mx:1:interconnection`, record(`${client}:mx`, "1"));
  await redis.set(`${client}:2:interconnection`, record(client, "2"));
  const { store, look } = await storeAt(address, client);
  expect(await look()).toMatchObject({ users: ["2"], originals: 1 });
  const [foreign, own] = await store.load(["mx:1", "2"]);
  expect([foreign?.state, own?.state]).toEqual([null, expect.stringContaining('"ACTIVE"')]);
});

describe("the look through the keys at the start", () => {
  const users = 2_000;

  it.each([
    { what: "gives sets a life", writesForOriginal: false },
    { what: "puts what is remembered into sets", writesForOriginal: true },
  ])("$what without a trip to Redis for each user", { timeout: 60_000 }, async ({ writesForOriginal }) => {
    const client = `${prefix}-${String(writesForOriginal)}`;
    const filling = redis.pipeline();
    const entry = { messageId: "m", at: Date.now(), from: "user", text: "uno", media: null };
    for (let i = 0; i < users; i++) {
      filling.sadd(`${client}:u${String(i)}:context`, member(`u${String(i)}`, 60_000));
      filling.zadd(`${client}:u${String(i)}:history`, String(entry.at), JSON.stringify(entry));
    }
    await filling.exec();
    const link = await startTcpProxy();
    onTestFinished(() => link.close());
    link.leadTo(address);
    const { look } = await storeAt(link.address, client, writesForOriginal);
    link.fail({ kind: "delay", delayMs: 1 });
    const begun = performance.now();
    expect(await look()).toMatchObject({ users: [], contexts: users });
    // One trip a user takes 2 ms and more.
    expect(performance.now() - begun).toBeLessThan(users);
    const key = `${client}:u7:context`;
    expect(await redis.scard(key)).toBe(writesForOriginal ? 2 : 1);
    expect((await redis.pttl(key)) > 0).toBe(!writesForOriginal);
  });
});
