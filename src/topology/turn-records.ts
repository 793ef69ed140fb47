// The records that a turn writes, encoded and held within the size that a record may have: facts, dead letters, states and
// the cursor. What is too large becomes a dead letter here, so that every output can be produced. Called by turn.ts.
import type { Fact, Undeliverable } from "../processors/interconnection/decision.ts";
import type { UserState } from "../processors/interconnection/state.ts";
import type {
  ChatEvent,
  DeadLetter,
  DeadLetterHolds,
  DeadLetterReason,
  InterconnectionChange,
  OutboxRecord,
} from "../processors/messages/generated.ts";
import type { Version } from "./changelog.ts";
import { movedHeader } from "./decode-input.ts";
import type { QueuedRecord } from "./inbox.ts";
import type { Codec } from "./ports.ts";
import { timesReplayed } from "./replay.ts";
import type { TopicSuffix } from "./topics.ts";

/** What records are made with; the same for all of a partition index. */
export interface RecordRules {
  readonly client: string;
  readonly codec: Codec;
  readonly partition: number;
  /** Key and value of one record together; the broker's limit less headers and framing, for which 1 KiB is enough. */
  readonly maxRecordBytes: number;
  /** Full name of a topic. */
  fullName(suffix: TopicSuffix): string;
}

/** Why a record or message is given up, and what of it is kept. */
export interface DeadLetterContent {
  readonly reason: DeadLetterReason;
  readonly detail: string | null;
  readonly userId: string | null;
  readonly chatId: string | null;
  readonly requestId: string | null;
  readonly value: Buffer | null;
  readonly holds: DeadLetterHolds;
  /** How many times what is given up was tried; null: decided as often as the record came. */
  readonly attempts: number | null;
}

/** Room that the cursor needs beside the one dead letter that it must always be able to hold. */
const cursorBytes = 4_096;

/** Size of a record as far as it varies: key and value. */
export function sizeOf({ key, value }: { readonly key: Buffer | null; readonly value: Buffer | null }): number {
  return (key?.length ?? 0) + (value?.length ?? 0);
}

/**
 * A dead letter with the original bytes; without them, and then without key and headers, where it would be too large. Topic,
 * partition and offset tell where the original stood.
 */
export function deadLetter(
  queued: QueuedRecord,
  content: DeadLetterContent,
  now: number,
  rules: RecordRules,
): OutboxRecord {
  const { record, topic } = queued;
  const whole: DeadLetter = {
    client: rules.client,
    topic: rules.fullName(topic),
    partition: rules.partition,
    offset: record.offset,
    key: record.key,
    headers: record.headers,
    occurredAt: now,
    ...content,
    attempts: content.attempts ?? 1 + timesReplayed(record.headers),
  };
  const detail = `${content.detail ?? content.reason}; original left out, too large`;
  const encoded = (letter: DeadLetter): OutboxRecord => ({
    topic: "dead-letters",
    key: letter.key,
    value: rules.codec.encode("dead-letters", letter),
    headers: [],
  });
  const fits = (made: OutboxRecord): boolean => sizeOf(made) <= rules.maxRecordBytes - cursorBytes;
  const full = encoded(whole);
  if (fits(full)) return full;
  const without = { ...whole, value: null, holds: "nothing", detail } as const;
  const withoutValue = encoded(without);
  return fits(withoutValue) ? withoutValue : encoded({ ...without, key: null, headers: [] });
}

/** What decide could not have delivered, as a dead letter of its input or of its own words. */
export function undeliverable(letter: Undeliverable, queued: QueuedRecord, userId: string): DeadLetterContent {
  const { reason, detail, chatId, text, attempts } = letter;
  const about = { reason, detail, userId, chatId, requestId: null, attempts };
  if (text !== null) return { ...about, value: Buffer.from(text), holds: "text" };
  // A message beyond what may wait is its own record; whatever else is given up was a command of a record that was applied.
  return { ...about, value: queued.record.value, holds: reason === "lane_overflow" ? "record" : "cause" };
}

/** A record for the partition of its user, with its key put right. */
export function movedRecord({ topic, record }: QueuedRecord, userId: string): OutboxRecord {
  const headers = [...record.headers, { name: movedHeader, value: Buffer.from("1") }];
  return { topic, key: Buffer.from(userId), value: record.value ?? Buffer.alloc(0), headers };
}

/** A fact, encoded; null when it is too large for a record. */
export function factRecord(fact: Fact, userId: string, now: number, rules: RecordRules): OutboxRecord | null {
  const event: ChatEvent = { ...fact, client: rules.client, producedAt: now };
  const value = rules.codec.encode("chat-events", event);
  const record = { topic: "chat-events", key: Buffer.from(userId), value, headers: [] };
  return sizeOf(record) <= rules.maxRecordBytes ? record : null;
}

/** A user's state on the changelog. */
export function stateRecord(
  rules: RecordRules,
  version: Version,
  user: { readonly userId: string; readonly state: UserState; readonly json: string },
): Buffer {
  const { userId, state, json } = user;
  const chat = state.interconnection;
  return changelogRecord(rules, version, {
    type: "UserRecord",
    userId,
    chatId: chat?.chatId ?? null,
    status: chat?.status ?? "NONE",
    state: json,
  });
}

/** A record of the changelog. */
export function changelogRecord(
  rules: Pick<RecordRules, "client" | "codec">,
  version: Version,
  body: InterconnectionChange["body"],
): Buffer {
  const change: InterconnectionChange = { client: rules.client, ...version, body };
  return rules.codec.encode("interconnections", change);
}
