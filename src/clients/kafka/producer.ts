// The Producer port on Kafka. Owns the order of calls, coalescing, deadlines and what happens after a failure; a KafkaJS producer is
// producer-instance.ts, what fits into a send is send-plan.ts. Called by the runtime, the ingress and the pollers.
//
// After any rejection the instance is cut off and a new producer id goes on: KafkaJS rolls its sequence back, and the broker
// would take another batch of that size for a repeat and acknowledge it without storing it.
import { produceFailure } from "../../topology/produce-failure.ts";
import { partitionOf } from "../../topology/partitioner.ts";
import type { Clock, Log, Metrics, PatientProducer, ProducedRecord } from "../../topology/ports.ts";
import { topicName, type TopicSuffix } from "../../topology/topics.ts";
import type { KafkaConnection } from "./client.ts";
import { pause, within } from "./deadline.ts";
import { judgeSend, type SendVerdict } from "./produce-errors.ts";
import {
  createProducerInstance,
  type BaseOffsets,
  type ProducerInstance,
  type ProducerInstanceOptions,
  type TopicLayout,
} from "./producer-instance.ts";
import {
  batchOverheadBytes,
  planSends,
  sizeOf,
  type PlannedCall,
  type Send,
  type SendLimits,
  type SizedRecord,
} from "./send-plan.ts";

/** What the producer needs; times in milliseconds. */
export interface KafkaProducerOptions {
  readonly connection: KafkaConnection;
  /** KAFKA_TOPIC. */
  readonly topicPrefix: string;
  readonly topics: readonly TopicSuffix[];
  /** The topics' max.message.bytes. A record above it is refused without being sent. */
  readonly maxMessageBytes: number;
  /** A call settles within about this time, its repeats included. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Makes the next instance; default is one of KafkaJS. */
  readonly openInstance?: (options: ProducerInstanceOptions) => ProducerInstance;
}

/** The port, with its life. */
export interface KafkaProducer extends PatientProducer {
  /** Resolves when a first instance can send; rejects when it can't. produce does not need it. */
  connect(): Promise<void>;
  /** Sends what waits, at most for the time of a call, and disconnects; calls made after it are rejected. Safe to repeat. */
  close(): Promise<void>;
}

interface Call extends PlannedCall {
  records: readonly SizedRecord[];
  readonly given: readonly ProducedRecord[];
  next: number;
  acknowledged: number;
  readonly offsets: number[];
  readonly deadlineMs: number;
  /** Waits for a send that goes out anyway. */
  isPatient: boolean;
  settled: boolean;
  resolve(offsets: readonly number[]): void;
  reject(error: Error): void;
}

interface Failure {
  readonly verdict: SendVerdict;
  readonly code: string;
  readonly cause: unknown;
}

interface Sent {
  readonly send: Send<Call>;
  outcome:
    { readonly kind: "waiting" } | { readonly kind: "done" } | { readonly kind: "failed"; readonly failure: Failure };
}

const shortestSendMs = 250;
const disconnectMs = 1_000;
const firstBackoffMs = 50;
const longestBackoffMs = 1_000;
const sendBytes = 8 * 1024 * 1024;
const recordsPerPartition = 500;

