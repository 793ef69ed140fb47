// One turn: from records to everything that will be saved and produced, encoded and size-checked. It saves and produces
// nothing itself, so that it can be made again with fewer records.
import type { Decide, Decision, Undeliverable } from "../processors/interconnection/decision.ts";
import { formatRecord, homeOf, isLive, ttlOf } from "../processors/interconnection/record.ts";
import { nobody, type ContextEntry, type UserState } from "../processors/interconnection/state.ts";
import type {
  ChatEvent,
  DeadLetter,
  DeadLetterReason,
  InterconnectionChange,
  OutboxRecord,
  ReplyRecord,
} from "../processors/messages/generated.ts";
import { keyOfCursor, keyOfUser, type Version } from "./changelog.ts";
import { decodeInput, type DecodedInput, type InputRules } from "./decode-input.ts";
import type { QueuedRecord } from "./inbox.ts";
import { packOutbox, type KeyedBytes } from "./outbox.ts";
import type { Log, Metrics } from "./ports.ts";
import type { Offsets, StateChange } from "./stored.ts";
import type { InputTopic, TopicSuffix } from "./topics.ts";
import type { Users } from "./users.ts";

export interface TurnTools extends InputRules {
  readonly decide: Decide;
  readonly users: Users;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Largest value of one record. */
  readonly maxRecordBytes: number;
  /** Full name of a topic. */
  fullName(suffix: TopicSuffix): string;
}

export interface UserChange {
  readonly state: UserState;
  readonly remember: readonly ContextEntry[];
  readonly see: readonly string[];
}

export interface Turn {
  readonly applied: Offsets<number>;
  readonly users: ReadonlyMap<string, UserChange>;
  readonly changes: readonly StateChange[];
  /** States and cursor; empty when the turn has no outputs at all. */
  readonly changelog: readonly KeyedBytes[];
  readonly rest: readonly OutboxRecord[];
  readonly replies: readonly ReplyRecord[];
  readonly sizeBytes: number;
}

export type TurnInput = { readonly queued: QueuedRecord; readonly decoded: DecodedInput };

/**
 * Decodes what a turn may take. Of a topic whose record must wait, that record and those behind it are left out and the
 * topic is told in `waiting`.
 */
export async function decodeAll(
  queued: readonly QueuedRecord[],
  rules: InputRules,
): Promise<{ readonly inputs: readonly TurnInput[]; readonly waiting: ReadonlyMap<InputTopic, string> }> {
  const inputs: TurnInput[] = [];
  const waiting = new Map<InputTopic, string>();
  for (const one of queued) {
    if (waiting.has(one.topic)) continue;
    const result = decodeInput(one, rules);
    const decoded = result instanceof Promise ? await result : result;
    if (decoded.kind === "wait") waiting.set(one.topic, decoded.detail);
    else inputs.push({ queued: one, decoded });
  }
  return { inputs, waiting };
}

/**
 * Decides all inputs in their order, each on what the one before left, and encodes what comes of it. The inputs of a user
 * whose state would outgrow a record become dead letters.
 */
export function makeTurn(
  inputs: readonly TurnInput[],
  before: Offsets<number>,
  version: Version,
  now: number,
  tools: TurnTools,
): Turn {
  let decidable = inputs;
  for (;;) {
    const turn = attempt(decidable, before, version, now, tools);
    if (turn.oversized.size === 0) return turn;
    tools.log.error({ users: turn.oversized.size }, "a user's state would outgrow a changelog record; the records that did it go to the dead letters");
    tools.metrics.count("alarms", { alarm: "state_too_large" });
    decidable = decidable.map((one) => withoutOversized(one, turn.oversized));
  }
}

function withoutOversized(one: TurnInput, oversized: ReadonlySet<string>): TurnInput {
  const { decoded, queued } = one;
  if (decoded.kind !== "input" || !oversized.has(decoded.userId)) return one;
  return { queued, decoded: { kind: "bad", reason: "too_large", detail: "the user's state", userId: decoded.userId } };
}

