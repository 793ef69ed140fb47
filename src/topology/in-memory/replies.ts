// Waiting for replies in memory: the ingress's side of the in-memory store. For tests.
import type { Reply } from "../../processors/interconnection/state.ts";
import type { Clock } from "../ports.ts";
import type { InMemoryStore } from "./store.ts";

/** A call that waits; the shape that the ingress asks for. */
export interface InMemoryReplyWait {
  wait(timeoutMs: number): Promise<Reply | null>;
  close(): void;
}

/** Replies that were published through the store. */
export interface InMemoryReplies {
  waiter(requestId: string): Promise<InMemoryReplyWait>;
  find(requestId: string): Promise<Reply | null>;
}

/** The waiting side of one store. Rejects with StoreUnavailable while that is away. */
export function createInMemoryReplies(store: InMemoryStore, clock: Clock): InMemoryReplies {
  const find = async (requestId: string): Promise<Reply | null> => {
    const text = await store.reply(requestId);
    return text === null ? null : (JSON.parse(text) as Reply);
  };
  return {
    async waiter(requestId) {
      const { promise, resolve, reject } = Promise.withResolvers<Reply | null>();
      const stopListening = store.onReply((id, reply) => {
        if (id === requestId) resolve(JSON.parse(reply) as Reply);
      });
      const close = (): void => {
        stopListening();
        resolve(null);
      };
      try {
        const there = await find(requestId);
        if (there !== null) resolve(there);
      } catch (error) {
        close();
        throw error;
      }
      return {
        async wait(timeoutMs) {
          const cancel = clock.after(timeoutMs, () => void find(requestId).then(resolve, reject));
          try {
            return await promise;
          } finally {
            cancel();
          }
        },
        close,
      };
    },
    find,
  };
}
