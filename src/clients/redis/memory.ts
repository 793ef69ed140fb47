// Reading what is known of users: state, context and message ids. Reads only; writing is the save script's. Used by
// store.ts, for the owner of a user and for GET /v1/context on any instance.
import type { Redis } from "ioredis";

import type { MemoryLimits } from "../../topology/memory-limits.ts";
import type { Clock, StoredUser } from "../../topology/ports.ts";
import { asStoreUnavailable } from "./failure.ts";
import { type KeySpace, userKeys } from "./keys.ts";

/**
 * A reader of many users in one round trip. While a chat is being opened its record stands under our own key and wins over
 * an ended one of the original's, which 3.1.0 left there; both are read in one command, so that a record on its way from
 * one to the other is not missed. Rejects with StoreUnavailable.
 */
export function memoryReader(
  redis: Redis,
  space: KeySpace,
  limits: MemoryLimits,
  clock: Clock,
): (users: readonly string[]) => Promise<readonly StoredUser[]> {
  return async (users) => {
    if (users.length === 0) return [];
    const keys = users.map((userId) => userKeys(space, userId));
    const now = clock.now();
    const historyFrom = `(${String(now - limits.historyMs)}`;
    const seenFrom = `(${String(now - limits.seenMs)}`;
    try {
      // Written to the socket one behind the other without waiting: one round trip.
      const [states, histories, seen] = await Promise.all([
        redis.mget(keys.flatMap(({ connecting, interconnection }) => [connecting, interconnection])),
        Promise.all(keys.map(({ history }) => redis.zrangebyscore(history, historyFrom, "+inf"))),
        Promise.all(keys.map((key) => redis.zrangebyscore(key.seen, seenFrom, "+inf"))),
      ]);
      return users.map((_, i) => ({
        state: states[2 * i] ?? states[2 * i + 1] ?? null,
        history: histories[i] ?? [],
        seen: seen[i] ?? [],
      }));
    } catch (error) {
      throw asStoreUnavailable(error);
    }
  };
}
