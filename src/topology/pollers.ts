// The long polls of one partition index: one poll in flight per chat that is at the desk. An answer's events are produced
// and acknowledged before the next poll acknowledges them to the desk; the state's position drops what comes twice.
import type { DeskGateway, SessionOwner } from "../processors/desk/gateway.ts";
import type { Active, OnHold, UserState } from "../processors/interconnection/state.ts";
import type { PollAnswer } from "../processors/desk/port.ts";
import type { AgentEvent, DeskEvent, DeskLostReason, DeskSession } from "../processors/messages/generated.ts";
import { delayMs, pollAgain } from "./policies.ts";
import type { Log, Metrics } from "./ports.ts";
import { isLost, lost, sleep, type Pace } from "./retry.ts";
import type { RightToAct } from "./right-to-act.ts";

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
}

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

interface Poll {
  readonly chatId: string;
  readonly abort: AbortController;
  readonly ended: Promise<void>;
}

interface Place {
  session: DeskSession;
  position: number;
  resumeToken: string | null;
  lastGoodMs: number;
  failures: number;
  resyncDue: boolean;
}

/** Longest time that polls may fail before the chat is given up. */
const maxBudgetMs = 40_000;
/** A session dies without polls; while events can't be produced it is polled with an unchanged position this often. */
const keepAliveMs = 20_000;
/** An answer of nothing that came sooner than this is not a long poll; then the next one waits. */
const shortPollMs = 1_000;
/** Events per record: one answer of the desk may hold any number. */
const eventsPerRecord = 100;

