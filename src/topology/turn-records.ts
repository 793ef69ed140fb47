// The records that a turn writes, encoded and held within the size that a record may have: facts, dead letters, states and
// the cursor. What is too large becomes a dead letter here, so that every output can be produced. Called by turn.ts.
import type { Fact, Undeliverable } from "../processors/interconnection/decision.ts";
import type { UserState } from "../processors/interconnection/state.ts";
import type {
  ChatEvent,
  DeadLetter,
  DeadLetterReason,
  InterconnectionChange,
  OutboxRecord,
} from "../processors/messages/generated.ts";
import type { Version } from "./changelog.ts";
import type { QueuedRecord } from "./inbox.ts";
import type { Codec } from "./ports.ts";
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
    attempts: 1,
    occurredAt: now,
    ...content,
  };
  const detail = `${content.detail ?? content.reason}; original left out, too large`;
  const encoded = (letter: DeadLetter): OutboxRecord => ({
    topic: "dead-letters",
    key: letter.key,
    value: rules.codec.encode("dead-letters", letter),
  });
  const fits = (made: OutboxRecord): boolean => sizeOf(made) <= rules.maxRecordBytes - cursorBytes;
  const full = encoded(whole);
  if (fits(full)) return full;
  const withoutValue = encoded({ ...whole, value: null, detail });
  return fits(withoutValue) ? withoutValue : encoded({ ...whole, value: null, key: null, headers: [], detail });
}

/** What decide could not have delivered, as a dead letter of its input or of its own words. */
export function undeliverable(letter: Undeliverable, queued: QueuedRecord, userId: string): DeadLetterContent {
  const value = letter.text === null ? queued.record.value : Buffer.from(letter.text);
  return { reason: letter.reason, detail: letter.detail, userId, chatId: letter.chatId, requestId: null, value };
}

/** A fact, encoded; null when it is too large for a record. */
export function factRecord(fact: Fact, userId: string, now: number, rules: RecordRules): OutboxRecord | null {
  const event: ChatEvent = { ...fact, client: rules.client, producedAt: now };
  const record = { topic: "chat-events", key: Buffer.from(userId), value: rules.codec.encode("chat-events", event) };
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
