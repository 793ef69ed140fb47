// Plain fetches of a range of one partition of any topic. Owns positions, holes and repeats of such a read; what the records mean is the
// caller's. Used by the changelog reader and by the operator's command line: nothing is committed, and no group is joined.
//
// There is no public way to fetch in KafkaJS but a consumer group, whose joins, paused loops and offsets this read has no use for. What is
// used instead is the `cluster` that KafkaJS hands to every partition assigner: its fetch is in KafkaJS's types, it answers in one
// round trip, and reads of several partitions do not wait for each other.
import type { Cluster, KafkaMessage } from "kafkajs";

import type { Clock, ConsumedRecord, Log } from "../../topology/ports.ts";
import { createKafka, type KafkaConnection, type KafkaHandle } from "./client.ts";
import { pause, within } from "./deadline.ts";
import { judgeSend } from "./produce-errors.ts";
import { toRecord } from "./records.ts";

/** What the reader needs. */
export interface TopicReaderOptions {
  readonly connection: KafkaConnection;
  /** Full names; others can't be read. */
  readonly topics: readonly string[];
  /** A read that gets no further for so long, in milliseconds, rejects. */
  readonly patienceMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Hears that records went away before they were read: the read goes on at `start`. */
  readonly truncated: (at: TopicRange) => void;
}