function attempt(
  inputs: readonly TurnInput[],
  before: Offsets<number>,
  version: Version,
  now: number,
  tools: TurnTools,
): Turn & { readonly oversized: ReadonlySet<string> } {
  const users = new Map<string, UserChange>();
  const rest: OutboxRecord[] = [];
  const replies: ReplyRecord[] = [];
  const applied: Record<InputTopic, number> = { ...before };

  for (const { queued, decoded } of inputs) {
    applied[queued.topic] = queued.record.offset;
    switch (decoded.kind) {
      case "wait":
        break;
      case "foreign":
        tools.metrics.count("records_skipped", { reason: "foreign" });
        break;
      case "misplaced":
        tools.metrics.count("records_skipped", { reason: "misplaced" });
        rest.push({
          topic: queued.topic,
          key: Buffer.from(decoded.userId),
          value: queued.record.value ?? Buffer.alloc(0),
        });
        break;
      case "bad":
        rest.push(
          deadLetterOf(queued, { ...decoded, chatId: null, requestId: null, value: queued.record.value }, now, tools),
        );
        break;
      case "input":
        decideOne(queued, decoded, { users, rest, replies }, now, tools);
        break;
    }
  }
  return encodeTurn({ applied, users, rest, replies }, version, now, tools);
}

interface Growing {
  readonly users: Map<string, UserChange>;
  readonly rest: OutboxRecord[];
  readonly replies: ReplyRecord[];
}

function decideOne(
  queued: QueuedRecord,
  decoded: Extract<DecodedInput, { kind: "input" }>,
  turn: Growing,
  now: number,
  tools: TurnTools,
): void {
  const { userId } = decoded;
  const input = decoded.input(now);
  const user = tools.users.get(userId);
  const earlier = turn.users.get(userId);
  const state = earlier?.state ?? user.state;
  const memory =
    earlier === undefined
      ? user.memory
      : {
          history: [...user.memory.history, ...earlier.remember],
          seen: earlier.see.length === 0 ? user.memory.seen : new Set([...user.memory.seen, ...earlier.see]),
        };
  let outputs: { readonly decision: Decision; readonly records: readonly OutboxRecord[] };
  try {
    const decision = tools.decide({ state, memory }, input);
    outputs = { decision, records: recordsOf(decision, queued, userId, now, tools) };
  } catch (error) {
    const chatId = state.interconnection?.chatId ?? null;
    tools.log.error(
      { chatId, topic: queued.topic, error },
      "a record could not be decided by a defect of ours; it goes to the dead letters",
    );
    tools.metrics.count("alarms", { alarm: "decide_failed" });
    const why = { reason: "decide_failed" as const, detail: null, userId, chatId, requestId: null };
    turn.rest.push(deadLetterOf(queued, { ...why, value: queued.record.value }, now, tools));
    return;
  }
  const { decision, records } = outputs;
  turn.rest.push(...records);
  for (const { requestId, reply } of decision.replies) turn.replies.push({ requestId, reply: JSON.stringify(reply) });
  if (decision.state === state && decision.remember.length === 0 && decision.see.length === 0) return;
  turn.users.set(userId, {
    state: decision.state,
    remember: [...(earlier?.remember ?? []), ...decision.remember],
    see: [...(earlier?.see ?? []), ...decision.see],
  });
}

/** Encodes facts and dead letters of one decision; what is too large becomes a dead letter of its input instead. */
function recordsOf(
  decision: Decision,
  queued: QueuedRecord,
  userId: string,
  now: number,
  tools: TurnTools,
): readonly OutboxRecord[] {
  const key = Buffer.from(userId);
  const records: OutboxRecord[] = [];
  for (const fact of decision.facts) {
    const event: ChatEvent = { ...fact, client: tools.client, producedAt: now };
    const value = tools.codec.encode("chat-events", event);
    if (value.length <= tools.maxRecordBytes) records.push({ topic: "chat-events", key, value });
    else records.push(deadLetterOf(queued, tooLarge(userId, fact.chatId, queued.record.value), now, tools));
  }
  for (const letter of decision.deadLetters) records.push(undeliverable(letter, queued, userId, now, tools));
  return records;
}

