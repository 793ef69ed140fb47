// What the in-memory store holds, and copies of it. Data only; store.ts owns what the calls mean.
import type { StoredIndex } from "../stored.ts";

/** One partition index. */
export interface IndexData {
  epoch: number;
  previousEpoch: number | null;
  releasedEpoch: number | null;
  cursor: StoredIndex | null;
  readonly live: Set<string>;
}

/** A value that ends at a moment, epoch milliseconds; null means it stays. */
export interface Expiring {
  readonly json: string;
  readonly endsAt: number | null;
}

/** One mark of a lane and the lane's last post number. */
export interface MarkData {
  readonly seq: number;
  readonly done: boolean;
  readonly post: number | null;
}

/** One user. History and seen are keyed by their bytes, with their time. */
export interface UserData {
  connecting: Expiring | null;
  interconnection: Expiring | null;
  readonly history: Map<string, number>;
  readonly seen: Map<string, number>;
  readonly marks: Map<string, MarkData>;
}

/** Everything. */
export interface StoredData {
  readonly indexes: Map<number, IndexData>;
  readonly users: Map<string, UserData>;
  readonly replies: Map<string, Expiring>;
}

/** A store that holds nothing. */
export function noData(): StoredData {
  return { indexes: new Map(), users: new Map(), replies: new Map() };
}

/** A copy that no later call changes. */
export function copyOf(data: StoredData): StoredData {
  return {
    indexes: new Map([...data.indexes].map(([key, index]) => [key, { ...index, live: new Set(index.live) }])),
    users: new Map(
      [...data.users].map(([key, user]) => [
        key,
        { ...user, history: new Map(user.history), seen: new Map(user.seen), marks: new Map(user.marks) },
      ]),
    ),
    replies: new Map(data.replies),
  };
}
