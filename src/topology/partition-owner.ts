// The owner of one partition index: takeover, then one loop that takes turns (save with outbox, produce with the changelog
// first, commit), and the lanes, polls and due times of its users. Strictly one turn in flight. It ends when the index is
// lost, and begins again when the store turned out to be behind or empty. Made by the runtime for each index it is given.
import { createDueTimes, type DueTimes } from "./due-times.ts";
import { createFeed } from "./feed.ts";
import { createInputDecoder, type InputDecoder } from "./input-decoder.ts";
import { createLanes, type Lanes, type LaneTools } from "./lanes.ts";
import { createPollers, type Pollers, type PollTools } from "./pollers.ts";
import type { ConsumedBatch, PatientProducer } from "./ports.ts";
import { isLost, lost, sleep, untilDone } from "./retry.ts";
import { createRewrites, type Rewrites } from "./rewrites.ts";
import type { Offsets } from "./stored.ts";
import { takeOver, type Inheritance, type TakeoverTools } from "./takeover.ts";
import { inputTopics, type InputTopic } from "./topics.ts";
import { createTurnWriter, type Progress, type Waits } from "./turn-writer.ts";
import { cursorTurn, emptyTurn, makeTurn, type Turn, type TurnMoment, type TurnTools } from "./turn.ts";
import { createUsers } from "./users.ts";

/** Everything an owner works with; shared by all owners of an instance. */
export interface OwnerTools extends TakeoverTools, LaneTools, PollTools, Omit<TurnTools, "users" | "partition"> {
  readonly producer: PatientProducer;
  /** Commits next offsets of this index; resolves also when the broker refused. */
  commit(partition: number, next: Offsets<number>): Promise<void>;
  /** Ends the process: going on would do harm. */
  fatal(error: Error): void;
}

/** What an owner holds, for the gauges. */
export interface OwnerCounts {
  readonly inbox: number;
  readonly laneDepth: Readonly<Record<string, number>>;
  /** Open chats by status. */
  readonly chats: Readonly<Record<string, number>>;
  readonly polls: number;
  readonly due: number;
}

/** The owner of one partition index, from the moment the group gives it until the group takes it. */
export interface PartitionOwner {
  readonly partition: number;
  /** Takes a batch over, or drops it when it is not expected. Synchronous. */
  accept(batch: ConsumedBatch): void;
  /** Next offsets that may be committed; null while the index is not running. */
  committable(): Offsets<number> | null;
  readonly running: boolean;
  /** What this index waits for, such as kafka or takeover; null when nothing. */
  readonly waitingFor: string | null;
  /** Records taken from Kafka and not decided yet. */
  readonly queued: number;
  /** What it holds now, counted when asked. */
  counts(): OwnerCounts;
  /** The group gave the index to somebody else: drops everything at once. */
  lose(): void;
  /** Clean end: finishes the turn and the commands in hand, closes polls. Resolves when all is done or `deadline` aborts. */
  finish(deadline: AbortSignal): Promise<void>;
  /** Resolves when nothing of the owner runs any more. */
  readonly ended: Promise<void>;
}

/** Of one user few at a time, so that a turn of who writes very many holds this process up for a few milliseconds only. */
const turnBounds = { records: 200, bytes: 256 * 1024, ofUser: 32 };
/** Who writes more than that has half of the time: after such a turn the index rests as long as it took, so long at most. */
const longestRestMs = 50;
/** A claimant waits this long before its first effect: longer than the right to act of the one before lasts. */
const claimWaitMs = 1_500;
const liveSlice = 500;
/** Polls of taken over chats begin spread over this time, 2 ms a chat. */
const longestSpreadMs = 2_000;

