// The state store in memory, for tests and the simulation: the meaning of the Store port without Redis, with faults to order.
// Several owners of one test share one instance. Knows no time but the clock it is given.
import type { MemoryLimits } from "../memory-limits.ts";
import type { Clock, LaneMark, MarkVerdict, SaveRequest, SaveVerdict, Store, StoredUser } from "../ports.ts";
import { storeUnavailable } from "../store-unavailable.ts";
import type { StateChange } from "../stored.ts";
import { type Expiring, type IndexData, type StoredData, type UserData, copyOf, noData } from "./stored-data.ts";

/** Faults of the store, one call at a time or as a state. */
export interface StoreFaults {
  /** The next call (of that name, else any) does its work or not, and rejects with StoreUnavailable either way. */
  failNext(executed: boolean, call?: keyof Store): void;
  /** While true every call rejects and does nothing. */
  away(away: boolean): void;
  /** Loses everything. */
  flush(): void;
  /** What stands now, to go back to. */
  snapshot(): StoredData;
  /** Goes back in time: a replica that had not received the last writes. */
  goBack(to: StoredData): void;
}

/** The port, its faults, and what tests look at. */
export interface InMemoryStore {
  readonly store: Store;
  readonly faults: StoreFaults;
  /** The reply kept for a request; null when there is none. Rejects when the store is away. */
  reply(requestId: string): Promise<string | null>;
  /** Calls `each` with every published reply; the returned function ends it. */
  onReply(each: (requestId: string, reply: string) => void): () => void;
}

const replyLifeMs = 60_000;

