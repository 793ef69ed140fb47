// Looking at what Redis holds of chats, beside the running service: nothing is claimed, written or locked. What it gives is of the moment
// of each answer, user by user. Called by the operator's command line.
import { asStoreUnavailable } from "./failure.ts";
import type { RedisConnection } from "./connection.ts";
import { indexKey, liveKey, marksKey, userKeys, type KeySpace } from "./keys.ts";

/** One partition index as its last owner has left it. */
export interface SeenIndex {
  readonly partition: number;
  /** The instance that claimed it last: `host:port` of its public port. Null when none is noted. */
  readonly instance: string | null;
  /** Users with a chat, or with anything that is waited for. */
  readonly users: readonly string[];
}

/** What stands of one user. */
export interface SeenUser {
  readonly userId: string;
  /** The record as JSON text; null when there is none (any more). */
  readonly state: string | null;
  /** Marks of lanes: `chatId:lane` to `seq:begun` or `seq:done`, beside them `chatId:lane:post` to a number. */
  readonly marks: Readonly<Record<string, string>>;
  /** When the last message of user or bot was taken, epoch milliseconds; null when none is remembered. */
  readonly lastMessageAt: number | null;
}

/** Reads only. Every call rejects with StoreUnavailable when Redis does not answer. */
export interface Onlooker {
  /** Every index that was ever owned, by number. */
  indexes(): Promise<readonly SeenIndex[]>;
  /** These users, in this order. */
  users(userIds: readonly string[]): Promise<readonly SeenUser[]>;
}

/** Indexes are numbered from 0: none among so many ends the search. */
const indexesAtOnce = 256;
/** Users of one round trip. */
const usersAtOnce = 200;

/** On a connection of its own, which the caller closes. */
export function createOnlooker({ redis }: RedisConnection, space: KeySpace): Onlooker {
  async function index(partition: number): Promise<SeenIndex | null> {
    const [[epoch = null, instance = null], users] = await Promise.all([
      redis.hmget(indexKey(space, partition), "epoch", "instance"),
      redis.smembers(liveKey(space, partition)),
    ]);
    return epoch === null && users.length === 0 ? null : { partition, instance, users };
  }

  async function user(userId: string): Promise<SeenUser> {
    const { connecting, interconnection, seen, history } = userKeys(space, userId);
    const [states, marks, ...last] = await Promise.all([
      redis.mget(connecting, interconnection),
      redis.hgetall(marksKey(space, userId)),
      redis.zrange(seen, "-1", "-1", "WITHSCORES"),
      redis.zrange(history, "-1", "-1", "WITHSCORES"),
    ]);
    const times = last.flatMap(([, score]) => (score === undefined ? [] : [Number(score)]));
    return {
      userId,
      state: states[0] ?? states[1] ?? null,
      marks,
      lastMessageAt: times.length === 0 ? null : Math.max(...times),
    };
  }

  return {
    indexes: () =>
      told(async () => {
        const found: SeenIndex[] = [];
        for (let first = 0; ; first += indexesAtOnce) {
          const numbers = Array.from({ length: indexesAtOnce }, (_, i) => first + i);
          const some = (await Promise.all(numbers.map(index))).filter((one) => one !== null);
          if (some.length === 0) return found;
          found.push(...some);
        }
      }),
    users: (userIds) =>
      told(async () => {
        const found: SeenUser[] = [];
        for (let first = 0; first < userIds.length; first += usersAtOnce)
          found.push(...(await Promise.all(userIds.slice(first, first + usersAtOnce).map(user))));
        return found;
      }),
  };
}

async function told<Value>(look: () => Promise<Value>): Promise<Value> {
  try {
    return await look();
  } catch (error) {
    throw asStoreUnavailable(error);
  }
}
