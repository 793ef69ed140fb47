// The state store on Redis: implements the Store port. Every write is one script, fenced by the index's epoch; what the
// scripts check and in which order is said in them. Owns how states, memory and cursors are laid out under the keys of keys.ts.
import type { MemoryLimits } from "../../topology/memory-limits.ts";
import type { Clock, SaveRequest, SaveVerdict, Store } from "../../topology/ports.ts";
import type { StateChange, StoredIndex } from "../../topology/stored.ts";
import { inputTopics } from "../../topology/topics.ts";
import { asStoreUnavailable } from "./failure.ts";
import { type KeySpace, indexKey, liveKey } from "./keys.ts";
import { laneMarks } from "./marks.ts";
import { bytes, numberOf, textOf } from "./reply-values.ts";
import { keepReplies } from "./replies.ts";
import type { RedisConnection } from "./connection.ts";
import { type ScriptSources, createScriptRunner } from "./scripts.ts";
import { memoryReader } from "./memory.ts";

/** What the store needs beside its connection. */
export interface RedisStoreOptions {
  readonly space: KeySpace;
  readonly limits: MemoryLimits;
  readonly clock: Clock;
  readonly scripts: ScriptSources;
}

/** Users per script of a catch-up: Redis answers nobody while one runs (100 users take 1 ms). */
const sliceUsers = 100;

/** The Store port on one connection. A repeat of any call with the same arguments is safe. */
export function createRedisStore(connection: RedisConnection, options: RedisStoreOptions): Store {
  const { redis } = connection;
  const { space, limits, clock } = options;
  const run = createScriptRunner(redis, options.scripts);
  const keysOf = (partition: number): readonly string[] => [indexKey(space, partition), liveKey(space, partition)];
  const writable = (changes: readonly StateChange[]): (string | Buffer)[] =>
    changeArguments(changes, space, limits, clock.now());

  return {
    async claim(partition, epoch, instanceId) {
      const args = [String(epoch), instanceId, ...inputTopics.map(appliedField)];
      const answer = (await run("claim", [indexKey(space, partition)], args)) as (Buffer | number | null)[];
      if (textOf(answer[0]) === "refused") return { kind: "refused", storedEpoch: numberOf(answer[1]) };
      return { kind: "claimed", index: readIndex(answer.slice(2)), released: answer[1] === 1 };
    },

    async catchUp(partition, epoch, changes, cursor) {
      let at = 0;
      do {
        const slice = changes.slice(at, at + sliceUsers);
        at += sliceUsers;
        const last = at >= changes.length;
        const cursorArgs = last && cursor !== null ? ["1", ...cursorArguments(cursor)] : ["0"];
        const verdict = await run("catchUp", keysOf(partition), [String(epoch), ...cursorArgs, ...writable(slice)]);
        if (textOf(verdict) === "fenced") return "fenced";
      } while (at < changes.length);
      return "saved";
    },

    async liveUsers(partition) {
      try {
        return await redis.smembers(liveKey(space, partition));
      } catch (error) {
        throw asStoreUnavailable(error);
      }
    },

    load: memoryReader(redis, space, limits, clock),

    async save(request: SaveRequest): Promise<SaveVerdict> {
      const { epoch, expectedTurn, nextTurn, applied, outbox, changelogPosition } = request;
      const cursor: StoredIndex = { savedEpoch: epoch, turn: nextTurn, applied, outbox, changelogPosition };
      const verdict = await run("save", keysOf(request.partition), [
        String(epoch),
        String(expectedTurn),
        ...cursorArguments(cursor),
        ...writable(request.changes),
      ]);
      return textOf(verdict) as SaveVerdict;
    },

    async standings(partitions) {
      try {
        const keys = partitions.map((partition) => indexKey(space, partition));
        const stored = await Promise.all(keys.map((key) => redis.hmget(key, "epoch", "turn")));
        return stored.map(([epoch = null, turn]) =>
          epoch === null ? null : { epoch: Number(epoch), turn: Number(turn ?? 0) },
        );
      } catch (error) {
        throw asStoreUnavailable(error);
      }
    },

    ...laneMarks(run, space),

    async release(partition, epoch) {
      await run("release", [indexKey(space, partition)], [String(epoch)]);
    },

    publishReplies: (replies) => keepReplies(run, space, replies),
  };
}

const appliedField = (topic: string): string => `applied:${topic}`;

function cursorArguments(cursor: StoredIndex): (string | Buffer)[] {
  return [
    String(cursor.savedEpoch),
    String(cursor.turn),
    cursor.outbox ?? "",
    String(cursor.changelogPosition),
    String(inputTopics.length),
    ...inputTopics.flatMap((topic) => [appliedField(topic), String(cursor.applied[topic])]),
  ];
}

function readIndex(fields: readonly (Buffer | number | null | undefined)[]): StoredIndex | null {
  const [savedEpoch, turn, outbox, changelogPosition, ...applied] = fields;
  if (turn === null || turn === undefined) return null;
  const offset = (topic: (typeof inputTopics)[number]): number => numberOf(applied[inputTopics.indexOf(topic)]);
  const block = bytes(outbox);
  return {
    savedEpoch: numberOf(savedEpoch),
    turn: numberOf(turn),
    applied: {
      "chat-requests": offset("chat-requests"),
      "channel-messages": offset("channel-messages"),
      "agent-events": offset("agent-events"),
    },
    outbox: block.length === 0 ? null : block,
    changelogPosition: numberOf(changelogPosition),
  };
}

function changeArguments(
  changes: readonly StateChange[],
  space: KeySpace,
  limits: MemoryLimits,
  now: number,
): (string | Buffer)[] {
  const args: string[] = [
    `${space.client}:`,
    ...[String(now - limits.historyMs), String(limits.historyEntries), String(limits.historyMs)],
    ...[String(now - limits.seenMs), String(limits.seenIds), String(limits.seenMs)],
    String(changes.length),
  ];
  for (const { userId, live, state, ttlMs, remember, see, erase } of changes) {
    args.push(
      userId,
      erase ? "1" : "0",
      live ? "1" : "0",
      state?.home ?? "",
      state?.json ?? "",
      ttlMs === null ? "" : String(ttlMs),
    );
    args.push(String(remember.length));
    for (const entry of remember) args.push(String(entry.at), entry.json);
    args.push(String(see.length));
    for (const { at, id } of see) args.push(String(at), id);
  }
  return args;
}
