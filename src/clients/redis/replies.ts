// Replies to waiting HTTP calls: kept 60 s under their request id and told to all instances on one channel. The ingress waits
// here; the owner of the user publishes through the store. What the channel lost while a connection was away is looked up.
import type { Reply } from "../../processors/interconnection/state.ts";
import type { ReplyRecord } from "../../processors/messages/generated.ts";
import type { Clock, Log } from "../../topology/ports.ts";
import { storeUnavailable } from "../../topology/store-unavailable.ts";
import type { RedisConnection } from "./connection.ts";
import { asStoreUnavailable, redisFailureCode } from "./failure.ts";
import { type KeySpace, replyChannel, replyKey } from "./keys.ts";
import type { RunScript } from "./scripts.ts";

/** One reply on the channel: request id, reply. A message is a list of them. */
type Told = readonly [string, string];

/** How long a reply can be asked for. */
const replyLifeMs = 60_000;

/** A call that waits for its reply. */
export interface ReplyWait {
  /**
   * The reply, as soon as it is there; null when there is none after `timeoutMs` or the wait was closed. Rejects with
   * StoreUnavailable when Redis can't be asked at the end.
   */
  wait(timeoutMs: number): Promise<Reply | null>;
  /** Ends the waiting. Safe to repeat, and due in every case. */
  close(): void;
}

/** Replies as the ingress sees them. */
export interface Replies {
  /** Listens for the reply to this request, before it is produced. Rejects with StoreUnavailable when Redis does not answer. */
  waiter(requestId: string): Promise<ReplyWait>;
  /** The reply to a request of the last 60 s; null when there is none. Rejects with StoreUnavailable. */
  find(requestId: string): Promise<Reply | null>;
}

/** Publishes replies: the part of the Store port that is about them. Safe to repeat; rejects with StoreUnavailable. */
export async function keepReplies(run: RunScript, space: KeySpace, replies: readonly ReplyRecord[]): Promise<void> {
  const keys = replies.map(({ requestId }) => replyKey(space, requestId));
  const told = JSON.stringify(replies.map(({ requestId, reply }): Told => [requestId, reply]));
  await run("replies", keys, [replyChannel(space), told, String(replyLifeMs), ...replies.map(({ reply }) => reply)]);
}

/**
 * The waiting side. `listener` is a connection of its own, used for nothing else: a connection that subscribes can't ask.
 * Subscribes now and at every reconnect, and then looks for the replies that may have been told meanwhile.
 */
export function createReplies(
  connection: RedisConnection,
  listener: RedisConnection,
  options: { readonly space: KeySpace; readonly clock: Clock; readonly log: Log },
): Replies {
  const { space, clock, log } = options;
  const channel = replyChannel(space);
  const waiting = new Map<string, Set<(reply: string) => void>>();
  let subscribed = false;
  let subscribing = Promise.resolve();

  const tell = (requestId: string, reply: string): void => {
    for (const arrived of waiting.get(requestId) ?? []) arrived(reply);
  };
  const stored = async (requestId: string): Promise<string | null> => {
    try {
      return await connection.redis.get(replyKey(space, requestId));
    } catch (error) {
      throw asStoreUnavailable(error);
    }
  };
  const subscribe = async (): Promise<void> => {
    try {
      await listener.redis.subscribe(channel);
      subscribed = true;
      for (const requestId of [...waiting.keys()]) {
        const reply = await stored(requestId);
        if (reply !== null) tell(requestId, reply);
      }
    } catch (error) {
      // Either connection is away again. Its next "ready" comes back here; every wait looks once more at its own end.
      log.warn({ code: redisFailureCode(error) }, "replies can't be listened for until redis is back");
    }
  };

  listener.redis.on("message", (_channel: string, message: string) => {
    // Most are for calls of other instances, or of nobody.
    if (waiting.size === 0) return;
    for (const [requestId, reply] of JSON.parse(message) as readonly Told[]) tell(requestId, reply);
  });
  listener.redis.on("close", () => {
    subscribed = false;
  });
  listener.redis.on("ready", () => {
    subscribing = subscribe();
  });
  if (listener.isReady()) subscribing = subscribe();

  return {
    async waiter(requestId) {
      await subscribing;
      if (!subscribed) throw storeUnavailable("not_subscribed");
      const reply = Promise.withResolvers<string | null>();
      const forRequest = waiting.get(requestId) ?? new Set();
      waiting.set(requestId, forRequest.add(reply.resolve));
      const close = (): void => {
        forRequest.delete(reply.resolve);
        if (forRequest.size === 0 && waiting.get(requestId) === forRequest) waiting.delete(requestId);
        reply.resolve(null);
      };
      try {
        // Proves that both connections are alive, not only open; and a repeated request may have its reply already.
        const [there] = await Promise.all([stored(requestId), answers(listener)]);
        if (there !== null) reply.resolve(there);
      } catch (error) {
        close();
        throw error;
      }
      return {
        async wait(timeoutMs) {
          const cancel = clock.after(timeoutMs, () => void stored(requestId).then(reply.resolve, reply.reject));
          try {
            const text = await reply.promise;
            return text === null ? null : parseReply(text);
          } finally {
            cancel();
          }
        },
        close,
      };
    },
    async find(requestId) {
      const reply = await stored(requestId);
      return reply === null ? null : parseReply(reply);
    },
  };
}

async function answers(connection: RedisConnection): Promise<void> {
  try {
    await connection.redis.ping();
  } catch (error) {
    throw asStoreUnavailable(error);
  }
}

function parseReply(text: string): Reply {
  // Written by the owner of the user through the same type: nobody else writes these keys.
  return JSON.parse(text) as Reply;
}
