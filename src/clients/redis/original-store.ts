// The state store beside what the Go service left in the same Redis: its open chats are read as states of ours, its context as part of
// the history, and with STATE_COMPAT=original all is written so that it can be read there again. Wraps the store; the keys are keys.ts's.
import { contextLifeMs } from "../../processors/lifetimes.ts";
import type { Sealer } from "../../processors/desk/port.ts";
import {
  adoptedState,
  forOriginal,
  hasSession,
  isForOriginal,
  isOf,
  isOriginal,
  type Adoption,
} from "../../processors/interconnection/original-record.ts";
import { formatRecord, parseEntry } from "../../processors/interconnection/record.ts";
import type { Clock, Log, Store, StoredUser } from "../../topology/ports.ts";
import type { StateChange } from "../../topology/stored.ts";
import { objectOf, parseJson, textOf } from "../../processors/json.ts";
import type { RedisConnection } from "./connection.ts";
import { asStoreUnavailable } from "./failure.ts";
import { type KeySpace, originalContextKey, userIdOf, userKeys } from "./keys.ts";
import { entriesOfOriginal, memberOfOriginal } from "./original-context.ts";

/** What the store needs to know of the service before. */
export interface OriginalOptions {
  readonly space: KeySpace;
  readonly clock: Clock;
  readonly log: Log;
  readonly sealer: Sealer;
  /** STATE_COMPAT is `original`. */
  readonly writesForOriginal: boolean;
  readonly limits: Pick<Adoption, "acceptTimeoutMs" | "chatMaxAgeMs">;
}

/** The store, and the look at what is there when the service starts. */
export interface StoreAmongOriginals {
  readonly store: Store;
  /**
   * Looks through the keys of this CLIENT: who has a record that the next write would write otherwise (of the Go service, or of another
   * STATE_COMPAT). Sets that only the Go service fills get a life of 24 h, after which nothing in them counts; with
   * STATE_COMPAT=original they get none, and what this service remembers is put into them. Rejects with StoreUnavailable; safe to repeat.
   */
  look(): Promise<{ readonly users: readonly string[]; readonly originals: number; readonly contexts: number }>;
}

const keysPerScan = 1_000;
const usersAtOnce = 200;

/**
 * Puts it around a store of the same connection. Sets of the Go service are read with every user, whatever was there at the start: it may
 * have been started again meanwhile.
 */