/** Which records: from <= offset < to. */
export interface TopicRange {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** A reader, with its life. */
export interface TopicReader {
  /** Connects, so that the first read does not have to. */
  connect(): Promise<void>;
  /** Calls `each` with every record of the range, in order, in slices; resolves when all were given. Rejects when the log ends before. */
  read(range: TopicRange, each: (records: readonly ConsumedRecord[]) => Promise<void>): Promise<void>;
  /** Ends the connections; reads that run reject. Safe to repeat. */
  close(): Promise<void>;
}

interface Fetched {
  readonly messages: readonly KafkaMessage[];
  readonly highWatermark: number;
}

interface FetchAnswer {
  readonly responses: readonly {
    readonly partitions: readonly {
      readonly highWatermark: string;
      readonly messages: readonly (KafkaMessage & { readonly isControlRecord?: boolean })[];
    }[];
  }[];
}

const requestTimeoutMs = 5_000;
/** The range exists already, so a fetch has nothing to wait for; this bounds how long it holds up the others. */
const maxWaitMs = 50;
const fetchBytes = 2 * 1024 * 1024;
const betweenTriesMs = 100;

/** Makes the reader; connects at the first read or by `connect`. */
export function createTopicReader(options: TopicReaderOptions): TopicReader {
  const { clock, log } = options;
  let open: { readonly handle: KafkaHandle; readonly cluster: Promise<Cluster> } | null = null;
  let closed = false;

  const connected = (): Promise<Cluster> => {
    if (open === null) {
      const handle = createKafka(
        options.connection,
        { requestTimeoutMs, retry: { retries: 1, initialRetryTime: 100, maxRetryTime: 500 } },
        log,
      );
      open = { handle, cluster: connectCluster(handle, options.topics) };
    }
    return open.cluster;
  };

  const drop = (handle: KafkaHandle | undefined): void => {
    handle?.cut();
    if (open?.handle === handle) open = null;
  };

  const fetchOnce = async ({ topic, partition }: TopicRange, offset: number): Promise<Fetched> => {
    const cluster = await connected();
    const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
    if (nodeId === undefined) throw new Error(`no partition ${partition} of topic ${topic}`);
    const broker = await cluster.findBroker({ nodeId });
    const partitions = [{ partition, fetchOffset: String(offset), maxBytes: fetchBytes }];
    const answer = (await broker.fetch({
      maxWaitTime: maxWaitMs,
      minBytes: 1,
      maxBytes: fetchBytes,
      topics: [{ topic, partitions }],
    })) as FetchAnswer;
    const found = answer.responses[0]?.partitions[0];
    if (found === undefined) throw new Error(`the broker's answer lacks partition ${partition} of ${topic}`);
    return { messages: found.messages, highWatermark: Number(found.highWatermark) };
  };

  const startOf = async ({ topic, partition }: TopicRange): Promise<number> => {
    const cluster = await connected();
    const answer = await cluster.fetchTopicsOffset([{ topic, fromBeginning: true, partitions: [{ partition }] }]);
    return Number(answer[0]?.partitions[0]?.offset ?? 0);
  };

  return {
    async connect() {
      await connected();
    },
    async read(range, each) {
      const { from, to } = range;
      let position = from;
      let logEnd: number | null = null;
      let untilMs = clock.monotonicMs() + options.patienceMs;
      while (position < to) {
        const handle = open?.handle;
        const leftMs = Math.max(1, untilMs - clock.monotonicMs());
        const ended = await within(clock, leftMs, fetchOnce(range, position));
        if (ended.kind === "done") {
          const { messages, highWatermark } = ended.value;
          const records = recordsBetween(messages, position, to);
          if (records.length > 0) await each(records);
          const before = position;
          logEnd = highWatermark;
          position = behind(messages, position);
          if (position > before) untilMs = clock.monotonicMs() + options.patienceMs;
          else if (position < highWatermark) position += 1;
          else if (clock.monotonicMs() + betweenTriesMs >= untilMs) throw shorter(range, highWatermark);
          else await pause(clock, betweenTriesMs);
          continue;
        }
        const error = ended.kind === "failed" ? ended.error : new Error("Kafka did not answer a fetch in time");
        if (outOfRange(error)) {
          const start = await startOf(range);
          if (start <= position) throw shorter(range, start);
          options.truncated({ ...range, from: position, to: start });
          position = start;
          continue;
        }
        if (ended.kind === "late" && logEnd !== null && position >= logEnd) throw shorter(range, logEnd);
        drop(handle ?? open?.handle);
        if (closed || clock.monotonicMs() + betweenTriesMs >= untilMs) throw error;
        log.warn(
          { topic: range.topic, partition: range.partition, code: judgeSend(error).code },
          "a fetch failed and is repeated",
        );
        await pause(clock, betweenTriesMs);
      }
    },
    async close() {
      closed = true;
      const last = open;
      open = null;
      if (last === null) return;
      await within(
        clock,
        requestTimeoutMs,
        last.cluster.then((cluster) => cluster.disconnect()),
      );
      last.handle.cut();
    },
  };
}

async function connectCluster(handle: KafkaHandle, topics: readonly string[]): Promise<Cluster> {
  const found: Cluster[] = [];
  // Never joins: the group exists in name only.
  handle.kafka.consumer({
    groupId: "never-joined",
    allowAutoTopicCreation: false,
    partitionAssigners: [
      ({ cluster }) => {
        found.push(cluster);
        return { name: "none", version: 0, assign: () => Promise.resolve([]), protocol: () => noProtocol };
      },
    ],
  });
  const [cluster] = found;
  if (cluster === undefined) throw new Error("KafkaJS made no cluster for a consumer");
  await cluster.connect();
  await cluster.addMultipleTargetTopics([...topics]);
  return cluster;
}

const noProtocol = { name: "none", metadata: Buffer.alloc(0) };

/** The fetch answers whole batches: they may begin before the position and end behind the range. */
function recordsBetween(messages: Fetched["messages"], from: number, to: number): ReturnType<typeof toRecord>[] {
  return messages
    .filter((message) => !("isControlRecord" in message && message.isControlRecord === true))
    .map(toRecord)
    .filter(({ offset }) => offset >= from && offset < to);
}

/**
 * Next position. Unchanged when the answer held nothing at or behind it: at the log's end, or when what is left of a compacted
 * batch is in front of it (then the caller goes on by one; KafkaJS does not tell where such a batch ends).
 */
function behind(messages: Fetched["messages"], position: number): number {
  const last = messages.at(-1);
  return last === undefined ? position : Math.max(position, Number(last.offset) + 1);
}

function outOfRange(error: unknown): boolean {
  return error instanceof Error && "type" in error && error.type === "OFFSET_OUT_OF_RANGE";
}

function shorter({ topic, partition, to }: TopicRange, end: number): Error {
  return new Error(`partition ${partition} of ${topic} ends at ${end}, before ${to}: it was recreated or cut`);
}
