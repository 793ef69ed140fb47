// Committed offsets and log bounds, asked of the brokers. Owns an admin connection of its own and the sharing of answers; knows nothing
// of the group's assignment.
import type { Admin } from "kafkajs";

import type { Clock, Log } from "../../topology/ports.ts";
import { createKafka, type KafkaConnection, type KafkaHandle } from "./client.ts";
import { pause, within } from "./deadline.ts";
import { judgeSend } from "./produce-errors.ts";

/** Log start and next offset of a partition. */
export interface Bounds {
  readonly start: number;
  readonly end: number;
}

/** Questions about offsets. Each repeats for 10 s while brokers do not answer, then rejects. */
export interface OffsetQueries {
  /** Next offsets by topic and partition; those without a commit are absent. */
  committed(groupId: string, topics: readonly string[]): Promise<ReadonlyMap<string, ReadonlyMap<number, number>>>;
  /** Bounds by partition. */
  bounds(topic: string): Promise<ReadonlyMap<number, Bounds>>;
  /** Number of partitions of the topic. */
  partitions(topic: string): Promise<number>;
  close(): Promise<void>;
}

const patienceMs = 10_000;
const requestTimeoutMs = 4_000;
const betweenTriesMs = 200;

/** Makes the queries; connects at the first. */
export function createOffsetQueries(connection: KafkaConnection, clock: Clock, log: Log): OffsetQueries {
  let open: { readonly handle: KafkaHandle; readonly admin: Promise<Admin> } | null = null;
  let closed = false;
  const shared = new Map<string, () => Promise<unknown>>();

  const connected = (): Promise<Admin> => {
    if (open === null) {
      const retry = { retries: 1, initialRetryTime: 100, maxRetryTime: 500 };
      const handle = createKafka(connection, { requestTimeoutMs, retry }, log);
      const admin = handle.kafka.admin({ retry });
      open = { handle, admin: admin.connect().then(() => admin) };
    }
    return open.admin;
  };

  const ask = async <Answer>(question: (admin: Admin) => Promise<Answer>): Promise<Answer> => {
    const untilMs = clock.monotonicMs() + patienceMs;
    for (;;) {
      const leftMs = Math.max(1, untilMs - clock.monotonicMs());
      const answer = await within(clock, leftMs, connected().then(question));
      if (answer.kind === "done") return answer.value;
      const error = answer.kind === "failed" ? answer.error : noAnswer();
      open?.handle.cut();
      open = null;
      if (closed || judgeSend(error).verdict === "refused" || clock.monotonicMs() + betweenTriesMs >= untilMs)
        throw error;
      await pause(clock, betweenTriesMs);
    }
  };

  /** Calls made while an answer is on its way wait for the next one, all for the same: a takeover of many indexes asks once or twice. */
  const once = <Answer>(key: string, question: (admin: Admin) => Promise<Answer>): Promise<Answer> => {
    const known = shared.get(key) ?? createShared(() => ask(question));
    shared.set(key, known);
    return known() as Promise<Answer>;
  };

  return {
    committed: (groupId, topics) =>
      once(`committed ${groupId} ${topics.join(" ")}`, async (admin) => {
        const answers = await admin.fetchOffsets({ groupId, topics: [...topics] });
        return new Map(
          answers.map(({ topic, partitions }) => [
            topic,
            new Map(
              partitions
                .filter(({ offset }) => Number(offset) >= 0)
                .map(({ partition, offset }) => [partition, Number(offset)] as const),
            ),
          ]),
        );
      }),
    bounds: (topic) =>
      once(`bounds ${topic}`, async (admin) => {
        const answers = await admin.fetchTopicOffsets(topic);
        return new Map(
          answers.map(({ partition, low, high }) => [partition, { start: Number(low), end: Number(high) }] as const),
        );
      }),
    partitions: (topic) =>
      once(`partitions ${topic}`, async (admin) => {
        const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
        return topics[0]?.partitions.length ?? 0;
      }),
    async close() {
      closed = true;
      const last = open;
      open = null;
      if (last === null) return;
      await within(
        clock,
        requestTimeoutMs,
        last.admin.then((admin) => admin.disconnect()),
      );
      last.handle.cut();
    },
  };
}

/** Named as KafkaJS names it, so that crash.ts takes both alike. */
function noAnswer(): Error {
  return Object.assign(new Error("Kafka did not answer in time"), { name: "KafkaJSRequestTimeoutError" });
}

function createShared<Answer>(load: () => Promise<Answer>): () => Promise<Answer> {
  let running: Promise<Answer> | null = null;
  let following: Promise<Answer> | null = null;
  const begin = (): Promise<Answer> => {
    const mine = load();
    running = mine;
    const done = (): void => {
      if (running === mine) running = null;
    };
    mine.then(done, done);
    return mine;
  };
  const next = (): Promise<Answer> => {
    following = null;
    return begin();
  };
  return () => {
    if (running === null) return begin();
    following ??= running.then(next, next);
    return following;
  };
}
