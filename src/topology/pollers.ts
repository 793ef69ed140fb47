// The long polls of one partition index: one poll in flight per chat that is at the desk. An answer's events are produced
// and acknowledged before the next poll acknowledges them to the desk; the state's position drops what comes twice.
import type { DeskGateway } from "../processors/desk/gateway.ts";
import type { UserState } from "../processors/interconnection/state.ts";
import { hasEffect } from "../processors/interconnection/desk-repeats.ts";
import type { PollAnswer } from "../processors/desk/port.ts";
import type { AgentEvent, DeskLostReason, DeskSession } from "../processors/messages/generated.ts";
import { isGood, isLast, isNews, leftMs, openIfKnown, polledOf, slices, stillRight } from "./poll.ts";
import type { Chat, Poll } from "./poll.ts";
import { delayMs, pollAgain, pollsAgainPerSecond, pollsAgainWithinMs } from "./policies.ts";
import type { Log, Metrics } from "./ports.ts";
import { isLost, lost, sleep, type Pace } from "./retry.ts";
import { resync } from "./resync.ts";
import { allowed, type RightToAct } from "./right-to-act.ts";
import type { SessionGates } from "./session-gates.ts";

/** What pollers work with. */
export interface PollTools extends Pace {
  readonly desk: Pick<DeskGateway, "poll" | "reconnect" | "resync">;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly right: RightToAct;
  readonly gates: SessionGates;
  readonly client: string;
  readonly sessionTimeoutMs: number;
  /** Wait after the desk said that another poll is in flight. */
  readonly conflictWaitMs: number;
  heartbeatAgeMs(): number;
  /** Produces to agent-events until acknowledged; throws Lost when the signal aborts. */
  tell(partition: number, event: AgentEvent, signal: AbortSignal): Promise<number>;
  /** Ends the process: a chat that nobody polls would die unseen. */
  fatal(error: Error): void;
}

/** The polls of one tenure. */
export interface Pollers {
  /**
   * Starts or ends the poll of a user's chat as the state has it; a start waits `jitterMs` first. Call it only for a state
   * that is saved and produced.
   */
  update(userId: string, state: UserState, jitterMs: number): void;
  /** Ends all polls; resolves when their sockets are closed, also those of polls that `update` has ended. */
  stop(): Promise<void>;
  readonly count: number;
}

type Going = "on" | "over";

/** A session dies without polls; while events can't be produced it is polled with an unchanged position this often. */
const keepAliveMs = 20_000;
/** An answer of nothing, or nothing new, that came sooner than this is not a long poll; then the next one waits. */
const shortPollMs = 1_000;
const shortPollPauseMs = 100;
/** While nobody can tell whose the index is. */
const rightAgainMs = 250;
/**
 * After the last event of a chat its state ends the poll, within this time. A poll that asked on would be told that the session is
 * gone, and tell of a loss where there is none.
 */
const decidedMs = 2_000;
/** The loss of the index leaves a reconnect in hand so long: the next owner has not polled by then, or is told where to. */
const toldWithinMs = 5_000;
/** What the desk answers to a reconnect while no hand-over is under way (fact sheet, section 11). */
const notHandedOver = 405;
const metByPost = "a post met a void route";

/** Offset of agent-events up to which `update` has told what was decided. */
type Shown = () => number;

