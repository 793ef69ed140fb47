// Taking over from the Go service, once it has been stopped: its open chats and its undelivered texts become records on our topics before
// anything is consumed. All of it may be done again, by a start after a crash or by several instances at once. Called by composition.ts.
import { drainOriginalTopic } from "./clients/kafka/original-topic.ts";
import { kafkaConnection } from "./composition-settings.ts";
import { waitFor, waitForKafka, type Cluster, type Start, type Storage } from "./composition-storage.ts";
import { readOriginalMessage } from "./processors/messages/original-message.ts";
import type { AgentEvent, ChannelMessage, DeadLetter } from "./processors/messages/generated.ts";
import type { ConsumedRecord, ProducedRecord } from "./topology/ports.ts";

const perProduce = 500;
const patienceMs = 10_000;

/**
 * Chats first, texts behind them: a text is decided when its chat is known. Rejects with Lost when the start is not wanted any more.
 */
export async function rollOver(start: Start, storage: Storage, cluster: Cluster): Promise<void> {
  const { log, settings, clock } = start;
  const { users, originals, contexts } = await waitFor(start, "redis", () => storage.originals.look());
  for (let i = 0; i < users.length; i += perProduce) {
    const records = users.slice(i, i + perProduce).map((userId) => rewritten(userId, start, storage));
    await waitForKafka(start, () => cluster.effects.produce(records));
  }
  const drained = await waitForKafka(start, () =>
    drainOriginalTopic(
      {
        ...{ topic: settings.kafka.topicPrefix, groupId: settings.kafka.groupId, patienceMs, clock, log },
        connection: kafkaConnection(settings, start.instanceId),
      },
      async (partition, found) => {
        const records = found.flatMap((record) => leftOver(partition, record, start, storage));
        if (records.length > 0) await cluster.effects.produce(records);
      },
    ),
  );
  const { taken = 0, tooOld = 0 } = drained ?? {};
  if (users.length + contexts + taken + tooOld === 0) return;
  log.info(
    { chats: originals, rewritten: users.length, contexts, texts: taken, textsTooOld: tooOld },
    "took over what the service before this one left",
  );
}

/** Has the owner of the user read the record as it is and write it as it is written now. */
function rewritten(userId: string, { settings, clock }: Start, { codec }: Storage): ProducedRecord {
  const at = clock.now();
  const body = { type: "DueTime", kind: "rewrite", dueAt: at } as const;
  const event: AgentEvent = { client: settings.client, userId, chatId: "", occurredAt: at, body };
  return keyed("agent-events", userId, codec.encode("agent-events", event));
}

/** A text to the user goes to the lane of the user, one to the agent comes as a message of the user. */
function leftOver(partition: number, found: ConsumedRecord, start: Start, { codec }: Storage): ProducedRecord[] {
  const { client, kafka } = start.settings;
  const message = readOriginalMessage(found.value);
  const now = start.clock.now();
  if (message === null) {
    const { key, value, headers, offset } = found;
    const place = { topic: kafka.topicPrefix, partition, offset };
    const unknown = { userId: null, chatId: null, requestId: null };
    const why = { reason: "undecodable", detail: "not a message of the service before this one" } as const;
    const letter: DeadLetter = {
      ...{ client, ...place, key, value, headers, occurredAt: now, ...why, ...unknown },
      ...{ holds: "record", attempts: 1 },
    };
    return [{ topic: "dead-letters", partition: null, key, value: codec.encode("dead-letters", letter) }];
  }
  if (message.client !== client) return [];
  const { userId, text, channel } = message;
  const messageId = `left-over:${String(partition)}:${String(found.offset)}:${String(found.timestamp)}`;
  const head = { client, userId, occurredAt: found.timestamp };
  if (message.to === "user") {
    const event: AgentEvent = { ...head, chatId: "", body: { type: "LeftOver", messageId, text } };
    return [keyed("agent-events", userId, codec.encode("agent-events", event))];
  }
  const said: ChannelMessage = {
    ...{ ...head, messageId, channel, author: "user", receivedAt: now },
    ...{ type: "text", text, media: null },
  };
  return [keyed("channel-messages", userId, codec.encode("channel-messages", said))];
}

function keyed(topic: "agent-events" | "channel-messages", userId: string, value: Buffer): ProducedRecord {
  return { topic, partition: null, key: Buffer.from(userId), value };
}