/** A store that holds nothing yet. */
export function createInMemoryStore(clock: Clock, limits: MemoryLimits): InMemoryStore {
  let data = noData();
  let isAway = false;
  const orders: { readonly executed: boolean; readonly call: keyof Store | null }[] = [];
  const listeners = new Set<(requestId: string, reply: string) => void>();

  /** One call: takes effect in one step, and never before the caller has gone on. */
  async function call<Value>(name: keyof Store | null, work: () => Value): Promise<Value> {
    await Promise.resolve();
    if (isAway) throw storeUnavailable("away");
    const at = orders.findIndex((order) => order.call === null || order.call === name);
    const order = at < 0 ? null : orders.splice(at, 1)[0];
    if (order?.executed === false) throw storeUnavailable("not executed");
    const value = work();
    if (order?.executed === true) throw storeUnavailable("executed");
    return value;
  }

  const standing = (value: Expiring | null | undefined): string | null =>
    value === null || value === undefined || (value.endsAt !== null && value.endsAt <= clock.now()) ? null : value.json;

  const owned = (partition: number, epoch: number): IndexData | null => {
    const index = data.indexes.get(partition);
    return index?.epoch === epoch ? index : null;
  };

  function userOf(userId: string): UserData {
    const known = data.users.get(userId);
    if (known !== undefined) return known;
    const user: UserData = {
      connecting: null,
      interconnection: null,
      history: new Map(),
      seen: new Map(),
      marks: new Map(),
    };
    data.users.set(userId, user);
    return user;
  }

  function write(index: IndexData, change: StateChange): void {
    const user = userOf(change.userId);
    if (change.erase) for (const kept of [user.history, user.seen, user.marks]) kept.clear();
    if (change.live) index.live.add(change.userId);
    else {
      index.live.delete(change.userId);
      user.marks.clear();
    }
    if (change.state !== null) {
      const endsAt = change.ttlMs === null ? null : clock.now() + change.ttlMs;
      user[change.state.home] = { json: change.state.json, endsAt };
      user[change.state.home === "interconnection" ? "connecting" : "interconnection"] = null;
    }
    remember(
      user.history,
      change.remember.map(({ at, json }) => [json, at]),
      limits.historyMs,
      limits.historyEntries,
    );
    remember(
      user.seen,
      change.see.map(({ at, id }) => [id, at]),
      limits.seenMs,
      limits.seenIds,
    );
  }

  function remember(
    known: Map<string, number>,
    entries: readonly (readonly [string, number])[],
    lifeMs: number,
    most: number,
  ): void {
    for (const [bytes, at] of entries) known.set(bytes, at);
    const kept = recent(known, lifeMs).slice(-most);
    known.clear();
    for (const [bytes, at] of kept) known.set(bytes, at);
  }

  function recent(known: ReadonlyMap<string, number>, lifeMs: number): readonly (readonly [string, number])[] {
    const oldest = clock.now() - lifeMs;
    const order = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
    return [...known].filter(([, at]) => at > oldest).sort(([a, atA], [b, atB]) => atA - atB || order(a, b));
  }

  const store: Store = {
    claim: (partition, epoch) =>
      call("claim", () => {
        const index = data.indexes.get(partition);
        if (index !== undefined && index.epoch > epoch) return { kind: "refused", storedEpoch: index.epoch } as const;
        const mine = index ?? {
          epoch,
          previousEpoch: null,
          releasedEpoch: null,
          cursor: null,
          live: new Set<string>(),
        };
        if (mine.epoch !== epoch) {
          mine.previousEpoch = mine.epoch;
          mine.epoch = epoch;
        }
        data.indexes.set(partition, mine);
        const released = mine.previousEpoch !== null && mine.previousEpoch === mine.releasedEpoch;
        return { kind: "claimed", index: mine.cursor, released } as const;
      }),

    catchUp: (partition, epoch, changes, cursor) =>
      call("catchUp", () => {
        const index = owned(partition, epoch);
        if (index === null) return "fenced";
        // A late repeat, after the owner has saved, would bring old states back.
        if (index.cursor?.savedEpoch === epoch) return "saved";
        for (const change of changes) write(index, change);
        if (cursor !== null) index.cursor = copyOfCursor(cursor);
        return "saved";
      }),

    liveUsers: (partition) => call("liveUsers", () => [...(data.indexes.get(partition)?.live ?? [])]),

    load: (users) =>
      call("load", () =>
        users.map((userId): StoredUser => {
          const user = userOf(userId);
          return {
            state: standing(user.connecting) ?? standing(user.interconnection),
            history: recent(user.history, limits.historyMs).map(([json]) => json),
            seen: recent(user.seen, limits.seenMs).map(([id]) => id),
          };
        }),
      ),

    save: (request: SaveRequest) =>
      call("save", (): SaveVerdict => {
        const index = data.indexes.get(request.partition);
        if (index === undefined) return "missing";
        if (index.epoch !== request.epoch) return "fenced";
        const turn = index.cursor?.turn ?? 0;
        if (index.cursor?.savedEpoch === request.epoch && turn === request.nextTurn) return "saved";
        if (turn !== request.expectedTurn) return "behind";
        const { epoch: savedEpoch, nextTurn, applied, outbox, changelogPosition } = request;
        index.cursor = copyOfCursor({ savedEpoch, turn: nextTurn, applied, outbox, changelogPosition });
        for (const change of request.changes) write(index, change);
        return "saved";
      }),

    standings: (partitions) =>
      call("standings", () =>
        partitions.map((partition) => {
          const index = data.indexes.get(partition);
          return index === undefined ? null : { epoch: index.epoch, turn: index.cursor?.turn ?? 0 };
        }),
      ),

    begin: (mark, postSequence, renumber) =>
      call("begin", (): MarkVerdict => {
        if (owned(mark.partition, mark.epoch) === null) return { kind: "fenced" };
        const { marks } = userOf(mark.userId);
        const stored = marks.get(fieldOf(mark));
        if (stored !== undefined && (stored.seq > mark.seq || (stored.seq === mark.seq && stored.done)))
          return { kind: "done", postSequence: stored.post };
        const repeated = stored?.seq === mark.seq;
        const last = stored?.post ?? null;
        let post = postSequence;
        if (post !== null && !renumber && last !== null) post = repeated ? last : Math.max(post, last + 1);
        marks.set(fieldOf(mark), { seq: mark.seq, done: false, post: post ?? last });
        return { kind: "begun", repeated, postSequence: post };
      }),

    finish: (mark, postSequence) =>
      call("finish", () => {
        const { marks } = userOf(mark.userId);
        const stored = marks.get(fieldOf(mark));
        if (owned(mark.partition, mark.epoch) === null) {
          const before = mark.epoch < (data.indexes.get(mark.partition)?.epoch ?? 0);
          if (!before || stored?.seq !== mark.seq || stored.done) return "fenced";
          marks.set(fieldOf(mark), { ...stored, done: true });
          return "done";
        }
        if (stored !== undefined && stored.seq > mark.seq) return "done";
        marks.set(fieldOf(mark), { seq: mark.seq, done: true, post: postSequence ?? stored?.post ?? null });
        return "done";
      }),

    release: (partition, epoch) =>
      call("release", () => {
        const index = owned(partition, epoch);
        if (index !== null) index.releasedEpoch = epoch;
      }),

    publishReplies: (replies) =>
      call("publishReplies", () => {
        for (const { requestId, reply } of replies) {
          data.replies.set(requestId, { json: reply, endsAt: clock.now() + replyLifeMs });
          for (const each of [...listeners]) each(requestId, reply);
        }
      }),
  };

  return {
    store,
    faults: {
      failNext: (executed, name) => void orders.push({ executed, call: name ?? null }),
      away: (away) => {
        isAway = away;
      },
      flush: () => {
        data = noData();
      },
      snapshot: () => copyOf(data),
      goBack: (to) => {
        data = copyOf(to);
      },
    },
    reply: (requestId) => call(null, () => standing(data.replies.get(requestId))),
    onReply(each) {
      listeners.add(each);
      return () => void listeners.delete(each);
    },
  };
}

function fieldOf(mark: LaneMark): string {
  return `${mark.chatId}:${mark.lane}`;
}

function copyOfCursor<Cursor extends { readonly outbox: Buffer | null }>(cursor: Cursor): Cursor {
  const { outbox } = cursor;
  return { ...cursor, outbox: outbox === null || outbox.length === 0 ? null : Buffer.from(outbox) };
}
