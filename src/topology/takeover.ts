// Taking a partition index over: claim, fence, replay of the changelog up to the fence, inherited outbox. Nothing is decided
// and nothing is done outside before it is through. Safe to begin again at any point: each begin has a new epoch.
import type { InterconnectionChange } from "../processors/messages/generated.ts";
import { catchUpChanges, inheritedIndex, isNewerFold } from "./catch-up.ts";
import {
  changelogHeaders,
  createFolder,
  isUnreadableForGood,
  keyOfClaim,
  keyOfFence,
  type Fold,
  type Version,
} from "./changelog.ts";
import { unpackOutbox, type KeyedBytes } from "./outbox.ts";
import type { ChangelogReader, Clock, Codec, Consumer, Log, Metrics, Producer, Store } from "./ports.ts";
import { lost, sleep, untilDone, type Pace } from "./retry.ts";
import type { Offsets, StoredIndex } from "./stored.ts";
import { inputTopics, type InputTopic } from "./topics.ts";
import { changelogRecord } from "./turn-records.ts";
import { tellUnreadable } from "./unreadable-state.ts";

/** What a takeover needs. */
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
  /** The store was behind the changelog, or empty: what lanes had begun, and not told yet, may be unknown to it. */
  readonly marksLost: boolean;
  /** When the store had accepted the claim, monotonic. */
  readonly claimedAtMs: number;
}

/** Users a catch-up writes at once: one script call each. */
const sliceUsers = 200;
/** How often a changelog that ends before the stored epoch is looked at again: only a person can mend that. */
const mendedEveryMs = 5_000;

/** Null when a newer claim stands. Throws Lost when the signal aborts. */
export async function takeOver(
  partition: number,
  tools: TakeoverTools,
  signal: AbortSignal,
): Promise<Inheritance | null> {
  const { client, store } = tools;
  let told = false;
  const failed = (error: unknown, tries: number): void => {
    if (!told && isUnreadableForGood(error)) {
      told = true;
      tools.metrics.count("alarms", { alarm: "changelog_unreadable" });
      tools.log.error(
        { partition, error },
        "the changelog of a partition index can't be read: nobody owns it until it can",
      );
    }
    tools.log.warn({ partition, tries, error }, "a step of taking a partition index over failed; trying again");
  };
  const own = <Value>(call: () => Promise<Value>): Promise<Value> => untilDone(tools, signal, call, failed);

  const epoch = await own(() => produceControl(partition, tools, keyOfClaim(client), null));
  const claim = await own(() => store.claim(partition, epoch, tools.instanceId));
  if (claim.kind === "refused") {
    await refused(partition, tools, own, signal);
    return null;
  }
  // Only now: until the claim stood in the store the owner before could see its right confirmed.
  const claimedAtMs = tools.clock.monotonicMs();
  const fence = await own(() => produceControl(partition, tools, keyOfFence(client), epoch));
  const stored = claim.index;
  const from = stored?.changelogPosition ?? 0;
  const fold = await own(() => replay(partition, tools, from, fence));
  let inherited = stored;
  if (inherited === null || isNewerFold(fold, inherited)) {
    inherited = await catchUp({ partition, epoch, fence }, { stored, fold }, tools, own);
    const fields = { partition, epoch, users: fold.users.size, from, to: fence, voided: fold.voided };
    if (fold.cursor === null)
      tools.log.info(fields, "the changelog of a partition index is new: nothing was applied yet");
    else tools.log.warn(fields, "the state store was behind the changelog, or empty, and has been caught up");
  }
  const { applied } = inherited;
  return {
    epoch,
    turn: inherited.turn,
    applied: await own(() => appliedOffsets(partition, applied, tools)),
    outbox: inherited.outbox === null ? [] : unpackOutbox(inherited.outbox),
    outboxVersion: { epoch: inherited.savedEpoch, turn: inherited.turn },
    changelogPosition: fence + 1,
    released: claim.released,
    // An index that nobody had before has begun nothing: there each look would be a call for nothing.
    marksLost: inherited !== stored && fold.users.size > 0,
    claimedAtMs,
  };
}

type Own = <Value>(call: () => Promise<Value>) => Promise<Value>;

