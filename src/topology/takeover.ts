// Taking a partition index over: claim, fence, replay of the changelog up to the fence, inherited outbox. Nothing is decided
// and nothing is done outside before it is through. Safe to begin again at any point: each begin has a new epoch.
import type { InterconnectionChange } from "../processors/messages/generated.ts";
import { homeOf, isLive, parseRecord, ttlOf } from "../processors/interconnection/record.ts";
import { changelogHeaders, createFolder, isNewer, keyOfClaim, keyOfFence, type Fold, type Version } from "./changelog.ts";
import { packOutbox, readCursor, unpackOutbox, type KeyedBytes } from "./outbox.ts";
import { keyOfCursor } from "./changelog.ts";
import type { ChangelogReader, Clock, Codec, Consumer, Log, Metrics, Producer, Store } from "./ports.ts";
import { lost, untilDone, type Pace } from "./retry.ts";
import type { Offsets, StateChange, StoredIndex } from "./stored.ts";
import { inputTopics, type InputTopic } from "./topics.ts";

export interface TakeoverTools extends Pace {
  readonly clock: Clock;
  readonly client: string;
  readonly instanceId: string;
  readonly producer: Producer;
  readonly consumer: Consumer;
  readonly changelog: ChangelogReader;
  readonly store: Store;
  readonly codec: Codec;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What an owner starts from. */
export interface Inheritance {
  readonly epoch: number;
  readonly turn: number;
  readonly applied: Offsets<number>;
  /** The changelog part of the inherited outbox; empty when there is nothing to produce again. */
  readonly outbox: readonly KeyedBytes[];
  readonly outboxVersion: Version;
  /** Position that the stored states reflect, and from which a later replay begins. */
  readonly changelogPosition: number;
  /** The old owner let go by itself: nobody need be waited for. */
  readonly released: boolean;
  readonly claimedAtMs: number;
}

/** Users a catch-up writes at once: one script call each. */
const sliceUsers = 200;

/** Null when a newer claim stands. Throws Lost when the signal aborts. */
export async function takeOver(partition: number, tools: TakeoverTools, signal: AbortSignal): Promise<Inheritance | null> {
  const failed = (error: unknown, tries: number): void => {
    tools.log.warn({ partition, tries, error }, "a step of taking a partition index over failed; trying again");
  };
  const own = <Value>(call: () => Promise<Value>): Promise<Value> => untilDone(tools, signal, call, failed);

  const claimedAtMs = tools.clock.monotonicMs();
  const epoch = await own(() => control(partition, tools, keyOfClaim(tools.client), -1));
  const claim = await own(() => tools.store.claim(partition, epoch, tools.instanceId));
  if (claim.kind === "refused") {
    await refused(partition, epoch, claim.storedEpoch, tools);
    return null;
  }
  const fence = await own(() => control(partition, tools, keyOfFence(tools.client), epoch));
  const stored = claim.index;
  const from = stored?.changelogPosition ?? 0;
  const fold = await own(() => replay(partition, tools, from, fence));
  let inherited = stored ?? fresh(fence);
  if (stored === null || isNewerFold(fold, stored)) {
    const known: Version | null = stored === null ? null : { epoch: stored.savedEpoch, turn: stored.turn };
    inherited = await catchUp(partition, epoch, fold, known, fence, inherited, tools, own);
    tools.log.warn(
      { partition, epoch, users: fold.users.size, from, to: fence, voided: fold.voided },
      "the state store was behind the changelog and has been caught up",
    );
  }
  const applied = await own(() => appliedOffsets(partition, inherited.applied, tools));
  return {
    epoch,
    turn: inherited.turn,
    applied,
    outbox: inherited.outbox === null ? [] : unpackOutbox(inherited.outbox),
    outboxVersion: { epoch: inherited.savedEpoch, turn: inherited.turn },
    changelogPosition: fence + 1,
    released: claim.released,
    claimedAtMs,
  };
}

async function control(partition: number, tools: TakeoverTools, key: Buffer, epoch: number): Promise<number> {
  const { instanceId, client } = tools;
  const body: InterconnectionChange["body"] =
    epoch < 0 ? { type: "Claim", instanceId, claimedAt: tools.clock.now() } : { type: "Fence", instanceId };
  const change: InterconnectionChange = { client, epoch, turn: 0, body };
  const value = tools.codec.encode("interconnections", change);
  const headers = changelogHeaders(epoch, { epoch, turn: 0 });
  const [offset] = await tools.producer.produce([{ topic: "interconnections", partition, key, value, headers }]);
  if (offset === undefined) throw new Error("the producer told no offset for a control record");
  return offset;
}

async function refused(partition: number, epoch: number, storedEpoch: number, tools: TakeoverTools): Promise<void> {
  const { end } = await tools.consumer.bounds("interconnections", partition);
  if (storedEpoch < end) {
    tools.log.info({ partition, epoch, storedEpoch }, "a newer claim of this partition index stands; waiting for the group to settle");
    return;
  }
  tools.metrics.count("alarms", { alarm: "changelog_recreated" });
  tools.log.error(
    { partition, epoch, storedEpoch, changelogEnd: end },
    "the changelog ends before the epoch in the state store: the changelog topic was recreated or lost records. This partition index stays unowned; " +
      "restore the topic, or delete the index key in Redis after making sure that the states there are the newest",
  );
}

async function replay(partition: number, tools: TakeoverTools, from: number, to: number): Promise<Fold> {
  const folder = createFolder(tools.client, (bytes) => tools.codec.decode("interconnections", bytes));
  await tools.changelog.read(partition, from, to, (records) => folder.add(records));
  return folder.result();
}

function fresh(fence: number): StoredIndex {
  const applied = Object.fromEntries(inputTopics.map((topic) => [topic, -1])) as Record<InputTopic, number>;
  return { savedEpoch: -1, turn: 0, applied, outbox: null, changelogPosition: fence };
}

function isNewerFold(fold: Fold, stored: StoredIndex): boolean {
  return fold.cursor !== null && isNewer(fold.cursor.version, { epoch: stored.savedEpoch, turn: stored.turn });
}

async function catchUp(
  partition: number,
  epoch: number,
  fold: Fold,
  known: Version | null,
  fence: number,
  before: StoredIndex,
  tools: TakeoverTools,
  own: <Value>(call: () => Promise<Value>) => Promise<Value>,
): Promise<StoredIndex> {
  const changes: StateChange[] = [];
  for (const [userId, { version, json }] of fold.users) {
    if (json === null || (known !== null && !isNewer(version, known))) continue;
    const parsed = parseRecord(json);
    if (parsed.kind !== "state") {
      tools.metrics.count("alarms", { alarm: "state_unreadable" });
      tools.log.error({ partition, detail: parsed.detail }, "a state on the changelog can't be read; the user counts as one without a chat");
      continue;
    }
    const { state } = parsed;
    const home = homeOf(state);
    changes.push({ userId, state: { json, home }, ttlMs: ttlOf(state), live: isLive(state), remember: [], see: [] });
  }
  const index = await cursorIndex(fold, fence, before, tools);
  for (let i = 0; i < changes.length; i += sliceUsers) {
    const slice = changes.slice(i, i + sliceUsers);
    if ((await own(() => tools.store.catchUp(partition, epoch, slice, null))) === "fenced") throw lost();
  }
  if ((await own(() => tools.store.catchUp(partition, epoch, [], index))) === "fenced") throw lost();
  return index;
}

async function cursorIndex(fold: Fold, fence: number, before: StoredIndex, tools: TakeoverTools): Promise<StoredIndex> {
  if (fold.cursor === null) return { ...before, changelogPosition: fence };
  const { version, bytes } = fold.cursor;
  const cursor = await readCursor(tools.codec, bytes);
  const applied = Object.fromEntries(inputTopics.map((topic) => [topic, cursor.applied[topic] ?? -1]));
  return {
    savedEpoch: version.epoch,
    turn: version.turn,
    applied: applied as Record<InputTopic, number>,
    // The states of that turn are on the changelog already; the cursor holds what may not have been produced.
    outbox: packOutbox([{ key: keyOfCursor(tools.client), value: bytes }]),
    changelogPosition: fence,
  };
}

/**
 * Where each input goes on: after what was applied, or after what was committed where that is further (turns without
 * outputs leave no trace on the changelog). A log that ends before it has lost its past: then it is read from its start,
 * and message and request ids drop what comes twice.
 */
async function appliedOffsets(partition: number, applied: Offsets<number>, tools: TakeoverTools): Promise<Offsets<number>> {
  const committed = await tools.consumer.committed(partition);
  const result: Record<InputTopic, number> = { ...applied };
  for (const topic of inputTopics) {
    const { start, end } = await tools.consumer.bounds(topic, partition);
    const last = Math.max(applied[topic], (committed[topic] ?? 0) - 1);
    result[topic] = last;
    if (last >= end) {
      tools.metrics.count("alarms", { alarm: "log_recreated" });
      tools.log.error({ partition, topic, applied: last, end }, "an input topic ends before what was applied: it was recreated or lost records; reading it from its start");
      result[topic] = start - 1;
    } else if (last + 1 < start) {
      if (last >= 0) {
        tools.metrics.count("alarms", { alarm: "records_expired" });
        tools.log.error({ partition, topic, applied: last, start }, "records of an input topic expired before they were applied; going on at its start");
      }
      result[topic] = start - 1;
    }
  }
  return result;
}