/** Makes the producer; connects at the first call or by `connect`. */
export function createKafkaProducer(options: KafkaProducerOptions): KafkaProducer {
  const { clock, log, metrics, timeoutMs, openInstance = createProducerInstance } = options;
  const limits: SendLimits = {
    maxRecords: recordsPerPartition,
    maxBatchBytes: options.maxMessageBytes,
    maxSendBytes: sendBytes,
  };
  const names = new Map(options.topics.map((suffix) => [suffix, topicName(options.topicPrefix, suffix)]));
  /** Calls that go out together with others, in the order in which they were made. */
  let queue: Call[] = [];
  /** Calls of a send that the broker answered with an error: alone, before all others. */
  let alone: Call[] = [];
  let instance: ProducerInstance | null = null;
  let pumping: Promise<void> | null = null;
  let failuresInARow = 0;
  let keyless = 0;
  let closed = false;

  const current = (): ProducerInstance => {
    instance ??= openInstance({
      connection: options.connection,
      topics: [...names.values()],
      sendTimeoutMs: timeoutMs,
      log,
    });
    return instance;
  };

  const retire = (used: ProducerInstance): void => {
    used.retire();
    if (instance === used) instance = null;
  };

  /** Settles the partition of each record; refuses what can never be stored. */
  const settle = (call: Call, layouts: ReadonlyMap<string, TopicLayout>): void => {
    if (call.records.length > 0) return;
    const sized: SizedRecord[] = [];
    for (const record of call.given) {
      const topic = names.get(record.topic) ?? record.topic;
      const partitions = layouts.get(topic)?.partitions ?? 0;
      let { partition } = record;
      partition ??=
        partitions === 0 ? 0 : record.key === null ? (keyless += 1) % partitions : partitionOf(record.key, partitions);
      if (partition < 0 || partition >= partitions) {
        reject(call, produceFailure(`no partition ${partition} of topic ${topic}`, true));
        return;
      }
      sized.push({ topic, partition, record, sizeBytes: sizeOf(record) });
    }
    call.records = sized;
  };

  const pump = async (): Promise<void> => {
    // Calls made in one go travel together.
    await Promise.resolve();
    while (isDue()) {
      rejectLate();
      const lone = alone.shift();
      const calls = lone === undefined ? queue : [lone];
      if (calls.length > 0) await round(calls, lone !== undefined);
    }
  };

  /** Whether something is to be sent now; with it goes whatever waits. */
  const isDue = (): boolean => alone.length > 0 || queue.some(({ isPatient }) => !isPatient);

  const rejectLate = (): void => {
    const nowMs = clock.monotonicMs();
    const inTime = (call: Call): boolean => {
      if (call.settled) return false;
      if (nowMs < call.deadlineMs) return true;
      reject(call, produceFailure("the broker did not answer in time", false));
      return false;
    };
    alone = alone.filter(inTime);
    queue = queue.filter(inTime);
  };

  /** One send to each leader, all of them awaited. */
  const round = async (calls: readonly Call[], isAlone: boolean): Promise<void> => {
    const used = current();
    const startedMs = clock.monotonicMs();
    const oldest = calls[0]?.deadlineMs ?? startedMs;
    const opened = await within(clock, Math.max(shortestSendMs, oldest - startedMs), used.ready);
    if (opened.kind !== "done") {
      // An instance that is slow to connect has sent nothing: only the calls whose time is over are given up.
      if (opened.kind === "failed") retire(used);
      afterFailure([...calls], opened.kind === "late" ? late : failureOf(opened.error), isAlone);
      if (opened.kind === "failed") await backOff();
      return;
    }
    for (const call of calls) settle(call, opened.value);
    const plan = planSends(
      calls.filter((call) => !call.settled),
      limits,
      used.leaderOf,
    );
    for (const [call, count] of plan.taken) {
      call.next += count;
      // What did not fit of it goes on at once.
      call.isPatient = false;
    }
    const sent = plan.sends.map((send): Sent => ({ send, outcome: { kind: "waiting" } }));
    await within(
      clock,
      Math.max(shortestSendMs, oldest - clock.monotonicMs()),
      Promise.all(sent.map((one) => deliver(used, one))),
    );
    metrics.observeMs("produce", clock.monotonicMs() - startedMs);
    await conclude(used, sent, calls, isAlone);
  };

  const deliver = async (used: ProducerInstance, one: Sent): Promise<void> => {
    try {
      const bases = await used.send(one.send);
      if (one.outcome.kind !== "waiting") return;
      one.outcome = { kind: "done" };
      acknowledge(one.send, bases);
    } catch (error) {
      if (one.outcome.kind === "waiting") one.outcome = { kind: "failed", failure: failureOf(error) };
    }
  };

  const conclude = async (
    used: ProducerInstance,
    sent: readonly Sent[],
    calls: readonly Call[],
    isAlone: boolean,
  ): Promise<void> => {
    let worst: Failure | null = null;
    const failed = new Set<Call>();
    for (const one of sent) {
      if (one.outcome.kind === "waiting") one.outcome = { kind: "failed", failure: late };
      if (one.outcome.kind !== "failed") continue;
      worst ??= one.outcome.failure;
      if (one.outcome.failure.verdict !== "trouble") worst = one.outcome.failure;
      for (const partitions of one.send.values()) {
        for (const entries of partitions.values()) for (const { call } of entries) failed.add(call);
      }
    }
    queue = queue.filter((call) => !call.settled && !failed.has(call));
    if (worst === null) {
      failuresInARow = 0;
      // The rest of a call that did not fit goes on at once, before anything else.
      const lone = calls[0];
      if (isAlone && lone !== undefined && !lone.settled) alone.unshift(lone);
      return;
    }
    retire(used);
    // In the order in which they were made, which the sends of several leaders do not tell.
    afterFailure(
      calls.filter((call) => failed.has(call)),
      worst,
      isAlone,
    );
    if (worst.verdict === "trouble") await backOff();
  };

  /** What failed goes again, whole: alone when the broker blamed the records, rejected when it was alone already. */
  const afterFailure = (calls: readonly Call[], failure: Failure, isAlone: boolean): void => {
    failuresInARow += 1;
    metrics.count("produce_failures", { code: failure.code });
    log.warn({ code: failure.code, calls: calls.length, alone: isAlone }, "a send to Kafka failed");
    const open = calls.filter((call) => !call.settled);
    for (const call of open) {
      call.next = 0;
      call.acknowledged = 0;
      call.isPatient = false;
    }
    if (failure.verdict === "trouble") {
      if (isAlone) alone = [...open, ...alone];
      else queue = [...open, ...queue.filter((call) => !open.includes(call))];
    } else if (isAlone || open.length === 1) {
      const error = produceFailure(failure.code, failure.verdict === "refused", failure.cause);
      for (const call of open) reject(call, error);
      queue = queue.filter((call) => !call.settled);
    } else {
      alone = [...open, ...alone];
      queue = queue.filter((call) => !open.includes(call));
    }
  };

  const backOff = async (): Promise<void> => {
    const delayMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** Math.min(failuresInARow, 10));
    await pause(clock, delayMs);
  };

  const run = (): void => {
    pumping ??= pump().finally(() => {
      pumping = null;
      if (isDue()) run();
    });
  };

  const hurry = (): void => {
    if (queue.length === 0) return;
    for (const call of queue) call.isPatient = false;
    run();
  };

  return {
    hurry,
    produce(records, patienceMs = 0) {
      if (closed) return Promise.reject(produceFailure("the producer is closed", false));
      if (records.length === 0) return Promise.resolve([]);
      const tooLarge = records.find((record) => sizeOf(record) + batchOverheadBytes > options.maxMessageBytes);
      if (tooLarge !== undefined) {
        return Promise.reject(produceFailure(`a record for ${tooLarge.topic} is above max.message.bytes`, true));
      }
      return new Promise((resolve, reject) => {
        const call: Call = {
          given: records,
          records: [],
          next: 0,
          acknowledged: 0,
          offsets: [],
          deadlineMs: clock.monotonicMs() + timeoutMs,
          isPatient: patienceMs > 0,
          settled: false,
          resolve,
          reject,
        };
        queue.push(call);
        if (patienceMs === 0) run();
        else
          clock.after(patienceMs, () => {
            call.isPatient = false;
            if (!call.settled) run();
          });
      });
    },
    async connect() {
      const used = current();
      try {
        await used.ready;
      } catch (error) {
        retire(used);
        throw error;
      }
    },
    async close() {
      closed = true;
      hurry();
      await pumping;
      const last = instance;
      instance = null;
      if (last === null) return;
      const ended = await within(clock, disconnectMs, last.disconnect());
      if (ended.kind === "failed") log.warn({ error: judgeSend(ended.error).code }, "the producer did not disconnect");
      last.retire();
    },
  };
}

const late: Failure = { verdict: "trouble", code: "TIMED_OUT", cause: undefined };

function failureOf(error: unknown): Failure {
  return { ...judgeSend(error), cause: error };
}

function reject(call: Call, error: Error): void {
  call.settled = true;
  call.reject(error);
}

function acknowledge(send: Send<Call>, bases: BaseOffsets): void {
  for (const [topic, partitions] of send) {
    for (const [partition, entries] of partitions) {
      const base = bases.get(topic)?.get(partition) ?? 0;
      for (const [place, { call, index }] of entries.entries()) {
        call.offsets[index] = base + place;
        call.acknowledged += 1;
        if (call.acknowledged === call.records.length) {
          call.settled = true;
          call.resolve(call.offsets);
        }
      }
    }
  }
}
