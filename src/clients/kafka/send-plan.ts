// What goes into the next send of the producer: pure. Owns sizes, limits and the grouping by leader, not the sending (producer.ts).
import type { ProducedRecord } from "../../topology/ports.ts";

/** A record with its partition settled, and its size as an upper bound. */
export interface SizedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly record: ProducedRecord;
  readonly sizeBytes: number;
}

/** Bounds of one send. */
export interface SendLimits {
  /** Per partition; KafkaJS groups with a cost that grows with the square of it. */
  readonly maxRecords: number;
  /** Per partition: the broker's max.message.bytes counts the batch. */
  readonly maxBatchBytes: number;
  /** Of all partitions of the send together. */
  readonly maxSendBytes: number;
}

/** A call of produce as far as planning needs it. */
export interface PlannedCall {
  readonly records: readonly SizedRecord[];
  /** Index of the first record that is in no send yet. */
  readonly next: number;
}

/** One record of one call. */
export interface PlannedEntry<Call> {
  readonly call: Call;
  /** Index of the record within its call. */
  readonly index: number;
  readonly sized: SizedRecord;
}

/** What one send carries, by topic, then partition; in order per partition. */
export type Send<Call> = ReadonlyMap<string, ReadonlyMap<number, readonly PlannedEntry<Call>[]>>;

/** Bytes of a record batch beside its records (Kafka protocol, record batch v2). */
export const batchOverheadBytes = 61;
/** Upper bound of a record's varints, and of a header's. */
const recordOverheadBytes = 36;
const headerOverheadBytes = 10;

/** Upper bound of a record's bytes in a batch. */
export function sizeOf(record: ProducedRecord): number {
  let sizeBytes = recordOverheadBytes + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const { name, value } of record.headers ?? []) {
    sizeBytes += headerOverheadBytes + Buffer.byteLength(name) + (value?.length ?? 0);
  }
  return sizeBytes;
}

/**
 * Takes records from the calls in their order until one does not fit, so that the order per partition is that of the calls.
 * At least one record is taken. `taken` says how many of each call, in the order of `calls`.
 */
export function planSends<Call extends PlannedCall>(
  calls: Iterable<Call>,
  limits: SendLimits,
  leaderOf: (topic: string, partition: number) => number,
): { readonly sends: readonly Send<Call>[]; readonly taken: ReadonlyMap<Call, number> } {
  const sends = new Map<number, Map<string, Map<number, PlannedEntry<Call>[]>>>();
  const taken = new Map<Call, number>();
  const batchBytes = new Map<PlannedEntry<Call>[], number>();
  let totalBytes = 0;
  const fits = (entries: PlannedEntry<Call>[], sizeBytes: number): boolean =>
    totalBytes === 0 ||
    (entries.length < limits.maxRecords &&
      (batchBytes.get(entries) ?? batchOverheadBytes) + sizeBytes <= limits.maxBatchBytes &&
      totalBytes + sizeBytes <= limits.maxSendBytes);

  for (const call of calls) {
    for (let index = call.next; index < call.records.length; index += 1) {
      const sized = call.records[index];
      if (sized === undefined) continue;
      const topics = getOrAdd(
        sends,
        leaderOf(sized.topic, sized.partition),
        () => new Map<string, Map<number, PlannedEntry<Call>[]>>(),
      );
      const partitions = getOrAdd(topics, sized.topic, () => new Map<number, PlannedEntry<Call>[]>());
      const entries = getOrAdd(partitions, sized.partition, (): PlannedEntry<Call>[] => []);
      if (!fits(entries, sized.sizeBytes)) return { sends: withoutEmpty(sends), taken };
      entries.push({ call, index, sized });
      batchBytes.set(entries, (batchBytes.get(entries) ?? batchOverheadBytes) + sized.sizeBytes);
      totalBytes += sized.sizeBytes;
      taken.set(call, (taken.get(call) ?? 0) + 1);
    }
  }
  return { sends: withoutEmpty(sends), taken };
}

/** The record that did not fit may have opened a batch of its own. */
function withoutEmpty<Call>(
  sends: ReadonlyMap<number, Map<string, Map<number, PlannedEntry<Call>[]>>>,
): readonly Send<Call>[] {
  for (const topics of sends.values()) {
    for (const [topic, partitions] of topics) {
      for (const [partition, entries] of partitions) if (entries.length === 0) partitions.delete(partition);
      if (partitions.size === 0) topics.delete(topic);
    }
  }
  return [...sends.values()].filter((topics) => topics.size > 0);
}

function getOrAdd<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
