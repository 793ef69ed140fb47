// The sinks of the HTTP edge on the runtime's own ports: a record is encoded, keyed by its user, and produced to the partition
// of that key. Wired in composition.ts.
import type { ChannelMessage, ChatRequest } from "../processors/messages/generated.ts";
import type { Codec, Producer } from "../topology/ports.ts";
import { produceFailure } from "../topology/produce-failure.ts";
import type { RecordSink } from "./ports.ts";

/** Keys and values that may wait for the broker at a time, of all callers together: a broker that is slow must not fill the memory. */
const maxWaitingBytes = 64 * 1024 * 1024;

/**
 * Both sinks. A value that breaks its schema rejects, as a broker that does not answer does, and as everything does while too much
 * waits: whoever called does so again.
 */
export function createRecordSinks(
  producer: Producer,
  codec: Codec,
): { readonly requests: RecordSink<ChatRequest>; readonly messages: RecordSink<ChannelMessage> } {
  let waitingBytes = 0;
  const sink = <Value extends { readonly userId: string }>(
    topic: "chat-requests" | "channel-messages",
  ): RecordSink<Value> => ({
    async produce(...records) {
      if (records.length === 0) return;
      // One call for all: it is stored in order, and goes out again whole.
      const encoded = records.map((record) => {
        const key = Buffer.from(record.userId, "utf8");
        return { topic, partition: null, key, value: codec.encode(topic, record) };
      });
      const bytes = encoded.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
      if (waitingBytes + bytes > maxWaitingBytes) throw produceFailure("too much waits for the broker", false);
      waitingBytes += bytes;
      try {
        await producer.produce(encoded);
      } finally {
        waitingBytes -= bytes;
      }
    },
  });
  return { requests: sink("chat-requests"), messages: sink("channel-messages") };
}
