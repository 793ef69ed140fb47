// One connection to Redis: how it is made, when it is ready, how it comes back. The only place that knows how Redis is reached
// (host and port, Sentinel, TLS). Callers: composition-storage.ts and src/operator.ts, which
// hand the connection to store, replies and context.
import { Redis } from "ioredis";

import type { Log, Random } from "../../topology/ports.ts";
import { storeUnavailable } from "../../topology/store-unavailable.ts";
import { redisFailureCode } from "./failure.ts";

/** Where Redis is. */
export interface RedisSettings {
  /** `host:port`, or `host` for port 6379; null: the Sentinels say where the master is. */
  readonly address: string | null;
  /** Asked only where `address` is null. Each address is host:port, and so is what holds where they are none (sentinels.ts). */
  readonly sentinel?: {
    readonly master: string;
    readonly addresses: readonly string[];
    readonly otherwise?: string | null;
  } | null;
  /** TLS to Redis and to the Sentinels, certificates checked by the system's authorities. Default: false. */
  readonly tls?: boolean;
  /** Null means none. */
  readonly password: string | null;
  /** No answer within this many milliseconds rejects a command with an unknown outcome. */
  readonly commandTimeoutMs?: number;
}

/** A connection that reconnects by itself until it is closed. */
export interface RedisConnection {
  readonly redis: Redis;
  isReady(): boolean;
  /** Resolves when commands can be sent. Rejects with StoreUnavailable, naming the last failure, after `timeoutMs`. */
  ready(timeoutMs: number): Promise<void>;
  /** Ends the connection at once, and the reconnecting with it. Safe to repeat. */
  close(): void;
}

const longestDelayMs = 2_000;

/**
 * Connects, in the background. A command fails at once while there is no connection, and after the time-out on a connection
 * that says nothing; it is never queued and never sent again by the library, because what runs late runs in the name of an
 * owner that may have lost its partition. Repeating is the caller's, above the fence.
 */
export function createRedisConnection(
  settings: RedisSettings,
  tools: { readonly log: Log; readonly random: Random },
): RedisConnection {
  const { log, random } = tools;
  const redis = new Redis({
    ...whereabouts(settings),
    ...(settings.password === null ? {} : { password: settings.password }),
    // RESP3 would change the shapes of a few replies and bring nothing that is used here.
    protocol: 2,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    // Subscriptions are made again by who needs them: only then is it known what was missed meanwhile.
    autoResubscribe: false,
    // ioredis 6.0.0 never settles a command whose connection broke, unless it has a time-out (redis/ioredis#2193).
    commandTimeout: settings.commandTimeoutMs ?? 1_500,
    maxRetriesPerRequest: 1,
    connectTimeout: 5_000,
    // A connection on which an answer is due and nothing comes is given up: a cut line sends no end.
    socketTimeout: 5_000,
    // A master that was demoted keeps its clients, and a plain address may lead to its successor by now. Nothing is sent again.
    reconnectOnError: (error) => /\bREADONLY\b/.test(error.message),
    // Needs CLIENT SETINFO of Redis 7.2.
    disableClientInfo: true,
    retryStrategy: (attempt) =>
      Math.round(Math.min(50 * 2 ** Math.min(attempt, 10), longestDelayMs) * (0.5 + random.next() / 2)),
  });

  let lastFailure = "no connection yet";
  let told = false;
  redis.on("error", (error) => {
    lastFailure = redisFailureCode(error);
    if (told) return;
    told = true;
    log.warn({ code: lastFailure }, "redis connection failed, trying again until it is there");
  });
  redis.on("ready", () => {
    if (told) log.info({}, "redis connection is back");
    told = false;
  });

  const isReady = (): boolean => redis.status === "ready";
  return {
    redis,
    isReady,
    ready(timeoutMs) {
      if (isReady()) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          redis.off("ready", arrived);
          reject(storeUnavailable(lastFailure));
        }, timeoutMs);
        const arrived = (): void => {
          clearTimeout(timer);
          resolve();
        };
        redis.once("ready", arrived);
      });
    },
    close() {
      // Whoever wants an answer has waited for it: what is still under way is told as timed out.
      redis.disconnect();
    },
  };
}

// ioredis asks the Sentinels anew with every connection and takes only what calls itself a master; Sentinels cut the clients of a
// master that they demote. What a replica that was behind has lost, the owner finds out as after any reconnect.
function whereabouts({ address, sentinel, tls = false }: RedisSettings) {
  const secure = { rejectUnauthorized: true };
  if (address !== null) return { ...hostAndPort(address), ...(tls ? { tls: secure } : {}) };
  if (sentinel === undefined || sentinel === null) throw new Error("Redis has neither an address nor Sentinels");
  return {
    sentinels: sentinel.addresses.map(hostAndPort),
    name: sentinel.master,
    role: "master" as const,
    sentinelRetryStrategy: (attempt: number) => Math.min(50 * 2 ** Math.min(attempt, 10), longestDelayMs),
    ...(tls ? { tls: secure, sentinelTLS: secure, enableTLSForSentinelMode: true } : {}),
  };
}

/** Host and port of `host:port` or `host`. Throws for what is neither. */
export function hostAndPort(address: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[(?<v6>[^\]]+)\]|(?<name>[^:]+))(?::(?<port>\d+))?$/.exec(address.trim());
  const host = match?.groups?.["v6"] ?? match?.groups?.["name"];
  if (host === undefined) throw new Error("the address of Redis must be host:port");
  return { host, port: Number(match?.groups?.["port"] ?? "6379") };
}
