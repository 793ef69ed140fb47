// The owner of one partition index: takeover, then one loop that takes turns (save with outbox, produce with the changelog
// first, commit), and the lanes, polls and due times of its users. Strictly one turn in flight. It ends when the index is
// lost, and begins again when the store turned out to be behind or empty.
import type { Version } from "./changelog.ts";
import { changelogHeaders, keyOfCursor } from "./changelog.ts";
import { createDueTimes, type DueTimes } from "./due-times.ts";
import { createInbox } from "./inbox.ts";
import { createLanes, type Lanes, type LaneTools } from "./lanes.ts";
import { readCursor, type KeyedBytes } from "./outbox.ts";
import { createPollers, type Pollers, type PollTools } from "./pollers.ts";
import type { ConsumedBatch, ProducedRecord, SaveVerdict } from "./ports.ts";
import { isLost, lost, sleep, untilDone } from "./retry.ts";
import type { Offsets } from "./stored.ts";
import { takeOver, type Inheritance, type TakeoverTools } from "./takeover.ts";
import { inputTopics, type InputTopic, type TopicSuffix } from "./topics.ts";
import { decodeAll, makeTurn, outboxOf, type Turn, type TurnTools } from "./turn.ts";
import { movedHeader } from "./decode-input.ts";
import { createUsers } from "./users.ts";
import type { OutboxRecord, ReplyRecord } from "../processors/messages/generated.ts";

export interface OwnerTools extends TakeoverTools, LaneTools, PollTools, Omit<TurnTools, "users" | "partition"> {
  /** Commits next offsets of this index; resolves also when the broker refused. */
  commit(partition: number, next: Offsets<number>): Promise<void>;
  /** Ends the process: going on would do harm. */
  fatal(error: Error): void;
}

export interface PartitionOwner {
  readonly partition: number;
  /** Takes a batch over, or drops it when it is not expected. Synchronous. */
  accept(batch: ConsumedBatch): void;
  /** Next offsets that may be committed; null while the index is not running. */
  committable(): Offsets<number> | null;
  readonly running: boolean;
  /** Broker, registry or store trouble that this index waits for; null when none. */
  readonly waitingFor: string | null;
  readonly counts: { readonly inbox: number; readonly laneDepth: number; readonly polls: number; readonly due: number };
  /** The group gave the index to somebody else: drops everything at once. */
  lose(): void;
  /** Clean end: finishes the turn and the commands in hand, closes polls. Resolves when all is done or `deadline` aborts. */
  finish(deadline: AbortSignal): Promise<void>;
  /** Resolves when nothing of the owner runs any more. */
  readonly ended: Promise<void>;
}

const turnRecords = 200;
const turnBytes = 256 * 1024;
const maxOutboxBytes = 900 * 1024;
const inboxRecordsMax = 1_000;
const inboxBytesMax = 2 * 1024 * 1024;
/** A claimant waits this long before its first effect: longer than the right to act of the one before lasts. */
const claimWaitMs = 1_500;
const rewriteAfterMs = 60_000;
const waitForRegistryMs = 500;
const liveSlice = 500;

/** One stretch of ownership under one epoch. */
interface Tenure {
  readonly epoch: number;
  turn: number;
  applied: Offsets<number>;
  produced: Offsets<number>;
  changelogPosition: number;
  outboxEmpty: boolean;
  readonly lanes: Lanes;
  readonly pollers: Pollers;
  readonly dueTimes: DueTimes;
}

