// What happens with a turn once it is made, in this order: save with outbox, produce with the changelog first, replies. Also
// produces what a takeover inherits. Called by the owner, one turn at a time. Repeat-safe at each step.
import type { OutboxRecord, ReplyRecord } from "../processors/messages/generated.ts";
import { changelogHeaders, keyOfCursor, keyOfUser, type Version } from "./changelog.ts";
import { readCursor, type KeyedBytes } from "./outbox.ts";
import type { Codec, Log, Metrics, PatientProducer, ProducedRecord, Store } from "./ports.ts";
import { isProduceFailure } from "./produce-failure.ts";
import { isLost, lost, untilDone, type Pace } from "./retry.ts";
import type { Offsets } from "./stored.ts";
import type { Inheritance } from "./takeover.ts";
import { inputTopics, type TopicSuffix } from "./topics.ts";
import { outboxOf, type Turn } from "./turn.ts";

/** How far one stretch of ownership is. */
export interface Progress {
  readonly epoch: number;
  readonly signal: AbortSignal;
  turn: number;
  /** Saved. */
  applied: Offsets<number>;
  /** Saved and produced: may be committed. */
  produced: Offsets<number>;
  /** Next offset of the changelog that the saved states reflect. */
  changelogPosition: number;
  /** False while the stored outbox holds something. */
  outboxEmpty: boolean;
  /** What the last turn has to produce beside the changelog, on its way; the next save waits for it. */
  rest: Promise<void>;
  /** States of these users, or a cursor, were sent in a way that may still be stored, behind what is sent later. */
  mayComeLate(userIds: readonly string[]): void;
}

/** What the writer needs. */
export interface WriterTools extends Pace {
  readonly client: string;
  readonly codec: Codec;
  readonly producer: PatientProducer;
  readonly store: Store;
  readonly log: Log;
  readonly metrics: Metrics;
  fatal(error: Error): void;
}

/** Facts and dead letters wait so long for company; the turns of an index with more to do do not wait for that. */
const restPatienceMs = 5;

/** Names what an index waits for, while it does. */
export interface Waits {
  begin(what: "takeover" | "redis" | "kafka" | "schema registry"): void;
  end(what: "takeover" | "redis" | "kafka" | "schema registry"): void;
}

/** Writes turns of one partition index. Every call throws Lost when the index is lost. */
export interface TurnWriter {
  /**
   * Saves the turn as the next one, once everything of the one before is acknowledged; `progress` then stands behind it. Throws
   * Lost also when the store refuses it.
   */
  save(turn: Turn, progress: Progress): Promise<void>;
  /**
   * Produces what the saved turn has to: resolves when its changelog part is acknowledged. From then on neither the loss of Redis nor
   * that of this process changes what was decided; the rest goes on in the background, with a send that goes out anyway.
   */
  produce(turn: Turn, progress: Progress): Promise<void>;
  /** Produces the inherited outbox byte for byte and publishes its replies. */
  produceInherited(inherited: Inheritance, progress: Progress): Promise<void>;
  /** Publishes replies in the background. */
  publish(replies: readonly ReplyRecord[], signal: AbortSignal): void;
  /** Calls the store until it answers. */
  ofStore<Value>(signal: AbortSignal, call: () => Promise<Value>): Promise<Value>;
}

interface ChangelogPart {
  readonly changelog: readonly KeyedBytes[];
  readonly version: Version;
}