export function amongOriginals(
  inner: Store,
  connection: RedisConnection,
  options: OriginalOptions,
): StoreAmongOriginals {
  const { redis } = connection;
  const { space, clock, log, sealer, writesForOriginal } = options;

  async function contextsOf(users: readonly string[]): Promise<readonly (readonly string[])[]> {
    if (users.length === 0) return [];
    try {
      return await Promise.all(users.map((userId) => redis.smembers(originalContextKey(space, userId))));
    } catch (error) {
      throw asStoreUnavailable(error);
    }
  }

  function adopted(userId: string, stored: StoredUser, members: readonly string[]): StoredUser {
    const now = clock.now();
    const ours = stored.history;
    const history = members.length === 0 ? ours : byTime([...ours, ...entriesOfOriginal(members, ours, now)]);
    const { state } = stored;
    const all = { ...stored, history, hasOutlived: members.length > 0 };
    if (state === null || !isOriginal(state)) return all;
    const entries = history.map(parseEntry).filter((entry) => entry !== null);
    const { client } = space;
    const isOurs = isOf(state, { client, userId });
    const found = isOurs ? adoptedState(state, { client, sealer, history: entries, now, ...options.limits }) : null;
    if (found === null)
      log.warn(
        { userId },
        "a record of the service before this one can't be read; the user counts as one without a chat",
      );
    return { ...all, state: found === null ? null : formatRecord(userId, client, found) };
  }

  const written = (changes: readonly StateChange[]): readonly StateChange[] =>
    changes.map((change) =>
      // Under our own key the Go service does not look.
      change.state?.home !== "interconnection"
        ? change
        : { ...change, state: { ...change.state, json: forOriginal(change.state.json, sealer) } },
    );

  async function remember(changes: readonly StateChange[]): Promise<void> {
    for (const { userId, remember: entries } of changes)
      await putIntoSet(
        userId,
        entries.map(({ json }) => json),
      );
  }

  async function putIntoSet(userId: string, entries: readonly string[]): Promise<void> {
    const members = entries
      .map(parseEntry)
      .filter((entry) => entry !== null)
      .map((entry) => memberOfOriginal(entry, userId, space.client));
    if (members.length === 0) return;
    try {
      await redis.sadd(originalContextKey(space, userId), ...members);
    } catch (error) {
      throw asStoreUnavailable(error);
    }
  }

  const store: Store = {
    ...inner,
    async load(users) {
      const [stored, sets] = await Promise.all([inner.load(users), contextsOf(users)]);
      return users.map((userId, i) => adopted(userId, stored[i] ?? nothing, sets[i] ?? []));
    },
    ...(writesForOriginal
      ? {
          catchUp: (partition, epoch, changes, cursor) => inner.catchUp(partition, epoch, written(changes), cursor),
          // After the save: a repeat of the whole call, as after any failure, puts the same members in again.
          async save(request) {
            const verdict = await inner.save({ ...request, changes: written(request.changes) });
            if (verdict === "saved") await remember(request.changes);
            return verdict;
          },
        }
      : {}),
  };

  async function lookAt(keys: readonly string[], found: Found): Promise<void> {
    const users = (ending: string): readonly string[] =>
      keys.map((key) => userIdOf(space, key, ending)).filter((userId) => userId !== null);
    const records = users("interconnection");
    const states =
      records.length === 0 ? [] : await redis.mget(records.map((id) => userKeys(space, id).interconnection));
    const open: string[] = [];
    for (const [i, userId] of records.entries()) {
      const json = states[i] ?? null;
      if (json === null || !isOf(json, { client: space.client, userId })) continue;
      if (isOriginal(json)) {
        found.originals.add(userId);
        if (isOpen(json)) open.push(userId);
      } else if (hasSession(json) && isForOriginal(json) !== writesForOriginal) found.otherwise.add(userId);
    }
    await abreast(open, forgetOlder);
    await abreast(users("context"), async (userId) => {
      const key = originalContextKey(space, userId);
      found.contexts.add(userId);
      if (writesForOriginal) await redis.persist(key);
      else if ((await redis.pttl(key)) < 0) await redis.pexpire(key, contextLifeMs);
    });
    if (!writesForOriginal) return;
    const from = `(${String(clock.now() - contextLifeMs)}`;
    await abreast(users("history"), async (userId) => {
      await putIntoSet(userId, await redis.zrangebyscore(userKeys(space, userId).history, from, "+inf"));
    });
  }

  /**
   * A chat that the Go service has opened is younger than what we keep of a connect that was refused: else that would hide it. One that is
   * being opened stays: the Go service's closed records stand beside those.
   */
  async function forgetOlder(userId: string): Promise<void> {
    const { connecting } = userKeys(space, userId);
    const ours = await redis.get(connecting);
    if (ours !== null && objectOf(parseJson(ours))["status"] !== "CONNECTING") await redis.del(connecting);
  }

  return {
    store,
    async look() {
      const found: Found = { originals: new Set(), otherwise: new Set(), contexts: new Set() };
      try {
        let cursor = "0";
        do {
          const [next, keys] = await redis.scan(cursor, "MATCH", `${literal(space.client)}:*`, "COUNT", keysPerScan);
          cursor = next;
          if (keys.length > 0) await lookAt(keys, found);
        } while (cursor !== "0");
      } catch (error) {
        throw asStoreUnavailable(error);
      }
      const users = [...found.originals, ...found.otherwise];
      return { users, originals: found.originals.size, contexts: found.contexts.size };
    },
  };
}

interface Found {
  readonly originals: Set<string>;
  readonly otherwise: Set<string>;
  readonly contexts: Set<string>;
}

/** Nothing is polled meanwhile, and there may be a set for everybody who wrote today: a trip to Redis serves many, and not all at once. */
async function abreast(users: readonly string[], work: (userId: string) => Promise<void>): Promise<void> {
  for (let i = 0; i < users.length; i += usersAtOnce) await Promise.all(users.slice(i, i + usersAtOnce).map(work));
}

const nothing: StoredUser = { state: null, history: [], seen: [] };

function byTime(entries: readonly string[]): readonly string[] {
  const at = (json: string): number => parseEntry(json)?.at ?? 0;
  return [...entries].sort((a, b) => at(a) - at(b));
}

/** Of a record of the Go service: the chat waits, or has an agent. */
function isOpen(json: string): boolean {
  return ["ON_HOLD", "ACTIVE"].includes(textOf(objectOf(parseJson(json))["status"]) ?? "");
}

/** A name that holds no pattern. */
function literal(name: string): string {
  return name.replace(/[\\*?[\]^-]/g, "\\$&");
}
