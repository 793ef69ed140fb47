// What GET /v1/context reads: history and what the state of a waiting chat holds, as the owner of the user has saved them; and what the
// scheduled clean-up takes away, of ours and of what the Go service left.
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { createClock, createRandom } from "../../src/clients/clock.ts";
import { type RedisConnection, createRedisConnection } from "../../src/clients/redis/connection.ts";
import { type ContextReader, createContextReader } from "../../src/clients/redis/context.ts";
import { startContextCleanUp } from "../../src/clients/redis/context-clean-up.ts";
import { loadScripts } from "../../src/clients/redis/scripts.ts";
import { createRedisStore } from "../../src/clients/redis/store.ts";
import { formatRecord } from "../../src/processors/interconnection/record.ts";
import {
  type Connecting,
  type ContextEntry,
  nobody,
  receivedAtOf,
} from "../../src/processors/interconnection/state.ts";
import { createVirtualClock } from "../../src/topology/in-memory/clock.ts";
import { memoryLimits } from "../../src/topology/memory-limits.ts";
import type { Log, Store } from "../../src/topology/ports.ts";
import type { StateChange } from "../../src/topology/stored.ts";
import { settle } from "../support/graph-world.ts";
import { ownNames, serviceAddresses } from "../support/services.ts";

const connecting: Connecting = {
  chatId: "chat",
  requestId: "r",
  channel: "whatsapp",
  name: "n",
  email: "e",
  phoneNumber: null,
  botSlug: "b",
  botId: "i",
  extraData: {},
  requestedAt: 1,
  status: "CONNECTING",
  openBy: 1,
  contactId: null,
  caseId: null,
  session: null,
  postSequence: 0,
  context: [],
  said: [],
};

describe("context", () => {
  const now = Date.now();
  const entry = (messageId: string, agoMs: number): ContextEntry => {
    return { messageId, at: now - agoMs, from: "user", text: `text of ${messageId}`, media: null };
  };
  let connection: RedisConnection;
  let store: Store;
  let context: ContextReader;
  let turn = 0;
  const warnings: object[] = [];

  beforeAll(async () => {
    const log: Log = { info: () => undefined, warn: (fields) => void warnings.push(fields), error: () => undefined };
    const settings = { address: serviceAddresses().redis, password: null };
    connection = createRedisConnection(settings, { log, random: createRandom() });
    await connection.ready(5_000);
    const { client, topic } = ownNames(import.meta.url);
    const options = { space: { client, topicPrefix: topic }, limits: memoryLimits(1_000), clock: createClock(), log };
    store = createRedisStore(connection, { ...options, scripts: loadScripts() });
    context = createContextReader((users) => store.load(users), log);
    await store.claim(0, 7, "a");
  });
  afterAll(() => connection.close());

  async function save(userId: string, remember: readonly ContextEntry[], state: StateChange["state"]): Promise<void> {
    turn += 1;
    const remembered = remember.map((said) => ({ at: receivedAtOf(said), json: JSON.stringify(said) }));
    await store.save({
      ...{ partition: 0, epoch: 7, expectedTurn: turn - 1, nextTurn: turn, outbox: null, changelogPosition: 0 },
      applied: { "chat-requests": 0, "channel-messages": 0, "agent-events": 0 },
      changes: [{ userId, state, ttlMs: null, live: true, remember: remembered, see: [], erase: false }],
    });
  }
  const record = (userId: string, interconnection: Connecting) =>
    formatRecord(userId, "c", { ...nobody, interconnection });

  it("is none for somebody unknown", async () => {
    expect(await context.of("unknown")).toBeNull();
  });

  it("is the history, oldest first", async () => {
    await save("u1", [entry("b", 10), entry("a", 20)], null);
    expect(await context.of("u1")).toEqual([entry("a", 20), entry("b", 10)]);
  });

  it("is kept from when it was received, whatever time its sender gives; entries of before from when they were written", async () => {
    const received = (messageId: string, at: number, agoMs: number): ContextEntry => {
      return { ...entry(messageId, 0), at, receivedAt: now - agoMs };
    };
    const dayMs = 86_400_000;
    const past = [received("past", now + dayMs, dayMs + 1), entry("past before", dayMs + 1)];
    await save(
      "u5",
      [received("future", now + 90 * dayMs, 20), received("zero", 0, 10), entry("before", 30), ...past],
      null,
    );
    await save("u5", [entry("new", 5)], null);
    expect((await context.of("u5"))?.map(({ messageId }) => messageId)).toEqual(["zero", "before", "new", "future"]);
  });

  it("has what was said while waiting once and at its place, and every entry without an id", async () => {
    const waiting: Connecting = { ...connecting, context: [entry("a", 30)], said: [entry("", 15), entry("c", 5)] };
    const state = { json: record("u2", waiting), home: "connecting" } as const;
    await save("u2", [entry("a", 30), entry("b", 20), entry("", 10)], state);
    expect((await context.of("u2"))?.map(({ messageId, at }) => [messageId, now - at])).toEqual([
      ["a", 30],
      ["b", 20],
      ["", 15],
      ["", 10],
      ["c", 5],
    ]);
  });

  it("is the history alone when the state can't be read, and the log hears why", async () => {
    await save("u3", [entry("a", 1)], { json: '{"userID":"u3","secret":"x"}', home: "interconnection" });
    expect(await context.of("u3")).toEqual([entry("a", 1)]);
    expect(warnings).toHaveLength(1);
    expect(JSON.stringify(warnings)).not.toMatch(/secret|u3/);
  });

  it("older than a day is removed by the clean-up on its schedule: ours, and the Go service's, which has no end", async () => {
    const { client, topic } = ownNames(import.meta.url);
    const { redis } = connection;
    const space = { client: `${client}*[`, topicPrefix: topic };
    const [ours, theirs, other] = [
      `${space.client}:u4:history`,
      `${space.client}:u4:context`,
      `${client}x[:u4:history`,
    ];
    const member = (text: string, ttl: string): string => JSON.stringify({ userId: "u4", text, from: "user", ttl });
    const offset = (ms: number): string => new Date(now + ms).toISOString().replace("Z", "123456-00:00");
    const kept = [member("new", offset(60_000)), "no entry at all"];
    await redis.zadd(ours, String(now - 86_400_001), "old", String(now - 80_000_000), "young");
    await redis.zadd(other, String(now - 86_400_001), "of another client");
    await redis.sadd(theirs, member("old", offset(-1_000)), ...kept);
    const clock = createVirtualClock(now, settle);
    const told = Promise.withResolvers<object>();
    const log: Log = { info: told.resolve, warn: told.reject, error: told.reject };
    const options = { space, limits: memoryLimits(1_000), clock, log };
    const stop = startContextCleanUp(connection, { kind: "every", everyMs: 1_000 }, options);
    await clock.advance(1_000);
    expect(await told.promise).toEqual({ entries: 2 });
    stop();
    expect(await redis.zrange(ours, "0", "-1")).toEqual(["young"]);
    expect((await redis.smembers(theirs)).sort()).toEqual([...kept].sort());
    expect(await redis.zcard(other)).toBe(1);
  });
});