/** Polls nothing yet. */
export function createPollers(tools: PollTools, partition: number, signal: AbortSignal, shownTo: Shown): Pollers {
  const { clock, desk, log, metrics } = tools;
  /** Whose last answer was a failure or a move. */
  const failing = new Set<Poll>();
  const polls = new Map<string, { readonly poll: Poll; readonly done: Promise<void> }>();
  /** Of each poll whose socket may be open. */
  const followed = new Set<Promise<void>>();
  /** Only the answer to a reconnect says where its session is: one in hand is heard and told also when the index has gone. */
  const cutOff = new AbortController();
  signal.addEventListener("abort", () => clock.after(toldWithinMs, () => cutOff.abort()), { once: true });

  /** `before` is the poll that was of the same session: its socket must be closed. */
  function start(userId: string, chat: Chat, jitterMs: number, before: Promise<void>): void {
    const abort = new AbortController();
    const { generation } = chat.session;
    const routeVoid = (): void => {
      poll.moving = true;
      poll.routeVoid.abort();
    };
    const gate = tools.gates.watch(chat.chatId, generation, routeVoid);
    const poll: Poll = {
      owner: { userId, chatId: chat.chatId },
      abort,
      ended: AbortSignal.any([signal, abort.signal]),
      session: chat.session,
      generations: new Set([chat.session.generation]),
      position: chat.position,
      resumeToken: chat.resumeToken,
      unconfirmed: null,
      failingSinceMs: null,
      failures: 0,
      reconnects: 0,
      // Reconnected, and nothing was read there yet: the owner before us did not get so far.
      toldAt: null,
      arriving: chat.position < 0 && chat.resumeToken !== null ? "resync" : null,
      chat,
      moving: false,
      gate,
      routeVoid: new AbortController(),
      over: false,
    };
    if (poll.arriving !== null) gate.close();
    const done = follow(poll, jitterMs, before).finally(() => followed.delete(done));
    followed.add(done);
    polls.set(userId, { poll, done });
  }

  async function follow(poll: Poll, jitterMs: number, before: Promise<void>): Promise<void> {
    try {
      await before;
      await sleep(clock, jitterMs, poll.ended);
      while (!poll.ended.aborted) if ((await step(poll)) === "over") break;
      poll.over = true;
    } catch (error) {
      if (isLost(error) || poll.ended.aborted) return;
      tools.fatal(error instanceof Error ? error : new Error("a poll ended by something that is no error"));
    } finally {
      failing.delete(poll);
      poll.gate.forget();
    }
  }

  /** One poll. A post that meets a void route ends it: the session moves as a whole. */
  async function ask(poll: Poll): Promise<PollAnswer> {
    const routeVoid = poll.routeVoid.signal;
    if (!routeVoid.aborted) {
      try {
        return await desk.poll(poll.owner, poll.session, poll.position, AbortSignal.any([poll.ended, routeVoid]));
      } catch (error) {
        if (poll.ended.aborted || !over(routeVoid)) throw error;
      }
    }
    return { kind: "moved", detail: metByPost };
  }

  async function step(poll: Poll): Promise<Going> {
    if (!(await mayPoll(poll.ended))) return "on";
    const askedMs = clock.monotonicMs();
    const answer = await ask(poll);
    metrics.count("polls", { answer: answer.kind });
    const isOverdue = judge(poll, answer, askedMs);
    if (isGood(answer)) await heardThere(poll, answer);
    switch (answer.kind) {
      case "events":
        for (const note of answer.notes ?? [])
          log.info({ ...poll.owner, detail: note }, "the desk has told something that operators look for");
        if (isNews(poll, answer)) await tellEvents(poll, answer);
        else await notTooSoon(poll, askedMs);
        // The desk answered this poll, so it had the acknowledgement that came with it: of all before this answer.
        poll.unconfirmed = answer.events.filter(({ kind }) => hasEffect(kind)).length;
        if (answer.lost !== undefined) return giveUp(poll, answer.lost.reason, answer.lost.detail);
        if (answer.events.some(({ kind }) => isLast(kind))) await sleep(clock, decidedMs, poll.ended);
        return "on";
      case "nothing":
        poll.unconfirmed = 0;
        await notTooSoon(poll, askedMs);
        return "on";
      case "conflict":
        log.warn({ ...poll.owner }, "Duplicate Long Polling: another poll of this session is in flight; waiting");
        if ((await within(poll, "409")) === "over") return "over";
        // However long that is told to be, one more poll follows.
        await sleep(clock, tools.conflictWaitMs, poll.ended);
        return "on";
      case "moved":
        log.info({ ...poll.owner, detail: answer.detail ?? null }, "the desk has moved the session; reconnecting");
        return moved(poll);
      case "lost":
        return giveUp(poll, answer.reason, answer.detail);
      case "failed":
        return isOverdue ? overdue(poll, answer.detail) : failed(poll, answer.detail, answer.retryAfterMs);
    }
  }

  /** After an answer that brought nothing. */
  async function notTooSoon({ ended }: Poll, askedMs: number): Promise<void> {
    if (clock.monotonicMs() - askedMs < shortPollMs) await sleep(clock, shortPollPauseMs, ended);
  }

  /** The desk works where the session is; after a reconnect it hears the resync first. */
  async function heardThere(poll: Poll, answer: PollAnswer): Promise<void> {
    if (poll.arriving === "resync") {
      await keepingAlive(poll, () => resync(tools, partition, poll));
      // An answer without events leaves nothing to wait for.
      poll.arriving = answer.kind === "events" && answer.position >= 0 ? "state" : null;
    } else if (poll.arriving === "state" && poll.toldAt !== null && shownTo() >= poll.toldAt) {
      // Its record was given up undecided, or the state has known this place before.
      poll.arriving = null;
    }
    openIfKnown(poll);
  }

  /** Counts an answer as a good or a failed one; true when it came later than the desk has told us to wait. */
  function judge(poll: Poll, answer: PollAnswer, askedMs: number): boolean {
    const now = clock.monotonicMs();
    const dueMs = askedMs + poll.session.pollTimeoutMs;
    if (isGood(answer)) {
      poll.failingSinceMs = null;
      poll.failures = 0;
      poll.reconnects = 0;
      failing.delete(poll);
      // A poll that a post has ended had not failed.
    } else if (!poll.routeVoid.signal.aborted) poll.failingSinceMs ??= Math.min(now, dueMs);
    return now >= dueMs;
  }

  /**
   * True with the right to act. While the store does not answer nobody can have taken over without the group's doing, so a
   * young heartbeat is enough to keep the session alive; what such a poll brings waits for the right (tellEvents).
   */
  async function mayPoll(ended: AbortSignal): Promise<boolean> {
    const right = await tools.right.check(partition);
    if (right === "gone") throw lost();
    if (right === "mine") return true;
    if (tools.heartbeatAgeMs() < 0.7 * tools.sessionTimeoutMs) return true;
    await sleep(clock, rightAgainMs, ended);
    return false;
  }

  async function tellEvents(poll: Poll, answer: Extract<PollAnswer, { kind: "events" }>): Promise<void> {
    const { generation } = poll.session;
    const parts = slices(answer.events);
    for (const [i, events] of parts.entries()) {
      const last = i === parts.length - 1;
      const position = last ? answer.position : (events.at(-1)?.number ?? answer.position);
      const resumeToken = last ? answer.resumeToken : null;
      await keepingAlive(poll, async () => {
        await allowed(tools, partition, poll.ended);
        poll.toldAt = await tell(poll, { type: "DeskEvents", generation, position, resumeToken, events });
      });
      poll.position = position;
      poll.resumeToken = resumeToken ?? poll.resumeToken;
    }
  }

  /** Runs `work`; while it takes long, polls with the position unchanged and lets the answer go: it comes again. */
  async function keepingAlive(poll: Poll, work: () => Promise<unknown>): Promise<void> {
    const finished = new AbortController();
    const either = AbortSignal.any([poll.ended, finished.signal]);
    const keepAlive = async (): Promise<void> => {
      for (;;) {
        await sleep(clock, keepAliveMs, either);
        if (over(either)) return;
        log.warn({ ...poll.owner }, "the desk's events can't be produced; polling only to keep the session");
        try {
          await desk.poll(poll.owner, poll.session, poll.position, either);
        } catch (error) {
          if (over(either)) return;
          tools.fatal(error instanceof Error ? error : new Error("a poll ended by something that is no error"));
        }
      }
    };
    const alive = keepAlive();
    try {
      await work();
    } finally {
      finished.abort();
      await alive;
    }
  }

  /**
   * The first time at once; a desk that moves us on and on is as good as one that fails. Nothing is posted until the session is
   * where it will stay, and known there.
   */
  async function moved(poll: Poll): Promise<Going> {
    poll.moving = true;
    poll.gate.close();
    if (poll.reconnects > 0 && (await failed(poll, "moved again", null)) === "over") return "over";
    while (!poll.ended.aborted) {
      if (!(await mayPoll(poll.ended))) continue;
      poll.reconnects += 1;
      await sleep(clock, spreadMs(poll), poll.ended);
      if (over(poll.ended)) break;
      const outcome = await desk.reconnect(poll.owner, poll.session, poll.resumeToken, cutOff.signal);
      if (outcome.kind === "retry") {
        poll.failingSinceMs ??= clock.monotonicMs();
        if ((await failed(poll, outcome.detail, outcome.retryAfterMs)) === "over") return "over";
        continue;
      }
      const metWhileHeld = poll.routeVoid.signal.aborted;
      poll.routeVoid = new AbortController();
      poll.moving = false;
      if (outcome.kind === "done") return reconnected(poll, outcome.value);
      if (outcome.kind === "broken" || outcome.status !== notHandedOver)
        return giveUp(poll, "reconnect_failed", outcome.detail);
      // Nothing to reconnect to: the 503 was an outage and no hand-over, and the session is where it was.
      openIfKnown(poll);
      if (!metWhileHeld) return failed(poll, outcome.detail, null);
      poll.reconnects = 0;
      return "on";
    }
    return "on";
  }

  async function reconnected(
    poll: Poll,
    { session, resetsPostSequence }: { readonly session: DeskSession; readonly resetsPostSequence: boolean },
  ): Promise<Going> {
    const { unconfirmed: unconfirmedEvents } = poll;
    const { generation: leftGeneration } = poll.session;
    poll.session = session;
    poll.generations.add(session.generation);
    poll.position = -1;
    poll.toldAt = null;
    poll.arriving = "resync";
    const change = { session, resetsPostSequence, unconfirmedEvents, leftGeneration };
    // Without the right to act, too: it has happened, and decide takes it only for the place that was left.
    await keepingAlive(poll, () => tell(poll, { type: "DeskReconnected", ...change }, cutOff.signal));
    return "on";
  }

  /** So that those who fail together do not come back as one flood: a wait by chance, the longer the more of them there are. */
  function spreadMs(poll: Poll): number {
    failing.add(poll);
    return Math.round(
      tools.random.next() * Math.min(pollsAgainWithinMs, ((failing.size - 1) * 1_000) / pollsAgainPerSecond),
    );
  }

  /** It has waited long enough: asked again at once, unless many hang together. */
  async function overdue(poll: Poll, detail: string): Promise<Going> {
    poll.failures += 1;
    log.warn({ ...poll.owner, reason: detail, failures: poll.failures }, "a poll hung; asking again");
    await sleep(clock, Math.min(spreadMs(poll), Math.max(0, leftMs(poll, clock.monotonicMs()))), poll.ended);
    return within(poll, detail);
  }

  async function failed(poll: Poll, detail: string, askedMs: number | null): Promise<Going> {
    poll.failures += 1;
    log.warn({ ...poll.owner, reason: detail, failures: poll.failures }, "a poll failed; trying again");
    const left = leftMs(poll, clock.monotonicMs());
    // The session dies without polls: whatever wait was asked for, it is asked once more while it may live.
    const asked = askedMs === null ? null : Math.min(askedMs, left / 2);
    const wait = delayMs(pollAgain, poll.failures, tools.random.next(), asked) + spreadMs(poll);
    if (left > 0) await sleep(clock, Math.min(wait, left), poll.ended);
    return within(poll, detail);
  }

  async function within(poll: Poll, detail: string): Promise<Going> {
    if (leftMs(poll, clock.monotonicMs()) > 0) return "on";
    return giveUp(poll, "budget_exhausted", detail);
  }

  async function giveUp(poll: Poll, reason: DeskLostReason, detail: string): Promise<Going> {
    if (poll.chat.isOver) return "over";
    await allowed(tools, partition, poll.ended);
    log.warn({ ...poll.owner, reason, detail }, "the chat's session at the desk is lost; the chat ends on both sides");
    await tell(poll, { type: "DeskLost", generation: poll.session.generation, reason, detail });
    return "over";
  }

  function tell({ owner, ended }: Poll, body: AgentEvent["body"], until: AbortSignal = ended): Promise<number> {
    return tools.tell(partition, { client: tools.client, ...owner, occurredAt: clock.now(), body }, until);
  }

  return {
    update(userId, state, jitterMs) {
      const wanted = polledOf(state);
      const running = polls.get(userId);
      let before = Promise.resolve();
      if (running !== undefined && wanted !== null && stillRight(running.poll, wanted)) {
        running.poll.chat = wanted;
        openIfKnown(running.poll);
      } else if (running !== undefined) {
        running.poll.abort.abort();
        running.poll.gate.forget();
        polls.delete(userId);
        before = running.done;
      }
      if (wanted !== null && !polls.has(userId) && !signal.aborted) start(userId, wanted, jitterMs, before);
    },
    async stop() {
      for (const { poll } of polls.values()) poll.abort.abort();
      await Promise.all(followed);
      polls.clear();
    },
    get count() {
      let count = 0;
      for (const { poll } of polls.values()) if (!poll.over) count += 1;
      return count;
    },
  };
}

/** Asked anew each time: it changes while one waits. */
function over(signal: AbortSignal): boolean {
  return signal.aborted;
}