/** A claim (its offset is the epoch) or, with an epoch, a fence. Answers its offset. */
async function produceControl(
  partition: number,
  tools: TakeoverTools,
  key: Buffer,
  epoch: number | null,
): Promise<number> {
  const { instanceId } = tools;
  const body: InterconnectionChange["body"] =
    epoch === null ? { type: "Claim", instanceId, claimedAt: tools.clock.now() } : { type: "Fence", instanceId };
  const version: Version = { epoch: epoch ?? -1, turn: 0 };
  const value = changelogRecord(tools, version, body);
  const headers = changelogHeaders(version.epoch, version);
  const [offset] = await tools.producer.produce([{ topic: "interconnections", partition, key, value, headers }]);
  if (offset === undefined) throw new Error("the producer told no offset for a control record");
  return offset;
}

/**
 * A newer claim stands: the group settles who owns the index. Where that epoch lies beyond the changelog's end it is no claim
 * of this changelog: then nobody can own the index before a person has mended it, and claiming on would only fill the log.
 */
async function refused(partition: number, tools: TakeoverTools, own: Own, signal: AbortSignal): Promise<void> {
  tools.metrics.count("fenced", { step: "claim" });
  for (let told = false; !signal.aborted; told = true) {
    const [standing] = await own(() => tools.store.standings([partition]));
    const storedEpoch = standing?.epoch;
    const { end } = await own(() => tools.consumer.bounds("interconnections", partition));
    if (storedEpoch === undefined || storedEpoch < end) {
      tools.log.info({ partition, storedEpoch }, "a newer claim of this partition index stood, or was mended");
      return;
    }
    if (!told) {
      tools.metrics.count("alarms", { alarm: "changelog_recreated" });
      tools.log.error(
        { partition, storedEpoch, changelogEnd: end },
        "the changelog ends before the epoch in the state store: it was recreated or lost records. This partition index stays unowned: restore the topic, or see that the states in Redis are the newest and delete the index's key there",
      );
    }
    await sleep(tools.clock, mendedEveryMs, signal);
  }
  throw lost();
}

async function replay(partition: number, tools: TakeoverTools, from: number, to: number): Promise<Fold> {
  const folder = createFolder(tools.client, (bytes) => tools.codec.decode("interconnections", bytes));
  await tools.changelog.read(partition, from, to, (records) => folder.add(records));
  return folder.result();
}

/** Writes what the fold knows better than the store, in slices, and the cursor last: a crash on the way begins it again. */
async function catchUp(
  claim: { readonly partition: number; readonly epoch: number; readonly fence: number },
  { stored, fold }: { readonly stored: StoredIndex | null; readonly fold: Fold },
  tools: TakeoverTools,
  own: Own,
): Promise<StoredIndex> {
  const { partition, epoch } = claim;
  const fenced = (): Error => {
    tools.metrics.count("fenced", { step: "catch_up" });
    return lost();
  };
  const { changes, unreadable } = catchUpChanges(fold, stored, tools.client);
  for (const one of unreadable) tellUnreadable(one, { partition, readFrom: "changelog" }, tools);
  const index = await own(() => inheritedIndex(fold, stored, claim.fence, tools));
  for (let i = 0; i < changes.length; i += sliceUsers) {
    const slice = changes.slice(i, i + sliceUsers);
    if ((await own(() => tools.store.catchUp(partition, epoch, slice, null))) === "fenced") throw fenced();
  }
  if ((await own(() => tools.store.catchUp(partition, epoch, [], index))) === "fenced") throw fenced();
  return index;
}

/**
 * Where each input goes on: after what was applied, or after what was committed where that is further (turns without
 * outputs leave no trace on the changelog). A log that ends before it has lost its past: then it is read from its start,
 * and message and request ids drop what comes twice.
 */
async function appliedOffsets(
  partition: number,
  applied: Offsets<number>,
  tools: TakeoverTools,
): Promise<Offsets<number>> {
  const committed = await tools.consumer.committed(partition);
  const result: Record<InputTopic, number> = { ...applied };
  for (const topic of inputTopics) {
    const { start, end } = await tools.consumer.bounds(topic, partition);
    const last = Math.max(applied[topic], (committed[topic] ?? 0) - 1);
    result[topic] = last;
    if (last >= end) {
      tools.metrics.count("alarms", { alarm: "log_recreated" });
      tools.log.error(
        { partition, topic, applied: last, end },
        "an input topic ends before what was applied: it was recreated or lost records; reading it from its start",
      );
      result[topic] = start - 1;
    } else if (last + 1 < start) {
      if (last >= 0) {
        tools.metrics.count("alarms", { alarm: "records_expired" });
        tools.log.error(
          { partition, topic, applied: last, start },
          "records of an input topic expired before they were applied; going on at its start",
        );
      }
      result[topic] = start - 1;
    }
  }
  return result;
}
