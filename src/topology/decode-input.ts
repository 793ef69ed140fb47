// From a record of an input topic to an input of decide, or to what else becomes of it. Whose record it is, and on which
// partition it belongs, is judged here; what it means is not.
import type { Input } from "../processors/interconnection/decision.ts";
import type { AgentEvent, ChannelMessage, ChatRequest, DeadLetterReason } from "../processors/messages/generated.ts";
import type { QueuedRecord } from "./inbox.ts";
import { partitionOf } from "./partitioner.ts";
import type { Codec } from "./ports.ts";
import { timesReplayed } from "./replay.ts";

/** Header of a record that was moved to the partition of its key; it is moved once at most. */
export const movedHeader = "moved";

/** What becomes of a record before it is decided. */
export type DecodedInput =
  | {
      readonly kind: "input";
      readonly userId: string;
      readonly requestId: string | null;
      readonly input: (now: number) => Input;
    }
  /** Of another client: not ours to touch. */
  | { readonly kind: "foreign" }
  /** On the wrong partition: to be produced again under its user's key. */
  | { readonly kind: "misplaced"; readonly userId: string }
  | {
      readonly kind: "bad";
      readonly reason: DeadLetterReason;
      readonly detail: string;
      readonly userId: string | null;
      /** Of a request whose id could be read: it is refused under this id. */
      readonly requestId: string | null;
    }
  /** The registry does not answer: the record and those behind it wait. */
  | { readonly kind: "wait"; readonly detail: string };

/** Whose records are read, and on which partition. */
export interface InputRules {
  readonly client: string;
  readonly codec: Codec;
  readonly partition: number;
  readonly partitions: number;
}

/** Synchronous unless the writer's schema must be fetched. */
export function decodeInput(queued: QueuedRecord, rules: InputRules): DecodedInput | Promise<DecodedInput> {
  const { value } = queued.record;
  if (value === null) return unreadable("undecodable", "the record has no value");
  const decoded = rules.codec.decode(queued.topic, value);
  if (!(decoded instanceof Promise)) return judge(queued, decoded, rules);
  return decoded.then((late) => judge(queued, late, rules));
}

function judge(queued: QueuedRecord, decoded: Awaited<ReturnType<Codec["decode"]>>, rules: InputRules): DecodedInput {
  switch (decoded.kind) {
    case "unavailable":
      return { kind: "wait", detail: decoded.detail };
    case "bad":
      return unreadable(decoded.reason, decoded.detail);
    case "value":
      break;
  }
  const { client, userId } = decoded.value as { readonly client: string; readonly userId: string };
  if (client !== rules.client) return { kind: "foreign" };
  const broken = brokenIds(queued.topic, decoded.value as Ids);
  if (broken !== null) return broken;
  const requestId = requestIdOf(queued.topic, decoded.value);
  const key = queued.record.key?.toString();
  // Before the partition: under another key it is mostly on another one too, and moving it would mend what its sender got wrong.
  if (key !== undefined && key !== userId)
    return { kind: "bad", reason: "invalid", detail: "userId: must equal the record key", userId, requestId };
  if (partitionOf(Buffer.from(userId), rules.partitions) !== rules.partition) {
    const movedBefore = queued.record.headers.some(({ name }) => name === movedHeader);
    return movedBefore
      ? { kind: "bad", reason: "wrong_partition", detail: "moved once already", userId, requestId }
      : { kind: "misplaced", userId };
  }
  return { kind: "input", userId, requestId, input: (now) => inputOf(queued, decoded.value, rules.partition, now) };
}

function unreadable(reason: DeadLetterReason, detail: string): DecodedInput {
  return { kind: "bad", reason, detail, userId: null, requestId: null };
}

/** Longest id in UTF-8 bytes: they stand in keys of records and of Redis, and several times in what one record leads to. */
const longestId = { userId: 255, requestId: 255, messageId: 1024 } as const;

type Ids = Partial<Readonly<Record<keyof typeof longestId, string>>>;

/** An id that can't be carried: the record is nobody's, or no request's, as far as anybody could be told. Null when all are well. */
function brokenIds(topic: QueuedRecord["topic"], ids: Ids): DecodedInput | null {
  const tooLong = (name: keyof Ids): boolean => Buffer.byteLength(ids[name] ?? "") > longestId[name];
  const requestId = tooLong("requestId") ? null : requestIdOf(topic, ids);
  if (ids.userId === "" || tooLong("userId")) {
    const rule = ids.userId === "" ? "must not be empty" : `must have at most ${String(longestId.userId)} bytes`;
    return { kind: "bad", reason: "invalid", detail: `userId: ${rule}`, userId: null, requestId };
  }
  const long = (["requestId", "messageId"] as const).find(tooLong);
  if (long === undefined) return null;
  const detail = `${long}: must have at most ${String(longestId[long])} bytes`;
  return { kind: "bad", reason: "invalid", detail, userId: ids.userId ?? null, requestId };
}

/** An empty id names no request. */
function requestIdOf(topic: QueuedRecord["topic"], value: unknown): string | null {
  const requestId = topic === "chat-requests" ? (value as ChatRequest).requestId : "";
  return requestId === "" ? null : requestId;
}

function inputOf(queued: QueuedRecord, value: unknown, partition: number, now: number): Input {
  const { topic, record } = queued;
  const coordinates = { topic, partition, offset: record.offset, timestamp: record.timestamp };
  const head = { coordinates, now, late: timesReplayed(record.headers) > 0 };
  // The codec has proven the shape: each topic has one schema.
  switch (topic) {
    case "chat-requests":
      return { ...head, topic, record: value as ChatRequest };
    case "channel-messages":
      return { ...head, topic, record: value as ChannelMessage };
    case "agent-events":
      return { ...head, topic, record: value as AgentEvent };
  }
}
