// What Redis is like, looked at once at start: too old stops the service; what can lose data is told, with what would be lost.
import { asStoreUnavailable, redisFailureCode } from "./failure.ts";
import type { RedisConnection } from "./connection.ts";

/** What an operator should know, one sentence each. Any mistake stops the start. */
export interface RedisFindings {
  readonly mistakes: readonly string[];
  readonly warnings: readonly string[];
}

/** What Redis says of itself. */
export interface RedisFacts {
  /** The text of INFO. */
  readonly info: string;
  /** CONFIG GET save; null when the server does not tell (managed services forbid CONFIG). */
  readonly save: string | null;
}

/** Asks and judges. Rejects with StoreUnavailable when Redis does not answer. */
export async function checkRedis(connection: RedisConnection): Promise<RedisFindings> {
  const { redis } = connection;
  try {
    const info = await redis.info();
    return judgeRedis({ info, save: await savePoints() });
  } catch (error) {
    throw asStoreUnavailable(error);
  }

  async function savePoints(): Promise<string | null> {
    try {
      const answer = (await redis.call("CONFIG", ["GET", "save"])) as readonly string[];
      return answer[1] ?? null;
    } catch (error) {
      // Forbidden or unknown is an answer too; anything else is no answer.
      if (["NOPERM", "ERR"].includes(redisFailureCode(error))) return null;
      throw error;
    }
  }
}

/** The judgement, without asking. */
export function judgeRedis(facts: RedisFacts): RedisFindings {
  const field = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(facts.info)?.[1] ?? "";
  const version = field("redis_version");
  const mistakes: string[] = [];
  if (!atLeast(version, 6, 2)) mistakes.push(`Redis is version ${version || "unknown"}; 6.2 or newer is needed.`);
  if (field("cluster_enabled") === "1")
    mistakes.push("Redis runs as a cluster, which is not supported: one script writes many users.");
  if (field("role") === "slave")
    mistakes.push("REDIS_ADDRESS names a replica, which takes no writes: name the master.");
  const warnings = [persistence(field("aof_enabled"), facts.save), eviction(field), replication(field)];
  return { mistakes, warnings: warnings.filter((warning) => warning !== null) };
}

function persistence(aof: string, save: string | null): string | null {
  if (aof === "1") return null;
  if (save === null)
    return "Redis has no append-only file, and does not tell whether it saves snapshots: without either, a restart loses context, known message ids and lane marks, and states are rebuilt from the changelog.";
  if (save === "")
    return "Redis keeps nothing on disk (no append-only file, no snapshots): a restart loses context, known message ids and lane marks (one command per lane may happen twice), and states are rebuilt from the changelog.";
  return "Redis has no append-only file: a crash goes back to the last snapshot and loses the context, message ids and lane marks since; states are brought up to date from the changelog.";
}

function eviction(field: (name: string) => string): string | null {
  const policy = field("maxmemory_policy");
  if (policy === "" || policy === "noeviction") return null;
  const limit = field("maxmemory") === "0" ? " (once a maxmemory is set)" : "";
  const what = policy.startsWith("volatile-")
    ? "context, known message ids, replies and ended chats may vanish"
    : "states of open chats and cursors may vanish, and single ones are not noticed before the next takeover";
  return `Redis evicts keys when its memory is full (maxmemory-policy ${policy})${limit}: ${what}. Set noeviction.`;
}

function replication(field: (name: string) => string): string | null {
  const replicas = Number(field("connected_slaves") || "0");
  if (replicas === 0 || field("min_slaves_good_slaves") !== "") return null;
  return "Redis has replicas but no min-replicas-to-write: a failover may lose acknowledged saves; states come back from the changelog, context, message ids and lane marks of that moment do not.";
}

function atLeast(version: string, major: number, minor: number): boolean {
  const [foundMajor = 0, foundMinor = 0] = version.split(".").map(Number);
  return foundMajor > major || (foundMajor === major && foundMinor >= minor);
}
