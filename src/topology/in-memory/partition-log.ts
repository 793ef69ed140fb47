// What log.ts and group.ts share: one partition's records, and the broker as the group sees it. Called by these two only.
import type { Clock, ConsumedRecord } from "../ports.ts";
import type { TopicSuffix } from "../topics.ts";

/** What the log can be slow at. */
export type LogStep = "produce" | "fetch" | "query" | "join";

/** One partition: records by ascending offset, with holes. */
export interface PartitionLog {
  start: number;
  end: number;
  records: ConsumedRecord[];
}

/** What the group needs of the broker. */
export interface BrokerSide {
  readonly clock: Clock;
  readonly partitions: number;
  readonly sessionTimeoutMs: number;
  readonly batchRecords: number;
  isDown(): boolean;
  noticed(what: "commit for a lost partition accepted" | "two topics of one index handed over at one moment"): void;
  partition(topic: TopicSuffix, partition: number): PartitionLog;
  /** Resolves after the step's time. */
  step(step: LogStep): Promise<void>;
  /** Rejects while the broker is down. */
  answer<Value>(value: () => Value): Promise<Value>;
}

/** The partition's records from an offset on, at most so many. */
export function recordsFrom(log: PartitionLog, from: number, limit: number): readonly ConsumedRecord[] {
  let low = 0;
  let high = log.records.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((log.records[middle]?.offset ?? Number.POSITIVE_INFINITY) < from) low = middle + 1;
    else high = middle;
  }
  return log.records.slice(low, low + limit);
}

/** A partition without records, from offset 0. */
export function emptyPartition(): PartitionLog {
  return { start: 0, end: 0, records: [] };
}
