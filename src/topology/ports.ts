// What the runtime needs of the outside world. Implemented in clients/ for real, and in memory for tests; one contract
// suite runs on both. A topic is named by its suffix here; the implementations add the prefix.
import type { ReplyRecord } from "../processors/messages/generated.ts";
import type { Offsets, StateChange, StoredIndex } from "./stored.ts";
import type { InputTopic, TopicSuffix } from "./topics.ts";

/** One header of a record. */
export interface Header {
  readonly name: string;
  readonly value: Buffer | null;
}

/** A record as it came from a topic. */
export interface ConsumedRecord {
  readonly offset: number;
  /** Record time, epoch milliseconds. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly Header[];
}

/** A record on its way to a topic. */
export interface ProducedRecord {
  readonly topic: TopicSuffix;
  /** Explicit; null lets the implementation choose by murmur2 of the key. */
  readonly partition: number | null;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: readonly Header[];
}

/**
 * Why records could not be produced. `refused`: the broker will never take them (too large, not authorised, no such topic);
 * otherwise it may. Either way none of the call's records counts as produced, and some may be stored.
 */
export interface ProduceFailure extends Error {
  readonly name: "ProduceFailure";
  readonly refused: boolean;
}

/**
 * Writes records with acks=all through an idempotent producer with one send outstanding; calls that wait are coalesced
 * into the next send. Order: of one call as given, per partition; of two calls in the order in which they were made.
 * After a failed send the producer instance is retired, and each waiting call goes out whole and alone through a new one.
 */
export interface Producer {
  /** Resolves with the offset of each record after the broker's ack. Rejects with ProduceFailure. */
  produce(records: readonly ProducedRecord[]): Promise<readonly number[]>;
}

/** A producer whose calls can wait for company. */
export interface PatientProducer extends Producer {
  /** As above; with `patienceMs` the records may wait so long for a send that goes out anyway. */
  produce(records: readonly ProducedRecord[], patienceMs?: number): Promise<readonly number[]>;
  /** Ends the patience of all that waits. */
  hurry(): void;
}

/** A batch as the consumer hands it over. */
export interface ConsumedBatch {
  readonly topic: InputTopic;
  readonly partition: number;
  /** Offset that the fetch asked for: the batch holds everything that exists from there to `nextOffset`. */
  readonly fetchedOffset: number;
  /** Offset after the last record, control records included. */
  readonly nextOffset: number;
  readonly records: readonly ConsumedRecord[];
}

/** What a consumer tells its owner. All calls are synchronous and must not throw. */
export interface ConsumerListener {
  /**
   * Partition indexes owned from now on. Those that are not listed are lost at this moment. `uninterrupted`: the group has counted on
   * this member ever since the assignment before, so that nobody else can have owned in between what is listed in both.
   */
  assigned(partitions: readonly number[], uninterrupted: boolean): void;
  /** The consumer has left the group or lost it; no index is owned. */
  revoked(): void;
  batch(batch: ConsumedBatch): void;
  /** The consumer ended and will not come back: the process must end. */
  crashed(error: Error): void;
}

/** The input side of one group member. Indexes are co-partitioned: index p means partition p of every input. */
export interface Consumer {
  start(listener: ConsumerListener): Promise<void>;
  /** From where the next batch of this partition is to come; drops what was fetched before. */
  seek(topic: InputTopic, partition: number, offset: number): void;
  pause(partition: number): void;
  resume(partition: number): void;
  /** Commits next offsets. Accepted also for partitions already lost, so commit only owned ones. Rejects when the broker refuses. */
  commit(
    offsets: readonly { readonly topic: InputTopic; readonly partition: number; readonly nextOffset: number }[],
  ): Promise<void>;
  /** Committed next offsets of a partition index; null where none is committed. */
  committed(partition: number): Promise<Offsets<number | null>>;
  /** Log start and end (next offset) of a partition of any topic. */
  bounds(topic: TopicSuffix, partition: number): Promise<{ readonly start: number; readonly end: number }>;
  /** Age of the group's last successful heartbeat, milliseconds. */
  heartbeatAgeMs(): number;
  /** Leaves the group. Safe to repeat. */
  stop(): Promise<void>;
}

/** Reads the changelog. */
export interface ChangelogReader {
  /** Calls `each` with every record of the partition with from <= offset < to, in order, in slices; resolves when all were given. */
  read(
    partition: number,
    from: number,
    to: number,
    each: (records: readonly ConsumedRecord[]) => Promise<void>,
  ): Promise<void>;
}

/** What became of bytes. */
export type Decoded<Value> =
  | { readonly kind: "value"; readonly value: Value }
  /** Not our wire format, not the schema, or a schema id that the registry does not know. */
  | { readonly kind: "bad"; readonly reason: "undecodable" | "unknown_schema"; readonly detail: string }
  /** The registry did not answer: the record must wait. */
  | { readonly kind: "unavailable"; readonly detail: string };

/** Bytes to messages and back, in the registry's wire format. */
export interface Codec {
  /** Synchronous: the schema ids are known from the start. Throws EncodeFailure naming the field when the value breaks its schema (a defect of ours). */
  encode(topic: TopicSuffix, value: unknown): Buffer;
  /** Synchronous for known writer schemas. Decodes into the newest reader schema. */
  decode(topic: TopicSuffix, bytes: Buffer): Decoded<unknown> | Promise<Decoded<unknown>>;
}

/** What a save answers. */
export type SaveVerdict =
  | "saved"
  /** Another epoch stands: the index is not mine any more. */
  | "fenced"
  /** The turn is not the expected one: Redis went back in time, or was written by nobody I know. */
  | "behind"
  /** No cursor at all: Redis lost its data. */
  | "missing";

/** One turn as it is saved. */
export interface SaveRequest {
  readonly partition: number;
  readonly epoch: number;
  readonly expectedTurn: number;
  readonly nextTurn: number;
  readonly applied: Offsets<number>;
  /** The changelog records to produce: states, then the cursor, which holds the other outputs and the replies. Null when there are none. */
  readonly outbox: Buffer | null;
  /** Next offset of the changelog that the saved states reflect. */
  readonly changelogPosition: number;
  readonly changes: readonly StateChange[];
}

/** How far the stored index is, and whose it is. */
export interface Standing {
  readonly epoch: number;
  readonly turn: number;
}

/** What is stored of one user. */
export interface StoredUser {
  /** JSON of the state as saved; null means none. */
  readonly state: string | null;
  /** JSON of context entries, oldest first. */
  readonly history: readonly string[];
  readonly seen: readonly string[];
  /** True: there are entries beside `history`, none of which counts any more. */
  readonly hasOutlived?: boolean;
}

/** Answer to the begin of a command. */
export type MarkVerdict =
  /**
   * `postSequence` is the number to post with: that of an earlier begin of the same command; else the larger of the one
   * asked for and the one after the lane's last (too high is told by the desk, too low would be dropped without a word).
   * Null when the command does not post. `repeated`: the same command had begun before.
   */
  | { readonly kind: "begun"; readonly repeated: boolean; readonly postSequence: number | null }
  /** `postSequence` is the lane's last number, null when none is kept. */
  | { readonly kind: "done"; readonly postSequence: number | null }
  | { readonly kind: "fenced" };

/** Which command of which lane, and on whose behalf it is marked. */
export interface LaneMark {
  readonly partition: number;
  readonly epoch: number;
  readonly userId: string;
  readonly chatId: string;
  readonly lane: string;
  readonly seq: number;
}

/**
 * The state store. Every call may reject with StoreUnavailable, and then its outcome is unknown: the same call again is
 * always safe. Nothing is written for an index whose stored epoch differs from the caller's.
 */
export interface Store {
  /**
   * Takes the index over: refused unless `epoch` is higher than the stored one. Answers what is stored, `index` null
   * when there is nothing. A repeat with the same epoch is accepted again.
   */
  claim(
    partition: number,
    epoch: number,
    instanceId: string,
  ): Promise<
    | { readonly kind: "claimed"; readonly index: StoredIndex | null; readonly released: boolean }
    | { readonly kind: "refused"; readonly storedEpoch: number }
  >;
  /** Writes states folded from the changelog, and the cursor with them when `cursor` is given; fenced by epoch. */
  catchUp(
    partition: number,
    epoch: number,
    changes: readonly StateChange[],
    cursor: StoredIndex | null,
  ): Promise<"saved" | "fenced">;
  /** Users of the index that have an open chat, a pending command, or a moment to wait for. */
  liveUsers(partition: number): Promise<readonly string[]>;
  load(users: readonly string[]): Promise<readonly StoredUser[]>;
  save(request: SaveRequest): Promise<SaveVerdict>;
  /** Epoch and turn that stand there (turn 0 before the first save); null where there is no epoch. */
  standings(partitions: readonly number[]): Promise<readonly (Standing | null)[]>;
  /**
   * Marks a command as begun; `postSequence` null when it does not post (the lane's last number stays). With `renumber`
   * the number is taken as given, because the desk told it. Of a chat and lane only the last command's mark is kept.
   */
  begin(mark: LaneMark, postSequence: number | null, renumber: boolean): Promise<MarkVerdict>;
  /**
   * Marks it as done; `postSequence` is the number that the desk accepted, null leaves the lane's last number. An owner of an
   * earlier epoch may still mark what it has begun, as long as nothing followed: it is true, and spares the next owner a repeat.
   */
  finish(mark: LaneMark, postSequence: number | null): Promise<"done" | "fenced">;
  /** Clean stop: tells the next owner that it need not wait. */
  release(partition: number, epoch: number): Promise<void>;
  /** Keeps each reply 60 s under its request id and wakes who waits for it: all of them in one step. */
  publishReplies(replies: readonly ReplyRecord[]): Promise<void>;
}

/** Time. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Milliseconds that never go back. */
  monotonicMs(): number;
  /** Calls `fn` once, not before `delayMs`; the returned function cancels it. */
  after(delayMs: number, fn: () => void): () => void;
}

