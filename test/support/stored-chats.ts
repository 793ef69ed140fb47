// What stands in Redis of a stage's users, read by the names of its keys and not by the service's code: records of chats, and the marks
// of lanes, which show what was begun and not done when a process was killed. Called by the end-to-end tests.
import { Redis } from "ioredis";

import type { InFlight } from "./tokens.ts";
import { tokensIn } from "./tokens.ts";

/** A stored record, as JSON; the fields that tests look at. */
export interface StoredChat {
  readonly status: string;
  readonly sessionID: string;
  readonly sessionKey: string;
  readonly affinityToken: string;
  readonly caseID: string;
  readonly bridge: {
    readonly chat: Readonly<Record<string, unknown>> | null;
    readonly pending: readonly {
      readonly lane: string;
      readonly kind: string;
      readonly seq: number;
      readonly chatId: string;
      readonly text?: string;
    }[];
    readonly [field: string]: unknown;
  };
}

/** A look into the Redis of a stage. */
export interface StoredChats {
  /** The user's record; undefined when there is none. */
  of(userId: string): Promise<StoredChat | undefined>;
  /** Commands that are begun and not done, with the tokens of their texts: to be read after a kill, before the restart. */
  inFlight(userIds: readonly string[], kill: number): Promise<readonly InFlight[]>;
  /** FLUSHALL: Redis is as good as new. */
  flush(): Promise<void>;
  /** Keys that begin with the client's name. */
  keys(): Promise<readonly string[]>;
  /** All values of these keys as text, for looking through. */
  dump(): Promise<string>;
  close(): Promise<void>;
}

/** Opens a connection of its own. */
export function openStoredChats(address: string, client: string): StoredChats {
  const redis = new Redis(`redis://${address}`, { maxRetriesPerRequest: 50, retryStrategy: () => 100 });
  const keys = (): Promise<string[]> => redis.keys(`${client}:*`);
  const of = async (userId: string): Promise<StoredChat | undefined> => {
    const [settled, opening] = await redis.mget(
      `${client}:${userId}:interconnection`,
      `${client}:${userId}:connecting`,
    );
    const json = settled ?? opening;
    return json === null || json === undefined ? undefined : (JSON.parse(json) as StoredChat);
  };
  return {
    of,
    keys,
    async inFlight(userIds, kill) {
      const found: InFlight[] = [];
      for (const userId of userIds) {
        const marks = await redis.hgetall(`${client}:${userId}:marks`);
        const record = await of(userId);
        for (const [lane, mark] of Object.entries(marks)) {
          const [seq, step] = mark.split(":");
          if (step !== "begun") continue;
          const command = record?.bridge.pending.find(
            (one) => `${one.chatId}:${one.lane}` === lane && one.seq === Number(seq),
          );
          found.push({ lane: `${userId} ${lane}`, seq: Number(seq), kill, tokens: tokensIn(command?.text ?? "") });
        }
      }
      return found;
    },
    async flush() {
      await redis.flushall();
    },
    async dump() {
      const parts: string[] = [];
      for (const key of await keys()) {
        const type = await redis.type(key);
        const value =
          type === "hash"
            ? await redis.hgetall(key)
            : type === "zset"
              ? await redis.zrange(key, "0", "-1")
              : type === "set"
                ? await redis.smembers(key)
                : await redis.get(key);
        parts.push(`${key} ${JSON.stringify(value)}`);
      }
      return parts.join("\n");
    },
    async close() {
      await redis.quit();
    },
  };
}
