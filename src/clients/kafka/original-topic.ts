// The one topic of the Go service, `<KAFKA_TOPIC>` itself: what its group has not consumed is read once at start, and committed in the
// group's name, so that nobody reads it again. Owns which records those are; what they mean is original-message.ts's. Called at start.
import type { Admin } from "kafkajs";

import type { Clock, ConsumedRecord, Log } from "../../topology/ports.ts";
import { createKafka, type KafkaConnection } from "./client.ts";
import { commitForEmptyGroup } from "./coordinator.ts";
import { judgeSend } from "./produce-errors.ts";
import { createTopicReader } from "./topic-reader.ts";

/** Where it is. */
export interface OriginalTopicOptions {
  readonly connection: KafkaConnection;
  /** KAFKA_TOPIC. */
  readonly topic: string;
  readonly groupId: string;
  /** A read that gets no further for so long, in milliseconds, rejects. */
  readonly patienceMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** What there was. */
export interface Drained {
  readonly taken: number;
  /** Records that nobody had consumed and that were too old. */
  readonly tooOld: number;
}

/** Older texts have lost their chat. */
const longestMs = 86_400_000;
const requestTimeoutMs = 5_000;
const retry = { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 };

interface Range {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  readonly tooOld: number;
}

/**
 * Gives `each` the records that the group has not consumed, in order within their partition and not older than 24 h, and commits when
 * it has resolved; null where there is no such topic. Without a commit of the group it begins with the topic. Rejects with KafkaJS's
 * errors; safe to repeat, and then records may come again.
 */
export async function drainOriginalTopic(
  options: OriginalTopicOptions,
  each: (partition: number, records: readonly ConsumedRecord[]) => Promise<void>,
): Promise<Drained | null> {
  const { topic, groupId, clock, log } = options;
  const handle = createKafka(options.connection, { requestTimeoutMs, retry }, log);
  const admin = handle.kafka.admin({ retry });
  try {
    await admin.connect();
    if (!(await admin.listTopics()).includes(topic)) return null;
    const ranges = await unconsumed(admin, topic, groupId, clock.now() - longestMs);
    const left = ranges.filter(({ from, to, tooOld }) => from < to || tooOld > 0);
    if (left.length === 0) return { taken: 0, tooOld: 0 };
    const taken = await read(options, left, each);
    try {
      await commitForEmptyGroup(handle, groupId, topic, new Map(left.map(({ partition, to }) => [partition, to])));
    } catch (error) {
      // Another instance is in the group by now: it has taken them as well, under the same ids.
      log.warn({ code: judgeSend(error).code }, "the commit of the topic of the service before this one was not taken");
    }
    return { taken, tooOld: left.reduce((sum, { tooOld }) => sum + tooOld, 0) };
  } finally {
    await admin.disconnect();
    handle.cut();
  }
}

async function unconsumed(
  admin: Admin,
  topic: string,
  groupId: string,
  notBeforeMs: number,
): Promise<readonly Range[]> {
  const [[committed], bounds, young] = await Promise.all([
    admin.fetchOffsets({ groupId, topics: [topic] }),
    admin.fetchTopicOffsets(topic),
    admin.fetchTopicOffsetsByTimestamp(topic, notBeforeMs),
  ]);
  return bounds.map(({ partition, low, high }) => {
    const known = Number(committed?.partitions.find((one) => one.partition === partition)?.offset ?? -1);
    const firstYoung = Number(young.find((one) => one.partition === partition)?.offset ?? high);
    const first = Math.max(Number(low), known);
    const from = Math.max(first, firstYoung);
    return { partition, from, to: Number(high), tooOld: Math.max(0, from - first) };
  });
}

async function read(
  { connection, topic, patienceMs, clock, log }: OriginalTopicOptions,
  ranges: readonly Range[],
  each: (partition: number, records: readonly ConsumedRecord[]) => Promise<void>,
): Promise<number> {
  const truncated = (): void => log.warn({}, "the topic of the service before this one lost records unread");
  const reader = createTopicReader({ connection, topics: [topic], patienceMs, clock, log, truncated });
  let taken = 0;
  try {
    for (const { partition, from, to } of ranges) {
      if (from >= to) continue;
      await reader.read({ topic, partition, from, to }, async (records) => {
        taken += records.length;
        await each(partition, records);
      });
    }
  } finally {
    await reader.close();
  }
  return taken;
}
