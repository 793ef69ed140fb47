// The users of one partition index in memory: the owner is the only writer, so what was loaded once stays right. Users with
// anything open stay; of the others only the last used ones are kept.
import { contextLifeMs } from "../processors/lifetimes.ts";
import { isLive, parseEntry, parseRecord } from "../processors/interconnection/record.ts";
import {
  isOpen,
  nobody,
  receivedAtOf,
  type ContextEntry,
  type Status,
  type UserMemory,
  type UserState,
} from "../processors/interconnection/state.ts";
import { historyMax, seenMax } from "./memory-limits.ts";
import type { Log, Metrics, Store, StoredUser } from "./ports.ts";
import { tellUnreadable } from "./unreadable-state.ts";
import type { UserChange } from "./user-change.ts";

/** What decide needs of one user. */
export interface User {
  readonly state: UserState;
  readonly memory: KeptMemory;
}

/** What is known of a user, such that it can grow. */
export interface KeptMemory extends UserMemory {
  readonly seen: ReadonlySet<string>;
}

/** The users that are in memory. Only the owner's loop calls it, so nobody is trimmed while a turn holds him. */
export interface Users {
  /** Makes sure that these users are in memory. Rejects with StoreUnavailable. */
  load(userIds: readonly string[]): Promise<void>;
  /** A user that was loaded. */
  get(userId: string): User;
  /** Takes over what a saved turn changed. */
  put(userId: string, change: UserChange): void;
  /** Open chats by status. */
  openChats(): Readonly<Record<Exclude<Status, "CLOSED" | "FAILED">, number>>;
  /** Lets go of the users that are not needed any more beyond the bound. Costs what it removes. */
  trim(): void;
}

const keptIdle = 2_000;

/** What users are read with. */
export interface UsersPorts {
  readonly log: Log;
  readonly metrics: Metrics;
  /** The partition index whose users they are. */
  readonly partition: number;
}

/** Users of one tenure, none loaded yet. */
export function createUsers(store: Store, ports: UsersPorts): Users {
  // Those with anything open apart from the others, so that a trim does not walk over them. Of the others insertion order is
  // order of use.
  const live = new Map<string, User>();
  const idle = new Map<string, User>();

  function keep(userId: string, user: User): void {
    live.delete(userId);
    idle.delete(userId);
    (isLive(user.state) ? live : idle).set(userId, user);
  }

  return {
    async load(userIds) {
      const missing = [...new Set(userIds)].filter((userId) => !live.has(userId) && !idle.has(userId));
      if (missing.length === 0) return;
      const stored = await store.load(missing);
      missing.forEach((userId, i) => {
        const found = stored[i];
        keep(userId, found === undefined ? { state: nobody, memory: noMemory } : read(userId, found, ports));
      });
    },
    get(userId) {
      const user = live.get(userId) ?? idle.get(userId);
      if (user === undefined) throw new Error("a user was not loaded before its turn");
      if (idle.delete(userId)) idle.set(userId, user);
      return user;
    },
    put(userId, { state, remember, see, erase }) {
      const known = erase ? undefined : (live.get(userId) ?? idle.get(userId));
      const { memory } = known ?? { memory: noMemory };
      keep(userId, { state, memory: grow(memory, remember, see) });
    },
    openChats() {
      const chats = { CONNECTING: 0, ON_HOLD: 0, ACTIVE: 0 };
      for (const { state } of live.values())
        if (isOpen(state.interconnection)) chats[state.interconnection.status] += 1;
      return chats;
    },
    trim() {
      for (const userId of idle.keys()) {
        if (idle.size <= keptIdle) return;
        idle.delete(userId);
      }
    },
  };
}

const noMemory: KeptMemory = { history: [], seen: new Set() };

/** What a user's memory is after a turn; bounded as in the store. */
export function grow(memory: KeptMemory, remember: readonly ContextEntry[], see: readonly string[]): KeptMemory {
  if (remember.length === 0 && see.length === 0) return memory;
  const newest = Math.max(...remember.map(receivedAtOf), 0);
  const history = [...memory.history, ...remember].filter((entry) => receivedAtOf(entry) > newest - contextLifeMs);
  history.sort((a, b) => receivedAtOf(a) - receivedAtOf(b));
  return { history: history.slice(-historyMax), seen: new Set([...memory.seen, ...see].slice(-seenMax)) };
}

function read(userId: string, stored: StoredUser, ports: UsersPorts): User {
  const { partition } = ports;
  const history = stored.history.map(parseEntry).filter((entry) => entry !== null);
  if (history.length < stored.history.length) {
    ports.metrics.count("alarms", { alarm: "state_unreadable" });
    ports.log.error(
      { partition, userId, entries: stored.history.length - history.length },
      "entries of a stored context can't be read; they are left out",
    );
  }
  const memory: KeptMemory = { history, seen: new Set(stored.seen) };
  if (stored.state === null) return { state: nobody, memory };
  const parsed = parseRecord(stored.state);
  if (parsed.kind === "state") return { state: parsed.state, memory };
  tellUnreadable({ userId, json: stored.state, detail: parsed.detail }, { partition, readFrom: "store" }, ports);
  return { state: nobody, memory };
}
