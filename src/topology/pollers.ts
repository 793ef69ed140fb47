// The long polls of one partition index: one poll in flight per chat that is at the desk. An answer's events are produced
// and acknowledged before the next poll acknowledges them to the desk; the state's position drops what comes twice.
import type { DeskGateway, SessionOwner } from "../processors/desk/gateway.ts";
import type { Active, OnHold, UserState } from "../processors/interconnection/state.ts";
import { hasEffect } from "../processors/interconnection/desk-repeats.ts";
import type { PollAnswer } from "../processors/desk/port.ts";
import type {
  AgentEvent,
  DeskEvent,
  DeskEventKind,
  DeskLostReason,
  DeskSession,
} from "../processors/messages/generated.ts";
import { delayMs, pollAgain, pollsAgainPerSecond, pollsAgainWithinMs } from "./policies.ts";
import type { Log, Metrics } from "./ports.ts";
import { isLost, lost, sleep, type Pace } from "./retry.ts";
import type { RightToAct } from "./right-to-act.ts";

/** What pollers work with. */
export interface PollTools extends Pace {
  readonly desk: Pick<DeskGateway, "poll" | "reconnect" | "resync">;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly right: RightToAct;
  readonly client: string;
  readonly sessionTimeoutMs: number;
  /** Wait after the desk said that another poll is in flight. */
  readonly conflictWaitMs: number;
  heartbeatAgeMs(): number;
  /** Produces to agent-events until acknowledged; throws Lost when the signal aborts. */
  tell(partition: number, event: AgentEvent, signal: AbortSignal): Promise<void>;
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
  /** Ends all polls; resolves when their sockets are closed. */
  stop(): Promise<void>;
  readonly count: number;
}

type Chat = OnHold | Active;

/** One chat that is polled. */
interface Poll {
  readonly owner: SessionOwner;
  readonly abort: AbortController;
  readonly ended: AbortSignal;
  session: DeskSession;
  /** Generations that this poll began with or has made by reconnecting: the state may still lag behind it. */
  readonly generations: Set<string>;
  position: number;
  resumeToken: string | null;
  /** Events told that the desk has no acknowledgement for; null until the first answer. */
  unconfirmed: number | null;
  /** Since when polls have failed; null while they work. A poll that is held works until it fails. */
  failingSinceMs: number | null;
  failures: number;
  /** Reconnects since the last good answer. */
  reconnects: number;
  resyncDue: boolean;
  /** The chat's loss was told, and nothing polls it any more. */
  over: boolean;
}

type Going = "on" | "over";

/** Longest time that polls may fail before the chat is given up, from the first failure on. */
const maxBudgetMs = 40_000;
/** A session dies without polls; while events can't be produced it is polled with an unchanged position this often. */
const keepAliveMs = 20_000;
/** An answer of nothing that came sooner than this is not a long poll; then the next one waits. */
const shortPollMs = 1_000;
const shortPollPauseMs = 100;
/** While nobody can tell whose the index is. */
const rightAgainMs = 250;
/**
 * After the last event of a chat its state ends the poll, within this time. A poll that asked on would be told that the session is
 * gone, and tell of a loss where there is none.
 */
const decidedMs = 2_000;
/** Events per record: one answer of the desk may hold any number. */
const eventsPerRecord = 100;
/** What the desk answers to a reconnect while no hand-over is under way (fact sheet, section 11). */
const notHandedOver = 405;

