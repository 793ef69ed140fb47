// Whether those that are named as Sentinels are any: a Redis in their place answers, and would be asked for its master for ever. Asked
// once, before anything connects. Callers: composition-storage.ts and src/operator.ts.
import { Redis } from "ioredis";

import { hostAndPort, type RedisSettings } from "./connection.ts";
import { asStoreUnavailable } from "./failure.ts";

/** Where Redis is, or the sentence that says why nobody can know. */
export type Whereabouts =
  { readonly settings: RedisSettings; readonly warning: string | null } | { readonly mistake: string };

const patienceMs = 1_500;

/**
 * The settings as they are where one of the Sentinels is one, or none are named; with the plain address in their place where all answer
 * that they know nothing of Sentinels. Rejects with StoreUnavailable while none is found and one says nothing; safe to repeat.
 */
export async function settleWhereabouts(settings: RedisSettings): Promise<Whereabouts> {
  const { address, sentinel = null } = settings;
  if (address !== null || sentinel === null) return { settings, warning: null };
  const asked = await Promise.allSettled(sentinel.addresses.map((one) => isSentinel(one, settings)));
  if (asked.some((answer) => answer.status === "fulfilled" && answer.value)) return { settings, warning: null };
  const silent = asked.find((answer) => answer.status === "rejected");
  if (silent !== undefined) throw asStoreUnavailable(silent.reason);
  const what = "REDIS_SENTINEL_ADDRESS names a Redis, not a Sentinel";
  const { otherwise = null } = sentinel;
  if (otherwise === null) return { mistake: `${what}: name the Sentinels, or give REDIS_ADDRESS alone.` };
  return { settings: { ...settings, address: otherwise, sentinel: null }, warning: `${what}: REDIS_ADDRESS holds.` };
}

async function isSentinel(address: string, { tls = false }: RedisSettings): Promise<boolean> {
  const redis = new Redis({
    ...hostAndPort(address),
    ...(tls ? { tls: { rejectUnauthorized: true } } : {}),
    ...{ protocol: 2, lazyConnect: true, disableClientInfo: true, enableReadyCheck: false },
    ...{ connectTimeout: patienceMs, commandTimeout: patienceMs, retryStrategy: null },
  });
  const failures: unknown[] = [];
  redis.on("error", (error) => failures.push(error));
  try {
    await redis.connect();
    await redis.call("SENTINEL", "MASTERS");
    return true;
  } catch (error) {
    // Redis looks for the command before it asks for a password: whoever asks, or refuses otherwise, knows it.
    if (error instanceof Error && error.name === "ReplyError") return !/^ERR unknown command/i.test(error.message);
    // The library tells the cause apart from the rejection.
    throw failures[0] ?? error;
  } finally {
    redis.disconnect();
  }
}
