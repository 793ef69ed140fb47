// The implementations of the Store port under one interface, and short ways to write what goes into it. For the contract tests.
import { once } from "node:events";

import { Redis } from "ioredis";
import { vi } from "vitest";

import { createRedisConnection } from "../../src/clients/redis/connection.ts";
import { loadScripts } from "../../src/clients/redis/scripts.ts";
import { createRedisStore } from "../../src/clients/redis/store.ts";
import { createInMemoryStore } from "../../src/topology/in-memory/store.ts";
import type { Clock, Log, SaveRequest, Store } from "../../src/topology/ports.ts";
import type { StateChange, StoredIndex } from "../../src/topology/stored.ts";
import { ownNames, serviceAddresses } from "./services.ts";

/** One hour, milliseconds. */
export const hour = 3_600_000;
const start = Date.UTC(2026, 0, 5, 12);
const limits = { historyMs: 24 * hour, historyEntries: 5, seenMs: 48 * hour, seenIds: 4 };
/** A log for what is not under test. */
export const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** One implementation, with what a test needs to rule it. */
export interface StoreBinding {
  readonly store: Store;
  readonly now: () => number;
  /** Moves the store's clock. */
  readonly advance: (ms: number) => void;
  /** Loses everything. */
  readonly flush: () => Promise<void>;
  /** Until a user's state has ended; Redis keeps this time itself. */
  readonly expired: (userId: string, ttlMs: number) => Promise<void>;
  /** From now on answers get lost: the next call rejects, and has taken effect or has not. `found` brings them back. */
  readonly loseAnswer: (tookEffect: boolean) => Promise<{ readonly found: () => Promise<void> }>;
  readonly close: () => Promise<void>;
}

function movableClock(): { readonly clock: Clock; readonly advance: (ms: number) => void } {
  let now = start;
  const clock = { now: () => now, monotonicMs: () => now, after: () => () => undefined };
  return { clock, advance: (ms) => void (now += ms) };
}

/** All implementations. Those on real services connect when opened. */
export const storeBindings: readonly { readonly name: string; readonly open: () => Promise<StoreBinding> }[] = [
  {
    name: "in memory",
    async open() {
      const { clock, advance } = movableClock();
      const { store, faults } = createInMemoryStore(clock, limits);
      return {
        store,
        now: clock.now,
        advance,
        flush: async () => faults.flush(),
        expired: async (_userId, ttlMs) => advance(ttlMs),
        loseAnswer: async (tookEffect) => {
          faults.failNext(tookEffect);
          return { found: async () => undefined };
        },
        close: async () => undefined,
      };
    },
  },
  {
    name: "Redis",
    async open() {
      const { clock, advance } = movableClock();
      const { redis: address } = serviceAddresses();
      const connection = createRedisConnection(
        { address, password: null, commandTimeoutMs: 250 },
        { log: silent, random: { next: () => 0.5 } },
      );
      await connection.ready(5_000);
      const { client, topic } = ownNames(import.meta.url);
      const space = { client, topicPrefix: topic };
      const store = createRedisStore(connection, { space, limits, clock, scripts: loadScripts() });
      const watcher = new Redis(`redis://${address}`, { protocol: 2 });
      return {
        store,
        now: clock.now,
        advance,
        flush: async () => {
          const keys = await watcher.keys(`${client}:*`);
          if (keys.length > 0) await watcher.del(keys);
        },
        expired: async (userId) => {
          const keys = [`${client}:${userId}:interconnection`, `${client}:${userId}:connecting`];
          const gone = async () => (await watcher.exists(...keys)) === 0;
          await vi.waitUntil(gone, { timeout: 5_000 });
        },
        loseAnswer: async (tookEffect) => {
          // Scripts wait in the server until the pause ends, or until their connection is gone.
          await watcher.client("PAUSE", 60_000, "WRITE");
          const mine = await connection.redis.client("ID");
          return {
            found: async () => {
              const gone = tookEffect ? null : once(connection.redis, "close");
              if (!tookEffect) await watcher.client("KILL", "ID", mine);
              await watcher.client("UNPAUSE");
              await gone;
              await connection.ready(5_000);
            },
          };
        },
        close: async () => {
          connection.close();
          watcher.disconnect();
        },
      };
    },
  },
];

/** The same offset for every input. */
export const applied = (offset: number): StoredIndex["applied"] => ({
  "chat-requests": offset,
  "channel-messages": offset,
  "agent-events": offset,
});

/** A change of one user who is live, with a state of its own. */
export function change(userId: string, over: Partial<StateChange> = {}): StateChange {
  const state = { json: `{"of":"${userId}"}`, home: "interconnection" } as const;
  return { userId, state, ttlMs: null, live: true, remember: [], see: [], erase: false, ...over };
}

/** A save of turn `next` after the one before it. */
export function turn(
  partition: number,
  epoch: number,
  next: number,
  changes: readonly StateChange[] = [],
): SaveRequest {
  const outbox = Buffer.from([0, 255, next]);
  return {
    partition,
    epoch,
    expectedTurn: next - 1,
    nextTurn: next,
    applied: applied(next * 10),
    outbox,
    changelogPosition: next * 100,
    changes,
  };
}