/** One stretch of ownership under one epoch. */
interface Tenure extends Progress {
  /** Ends it; the owner then takes the index over again if it is still its own. */
  end(): void;
  readonly turnTools: TurnTools;
  readonly decoder: InputDecoder;
  readonly lanes: Lanes;
  readonly pollers: Pollers;
  readonly dueTimes: DueTimes;
  readonly rewrites: Rewrites;
  /**
   * End of agent-events at the takeover. Lanes and polls begin when everything before it is decided: what the owner before
   * has done may stand there. Null once they have begun.
   */
  effectsBehind: number | null;
  /** Offset of agent-events up to which lanes and polls have seen what was decided. */
  shownTo: number;
}

/** Takes the index over and keeps it until it is lost. */
export function createPartitionOwner(partition: number, tools: OwnerTools): PartitionOwner {
  const gone = new AbortController();
  const stopping = new AbortController();
  const { waits, waitingFor, endAll } = createWaits();
  const writer = createTurnWriter(partition, tools, waits);
  let tenure: Tenure | null = null;
  let wakeUp: () => void = () => undefined;
  const feed = createFeed(partition, tools, {
    came: () => wakeUp(),
    lostItsPast: () => tenure?.end(),
  });

  async function live(): Promise<void> {
    waits.begin("takeover");
    try {
      while (!gone.signal.aborted && !stopping.signal.aborted) {
        await serveOnce();
        await stillMember();
      }
    } catch (error) {
      tools.fatal(error instanceof Error ? error : new Error("an owner ended by something that is no error"));
    } finally {
      gone.abort();
    }
  }

  /** After a fence or a refused claim: claims again only when a heartbeat since then shows that the group still counts on us. */
  async function stillMember(): Promise<void> {
    const sinceMs = tools.clock.monotonicMs();
    do {
      if (gone.signal.aborted || stopping.signal.aborted) return;
      await sleep(tools.clock, 200, gone.signal);
    } while (tools.heartbeatAgeMs() > tools.clock.monotonicMs() - sinceMs);
  }

  /** One tenure, whatever ends it; when it resolves nothing of it runs any more. */
  async function serveOnce(): Promise<void> {
    const end = new AbortController();
    const signal = AbortSignal.any([gone.signal, end.signal]);
    let watched: number | null = null;
    try {
      const startedMs = tools.clock.monotonicMs();
      const inherited = await takeOver(partition, tools, signal);
      if (inherited === null) return;
      const running = begin(inherited, signal, end);
      watched = running.epoch;
      await enter(running, inherited);
      waits.end("takeover");
      told(running, inherited.released, tools.clock.monotonicMs() - startedMs);
      await takeTurns(running);
      await windDown(running);
    } catch (error) {
      if (!isLost(error)) throw error;
    } finally {
      const last = tenure;
      tenure = null;
      feed.close();
      end.abort();
      if (watched !== null) tools.right.unwatch(partition, watched);
      last?.dueTimes.stop();
      await Promise.all([last?.lanes.idle(), last?.pollers.stop()]);
      // What the tenure was waiting for is nobody's wait any more. The index itself waits for its next one.
      endAll();
      if (!gone.signal.aborted && !stopping.signal.aborted) waits.begin("takeover");
    }
  }

  function begin(inherited: Inheritance, signal: AbortSignal, end: AbortController): Tenure {
    const { epoch, turn, applied, changelogPosition } = inherited;
    const rewrites = createRewrites(tools, partition, signal, () => wakeUp());
    const fenced = (): void => {
      tools.metrics.count("fenced", { step: "mark" });
      end.abort();
    };
    const goOn = (topic: InputTopic): void => {
      feed.goOn(topic);
      wakeUp();
    };
    const running: Tenure = {
      epoch,
      signal,
      turn,
      applied,
      produced: applied,
      changelogPosition,
      outboxEmpty: inherited.outbox.length === 0,
      rest: Promise.resolve(),
      rewrites,
      mayComeLate: (userIds) => rewrites.later(userIds),
      end: () => end.abort(),
      turnTools: { ...tools, users: createUsers(tools.store, { ...tools, partition }), partition },
      decoder: createInputDecoder({ ...tools, partition, waits, goOn }, signal),
      lanes: createLanes(tools, { partition, epoch, marksLost: inherited.marksLost, fenced }, signal, stopping.signal),
      pollers: createPollers(tools, partition, signal, () => running.shownTo),
      dueTimes: createDueTimes(tools, partition, signal),
      effectsBehind: null,
      shownTo: -1,
    };
    tools.right.watch(partition, { epoch, savedTurn: () => running.turn }, () => {
      tools.metrics.count("fenced", { step: "look" });
      tools.log.warn(
        { partition, epoch },
        "another instance owns this partition index now, or the state store lost it or went back in time",
      );
      end.abort();
    });
    return running;
  }

  /** From the claim to the first record: inherited outputs, the wait for the owner before, the place in each input. */
  async function enter(running: Tenure, inherited: Inheritance): Promise<void> {
    const { signal } = running;
    await writer.produceInherited(inherited, running);
    const sinceClaimMs = tools.clock.monotonicMs() - inherited.claimedAtMs;
    if (!inherited.released) await sleep(tools.clock, Math.max(0, claimWaitMs - sinceClaimMs), signal);
    const bounds = (): Promise<{ readonly end: number }> => tools.consumer.bounds("agent-events", partition);
    const { end } = await untilDone(tools, signal, bounds, (error, tries) => {
      tools.log.warn({ partition, tries, error }, "could not look where agent events end; trying again");
    });
    if (signal.aborted) throw lost();
    running.effectsBehind = end;
    tenure = running;
    feed.open(running.applied);
  }

  function told({ epoch, turn }: Tenure, released: boolean, tookMs: number): void {
    tools.metrics.count("takeovers", { reason: released ? "released" : "claimed" });
    tools.metrics.observeMs("takeover", tookMs);
    tools.log.info({ partition, epoch, turn, tookMs: Math.round(tookMs) }, "took a partition index over");
  }

  /** Clean end of a tenure: commands in hand, polls, an empty outbox, the commit, and the word that nobody need wait. */
  async function windDown(running: Tenure): Promise<void> {
    feed.close();
    running.dueTimes.stop();
    tools.producer.hurry();
    await Promise.all([running.lanes.idle(), running.pollers.stop(), running.rest]);
    if (running.signal.aborted) return;
    if (!running.outboxEmpty) await writer.save(emptyTurn(running.applied), running);
    await tools.commit(partition, nextOf(running.produced));
    await writer.ofStore(running.signal, () => tools.store.release(partition, running.epoch));
  }

  async function takeTurns(running: Tenure): Promise<void> {
    const { signal, turnTools } = running;
    while (!signal.aborted && !stopping.signal.aborted) {
      if (running.effectsBehind !== null && feed.inbox.drained("agent-events", running.effectsBehind))
        await startEffects(running);
      if (running.rewrites.takeCursor()) await complete(cursorTurn(momentOf(running), turnTools), running);
      const { queued, isCutShort } = feed.inbox.peek(turnBounds);
      if (queued.length === 0) {
        await nextWake(signal);
        continue;
      }
      const startedMs = tools.clock.monotonicMs();
      // What the turn before has left to produce must be acknowledged before this one is saved.
      tools.producer.hurry();
      const inputs = running.decoder.decode(queued);
      if (inputs.length === 0) {
        holdWaiting(running);
        continue;
      }
      const userIds = inputs.flatMap(({ decoded }) => (decoded.kind === "input" ? [decoded.userId] : []));
      await writer.ofStore(signal, () => turnTools.users.load(userIds));
      const turn = makeTurn(inputs, momentOf(running), turnTools);
      await complete(turn, running);
      feed.inbox.applied(running.applied);
      holdWaiting(running);
      feed.relieve();
      turnTools.users.trim();
      tools.metrics.count("turns");
      const tookMs = tools.clock.monotonicMs() - startedMs;
      tools.metrics.observeMs("turn", tookMs);
      if (isCutShort) await sleep(tools.clock, Math.min(tookMs, longestRestMs), signal);
    }
    if (signal.aborted) throw lost();
  }

  function momentOf({ epoch, turn, applied }: Tenure): TurnMoment {
    return { before: applied, version: { epoch, turn: turn + 1 }, now: tools.clock.now() };
  }

  /** Save, then produce the changelog, then let lanes, polls and due times see the new states. */
  async function complete(turn: Turn, running: Tenure): Promise<void> {
    await writer.save(turn, running);
    for (const note of turn.notes) note();
    for (const [userId, change] of turn.users) running.turnTools.users.put(userId, change);
    await writer.produce(turn, running);
    if (running.effectsBehind === null) {
      for (const userId of turn.users.keys()) showUser(running, userId, 0);
      running.shownTo = running.applied["agent-events"];
    }
    writer.publish(turn.replies, running.signal);
  }

  function showUser({ turnTools, lanes, pollers, dueTimes }: Tenure, userId: string, jitterMs: number): void {
    const { state } = turnTools.users.get(userId);
    lanes.update(userId, state);
    pollers.update(userId, state, jitterMs);
    dueTimes.update(userId, state);
  }

  async function startEffects(running: Tenure): Promise<void> {
    const { signal, turnTools } = running;
    const live = await writer.ofStore(signal, () => tools.store.liveUsers(partition));
    const spreadMs = Math.min(longestSpreadMs, live.length * 2);
    for (let i = 0; i < live.length; i += liveSlice) {
      const slice = live.slice(i, i + liveSlice);
      await writer.ofStore(signal, () => turnTools.users.load(slice));
      for (const userId of slice) showUser(running, userId, Math.round(tools.random.next() * spreadMs));
    }
    running.effectsBehind = null;
  }

  /** What waits for a schema is fetched again when its answer is there: meanwhile it must not fill the inbox of the others. */
  function holdWaiting({ decoder }: Tenure): void {
    for (const topic of decoder.waiting()) feed.hold(topic);
  }

  /** Aborts are looked at too: what ended while the loop awaited something else is not told again. */
  function nextWake(signal: AbortSignal): Promise<void> {
    if (signal.aborted || stopping.signal.aborted) return Promise.resolve();
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

  const ended = live();

  return {
    partition,
    ended,
    accept: (batch) => feed.accept(batch),
    committable: () => (tenure === null || gone.signal.aborted ? null : nextOf(tenure.produced)),
    get running() {
      return tenure !== null && !gone.signal.aborted;
    },
    get queued() {
      return feed.inbox.records;
    },
    get waitingFor() {
      return waitingFor();
    },
    counts() {
      const { lanes, pollers, dueTimes, turnTools } = tenure ?? {};
      return {
        inbox: feed.inbox.records,
        laneDepth: lanes?.depths() ?? {},
        chats: turnTools?.users.openChats() ?? {},
        polls: pollers?.count ?? 0,
        due: dueTimes?.count ?? 0,
      };
    },
    lose() {
      feed.close();
      gone.abort();
    },
    async finish(deadline) {
      stopping.abort();
      if (tenure === null) gone.abort();
      const over = aborted(deadline);
      void over.then(() => gone.abort());
      await Promise.race([ended, over]);
    },
  };
}

function createWaits(): {
  readonly waits: Waits;
  readonly waitingFor: () => string | null;
  readonly endAll: () => void;
} {
  const names = new Set<string>();
  return {
    waits: {
      begin: (what) => void names.add(what),
      end: (what) => void names.delete(what),
    },
    endAll: () => names.clear(),
    waitingFor: () => (names.size === 0 ? null : [...names].join(", ")),
  };
}

function nextOf(applied: Offsets<number>): Offsets<number> {
  const next: Record<InputTopic, number> = { ...applied };
  for (const topic of inputTopics) next[topic] += 1;
  return next;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
