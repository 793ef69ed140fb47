// The users of one partition index in memory: the owner is the only writer, so what was loaded once stays right. Users with
// anything open stay; of the others only the last used ones are kept.
import { isLive, parseRecord } from "../processors/interconnection/record.ts";
import { nobody, type ContextEntry, type UserMemory, type UserState } from "../processors/interconnection/state.ts";
import type { Log, Store, StoredUser } from "./ports.ts";

export interface User {
  readonly state: UserState;
  readonly memory: UserMemory;
}

export interface Users {
  /** Makes sure that these users are in memory. Rejects with StoreUnavailable. */
  load(userIds: readonly string[]): Promise<void>;
  /** A user that was loaded. */
  get(userId: string): User;
  /** Takes over what a saved turn changed. */
  put(userId: string, state: UserState, remember: readonly ContextEntry[], see: readonly string[]): void;
  /** Lets go of the users that are not needed any more beyond the bound. */
  trim(): void;
}

const keptIdle = 2_000;
const historyMax = 500;
const seenMax = 2_000;
const contextLifeMs = 86_400_000;

export function createUsers(store: Store, log: Log): Users {
  // Insertion order is order of use: a hit is taken out and put back at the end.
  const users = new Map<string, User>();

  return {
    async load(userIds) {
      const missing = [...new Set(userIds)].filter((userId) => !users.has(userId));
      if (missing.length === 0) return;
      const stored = await store.load(missing);
      missing.forEach((userId, i) => {
        const found = stored[i];
        users.set(userId, found === undefined ? { state: nobody, memory: noMemory } : read(found, log));
      });
    },
    get(userId) {
      const user = users.get(userId);
      if (user === undefined) throw new Error("a user was not loaded before its turn");
      users.delete(userId);
      users.set(userId, user);
      return user;
    },
    put(userId, state, remember, see) {
      const { memory } = users.get(userId) ?? { memory: noMemory };
      users.delete(userId);
      users.set(userId, { state, memory: grow(memory, remember, see) });
    },
    trim() {
      if (users.size <= keptIdle) return;
      for (const [userId, { state }] of users) {
        if (users.size <= keptIdle) return;
        if (!isLive(state)) users.delete(userId);
      }
    },
  };
}

const noMemory: UserMemory = { history: [], seen: new Set() };

/** What a user's memory is after a turn; bounded as in the store. */
export function grow(memory: UserMemory, remember: readonly ContextEntry[], see: readonly string[]): UserMemory {
  if (remember.length === 0 && see.length === 0) return memory;
  const newest = Math.max(...remember.map(({ at }) => at), 0);
  const history = [...memory.history, ...remember].filter(({ at }) => at > newest - contextLifeMs).slice(-historyMax);
  history.sort((a, b) => a.at - b.at);
  return { history, seen: new Set([...memory.seen, ...see].slice(-seenMax)) };
}

function read(stored: StoredUser, log: Log): User {
  const memory: UserMemory = {
    history: stored.history.map((json) => JSON.parse(json) as ContextEntry),
    seen: new Set(stored.seen),
  };
  if (stored.state === null) return { state: nobody, memory };
  const parsed = parseRecord(stored.state);
  if (parsed.kind === "state") return { state: parsed.state, memory };
  log.error({ detail: parsed.detail }, "a stored state can't be read; the user counts as one without a chat");
  return { state: nobody, memory };
}
