// A broker in memory: partitions, offsets, a producer, a changelog reader and the faults that tests and the simulation switch on. The
// consumer group is group.ts. No timers of its own: what takes time is asked of the clock port, what takes none is a microtask.
import { isProduceFailure, produceFailure } from "../produce-failure.ts";
import { partitionOf } from "../partitioner.ts";
import type { ChangelogReader, Clock, ConsumedRecord, ProducedRecord, PatientProducer } from "../ports.ts";
import { topics, type TopicSuffix } from "../topics.ts";
import { createBrokerConnection, type BrokerConnection, type Stored } from "./broker-connection.ts";
import { createGroups, type Groups } from "./group.ts";
import { emptyPartition, recordsFrom, type BrokerSide, type LogStep, type PartitionLog } from "./partition-log.ts";

/** What happens to a produce call instead of success. */
export type ProduceFault =
  /** Stored, but the caller is told otherwise. */
  | "ack-lost"
  | "not-stored"
  /** The first half of the call's records is stored. */
  | "half-stored"
  /** The broker will never take it. */
  | "refused";

/** Rare things of the broker that tests want to know to have happened. */
export type BrokerNotice =
  | "sequence rolled back"
  | "acknowledged, not stored"
  | "commit for a lost partition accepted"
  | "two topics of one index handed over at one moment";

/** Settings; times in milliseconds. */
export interface InMemoryLogOptions {
  readonly clock: Clock;
  /** Of every topic. */
  readonly partitions: number;
  /** How long a step takes; 0 is a microtask. Default: always 0. */
  readonly delayMs?: (step: LogStep) => number;
  /** Until a killed or stalled member is missed. Default 10 s. */
  readonly sessionTimeoutMs?: number;
  /** A record above it is refused. Default 1 MiB. */
  readonly maxMessageBytes?: number;
  /** Records of one batch at most. Default 500. */
  readonly batchRecords?: number;
  readonly noticed?: (what: BrokerNotice) => void;
}

/** The broker. Everything of one object shares one state. */
export interface InMemoryLog extends Groups {
  producer(): PatientProducer;
  /** A producer id of its own, for a Producer that is tested with it. */
  connection(): BrokerConnection;
  changelogReader(): ChangelogReader;
  /** What a partition holds now. */
  records(topic: TopicSuffix, partition: number): readonly ConsumedRecord[];
  /** What a partition holds from an offset on. */
  since(topic: TopicSuffix, partition: number, offset: number): readonly ConsumedRecord[];
  /** The next produce call (that `hits` accepts) meets the fault. Faults wait in order. */
  failNext(fault: ProduceFault, hits?: (records: readonly ProducedRecord[]) => boolean): void;
  /** While down no call succeeds, no batch comes and no heartbeat; nothing is lost. */
  setDown(down: boolean): void;
  /** Takes up an offset without a record, as a control record does. */
  appendHole(topic: TopicSuffix, partition: number): void;
  /** Keeps the last record of each key and the last of all, and everything from the first record on that is younger than the lag; offsets stay. */
  compact(topic: TopicSuffix, partition: number, lagMs?: number): void;
  /** Empties a topic and starts its offsets at 0 again, as deleting and creating it does. */
  recreate(topic: TopicSuffix): void;
}

