// One turn: from records to everything that will be saved and produced, encoded and size-checked. It saves, produces and logs
// nothing itself, so that it can be made again with fewer records. Called by the owner's loop.
import type { Decide, Decision } from "../processors/interconnection/decision.ts";
import { formatRecord, isLive } from "../processors/interconnection/record.ts";
import { nobody, receivedAtOf, type UserMemory } from "../processors/interconnection/state.ts";
import type { OutboxRecord, ReplyRecord } from "../processors/messages/generated.ts";
import { tellBuried, type Buried } from "./buried.ts";
import { keyOfCursor, keyOfUser, type Version } from "./changelog.ts";
import type { DecodedInput, InputRules } from "./decode-input.ts";
import type { QueuedRecord } from "./inbox.ts";
import { packOutbox, type KeyedBytes } from "./outbox.ts";
import type { Log, Metrics } from "./ports.ts";
import { tellRefusedConnects } from "./refused-connects.ts";
import { outcomeOfUndecided, type Undecided } from "./refused-request.ts";
import type { Offsets, StateChange } from "./stored.ts";
import { inputTopics, type InputTopic } from "./topics.ts";
import {
  changelogRecord,
  deadLetter,
  factRecord,
  movedRecord,
  sizeOf,
  stateRecord,
  undeliverable,
  type DeadLetterContent,
  type RecordRules,
} from "./turn-records.ts";
import { endedState, storedState, type UserChange } from "./user-change.ts";
import type { User, Users } from "./users.ts";