export function createPollers(tools: PollTools, partition: number, signal: AbortSignal): Pollers {
  const polls = new Map<string, Poll>();

  function start(userId: string, chat: Chat, jitterMs: number): void {
    const abort = new AbortController();
    const either = AbortSignal.any([signal, abort.signal]);
    const poll: Poll = { chatId: chat.chatId, abort, ended: follow(userId, chat, jitterMs, either) };
    polls.set(userId, poll);
    tools.metrics.gauge("open_polls", polls.size, { partition: String(partition) });
  }

  async function follow(userId: string, chat: Chat, jitterMs: number, ended: AbortSignal): Promise<void> {
    const owner: SessionOwner = { userId, chatId: chat.chatId };
    const place: Place = {
      session: chat.session,
      position: chat.position,
      resumeToken: chat.resumeToken,
      lastGoodMs: tools.clock.monotonicMs(),
      failures: 0,
      resyncDue: false,
    };
    try {
      await sleep(tools.clock, jitterMs, ended);
      while (!ended.aborted) if ((await step(owner, place, ended)) === "over") return;
    } catch (error) {
      if (isLost(error) || ended.aborted) return;
      throw error;
    }
  }

  async function step(owner: SessionOwner, place: Place, ended: AbortSignal): Promise<"on" | "over"> {
    if (!(await mayPoll(ended))) return "on";
    const askedMs = tools.clock.monotonicMs();
    const answer = await tools.desk.poll(owner, place.session, place.position, ended);
    tools.metrics.count("polls", { answer: answer.kind });
    const { kind } = answer;
    if (kind === "events" || kind === "nothing") {
      place.lastGoodMs = tools.clock.monotonicMs();
      place.failures = 0;
    }
    switch (kind) {
      case "events":
        await tellEvents(owner, place, answer, ended);
        if (place.resyncDue) await resync(owner, place, ended);
        return "on";
      case "nothing":
        if (tools.clock.monotonicMs() - askedMs < shortPollMs) await sleep(tools.clock, 100, ended);
        return "on";
      case "conflict":
        tools.log.warn(
          { chatId: owner.chatId },
          "Duplicate Long Polling: another poll of this session is in flight; waiting",
        );
        await sleep(tools.clock, tools.conflictWaitMs, ended);
        return within(owner, place, "budget_exhausted", "409", ended);
      case "moved":
        return reconnect(owner, place, ended);
      case "lost":
        return giveUp(owner, place, answer.reason, answer.detail, ended);
      case "failed":
        return failed(owner, place, answer.detail, answer.retryAfterMs, ended);
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
    await sleep(tools.clock, 250, ended);
    return false;
  }

  async function tellEvents(
    owner: SessionOwner,
    place: Place,
    answer: Extract<PollAnswer, { kind: "events" }>,
    ended: AbortSignal,
  ): Promise<void> {
    const { generation } = place.session;
    const parts = slices(answer.events);
    for (const [i, events] of parts.entries()) {
      const last = i === parts.length - 1;
      const position = last ? answer.position : (events.at(-1)?.number ?? answer.position);
      const resumeToken = last ? answer.resumeToken : null;
      await keepingAlive(owner, place, ended, async () => {
        await untilMine(ended);
        await tell(owner, { type: "DeskEvents", generation, position, resumeToken, events }, ended);
      });
      place.position = position;
      place.resumeToken = resumeToken ?? place.resumeToken;
    }
  }

  /** Runs `work`; while it takes long, polls with the position unchanged and lets the answer go: it comes again. */
  async function keepingAlive(
    owner: SessionOwner,
    place: Place,
    ended: AbortSignal,
    work: () => Promise<void>,
  ): Promise<void> {
    const finished = new AbortController();
    const either = AbortSignal.any([ended, finished.signal]);
    const keepAlive = async (): Promise<void> => {
      for (;;) {
        await sleep(tools.clock, keepAliveMs, either);
        if (either.aborted) return;
        tools.log.warn(
          { chatId: owner.chatId },
          "the desk's events can't be produced; polling only to keep the session",
        );
        try {
          await tools.desk.poll(owner, place.session, place.position, either);
        } catch (error) {
          if (!either.aborted) throw error;
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
      await sleep(tools.clock, 250, ended);
    }
  }

  async function reconnect(owner: SessionOwner, place: Place, ended: AbortSignal): Promise<"on" | "over"> {
    const outcome = await tools.desk.reconnect(owner, place.session, place.resumeToken, ended);
    switch (outcome.kind) {
      case "done": {
        const { session, resetsPostSequence } = outcome.value;
        await untilMine(ended);
        await tell(owner, { type: "DeskReconnected", session, resetsPostSequence }, ended);
        place.session = session;
        place.position = -1;
        place.resyncDue = true;
        return "on";
      }
      case "refused":
      case "broken":
        return giveUp(owner, place, "reconnect_failed", outcome.detail, ended);
      case "retry":
        return failed(owner, place, outcome.detail, outcome.retryAfterMs, ended);
    }
  }

  async function resync(owner: SessionOwner, place: Place, ended: AbortSignal): Promise<void> {
    const outcome = await tools.desk.resync(owner, place.session, ended);
    place.resyncDue = outcome.kind === "retry";
    if (outcome.kind !== "done")
      tools.log.warn(
        { chatId: owner.chatId, reason: outcome.detail },
        "the desk did not take the resync after a reconnect",
      );
  }

  async function failed(
    owner: SessionOwner,
    place: Place,
    detail: string,
    askedMs: number | null,
    ended: AbortSignal,
  ): Promise<"on" | "over"> {
    place.failures += 1;
    tools.log.warn({ chatId: owner.chatId, reason: detail, failures: place.failures }, "a poll failed; trying again");
    const left = place.lastGoodMs + budgetMs(place) - tools.clock.monotonicMs();
    const wait = delayMs(pollAgain, place.failures, tools.random.next(), askedMs);
    if (left > 0) await sleep(tools.clock, Math.min(wait, left), ended);
    return within(owner, place, "budget_exhausted", detail, ended);
  }

  async function within(
    owner: SessionOwner,
    place: Place,
    reason: DeskLostReason,
    detail: string,
    ended: AbortSignal,
  ): Promise<"on" | "over"> {
    if (tools.clock.monotonicMs() - place.lastGoodMs < budgetMs(place)) return "on";
    return giveUp(owner, place, reason, detail, ended);
  }

  async function giveUp(
    owner: SessionOwner,
    place: Place,
    reason: DeskLostReason,
    detail: string,
    ended: AbortSignal,
  ): Promise<"over"> {
    await untilMine(ended);
    tools.log.warn(
      { chatId: owner.chatId, reason, detail },
      "the chat's session at the desk is lost; the chat ends on both sides",
    );
    await tell(owner, { type: "DeskLost", generation: place.session.generation, reason, detail }, ended);
    return "over";
  }

  function tell(owner: SessionOwner, body: AgentEvent["body"], ended: AbortSignal): Promise<void> {
    return tools.tell(partition, { client: tools.client, ...owner, occurredAt: tools.clock.now(), body }, ended);
  }

  return {
    update(userId, state, jitterMs) {
      const chat = state.interconnection;
      const wanted = chat?.status === "ON_HOLD" || chat?.status === "ACTIVE" ? chat : null;
      const running = polls.get(userId);
      if (running !== undefined && running.chatId !== wanted?.chatId) {
        running.abort.abort();
        polls.delete(userId);
        tools.metrics.gauge("open_polls", polls.size, { partition: String(partition) });
      }
      if (wanted !== null && !polls.has(userId) && !signal.aborted) start(userId, wanted, jitterMs);
    },
    async stop() {
      for (const poll of polls.values()) poll.abort.abort();
      await Promise.all([...polls.values()].map((poll) => poll.ended));
      polls.clear();
    },
    get count() {
      return polls.size;
    },
  };
}

function budgetMs(place: Place): number {
  return Math.min(place.session.pollTimeoutMs, maxBudgetMs);
}

function slices(events: readonly DeskEvent[]): readonly (readonly DeskEvent[])[] {
  if (events.length <= eventsPerRecord) return [events];
  const parts: (readonly DeskEvent[])[] = [];
  for (let i = 0; i < events.length; i += eventsPerRecord) parts.push(events.slice(i, i + eventsPerRecord));
  return parts;
}