/** Chance. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
}

/**
 * Constant texts plus fields; never a phone number or text of a message. A user is told as the field `userId` and nowhere else:
 * implementations that write anywhere put a keyed hash in its place.
 */
export interface Log {
  info(fields: Readonly<Record<string, unknown>>, text: string): void;
  warn(fields: Readonly<Record<string, unknown>>, text: string): void;
  error(fields: Readonly<Record<string, unknown>>, text: string): void;
}

/** Counters and observations by name; the implementation knows their help texts. No user in a label. */
export interface Metrics {
  count(name: CounterName, labels?: Readonly<Record<string, string>>, by?: number): void;
  observeMs(name: TimerName, ms: number, labels?: Readonly<Record<string, string>>): void;
  /** Sets a gauge. */
  gauge(name: GaugeName, value: number, labels?: Readonly<Record<string, string>>): void;
}

/** What is counted. */
export type CounterName =
  | "records_applied"
  | "records_skipped"
  | "turns"
  | "dead_letters"
  | "produce_failures"
  | "takeovers"
  | "fenced"
  | "commands"
  | "command_attempts"
  | "polls"
  | "alarms"
  | "circuits_opened"
  | "calls_held_back";
/** What is timed. */
export type TimerName =
  "turn" | "save" | "changelog" | "produce" | "takeover" | "command" | "input_age" | "rate_limit_wait";
/** What is measured. */
export type GaugeName =
  | "owned_indexes"
  | "inbox_records"
  | "lane_depth"
  | "open_chats"
  | "open_polls"
  | "consumer_lag"
  | "pending_due"
  | "circuit_open"
  | "api_usage";
