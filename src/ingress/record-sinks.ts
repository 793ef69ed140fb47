// The sinks of the HTTP edge on the runtime's own ports: a record is encoded, keyed by its user, and produced to the partition
// of that key. Wired in composition.ts.
import type { ChannelMessage, ChatRequest } from "../processors/messages/generated.ts";
import type { Codec, Producer } from "../topology/ports.ts";
import type { RecordSink } from "./ports.ts";

/** Both sinks. A value that breaks its schema rejects, as a broker that does not answer does. */
export function createRecordSinks(
  producer: Producer,
  codec: Codec,
): { readonly requests: RecordSink<ChatRequest>; readonly messages: RecordSink<ChannelMessage> } {
  const sink = <Value extends { readonly userId: string }>(
    topic: "chat-requests" | "channel-messages",
  ): RecordSink<Value> => ({
    async produce(...records) {
      if (records.length === 0) return;
      // One call for all: it is stored in order, and goes out again whole.
      await producer.produce(
        records.map((record) => {
          const key = Buffer.from(record.userId, "utf8");
          return { topic, partition: null, key, value: codec.encode(topic, record) };
        }),
      );
    },
  });
  return { requests: sink("chat-requests"), messages: sink("channel-messages") };
}