/** A writer for one partition index. */
export function createTurnWriter(partition: number, tools: WriterTools, waits: Waits): TurnWriter {
  const { log, metrics, clock, store, producer } = tools;

  async function ofStore<Value>(signal: AbortSignal, call: () => Promise<Value>): Promise<Value> {
    const value = await untilDone(tools, signal, call, (error, tries) => {
      waits.begin("redis");
      log.warn({ partition, tries, error }, "the state store did not answer; the same call again");
    });
    waits.end("redis");
    return value;
  }

  async function produceChangelog({ changelog, version }: ChangelogPart, progress: Progress): Promise<void> {
    const headers = changelogHeaders(progress.epoch, version);
    const first = changelog.map(({ key, value }): ProducedRecord => ({
      topic: "interconnections",
      partition,
      key,
      value,
      headers,
    }));
    const offsets = await untilDone(
      tools,
      progress.signal,
      () => producer.produce(first),
      (error, tries) => {
        if (tries === 1) progress.mayComeLate(usersOf(changelog, tools.client));
        notProduced(error, tries);
      },
    );
    progress.changelogPosition = (offsets.at(-1) ?? 0) + 1;
    waits.end("kafka");
  }

  async function produceRest(rest: readonly OutboxRecord[], progress: Progress, patienceMs: number): Promise<void> {
    if (rest.length === 0) return;
    const records = rest.map((record) => restRecord(record, partition));
    await untilDone(tools, progress.signal, () => producer.produce(records, patienceMs), notProduced);
    waits.end("kafka");
  }

  /** Nobody waits for it before the next save. */
  async function restInBackground({ rest, applied }: Turn, progress: Progress): Promise<void> {
    try {
      await produceRest(rest, progress, restPatienceMs);
      progress.produced = applied;
    } catch (error) {
      if (!isLost(error)) tools.fatal(error instanceof Error ? error : new Error("producing failed"));
    }
  }

  function notProduced(error: unknown, tries: number): void {
    waits.begin("kafka");
    if (isProduceFailure(error) && error.refused) {
      metrics.count("alarms", { alarm: "produce_refused" });
      log.error(
        { partition, tries, error },
        "the broker refuses what this partition index must produce: it stands still until that is mended (size limit, authorisation or topic)",
      );
      return;
    }
    log.warn(
      { partition, tries, error },
      "the broker did not take what this partition index must produce; producing the same again",
    );
  }

  function publish(replies: readonly ReplyRecord[], signal: AbortSignal): void {
    if (replies.length === 0) return;
    ofStore(signal, () => store.publishReplies(replies)).catch((error: unknown) => {
      if (!isLost(error)) tools.fatal(error instanceof Error ? error : new Error("publishing replies failed"));
    });
  }

  return {
    ofStore,
    publish,
    async save(turn, progress) {
      await progress.rest;
      if (progress.signal.aborted) throw lost();
      const nextTurn = progress.turn + 1;
      const request = {
        partition,
        epoch: progress.epoch,
        expectedTurn: progress.turn,
        nextTurn,
        applied: turn.applied,
        outbox: outboxOf(turn),
        changelogPosition: progress.changelogPosition,
        changes: turn.changes,
      };
      const startedMs = clock.monotonicMs();
      const verdict = await ofStore(progress.signal, () => store.save(request));
      metrics.observeMs("save", clock.monotonicMs() - startedMs);
      if (verdict !== "saved") {
        metrics.count("fenced", { step: "save" });
        log.warn(
          { partition, epoch: progress.epoch, turn: progress.turn, verdict },
          "the state store refused a turn; nothing of it was produced, the partition index is taken over again if it is still ours",
        );
        throw lost();
      }
      progress.turn = nextTurn;
      progress.applied = turn.applied;
      progress.outboxEmpty = turn.changelog.length === 0;
    },
    async produce(turn, progress) {
      const { changelog } = turn;
      if (changelog.length > 0) {
        const startedMs = clock.monotonicMs();
        await produceChangelog({ changelog, version: { epoch: progress.epoch, turn: progress.turn } }, progress);
        metrics.observeMs("changelog", clock.monotonicMs() - startedMs);
      }
      progress.rest = restInBackground(turn, progress);
    },
    async produceInherited({ outbox, outboxVersion }, progress) {
      // Also of nothing: the owner before may have sent what the store has lost.
      progress.mayComeLate(usersOf(outbox, tools.client));
      if (outbox.length === 0) return;
      const cursorKey = keyOfCursor(tools.client);
      const bytes = outbox.find(({ key }) => key.equals(cursorKey))?.value;
      if (bytes === undefined || bytes === null) throw new Error("an inherited outbox holds no cursor");
      const cursor = await untilDone(
        tools,
        progress.signal,
        () => readCursor(tools.codec, bytes),
        (error, tries) => {
          log.error({ partition, tries, error }, "the cursor of an inherited outbox can't be read; trying again");
        },
      );
      await produceChangelog({ changelog: outbox, version: outboxVersion }, progress);
      await produceRest(cursor.outbox, progress, 0);
      publish(cursor.replies, progress.signal);
    },
  };
}

function usersOf(changelog: readonly KeyedBytes[], client: string): readonly string[] {
  const prefix = keyOfUser(client, "").toString();
  const keys = changelog.map(({ key }) => key.toString());
  return keys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
}

function restRecord({ topic, key, value, headers }: OutboxRecord, partition: number): ProducedRecord {
  // An input topic among the outputs is a record that is moved to the partition of its key.
  const moved = (inputTopics as readonly string[]).includes(topic);
  const suffix = topic as TopicSuffix;
  return { topic: suffix, partition: moved || suffix === "dead-letters" ? null : partition, key, value, headers };
}
