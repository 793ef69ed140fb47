// Names of every key and channel in Redis. Persisted: renaming one orphans its data. The user keys start as the Go service's
// do (`{client}:{userID}:…`, see its `:interconnection` and `:context`), so that both find each other's records.

/** Where the keys of one deployment start. */
export interface KeySpace {
  /** Setting CLIENT. */
  readonly client: string;
  /** Setting KAFKA_TOPIC: two topologies of one client must not share turns and epochs. */
  readonly topicPrefix: string;
}

/** Keys of one user. */
export interface UserKeys {
  readonly interconnection: string;
  readonly connecting: string;
  readonly history: string;
  readonly seen: string;
}

/** Start of every key of a user; the scripts put the endings of `userKeys` behind it. */
function userPrefix(space: KeySpace, userId: string): string {
  return `${space.client}:${userId}:`;
}

/** The keys that hold one user's state and memory. */
export function userKeys(space: KeySpace, userId: string): UserKeys {
  const prefix = userPrefix(space, userId);
  return {
    interconnection: `${prefix}interconnection`,
    connecting: `${prefix}connecting`,
    history: `${prefix}history`,
    seen: `${prefix}seen`,
  };
}

/** The Go service's context of one user: a set. */
export function originalContextKey(space: KeySpace, userId: string): string {
  return `${userPrefix(space, userId)}context`;
}

/** The user whose key with this ending that is; null when it is none. A user id may hold any character. */
export function userIdOf({ client }: KeySpace, key: string, ending: string): string | null {
  const [start, end] = [`${client}:`, `:${ending}`];
  const isOne = key.length > start.length + end.length && key.startsWith(start) && key.endsWith(end);
  return isOne ? key.slice(start.length, -end.length) : null;
}

/** Pattern of one key of every user, for SCAN. `context` is the Go service's set. */
export function everyUsers(space: KeySpace, ending: "history" | "context"): string {
  return `${space.client.replace(/[*?[\]\\]/g, String.raw`\$&`)}:*:${ending}`;
}

/** Marks of one user's lanes: a hash by chat and lane. */
export function marksKey(space: KeySpace, userId: string): string {
  return `${userPrefix(space, userId)}marks`;
}

/** Cursor of one partition index: a hash. */
export function indexKey(space: KeySpace, partition: number): string {
  return `${space.client}:${space.topicPrefix}:index:${String(partition)}`;
}

/** Users of one partition index that are live: a set. */
export function liveKey(space: KeySpace, partition: number): string {
  return `${indexKey(space, partition)}:live`;
}

/** Who is there while one instance's clean-up of context counts for all. */
export function cleanUpKey(space: KeySpace): string {
  return `${space.client}:${space.topicPrefix}:context-clean-up`;
}

/** A reply, for as long as somebody may ask for it. */
export function replyKey(space: KeySpace, requestId: string): string {
  return `${space.client}:${space.topicPrefix}:reply:${requestId}`;
}

/** Channel on which replies are told to all instances. */
export function replyChannel(space: KeySpace): string {
  return `${space.client}:${space.topicPrefix}:replies`;
}