export function createPartitionOwner(partition: number, tools: OwnerTools): PartitionOwner {
  const gone = new AbortController();
  const stopping = new AbortController();
  const inbox = createInbox();
  let tenure: Tenure | null = null;
  let open = false;
  let paused = false;
  let deadline: AbortSignal | null = null;
  let waitingFor: string | null = null;
  let wakeUp: () => void = () => undefined;

  async function live(): Promise<void> {
    try {
      while (!gone.signal.aborted && !stopping.signal.aborted) {
        const end = new AbortController();
        const signal = AbortSignal.any([gone.signal, end.signal]);
        try {
          await serve(signal, end);
        } catch (error) {
          if (!isLost(error)) throw error;
        }
        const last = tenure;
        tenure = null;
        open = false;
        end.abort();
        tools.right.unwatch(partition);
        if (last !== null) {
          last.dueTimes.stop();
          await Promise.all([last.lanes.idle(), last.pollers.stop()]);
        }
        if (!stopping.signal.aborted) await stillMember();
      }
    } catch (error) {
      tools.fatal(error instanceof Error ? error : new Error("an owner ended by something that is no error"));
    } finally {
      tools.right.unwatch(partition);
      gone.abort();
    }
  }

  /** After a fence or a refused claim: claims again only when a heartbeat since then shows that the group still counts on us. */
  async function stillMember(): Promise<void> {
    const sinceMs = tools.clock.monotonicMs();
    do {
      await sleep(tools.clock, 200, gone.signal);
      if (gone.signal.aborted) return;
    } while (tools.heartbeatAgeMs() > tools.clock.monotonicMs() - sinceMs);
  }

  async function serve(signal: AbortSignal, end: AbortController): Promise<void> {
    const startedMs = tools.clock.monotonicMs();
    waitingFor = "takeover";
    const inherited = await takeOver(partition, tools, signal);
    if (inherited === null) return;
    tools.right.watch(partition, inherited.epoch, () => {
      tools.metrics.count("fenced");
      tools.log.warn({ partition, epoch: inherited.epoch }, "another instance owns this partition index now, or the state store lost it");
      end.abort();
      wakeUp();
    });
    const owner = { partition, epoch: inherited.epoch };
    const running: Tenure = {
      epoch: inherited.epoch,
      turn: inherited.turn,
      applied: inherited.applied,
      produced: inherited.applied,
      changelogPosition: inherited.changelogPosition,
      outboxEmpty: inherited.outbox.length === 0,
      lanes: createLanes(tools, owner, signal, stopping.signal),
      pollers: createPollers(tools, partition, signal),
      dueTimes: createDueTimes(tools, partition, signal),
    };
    const users = createUsers(tools.store, tools.log);
    const rewritten = await produceInherited(inherited, running, signal);
    if (!inherited.released)
      await sleep(tools.clock, claimWaitMs - (tools.clock.monotonicMs() - inherited.claimedAtMs), signal);
    if (signal.aborted) throw lost();
    inbox.reset(running.applied);
    open = true;
    for (const topic of inputTopics) tools.consumer.seek(topic, partition, running.applied[topic] + 1);
    paused = false;
    tools.consumer.resume(partition);
    await startLive(running, users, signal);
    for (const userId of rewritten) laterRewrite(userId, signal);
    tenure = running;
    waitingFor = null;
    const tookMs = tools.clock.monotonicMs() - startedMs;
    tools.metrics.count("takeovers");
    tools.metrics.observeMs("takeover", tookMs);
    tools.log.info(
      { partition, epoch: running.epoch, turn: running.turn, polls: running.pollers.count, tookMs: Math.round(tookMs) },
      "took a partition index over",
    );
    await takeTurns(running, { ...tools, users, partition }, signal);
    if (!signal.aborted) await windDown(running, signal);
  }

  /** Clean end of a tenure: commands in hand, polls, an empty outbox, the commit, and the word that nobody need wait. */
  async function windDown(running: Tenure, signal: AbortSignal): Promise<void> {
    open = false;
    running.dueTimes.stop();
    const quiet = Promise.all([running.lanes.idle(), running.pollers.stop()]);
    await (deadline === null ? quiet : Promise.race([quiet, aborted(deadline)]));
    if (deadline?.aborted === true || signal.aborted) return;
    const own = <Value>(call: () => Promise<Value>): Promise<Value> =>
      untilDone(tools, AbortSignal.any(deadline === null ? [signal] : [signal, deadline]), call, storeFailed);
    if (!running.outboxEmpty) {
      const nothing: Turn = { applied: running.applied, users: new Map(), changes: [], changelog: [], rest: [], replies: [], sizeBytes: 0 };
      await save(nothing, running, signal);
    }
    await tools.commit(partition, nextOf(running.produced));
    await own(() => tools.store.release(partition, running.epoch));
  }

  /** Produces the inherited outbox byte for byte; answers the users whose states were in it. */
  async function produceInherited(inherited: Inheritance, running: Tenure, signal: AbortSignal): Promise<readonly string[]> {
    if (inherited.outbox.length === 0) return [];
    const cursorKey = keyOfCursor(tools.client);
    const bytes = inherited.outbox.find(({ key }) => key.equals(cursorKey))?.value;
    if (bytes === undefined || bytes === null) throw new Error("an inherited outbox holds no cursor");
    const cursor = await readCursor(tools.codec, bytes);
    running.changelogPosition = await produceAll(
      running.epoch,
      { changelog: inherited.outbox, rest: cursor.outbox, version: inherited.outboxVersion },
      signal,
    );
    publish(cursor.replies, signal);
    const prefix = `${tools.client}:`;
    return inherited.outbox.map(({ key }) => key.toString()).filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
  }

  async function startLive(running: Tenure, users: TurnTools["users"], signal: AbortSignal): Promise<void> {
    const own = <Value>(call: () => Promise<Value>): Promise<Value> => untilDone(tools, signal, call, storeFailed);
    const live = await own(() => tools.store.liveUsers(partition));
    const spreadMs = Math.min(2_000, live.length * 2);
    for (let i = 0; i < live.length; i += liveSlice) {
      const slice = live.slice(i, i + liveSlice);
      await own(() => users.load(slice));
      for (const userId of slice) {
        const { state } = users.get(userId);
        running.lanes.update(userId, state);
        running.pollers.update(userId, state, Math.round(tools.random.next() * spreadMs));
        running.dueTimes.update(userId, state);
      }
    }
  }

  async function takeTurns(running: Tenure, turnTools: TurnTools, signal: AbortSignal): Promise<void> {
    const blocked = new Set<InputTopic>();
    while (!signal.aborted && !stopping.signal.aborted) {
      const queued = inbox.peek(turnRecords, turnBytes, blocked);
      if (queued.length === 0) {
        await nextWake(signal);
        continue;
      }
      const startedMs = tools.clock.monotonicMs();
      const { inputs, waiting } = await decodeAll(queued, turnTools);
      for (const [topic, detail] of waiting) block(topic, detail, blocked);
      if (inputs.length === 0) continue;
      const userIds = inputs.flatMap(({ decoded }) => (decoded.kind === "input" ? [decoded.userId] : []));
      await untilDone(tools, signal, () => turnTools.users.load(userIds), storeFailed);
      const now = tools.clock.now();
      const version: Version = { epoch: running.epoch, turn: running.turn + 1 };
      let count = inputs.length;
      let turn = makeTurn(inputs, running.applied, version, now, turnTools);
      while (turn.sizeBytes > maxOutboxBytes && count > 1) {
        count = Math.ceil(count / 2);
        turn = makeTurn(inputs.slice(0, count), running.applied, version, now, turnTools);
      }
      await completeTurn(turn, running, turnTools, signal);
      inbox.applied(running.applied);
      relieve();
      turnTools.users.trim();
      tools.metrics.count("turns");
      tools.metrics.count("records_applied", undefined, count);
      tools.metrics.observeMs("turn", tools.clock.monotonicMs() - startedMs);
    }
  }

  /** Save, then produce, then let lanes, polls and due times see the new states. */
  async function completeTurn(turn: Turn, running: Tenure, turnTools: TurnTools, signal: AbortSignal): Promise<void> {
    const version: Version = { epoch: running.epoch, turn: running.turn + 1 };
    await save(turn, running, signal);
    running.turn = version.turn;
    running.applied = turn.applied;
    running.outboxEmpty = turn.changelog.length === 0;
    for (const [userId, { state, remember, see }] of turn.users) turnTools.users.put(userId, state, remember, see);
    if (turn.changelog.length > 0) {
      const startedMs = tools.clock.monotonicMs();
      running.changelogPosition = await produceAll(running.epoch, { changelog: turn.changelog, rest: turn.rest, version }, signal);
      tools.metrics.observeMs("produce", tools.clock.monotonicMs() - startedMs);
    }
    running.produced = turn.applied;
    for (const [userId, { state }] of turn.users) {
      running.lanes.update(userId, state);
      running.pollers.update(userId, state, 0);
      running.dueTimes.update(userId, state);
    }
    publish(turn.replies, signal);
  }

  async function save(turn: Turn, running: Tenure, signal: AbortSignal): Promise<void> {
    const request = {
      partition,
      epoch: running.epoch,
      expectedTurn: running.turn,
      nextTurn: running.turn + 1,
      applied: turn.applied,
      outbox: outboxOf(turn),
      changelogPosition: running.changelogPosition,
      changes: turn.changes,
    };
    const startedMs = tools.clock.monotonicMs();
    const verdict: SaveVerdict = await untilDone(tools, signal, () => tools.store.save(request), storeFailed);
    tools.metrics.observeMs("save", tools.clock.monotonicMs() - startedMs);
    waitingFor = null;
    if (verdict === "saved") return;
    tools.metrics.count("fenced");
    tools.log.warn(
      { partition, epoch: running.epoch, turn: running.turn, verdict },
      "the state store refused a turn; nothing of it was produced, the partition index is taken over again if it is still ours",
    );
    throw lost();
  }

  async function produceAll(
    epoch: number,
    outbox: { readonly changelog: readonly KeyedBytes[]; readonly rest: readonly OutboxRecord[]; readonly version: Version },
    signal: AbortSignal,
  ): Promise<number> {
    const headers = changelogHeaders(epoch, outbox.version);
    const first = outbox.changelog.map(({ key, value }): ProducedRecord => ({ topic: "interconnections", partition, key, value, headers }));
    const rest = outbox.rest.map((record): ProducedRecord => restRecord(record, partition));
    return untilDone(
      tools,
      signal,
      async () => {
        const offsets = await tools.producer.produce(first);
        if (rest.length > 0) await tools.producer.produce(rest);
        waitingFor = null;
        return (offsets.at(-1) ?? 0) + 1;
      },
      (error, tries) => {
        const refused = error instanceof Error && "refused" in error && error.refused === true;
        waitingFor = "kafka";
        tools.metrics.count("produce_failures");
        if (refused) tools.metrics.count("alarms", { alarm: "produce_refused" });
        tools.log[refused ? "error" : "warn"](
          { partition, tries, error },
          refused
            ? "the broker refuses what this partition index must produce: it stands still until that is mended (size limit, authorisation or topic)"
            : "the broker did not take what this partition index must produce; producing the same again",
        );
      },
    );
  }

  function publish(replies: readonly ReplyRecord[], signal: AbortSignal): void {
    for (const { requestId, reply } of replies) {
      untilDone(tools, signal, () => tools.store.publishReply(requestId, reply), storeFailed).catch((error: unknown) => {
        if (!isLost(error)) tools.fatal(error instanceof Error ? error : new Error("publishing a reply failed"));
      });
    }
  }

  function laterRewrite(userId: string, signal: AbortSignal): void {
    const cancel = tools.clock.after(rewriteAfterMs, () => {
      const body = { type: "DueTime", kind: "rewrite", dueAt: tools.clock.now() } as const;
      tools
        .tell(partition, { client: tools.client, userId, chatId: "", occurredAt: tools.clock.now(), body }, signal)
        .catch((error: unknown) => {
          if (!isLost(error)) tools.fatal(error instanceof Error ? error : new Error("asking for a rewrite failed"));
        });
    });
    signal.addEventListener("abort", cancel, { once: true });
  }

  function block(topic: InputTopic, detail: string, blocked: Set<InputTopic>): void {
    blocked.add(topic);
    waitingFor = "schema registry";
    tools.log.warn({ partition, topic, detail }, "the schema registry did not answer for an unknown schema; this topic waits");
    tools.clock.after(waitForRegistryMs, () => {
      blocked.delete(topic);
      waitingFor = null;
      wakeUp();
    });
  }

  function storeFailed(error: unknown, tries: number): void {
    waitingFor = "redis";
    tools.log.warn({ partition, tries, error }, "the state store did not answer; the same call again");
  }

  function nextWake(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        wakeUp = () => undefined;
        signal.removeEventListener("abort", wake);
        stopping.signal.removeEventListener("abort", wake);
        resolve();
      };
      wakeUp = wake;
      signal.addEventListener("abort", wake);
      stopping.signal.addEventListener("abort", wake);
    });
  }

  function relieve(): void {
    if (!paused || inbox.records > inboxRecordsMax / 2 || inbox.sizeBytes > inboxBytesMax / 2) return;
    paused = false;
    tools.consumer.resume(partition);
  }

  /** A batch that begins beyond what is expected: right only where the log itself begins there. */
  async function closeGap(batch: ConsumedBatch): Promise<void> {
    const { start } = await tools.consumer.bounds(batch.topic, partition);
    if (!open) return;
    const expected = inbox.nextOffset(batch.topic);
    if (start > expected) {
      tools.metrics.count("alarms", { alarm: "records_expired" });
      tools.log.error({ partition, topic: batch.topic, expected, start }, "records of an input topic expired before they were read; going on at its start");
      inbox.append({ ...batch, fetchedOffset: expected, nextOffset: start, records: [] });
    }
    tools.consumer.seek(batch.topic, partition, inbox.nextOffset(batch.topic));
  }

  const ended = live();

  return {
    partition,
    ended,
    accept(batch) {
      if (!open) return;
      switch (inbox.append(batch)) {
        case "gap":
          closeGap(batch).catch((error: unknown) => {
            tools.log.warn({ partition, topic: batch.topic, error }, "could not look where an input topic begins; it is read again");
            tools.consumer.seek(batch.topic, partition, inbox.nextOffset(batch.topic));
          });
          return;
        case "nothing new":
          return;
        case "appended":
          if (!paused && (inbox.records > inboxRecordsMax || inbox.sizeBytes > inboxBytesMax)) {
            paused = true;
            tools.consumer.pause(partition);
          }
          wakeUp();
      }
    },
    committable() {
      if (tenure === null || gone.signal.aborted) return null;
      return nextOf(tenure.produced);
    },
    get running() {
      return tenure !== null && !gone.signal.aborted;
    },
    get waitingFor() {
      return waitingFor;
    },
    get counts() {
      const { lanes, pollers, dueTimes } = tenure ?? {};
      return { inbox: inbox.records, laneDepth: lanes?.depth ?? 0, polls: pollers?.count ?? 0, due: dueTimes?.count ?? 0 };
    },
    lose() {
      open = false;
      gone.abort();
      wakeUp();
    },
    async finish(by) {
      deadline = by;
      stopping.abort();
      if (tenure === null) gone.abort();
      wakeUp();
      const end = (): void => {
        gone.abort();
      };
      by.addEventListener("abort", end, { once: true });
      await ended;
      by.removeEventListener("abort", end);
    },
  };
}

function restRecord({ topic, key, value }: OutboxRecord, partition: number): ProducedRecord {
  // An input topic among the outputs is a record that is moved to the partition of its key.
  const moved = (inputTopics as readonly string[]).includes(topic);
  const suffix = topic as TopicSuffix;
  if (moved) return { topic: suffix, partition: null, key, value, headers: [{ name: movedHeader, value: Buffer.from("1") }] };
  return { topic: suffix, partition: suffix === "dead-letters" ? null : partition, key, value };
}

function nextOf(applied: Offsets<number>): Offsets<number> {
  const next: Record<InputTopic, number> = { ...applied };
  for (const topic of inputTopics) next[topic] += 1;
  return next;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => { resolve(); }, { once: true });
  });
}
