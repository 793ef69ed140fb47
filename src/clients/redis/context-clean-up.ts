// The clean-up of context on its schedule (CLEAN_CONTEXT_SCHEDULE): entries older than a day go, ours and those that the Go service
// left. Our keys also end by themselves a day after their last entry, and readers see no older entry; its sets have no end, and
// nobody else takes care of them after a roll-over. One instance runs it each time that it is due. Called by the composition.
import type { MemoryLimits } from "../../topology/memory-limits.ts";
import type { Clock, Log } from "../../topology/ports.ts";
import { nextRun, type Schedule } from "../schedule.ts";
import { startScheduled } from "../scheduled.ts";
import type { RedisConnection } from "./connection.ts";
import { redisFailureCode } from "./failure.ts";
import { cleanUpKey, everyUsers, type KeySpace } from "./keys.ts";

/** What the clean-up works with. */
export interface ContextCleanUp {
  readonly space: KeySpace;
  readonly limits: MemoryLimits;
  readonly clock: Clock;
  readonly log: Log;
}

/** Keys and members a step: Redis serves nobody meanwhile. */
const slice = 200;
/**
 * Part of the time to the next run for which the first instance keeps the others from theirs: their clocks differ, and `@every` counts from the
 * start of each. Less than all of it, or who ran last would keep itself from the next one.
 */
const claimedShare = 0.9;
/** For schedules that have no next run. */
const dayMs = 86_400_000;

/**
 * Cleans on the schedule until the returned function is called, unless another instance has done so since the last time. A run that Redis breaks
 * off is told, and made up by the next, whosever that is.
 */
export function startContextCleanUp(
  connection: RedisConnection,
  schedule: Schedule,
  tools: ContextCleanUp,
): () => void {
  return startScheduled(schedule, tools.clock, async (signal) => {
    let isOurs = false;
    try {
      isOurs = await claimed(connection, schedule, tools);
      if (!isOurs) return;
      const entries = await cleanContext(connection, tools, signal);
      tools.log.info({ entries }, "context older than a day was removed");
      if (signal.aborted) await release(connection, tools);
    } catch (error) {
      if (isOurs) await release(connection, tools);
      tools.log.warn(
        { code: redisFailureCode(error) },
        "the clean-up of context was broken off; the next one makes up for it",
      );
    }
  });
}

/** True for the instance that comes first. Rejects when Redis does not answer. */
async function claimed(
  { redis }: RedisConnection,
  schedule: Schedule,
  { space, clock }: ContextCleanUp,
): Promise<boolean> {
  const now = clock.now();
  const untilNextMs = (nextRun(schedule, now) ?? now + dayMs) - now;
  const forMs = Math.max(1, Math.floor(untilNextMs * claimedShare));
  return (await redis.set(cleanUpKey(space), "claimed", "PX", forMs, "NX")) === "OK";
}

/** What was not done to the end is anybody's again. Does not reject. */
async function release({ redis }: RedisConnection, { space, log }: ContextCleanUp): Promise<void> {
  try {
    await redis.del(cleanUpKey(space));
  } catch (error) {
    log.warn({ code: redisFailureCode(error) }, "nobody else cleans up context until the claim of this run has ended");
  }
}

/** One run; resolves with how many entries went. Rejects when Redis does not answer. Repeat-safe. */
async function cleanContext(
  connection: RedisConnection,
  { space, limits, clock }: Omit<ContextCleanUp, "log">,
  signal: AbortSignal,
): Promise<number> {
  const { redis } = connection;
  let removed = 0;

  async function ours(key: string): Promise<void> {
    removed += await redis.zremrangebyscore(key, "-inf", clock.now() - limits.historyMs);
  }

  async function theirs(key: string): Promise<void> {
    let cursor = "0";
    do {
      const [next, members] = await redis.sscan(key, cursor, "COUNT", slice);
      cursor = next;
      const past = members.filter((member) => isPast(member, clock.now()));
      if (past.length > 0) removed += await redis.srem(key, ...past);
    } while (cursor !== "0" && !signal.aborted);
  }

  async function each(pattern: string, clean: (key: string) => Promise<void>): Promise<void> {
    let cursor = "0";
    do {
      const [next, keys] = await redis.scan(cursor, "MATCH", pattern, "COUNT", slice);
      cursor = next;
      for (const key of keys) await clean(key);
    } while (cursor !== "0" && !signal.aborted);
  }

  await each(everyUsers(space, "history"), ours);
  await each(everyUsers(space, "context"), theirs);
  return removed;
}

/** The Go service's entries carry their end in `ttl`, RFC 3339 with up to nine decimals. One without is left alone. */
function isPast(member: string, nowMs: number): boolean {
  const ttl = /"ttl":"([^"]+)"/.exec(member)?.[1];
  const endsAt = ttl === undefined ? Number.NaN : Date.parse(ttl.replace(/(\.\d{3})\d+/, "$1"));
  return endsAt <= nowMs;
}