/** Makes an empty log with every topic of the service. */
export function createInMemoryLog(options: InMemoryLogOptions): InMemoryLog {
  const { clock, partitions } = options;
  const maxMessageBytes = options.maxMessageBytes ?? 1_048_576;
  const logs = new Map<TopicSuffix, readonly PartitionLog[]>(
    topics.map(({ suffix }) => [suffix, Array.from({ length: partitions }, emptyPartition)]),
  );
  const faults: { readonly fault: ProduceFault; readonly hits: (records: readonly ProducedRecord[]) => boolean }[] = [];
  const noticed = options.noticed ?? (() => undefined);
  let down = false;
  let keyless = 0;

  const side: BrokerSide = {
    clock,
    partitions,
    sessionTimeoutMs: options.sessionTimeoutMs ?? 10_000,
    batchRecords: options.batchRecords ?? 500,
    isDown: () => down,
    noticed,
    partition(topic, partition) {
      const log = logs.get(topic)?.[partition];
      if (log === undefined) throw new Error(`no partition ${partition} of ${topic}`);
      return log;
    },
    async step(step) {
      const delayMs = options.delayMs?.(step) ?? 0;
      if (delayMs > 0) await new Promise<void>((resolve) => clock.after(delayMs, resolve));
      else await Promise.resolve();
    },
    async answer(value) {
      await side.step("query");
      if (down) throw new Error("the broker is down");
      return value();
    },
  };
  const groups = createGroups(side);

  const append = (record: ProducedRecord): number => {
    const partition =
      record.partition ?? (record.key === null ? keyless++ % partitions : partitionOf(record.key, partitions));
    const log = side.partition(record.topic, partition);
    const offset = log.end;
    log.end += 1;
    log.records.push({
      offset,
      timestamp: clock.now(),
      key: record.key,
      value: record.value,
      headers: [...(record.headers ?? [])],
    });
    return offset;
  };

  const store = (records: readonly ProducedRecord[]): Stored => {
    refuseImpossible(records, partitions, maxMessageBytes);
    if (down) return { offsets: [], error: produceFailure("the broker is down", false) };
    const at = faults.findIndex(({ hits }) => hits(records));
    const fault = at < 0 ? null : (faults.splice(at, 1)[0]?.fault ?? null);
    if (fault === "refused") return { offsets: [], error: produceFailure("a fault of the test", true) };
    if (fault === "not-stored") return { offsets: [], error: produceFailure("a fault of the test", false) };
    const stored = fault === "half-stored" ? records.slice(0, Math.floor(records.length / 2)) : records;
    const offsets = stored.map(append);
    groups.wake();
    return { offsets, error: fault === null ? null : produceFailure("a fault of the test", false) };
  };

  const createProducer = (): PatientProducer => {
    // One call after the other, in the order in which they were made; a patient one waits until it is hurried, its patience ends or
    // another call comes.
    let last: Promise<unknown> = Promise.resolve();
    const patient = new Set<() => void>();
    const hurry = (): void => {
      for (const go of patient) go();
    };
    const waited = (patienceMs: number): Promise<void> =>
      new Promise((resolve) => {
        const go = (): void => {
          cancel();
          patient.delete(go);
          resolve();
        };
        const cancel = clock.after(patienceMs, go);
        patient.add(go);
      });
    return {
      hurry,
      async produce(records, patienceMs = 0) {
        const before = last;
        if (patienceMs === 0) hurry();
        const company = patienceMs === 0 ? null : waited(patienceMs);
        const mine = (async () => {
          await before;
          await company;
          await side.step("produce");
          try {
            return store(records);
          } catch (error) {
            if (isProduceFailure(error)) return { offsets: [], error };
            throw error;
          }
        })();
        last = mine;
        const outcome = await mine;
        if (outcome.error !== null) throw outcome.error;
        return outcome.offsets;
      },
    };
  };

  return {
    ...groups,
    producer: createProducer,
    connection: () => createBrokerConnection(partitions, store, noticed),
    changelogReader: () => createReader(side),
    records: (topic, partition) => [...side.partition(topic, partition).records],
    since: (topic, partition, offset) =>
      recordsFrom(side.partition(topic, partition), offset, Number.POSITIVE_INFINITY),
    failNext(fault, hits = () => true) {
      faults.push({ fault, hits });
    },
    setDown(next) {
      down = next;
      groups.brokerChanged();
    },
    appendHole(topic, partition) {
      side.partition(topic, partition).end += 1;
      groups.wake();
    },
    compact(topic, partition, lagMs = 0) {
      const log = side.partition(topic, partition);
      const young = log.records.findIndex(({ timestamp }) => clock.now() - timestamp < lagMs);
      const old = young === -1 ? log.records : log.records.slice(0, young);
      const newest = new Map(old.map((record) => [record.key?.toString("hex") ?? record.offset, record.offset]));
      const kept = new Set(newest.values());
      const left = old.filter(({ offset }) => kept.has(offset) || offset === log.end - 1);
      log.records = [...left, ...log.records.slice(old.length)];
    },
    recreate(topic) {
      for (let partition = 0; partition < partitions; partition += 1) {
        Object.assign(side.partition(topic, partition), emptyPartition());
      }
      groups.wake();
    },
  };
}

function refuseImpossible(records: readonly ProducedRecord[], partitions: number, maxMessageBytes: number): void {
  for (const { topic, partition, key, value } of records) {
    if (partition !== null && (partition < 0 || partition >= partitions)) {
      throw produceFailure(`no partition ${partition} of topic ${topic}`, true);
    }
    if ((key?.length ?? 0) + (value?.length ?? 0) > maxMessageBytes) {
      throw produceFailure(`a record for ${topic} is above max.message.bytes`, true);
    }
  }
}

function createReader(side: BrokerSide): ChangelogReader {
  return {
    async read(partition, from, to, each) {
      const log = side.partition("interconnections", partition);
      let position = Math.max(from, log.start);
      while (position < to) {
        const slice = await side.answer(() => {
          if (log.end < to) throw new Error(`the changelog of partition ${partition} ends at ${log.end}, before ${to}`);
          return recordsFrom(log, position, side.batchRecords).filter(({ offset }) => offset < to);
        });
        const last = slice.at(-1);
        if (last === undefined) return;
        await each(slice);
        position = last.offset + 1;
      }
    },
  };
}