/** What a turn is made with. */
export interface TurnTools extends InputRules, RecordRules {
  readonly decide: Decide;
  readonly users: Users;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Everything that one turn leaves behind. */
export interface Turn {
  /** How many of the inputs it took. */
  readonly taken: number;
  readonly applied: Offsets<number>;
  readonly users: ReadonlyMap<string, UserChange>;
  readonly changes: readonly StateChange[];
  /** States, then the cursor; empty when the turn has no outputs at all. */
  readonly changelog: readonly KeyedBytes[];
  readonly rest: readonly OutboxRecord[];
  readonly replies: readonly ReplyRecord[];
  /** What is logged and counted when the turn has been saved. */
  readonly notes: readonly (() => void)[];
}

/** A record and what it was decoded to. */
export interface TurnInput {
  readonly queued: QueuedRecord;
  readonly decoded: DecodedInput;
}

/** When, and as which version, a turn is decided. */
export interface TurnMoment {
  readonly before: Offsets<number>;
  readonly version: Version;
  readonly now: number;
}

/** Changelog part of a turn: less than a batch of the broker with headers and framing of 200 records, so it goes out whole. */
const maxChangelogBytes = 960 * 1024;

/**
 * Decides inputs in their order, each on what the one before left, and encodes what comes of it: as many of them as one
 * changelog batch can hold, and one at least. An input whose outputs fit into no record becomes a dead letter.
 */
export function makeTurn(inputs: readonly TurnInput[], moment: TurnMoment, tools: TurnTools): Turn {
  let decidable = inputs;
  for (;;) {
    const turn = attempt(decidable, moment, tools);
    if (!turn.tooLarge) return turn;
    const [first] = decidable;
    if (decidable.length > 1) decidable = decidable.slice(0, Math.ceil(decidable.length / 2));
    else if (first?.decoded.kind === "input") return refused(first.queued, first.decoded, moment, tools);
    else if (first?.decoded.kind === "misplaced")
      return refused(first.queued, { ...first.decoded, requestId: null }, moment, tools);
    else return turn;
  }
}

function refused(
  queued: QueuedRecord,
  { userId, requestId }: { readonly userId: string; readonly requestId: string | null },
  moment: TurnMoment,
  tools: TurnTools,
): Turn {
  const decoded: DecodedInput = { kind: "bad", reason: "too_large", detail: "its outputs", userId, requestId };
  const turn = attempt([{ queued, decoded }], moment, tools);
  const alarm = (): void => {
    tools.metrics.count("alarms", { alarm: "output_too_large" });
    tools.log.error(
      { userId, topic: queued.topic, partition: tools.partition, offset: queued.record.offset },
      "what a record makes of its user fits into no record of the changelog; it goes to the dead letters",
    );
  };
  return { ...turn, notes: [...turn.notes, alarm] };
}

interface Growing {
  readonly users: Map<string, UserChange>;
  readonly rest: OutboxRecord[];
  readonly replies: ReplyRecord[];
  readonly buried: Buried[];
  readonly notes: (() => void)[];
}

function attempt(
  inputs: readonly TurnInput[],
  moment: TurnMoment,
  tools: TurnTools,
): Turn & { readonly tooLarge: boolean } {
  const turn: Growing = { users: new Map(), rest: [], replies: [], buried: [], notes: [] };
  const applied: Record<InputTopic, number> = { ...moment.before };
  for (const input of inputs) {
    applied[input.queued.topic] = input.queued.record.offset;
    takeInput(input, turn, moment, tools);
  }
  if (turn.buried.length > 0) turn.notes.push(() => tellBuried(turn.buried, tools));
  turn.notes.push(() => countTaken(inputs, moment, tools.metrics));
  const { changes, changelog } = encodeUsers(turn, moment, tools);
  if (changelog.length + turn.rest.length + turn.replies.length > 0) {
    const { rest, replies } = turn;
    const value = changelogRecord(tools, moment.version, { type: "Cursor", applied, outbox: rest, replies });
    changelog.push({ key: keyOfCursor(tools.client), value });
  }
  const sizes = changelog.map(sizeOf);
  const tooLarge =
    sizes.some((size) => size > tools.maxRecordBytes) || sizes.reduce((sum, size) => sum + size, 0) > maxChangelogBytes;
  return { taken: inputs.length, applied, ...turn, changes, changelog, tooLarge };
}

/** Within a topic the first is the oldest. */
function countTaken(inputs: readonly TurnInput[], { now }: TurnMoment, metrics: Metrics): void {
  for (const topic of inputTopics) {
    const taken = inputs.filter(({ queued }) => queued.topic === topic);
    const [oldest] = taken;
    if (oldest === undefined) continue;
    metrics.count("records_applied", { topic }, taken.length);
    metrics.observeMs("input_age", Math.max(0, now - oldest.queued.record.timestamp), { topic });
  }
}

function takeInput({ queued, decoded }: TurnInput, turn: Growing, { now }: TurnMoment, tools: TurnTools): void {
  const { topic } = queued;
  const { value } = queued.record;
  switch (decoded.kind) {
    case "wait":
      return;
    case "foreign":
      turn.notes.push(() => tools.metrics.count("records_skipped", { topic, reason: "foreign" }));
      return;
    case "misplaced":
      turn.notes.push(() => tools.metrics.count("records_skipped", { topic, reason: "misplaced" }));
      turn.rest.push(movedRecord(queued, decoded.userId));
      return;
    case "bad": {
      const { reason, detail, userId, requestId } = decoded;
      refuseUndecided({ reason, detail, userId, requestId }, { turn, now, tools });
      const original = { value, holds: "record", attempts: null } as const;
      bury(queued, { reason, detail, userId, chatId: null, requestId, ...original }, { turn, now, tools });
      return;
    }
    case "input":
      decideOne(queued, decoded, { turn, now, tools });
  }
}

interface Deciding {
  readonly turn: Growing;
  readonly now: number;
  readonly tools: TurnTools;
}

function decideOne(
  queued: QueuedRecord,
  { userId, requestId, input }: Extract<DecodedInput, { kind: "input" }>,
  deciding: Deciding,
): void {
  const { turn, now, tools } = deciding;
  const before = asOfNow(tools.users.get(userId), turn.users.get(userId));
  const decided = input(now);
  let decision: Decision;
  let facts: readonly (OutboxRecord | null)[];
  try {
    decision = tools.decide(before, decided);
    facts = decision.facts.map((fact) => factRecord(fact, userId, now, tools));
  } catch (error) {
    const chatId = before.state.interconnection?.chatId ?? null;
    turn.notes.push(() => {
      tools.metrics.count("alarms", { alarm: "decide_failed" });
      tools.log.error(
        { userId, chatId, topic: queued.topic, partition: tools.partition, offset: queued.record.offset, error },
        "a record could not be decided by a defect of ours; it goes to the dead letters",
      );
    });
    const letter = { reason: "decide_failed", detail: null, userId, requestId } as const;
    refuseUndecided(letter, deciding);
    bury(queued, { ...letter, chatId, value: queued.record.value, holds: "record", attempts: null }, deciding);
    return;
  }
  turn.notes.push(() => tellRefusedConnects(decision, decided, tools.log));
  for (const fact of facts) {
    if (fact !== null) turn.rest.push(fact);
    else bury(queued, { ...tooLargeFact, userId, value: queued.record.value }, deciding);
  }
  for (const letter of decision.deadLetters) bury(queued, undeliverable(letter, queued, userId), deciding);
  for (const { requestId, reply } of decision.replies) turn.replies.push({ requestId, reply: JSON.stringify(reply) });
  const { state, remember, see, erase } = decision;
  if (state === before.state && remember.length === 0 && see.length === 0 && !erase) return;
  turn.users.set(userId, changedBy(decision, turn.users.get(userId)));
}

/** What the turn makes of a user after one more decision; an erasure takes along what the records before it had remembered. */
function changedBy({ state, remember, see, erase }: Decision, earlier: UserChange | undefined): UserChange {
  if (erase || earlier === undefined) return { state, remember, see, erase };
  return { ...earlier, state, remember: [...earlier.remember, ...remember], see: [...earlier.see, ...see] };
}

const tooLargeFact = {
  reason: "too_large",
  detail: "a fact",
  chatId: null,
  requestId: null,
  holds: "cause",
  attempts: null,
} as const;

/** A request whose record goes to the dead letters undecided still has its outcome, where its id could be read. */
function refuseUndecided(why: Undecided, { turn, now, tools }: Deciding): void {
  const outcome = outcomeOfUndecided(why, now, tools);
  if (outcome === null) return;
  if (outcome.fact !== null) turn.rest.push(outcome.fact);
  turn.replies.push(outcome.reply);
}

/**
 * The user as the records before in this turn have left him. What he has been seen with before the turn is looked into and not copied:
 * of 200 records of one user, each would copy 2,000 ids.
 */
function asOfNow({ state, memory }: User, earlier: UserChange | undefined): Parameters<Decide>[0] {
  if (earlier === undefined) return { state, memory };
  const { remember, see, erase } = earlier;
  const past = erase ? nothingKnown : memory;
  const history = remember.length === 0 ? past.history : [...past.history, ...remember];
  return { state: earlier.state, memory: { history, seen: { has: (id) => past.seen.has(id) || see.includes(id) } } };
}

const nothingKnown: UserMemory = { history: [], seen: new Set() };

function bury(queued: QueuedRecord, content: DeadLetterContent, { turn, now, tools }: Deciding): void {
  turn.rest.push(deadLetter(queued, content, now, tools));
  turn.buried.push({ queued, content });
}

/** States for the store and for the changelog. A turn may touch no more of a user than what it remembers of him. */
function encodeUsers(
  turn: Growing,
  { version, now }: TurnMoment,
  tools: TurnTools,
): { readonly changes: StateChange[]; readonly changelog: KeyedBytes[] } {
  const changes: StateChange[] = [];
  const changelog: KeyedBytes[] = [];
  for (const [userId, { state, remember, see, erase }] of turn.users) {
    const memory = {
      remember: remember.map((entry) => ({ at: receivedAtOf(entry), json: JSON.stringify(entry) })),
      see: see.map((id) => ({ at: now, id })),
      erase,
    };
    const key = keyOfUser(tools.client, userId);
    if (!erase && state === tools.users.get(userId).state) {
      changes.push({ userId, state: null, ttlMs: null, live: isLive(state), ...memory });
    } else if (state === nobody) {
      changes.push({ ...endedState(userId, tools.client), ...memory });
      changelog.push({ key, value: null });
    } else {
      const json = formatRecord(userId, tools.client, state);
      changes.push({ ...storedState(userId, state, json), ...memory });
      changelog.push({ key, value: stateRecord(tools, version, { userId, state, json }) });
    }
  }
  return { changes, changelog };
}

/** The outbox of a turn as the store keeps it; null when there is nothing to produce. */
export function outboxOf(turn: Turn): Buffer | null {
  return turn.changelog.length === 0 ? null : packOutbox(turn.changelog);
}

/** A turn that takes no input and changes nothing but the turn number: it empties the stored outbox. */
export function emptyTurn(applied: Offsets<number>): Turn {
  return { taken: 0, applied, users: new Map(), changes: [], changelog: [], rest: [], replies: [], notes: [] };
}

/** A turn that takes no input and changes no user, but has its cursor produced. */
export function cursorTurn({ before, version }: TurnMoment, tools: TurnTools): Turn {
  const value = changelogRecord(tools, version, { type: "Cursor", applied: before, outbox: [], replies: [] });
  return { ...emptyTurn(before), changelog: [{ key: keyOfCursor(tools.client), value }] };
}