function undeliverable(
  letter: Undeliverable,
  queued: QueuedRecord,
  userId: string,
  now: number,
  tools: TurnTools,
): OutboxRecord {
  const value = letter.text === null ? queued.record.value : Buffer.from(letter.text);
  const { reason, detail, chatId } = letter;
  return deadLetterOf(queued, { reason, detail, userId, chatId, requestId: null, value }, now, tools);
}

function tooLarge(userId: string, chatId: string | null, value: Buffer | null): DeadLetterContent {
  return { reason: "too_large", detail: "an output of this record", userId, chatId, requestId: null, value };
}

interface DeadLetterContent {
  readonly reason: DeadLetterReason;
  readonly detail: string | null;
  readonly userId: string | null;
  readonly chatId: string | null;
  readonly requestId: string | null;
  readonly value: Buffer | null;
}

function deadLetterOf(queued: QueuedRecord, content: DeadLetterContent, now: number, tools: TurnTools): OutboxRecord {
  const { record, topic } = queued;
  tools.metrics.count("dead_letters", { reason: content.reason });
  tools.log.warn(
    {
      topic,
      partition: tools.partition,
      offset: record.offset,
      reason: content.reason,
      detail: content.detail,
      chatId: content.chatId,
    },
    "a record went to the dead letters",
  );
  const letter: DeadLetter = {
    client: tools.client,
    topic: tools.fullName(topic),
    partition: tools.partition,
    offset: record.offset,
    key: record.key,
    headers: record.headers,
    attempts: 1,
    occurredAt: now,
    ...content,
  };
  return { topic: "dead-letters", key: record.key, value: tools.codec.encode("dead-letters", letter) };
}

function encodeTurn(
  turn: { readonly applied: Offsets<number> } & Growing,
  version: Version,
  now: number,
  tools: TurnTools,
): Turn & { readonly oversized: ReadonlySet<string> } {
  const oversized = new Set<string>();
  const changes: StateChange[] = [];
  const changelog: KeyedBytes[] = [];
  for (const [userId, change] of turn.users) {
    const unchanged = change.state === tools.users.get(userId).state;
    const json = unchanged || change.state === nobody ? null : formatRecord(userId, tools.client, change.state);
    if (!unchanged) {
      const value = json === null ? null : encodeState(tools, version, userId, change.state, json);
      if (value !== null && value.length > tools.maxRecordBytes) oversized.add(userId);
      changelog.push({ key: keyOfUser(tools.client, userId), value });
    }
    changes.push({
      userId,
      state: json === null ? null : { json, home: homeOf(change.state) },
      ttlMs: ttlOf(change.state),
      live: isLive(change.state),
      remember: change.remember.map((entry) => ({ at: entry.at, json: JSON.stringify(entry) })),
      see: change.see.map((id) => ({ at: now, id })),
    });
  }
  const { applied, rest, replies } = turn;
  const hasOutputs = changelog.length > 0 || rest.length > 0 || replies.length > 0;
  if (hasOutputs) {
    const body: InterconnectionChange["body"] = { type: "Cursor", applied, outbox: rest, replies };
    const cursor: InterconnectionChange = { client: tools.client, ...version, body };
    changelog.push({ key: keyOfCursor(tools.client), value: tools.codec.encode("interconnections", cursor) });
  }
  const sizeBytes = changelog.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
  return { applied, users: turn.users, changes, changelog, rest, replies, sizeBytes, oversized };
}

function encodeState(tools: TurnTools, version: Version, userId: string, state: UserState, json: string): Buffer {
  const body: InterconnectionChange["body"] = {
    type: "UserRecord",
    userId,
    chatId: state.interconnection?.chatId ?? null,
    status: state.interconnection?.status ?? "NONE",
    state: json,
  };
  const change: InterconnectionChange = { client: tools.client, ...version, body };
  return tools.codec.encode("interconnections", change);
}

/** The outbox of a turn as the store keeps it; null when there is nothing to produce. */
export function outboxOf(turn: Turn): Buffer | null {
  return turn.changelog.length === 0 ? null : packOutbox(turn.changelog);
}
