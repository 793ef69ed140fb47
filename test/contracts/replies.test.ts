// What every implementation of the waiting for replies keeps to, in memory and on Redis.
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import { createClock, createRandom } from "../../src/clients/clock.ts";
import { createRedisConnection } from "../../src/clients/redis/connection.ts";
import { type Replies, createReplies } from "../../src/clients/redis/replies.ts";
import { loadScripts } from "../../src/clients/redis/scripts.ts";
import { createRedisStore } from "../../src/clients/redis/store.ts";
import type { Reply } from "../../src/processors/interconnection/state.ts";
import { createInMemoryReplies } from "../../src/topology/in-memory/replies.ts";
import { createInMemoryStore } from "../../src/topology/in-memory/store.ts";
import { memoryLimits } from "../../src/topology/memory-limits.ts";
import type { Store } from "../../src/topology/ports.ts";
import { ownNames, serviceAddresses } from "../support/services.ts";
import { silent } from "../support/stores.ts";

interface Binding {
  readonly replies: Replies;
  readonly store: Store;
  readonly close: () => void;
}

const limits = memoryLimits(1_000);
const reply: Reply = { outcome: "done", reason: "chat_created", chatId: "c1", detail: null };
const written = JSON.stringify(reply);

async function openRedis() {
  const { redis: address } = serviceAddresses();
  const { client, topic } = ownNames(import.meta.url);
  const space = { client, topicPrefix: topic };
  const tools = { log: silent, random: createRandom() };
  const connection = createRedisConnection({ address, password: null }, tools);
  const listener = createRedisConnection({ address, password: null }, tools);
  const clock = createClock();
  const replies = createReplies(connection, listener, { space, clock, log: silent });
  const store = createRedisStore(connection, { space, limits, clock, scripts: loadScripts() });
  await Promise.all([connection.ready(5_000), listener.ready(5_000)]);
  const close = (): void => {
    connection.close();
    listener.close();
  };
  return { replies, store, connection, listener, space, close };
}

const bindings: readonly { readonly name: string; readonly open: () => Promise<Binding> }[] = [
  {
    name: "in memory",
    async open() {
      const clock = createClock();
      const memory = createInMemoryStore(clock, limits);
      return { replies: createInMemoryReplies(memory, clock), store: memory.store, close: () => undefined };
    },
  },
  { name: "Redis", open: openRedis },
];

describe.each(bindings)("replies $name", ({ open }) => {
  let at: Binding;
  beforeAll(async () => {
    at = await open();
  });
  afterAll(() => at.close());

  it("wakes who waits", async () => {
    const waiter = await at.replies.waiter("wakes");
    const waiting = waiter.wait(5_000);
    await at.store.publishReplies([{ requestId: "wakes", reply: written }]);
    expect(await waiting).toEqual(reply);
    waiter.close();
  });

  it("gives a reply that came between the subscription and the waiting", async () => {
    const waiter = await at.replies.waiter("between");
    await at.store.publishReplies([{ requestId: "between", reply: written }]);
    expect(await waiter.wait(5_000)).toEqual(reply);
    waiter.close();
  });

  it("gives a reply that was there before anybody waited, and to all who ask", async () => {
    await at.store.publishReplies([{ requestId: "before", reply: written }]);
    const waiter = await at.replies.waiter("before");
    expect(await waiter.wait(5_000)).toEqual(reply);
    expect(await at.replies.find("before")).toEqual(reply);
    waiter.close();
  });

  it("tells each its own reply, and two that wait for one the same", async () => {
    const waiters = await Promise.all(["one", "two", "two"].map((id) => at.replies.waiter(id)));
    const waiting = Promise.all(waiters.map((waiter) => waiter.wait(5_000)));
    const refused: Reply = { ...reply, outcome: "refused", reason: "chat_open" };
    await at.store.publishReplies([
      { requestId: "two", reply: JSON.stringify(refused) },
      { requestId: "one", reply: written },
    ]);
    expect(await waiting).toEqual([reply, refused, refused]);
    for (const waiter of waiters) waiter.close();
  });

  it("ends without a reply after the time, and at once when closed", async () => {
    const waiter = await at.replies.waiter("none");
    expect(await waiter.wait(20)).toBeNull();
    const closed = await at.replies.waiter("closed");
    const waiting = closed.wait(60_000);
    closed.close();
    closed.close();
    expect(await waiting).toBeNull();
    expect(await at.replies.find("none")).toBeNull();
    waiter.close();
  });

  it("takes the same reply twice", async () => {
    const waiter = await at.replies.waiter("twice");
    await at.store.publishReplies([{ requestId: "twice", reply: written }]);
    await at.store.publishReplies([{ requestId: "twice", reply: written }]);
    expect(await waiter.wait(5_000)).toEqual(reply);
    waiter.close();
  });
});

describe("replies on Redis", () => {
  it("are kept sixty seconds", async () => {
    const { store, connection, space, close } = await openRedis();
    await store.publishReplies([{ requestId: "kept", reply: written }]);
    const ttlMs = await connection.redis.pttl(`${space.client}:${space.topicPrefix}:reply:kept`);
    expect(ttlMs).toBeGreaterThan(55_000);
    expect(ttlMs).toBeLessThanOrEqual(60_000);
    close();
  });

  it("reach a waiter whose listening connection was cut meanwhile", async () => {
    const { replies, store, listener, close } = await openRedis();
    const waiter = await replies.waiter("cut");
    const waiting = waiter.wait(10_000);
    const admin = new Redis(`redis://${serviceAddresses().redis}`, { protocol: 2 });
    const gone = new Promise((resolve) => listener.redis.once("close", resolve));
    const clients = String(await admin.client("LIST"));
    const id = /id=(\d+)(?=[^\n]*\bsub=1\b)/.exec(await onlyOf(listener.redis, clients))?.[1] ?? "";
    await admin.client("KILL", "ID", id);
    await gone;
    await store.publishReplies([{ requestId: "cut", reply: written }]);
    const started = performance.now();
    expect(await waiting).toEqual(reply);
    expect(performance.now() - started).toBeLessThan(5_000);
    waiter.close();
    admin.disconnect();
    close();
  });

  it("can't be waited for while Redis is away, and say so at once", async () => {
    const { replies, connection, listener } = await openRedis();
    const waiter = await replies.waiter("away");
    connection.close();
    listener.close();
    await vi.waitFor(() => expect(listener.isReady()).toBe(false));
    await expect(replies.waiter("away")).rejects.toMatchObject({ name: "StoreUnavailable" });
    await expect(replies.find("away")).rejects.toMatchObject({ name: "StoreUnavailable" });
    await expect(waiter.wait(20)).rejects.toMatchObject({ name: "StoreUnavailable" });
    waiter.close();
  });
});

/** The lines of CLIENT LIST that are about this connection. */
async function onlyOf(redis: Redis, clients: string): Promise<string> {
  const port = (redis.stream as { readonly localPort?: number }).localPort ?? 0;
  return clients
    .split("\n")
    .filter((line) => line.includes(`addr=127.0.0.1:${String(port)} `))
    .join("\n");
}