/** Polls nothing yet. */
export function createPollers(tools: PollTools, partition: number, signal: AbortSignal): Pollers {
  const { clock, desk, log, metrics } = tools;
  /** Whose last answer was a failure or a move. */
  const failing = new Set<Poll>();
  const polls = new Map<string, { readonly poll: Poll; readonly done: Promise<void> }>();

  function start(userId: string, chat: Chat, jitterMs: number): void {
    const abort = new AbortController();
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
      resyncDue: false,
      over: false,
    };
    polls.set(userId, { poll, done: follow(poll, jitterMs) });
  }

  async function follow(poll: Poll, jitterMs: number): Promise<void> {
    try {
      await sleep(clock, jitterMs, poll.ended);
      while (!poll.ended.aborted) if ((await step(poll)) === "over") break;
      poll.over = true;
    } catch (error) {
      if (isLost(error) || poll.ended.aborted) return;
      tools.fatal(error instanceof Error ? error : new Error("a poll ended by something that is no error"));
    } finally {
      failing.delete(poll);
    }
  }

  async function step(poll: Poll): Promise<Going> {
    if (!(await mayPoll(poll.ended))) return "on";
    const askedMs = clock.monotonicMs();
    const answer = await desk.poll(poll.owner, poll.session, poll.position, poll.ended);
    metrics.count("polls", { answer: answer.kind });
    if (isGood(answer)) {
      poll.failingSinceMs = null;
      poll.failures = 0;
      poll.reconnects = 0;
      failing.delete(poll);
    }
    const dueMs = askedMs + poll.session.pollTimeoutMs;
    const isOverdue = clock.monotonicMs() >= dueMs;
    if (!isGood(answer)) poll.failingSinceMs ??= Math.min(clock.monotonicMs(), dueMs);
    switch (answer.kind) {
      case "events":
        for (const note of answer.notes ?? [])
          log.info({ chatId: poll.owner.chatId, detail: note }, "the desk has told something that operators look for");
        await tellEvents(poll, answer);
        // The desk answered this poll, so it had the acknowledgement that came with it: of all before this answer.
        poll.unconfirmed = answer.events.filter(({ kind }) => hasEffect(kind)).length;
        if (poll.resyncDue) await resync(poll);
        if (answer.events.some(({ kind }) => isLast(kind))) await sleep(clock, decidedMs, poll.ended);
        return "on";
      case "nothing":
        poll.unconfirmed = 0;
        if (clock.monotonicMs() - askedMs < shortPollMs) await sleep(clock, shortPollPauseMs, poll.ended);
        return "on";
      case "conflict":
        log.warn(
          { chatId: poll.owner.chatId },
          "Duplicate Long Polling: another poll of this session is in flight; waiting",
        );
        await sleep(clock, tools.conflictWaitMs, poll.ended);
        return within(poll, "409");
      case "moved":
        log.info(
          { chatId: poll.owner.chatId, detail: answer.detail ?? null },
          "the desk has moved the session; reconnecting",
        );
        return moved(poll);
      case "lost":
        return giveUp(poll, answer.reason, answer.detail);
      case "failed":
        return isOverdue ? overdue(poll, answer.detail) : failed(poll, answer.detail, answer.retryAfterMs);
    }
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
        await untilMine(poll.ended);
        await tell(poll, { type: "DeskEvents", generation, position, resumeToken, events });
      });
      poll.position = position;
      poll.resumeToken = resumeToken ?? poll.resumeToken;
    }
  }

  /** Runs `work`; while it takes long, polls with the position unchanged and lets the answer go: it comes again. */
  async function keepingAlive(poll: Poll, work: () => Promise<void>): Promise<void> {
    const finished = new AbortController();
    const either = AbortSignal.any([poll.ended, finished.signal]);
    const keepAlive = async (): Promise<void> => {
      for (;;) {
        await sleep(clock, keepAliveMs, either);
        if (over(either)) return;
        log.warn(
          { chatId: poll.owner.chatId },
          "the desk's events can't be produced; polling only to keep the session",
        );
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

  async function untilMine(ended: AbortSignal): Promise<void> {
    for (;;) {
      if (ended.aborted) throw lost();
      const right = await tools.right.check(partition);
      if (right === "mine") return;
      if (right === "gone") throw lost();
      await sleep(clock, rightAgainMs, ended);
    }
  }

  /** The first time at once; a desk that moves us on and on is as good as one that fails. */
  async function moved(poll: Poll): Promise<Going> {
    if (poll.reconnects > 0 && (await failed(poll, "moved again", null)) === "over") return "over";
    if (poll.ended.aborted) return "on";
    poll.reconnects += 1;
    await sleep(clock, spreadMs(poll), poll.ended);
    const outcome = await desk.reconnect(poll.owner, poll.session, poll.resumeToken, poll.ended);
    switch (outcome.kind) {
      case "done": {
        const { session, resetsPostSequence } = outcome.value;
        await untilMine(poll.ended);
        const unconfirmedEvents = poll.unconfirmed;
        await tell(poll, { type: "DeskReconnected", session, resetsPostSequence, unconfirmedEvents });
        poll.session = session;
        poll.generations.add(session.generation);
        poll.position = -1;
        poll.resyncDue = true;
        return "on";
      }
      case "refused":
        // Nothing to reconnect to: the 503 was an outage and no hand-over, and the session is where it was.
        if (outcome.status === notHandedOver) return failed(poll, outcome.detail, null);
        return giveUp(poll, "reconnect_failed", outcome.detail);
      case "broken":
        return giveUp(poll, "reconnect_failed", outcome.detail);
      case "retry":
        return failed(poll, outcome.detail, outcome.retryAfterMs);
    }
  }

  async function resync(poll: Poll): Promise<void> {
    const outcome = await desk.resync(poll.owner, poll.session, poll.ended);
    poll.resyncDue = outcome.kind === "retry";
    if (outcome.kind !== "done")
      log.warn(
        { chatId: poll.owner.chatId, reason: outcome.detail },
        "the desk did not take the resync after a reconnect",
      );
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
    log.warn({ chatId: poll.owner.chatId, reason: detail, failures: poll.failures }, "a poll hung; asking again");
    await sleep(clock, Math.min(spreadMs(poll), Math.max(0, leftMs(poll))), poll.ended);
    return within(poll, detail);
  }

  async function failed(poll: Poll, detail: string, askedMs: number | null): Promise<Going> {
    poll.failures += 1;
    log.warn({ chatId: poll.owner.chatId, reason: detail, failures: poll.failures }, "a poll failed; trying again");
    const left = leftMs(poll);
    const wait = delayMs(pollAgain, poll.failures, tools.random.next(), askedMs) + spreadMs(poll);
    if (left > 0) await sleep(clock, Math.min(wait, left), poll.ended);
    return within(poll, detail);
  }

  async function within(poll: Poll, detail: string): Promise<Going> {
    if (leftMs(poll) > 0) return "on";
    return giveUp(poll, "budget_exhausted", detail);
  }

  /** What is left of the time that polls may fail. */
  function leftMs({ session, failingSinceMs }: Poll): number {
    const now = clock.monotonicMs();
    return (failingSinceMs ?? now) + Math.min(session.pollTimeoutMs, maxBudgetMs) - now;
  }

  async function giveUp(poll: Poll, reason: DeskLostReason, detail: string): Promise<Going> {
    await untilMine(poll.ended);
    log.warn(
      { chatId: poll.owner.chatId, reason, detail },
      "the chat's session at the desk is lost; the chat ends on both sides",
    );
    await tell(poll, { type: "DeskLost", generation: poll.session.generation, reason, detail });
    return "over";
  }

  function tell(poll: Poll, body: AgentEvent["body"]): Promise<void> {
    const event = { client: tools.client, ...poll.owner, occurredAt: clock.now(), body };
    return tools.tell(partition, event, poll.ended);
  }

  return {
    update(userId, state, jitterMs) {
      const chat = state.interconnection;
      const wanted = chat?.status === "ON_HOLD" || chat?.status === "ACTIVE" ? chat : null;
      const running = polls.get(userId)?.poll;
      if (running !== undefined && !stillRight(running, wanted)) {
        running.abort.abort();
        polls.delete(userId);
      }
      if (wanted !== null && !polls.has(userId) && !signal.aborted) start(userId, wanted, jitterMs);
    },
    async stop() {
      for (const { poll } of polls.values()) poll.abort.abort();
      await Promise.all([...polls.values()].map(({ done }) => done));
      polls.clear();
    },
    get count() {
      let count = 0;
      for (const { poll } of polls.values()) if (!poll.over) count += 1;
      return count;
    },
  };
}

/**
 * A poll that gave up on a session which had moved meanwhile, unknown to it, is wrong: its loss is ignored, and somebody must
 * poll the session where it is now.
 */
function stillRight(poll: Poll, wanted: Chat | null): boolean {
  if (poll.owner.chatId !== wanted?.chatId) return false;
  return !poll.over || poll.generations.has(wanted.session.generation);
}

function isLast(kind: DeskEventKind): boolean {
  return kind === "ended" || kind === "refused";
}

/** Asked anew each time: it changes while one waits. */
function over(signal: AbortSignal): boolean {
  return signal.aborted;
}

function isGood({ kind }: PollAnswer): boolean {
  return kind === "events" || kind === "nothing";
}

function slices(events: readonly DeskEvent[]): readonly (readonly DeskEvent[])[] {
  if (events.length <= eventsPerRecord) return [events];
  const parts: (readonly DeskEvent[])[] = [];
  for (let i = 0; i < events.length; i += eventsPerRecord) parts.push(events.slice(i, i + eventsPerRecord));
  return parts;
}
