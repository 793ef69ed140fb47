// The lanes of one partition index: what is pending of each user, in serial queues of each gateway (lane-user.ts). A lane carries out the
// head of each queue, marks begin and done in the store, and produces the result until it is acknowledged; decide then removes
// the command. Order: per queue. Repeat-safe: a command that was done is not carried out again.
import type { Command, LaneName } from "../processors/interconnection/commands.ts";
import type { UserState } from "../processors/interconnection/state.ts";
import type { AgentEvent } from "../processors/messages/generated.ts";
import type { Effect, Try } from "../processors/effect.ts";
import {
  asPending,
  inHand,
  idOf,
  isHandingBack,
  isIdle,
  isInVain,
  markedAs,
  newUser,
  next,
  queueIn,
  queueOf,
  unlessUpdated,
  type User,
} from "./lane-user.ts";
import { delayMs, type RetryPolicy } from "./policies.ts";
import type { LaneMark, Log, Metrics, Store } from "./ports.ts";
import { isLimited, type RateLimits } from "./rate-limits.ts";
import { isLost, lost, sleep, untilDone, type Pace } from "./retry.ts";
import { allowed, type RightToAct } from "./right-to-act.ts";
import type { SessionGates } from "./session-gates.ts";
import { afterTimeOut, beginTries, defect, gaveUp, isSpent, timedOut, type Finished, type Tries } from "./tries.ts";

/** What lanes work with. */
export interface LaneTools extends Pace {
  readonly store: Store;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly right: RightToAct;
  readonly limits: RateLimits;
  readonly gates: SessionGates;
  readonly client: string;
  perform(command: Command, attempt: Try): Promise<Effect>;
  policyOf(command: Command): RetryPolicy;
  /** Whether the command carries a post number. */
  posts(command: Command): boolean;
  /** Whether its result carries data, so that a lost result is made again by carrying it out again. */
  brings(command: Command): boolean;
  /** Produces to agent-events until acknowledged; throws Lost when the signal aborts. */
  tell(partition: number, event: AgentEvent, signal: AbortSignal): Promise<number>;
  /** Ends the process: a lane that stands still by a defect would hold its user for ever. */
  fatal(error: Error): void;
}

/** The lanes of one tenure. */
export interface Lanes {
  /** What is pending for a user now. Call it only for a state that is saved and whose outputs are produced. */
  update(userId: string, state: UserState): void;
  /** Resolves when nothing is being carried out. */
  idle(): Promise<void>;
  /** Commands that wait or are being carried out, by lane. */
  depths(): Readonly<Record<LaneName, number>>;
}

type Again = Extract<Effect, { readonly kind: "again" }>;

/**
 * A call in hand when the index goes to another owner may end by itself for so long, and be marked: cut off, it would have happened and be
 * repeated. The next owner does nothing outside before that.
 */
const inHandMs = 1_000;

/** Whose lanes they are. */
export interface LaneOwner {
  readonly partition: number;
  readonly epoch: number;
  /** The marks of what was begun before may be lost: what is made is looked for before it is made. Of posts the desk knows the numbers. */
  readonly marksLost: boolean;
  /** Ends the tenure: the store has refused a mark under its epoch, and no lane of it goes on. */
  fenced(): void;
}

/** `stopping` ends the lanes after the try in hand; `signal` gives that try `inHandMs`. */
export function createLanes(tools: LaneTools, owner: LaneOwner, signal: AbortSignal, stopping: AbortSignal): Lanes {
  const users = new Map<string, User>();
  /** What has not begun outside is left to the next owner when the instance stops. */
  const unlessStopping = AbortSignal.any([signal, stopping]);
  const cutOff = new AbortController();
  signal.addEventListener("abort", () => tools.clock.after(inHandMs, () => cutOff.abort()), { once: true });
  /** The index is not ours any more: nothing of this tenure may begin. */
  let over = false;

  function wake(userId: string, user: User, name: string): void {
    const queue = queueIn(user, name);
    if (over || unlessStopping.aborted || queue.running !== null || next(user, name) === undefined) return;
    queue.running = run(userId, user, name).finally(() => {
      queue.running = null;
      wake(userId, user, name);
      forgetIdle(userId, user);
    });
  }

  function forgetIdle(userId: string, user: User): void {
    if (isIdle(user)) users.delete(userId);
  }

  async function run(userId: string, user: User, name: string): Promise<void> {
    try {
      for (;;) {
        const command = next(user, name);
        if (command === undefined || stopping.aborted) return;
        await carryOut(userId, user, command);
        queueIn(user, name).handled.add(idOf(command));
      }
    } catch (error) {
      over = true;
      if (!isLost(error)) tools.fatal(error instanceof Error ? error : new Error("a lane ended by something odd"));
    }
  }

  async function carryOut(userId: string, user: User, command: Command): Promise<void> {
    await inTurn(command);
    const startedMs = tools.clock.monotonicMs();
    const { partition, epoch } = owner;
    const { chatId, seq } = command;
    const mark: LaneMark = { partition, epoch, userId, chatId, lane: markedAs(command), seq };
    const finished = await effect(userId, user, command, mark);
    if (finished === null) return;
    tools.metrics.observeMs("command", tools.clock.monotonicMs() - startedMs, { kind: command.kind });
    tools.metrics.count("commands", { kind: command.kind, outcome: finished.outcome });
    if (finished.outcome !== "done")
      tools.log.warn(
        {
          userId,
          chatId: command.chatId,
          command: command.kind,
          outcome: finished.outcome,
          reason: finished.reason,
          attempts: finished.attempts,
        },
        "a command ended without success",
      );
    // Before the next command: where the marks are lost with Redis, what is done and not told is done again.
    await tellResult(userId, command, finished);
  }

  /** A result that breaks its schema is a defect of ours: it must not hold the lane for ever, so it ends as broken. */
  async function tellResult(userId: string, command: Command, finished: Finished): Promise<void> {
    const event = ({ outcome, reason, attempts, postSequence, generation, data }: Finished): AgentEvent => ({
      client: tools.client,
      userId,
      chatId: command.chatId,
      occurredAt: tools.clock.now(),
      body: {
        type: "CommandResult",
        lane: command.lane,
        seq: command.seq,
        outcome,
        reason,
        attempts,
        postSequence,
        generation,
        data,
      },
    });
    try {
      await tools.tell(owner.partition, event(finished), signal);
    } catch (error) {
      if (isLost(error)) throw error;
      tools.log.error(
        { userId, chatId: command.chatId, command: command.kind, error },
        "a result could not be encoded",
      );
      await tools.tell(owner.partition, event({ ...finished, ...defect, generation: null }), signal);
    }
  }

  /** Null when the command is not pending any more. */
  async function effect(userId: string, user: User, first: Command, mark: LaneMark): Promise<Finished | null> {
    const queue = queueIn(user, queueOf(first));
    const policy = tools.policyOf(first);
    const begun = await nextTry(user, first);
    if (begun === undefined) return null;
    // As it stands now: the chat may have ended meanwhile, and of its posts only the command knows then.
    const verdict = await begin(mark, postNumber(user, begun), false);
    const repeatsDone = verdict.kind === "done";
    if (repeatsDone && !tools.brings(first))
      return {
        outcome: "done",
        reason: null,
        attempts: 0,
        postSequence: verdict.postSequence,
        generation: null,
        data: null,
      };
    const tries = beginTries(verdict, owner.marksLost && !tools.posts(first));
    for (;;) {
      const command = await nextTry(user, first);
      if (command === undefined) return null;
      if (tools.clock.now() >= command.giveUpAt) return gaveUp("out of time", tries);
      tries.made += 1;
      tools.metrics.count("command_attempts", { kind: command.kind });
      const { post, mayHaveHappened } = tries;
      const attempt = { userId, postSequence: post ?? 0, mayHaveHappened };
      const answer = await inHand(user, command, () => once(command, attempt, policy));
      if (answer.kind === "finished") {
        if (answer.postSequence !== null) queue.lastPost = answer.postSequence;
        if (answer.outcome === "done") await finish(mark, answer.postSequence);
        const { outcome, reason, postSequence, data } = answer;
        const generation = postSequence !== null && "session" in command ? command.session.generation : null;
        return { outcome, reason, attempts: tries.made, postSequence, generation, data };
      }
      const waitMs = await waitBeforeNext(answer, tries, command, mark);
      if (waitMs === null || !(await pause(user, command, waitMs))) return gaveUp(answer.reason, tries);
    }
  }

  /**
   * The command as it stands when it may be tried: with the right to act, not while its session moves (session-gates.ts), and a chat not
   * while a hand-back that it came before is still on its way. Undefined when it is not pending any more.
   */
  async function nextTry(user: User, first: Command): Promise<Command | undefined> {
    for (;;) {
      await allowed(tools, owner.partition, unlessStopping);
      const command = asPending(user, first);
      if (command === undefined || !("session" in command) || tools.clock.now() >= command.giveUpAt) return command;
      if (command.kind === "RequestChat" && isHandingBack(user))
        await unlessUpdated(user, unlessStopping, (over) =>
          sleep(tools.clock, command.giveUpAt - tools.clock.now(), over),
        );
      else if (tools.gates.mayPost(command.chatId, command.session.generation) && !isInVain(user, command, tools.gates))
        return command;
      else await sessionMoves(user, command);
    }
  }

  /** Until the gate of the chat opens, the state has another place for it, or it is too late for the command. */
  async function sessionMoves(user: User, { chatId, giveUpAt }: Command): Promise<void> {
    const tooLate = new AbortController();
    const cancel = tools.clock.after(Math.max(0, giveUpAt - tools.clock.now()), () => tooLate.abort());
    await unlessUpdated(user, unlessStopping, (updated) =>
      tools.gates.opened(chatId, AbortSignal.any([updated, tooLate.signal])),
    );
    cancel();
  }

  /** How long to wait before the next try, milliseconds, for which all is prepared; null when there is to be none. */
  async function waitBeforeNext(answer: Again, tries: Tries, command: Command, mark: LaneMark): Promise<number | null> {
    const policy = tools.policyOf(command);
    tries.mayHaveHappened ||= answer.mayHaveHappened;
    heed(answer, tries, command, mark.userId);
    const wait = delayMs(policy, tries.made, tools.random.next(), answer.retryAfterMs);
    if (isSpent(answer, tries, command)) tries.spent += 1;
    if (policy.maxTries !== null && tries.spent >= policy.maxTries) return null;
    if (answer.postSequence !== null) {
      tries.post = answer.postSequence;
      tries.mayHaveHappened = false;
      await begin(mark, tries.post, true);
      const firstTime = !tries.renumbered;
      tries.renumbered = true;
      // The right number is known now. A desk that goes on to refuse it is asked as slowly as any other.
      if (firstTime) return 0;
    }
    return wait;
  }

  /** Waits before the next try, and no longer than the command is pending; false as soon as it is too late for that try. */
  async function pause(user: User, first: Command, waitMs: number): Promise<boolean> {
    const endMs = tools.clock.monotonicMs() + waitMs;
    for (;;) {
      const command = asPending(user, first);
      const leftMs = Math.max(0, endMs - tools.clock.monotonicMs());
      if (command === undefined) return true;
      if (tools.clock.now() + leftMs >= command.giveUpAt) return false;
      if (leftMs === 0) break;
      await unlessUpdated(user, unlessStopping, (updated) => sleep(tools.clock, leftMs, updated));
      if (unlessStopping.aborted) throw lost();
    }
    if (waitMs > 0) await inTurn(first);
    return true;
  }

  /** What others must hear of an answer: who reconnects the session, and once for each command a person who can help in time. */
  function heed({ sessionMoved, refused, reason }: Again, tries: Tries, command: Command, userId: string): void {
    const { chatId, kind } = command;
    if (sessionMoved === true && "session" in command) tools.gates.metVoidRoute(chatId, command.session.generation);
    if (refused !== true || tries.refused) return;
    tries.refused = true;
    tools.metrics.count("alarms", { alarm: "hand_back_refused" });
    tools.log.error(
      { userId, chatId, command: kind, reason },
      "the bot platform refuses a user; asking again for a day",
    );
  }

  /** Before the command begins and before the right to act is looked at: both are young when the call is made. */
  async function inTurn(command: Command): Promise<void> {
    if (!isLimited(command)) return;
    const turn = tools.limits.take(command.lane, unlessStopping);
    if (turn === null) return;
    const askedMs = tools.clock.monotonicMs();
    await turn;
    tools.metrics.observeMs("rate_limit_wait", tools.clock.monotonicMs() - askedMs, { lane: command.lane });
    if (unlessStopping.aborted) throw lost();
  }

  async function once(
    command: Command,
    attempt: Omit<Try, "stillOwned" | "signal">,
    policy: RetryPolicy,
  ): Promise<Effect> {
    const timeout = new AbortController();
    const cancel = tools.clock.after(policy.tryTimeoutMs, () => {
      timeout.abort();
    });
    try {
      const ended = AbortSignal.any([cutOff.signal, timeout.signal]);
      const stillOwned = (): Promise<void> => allowed(tools, owner.partition, ended);
      const answer = await tools.perform(command, { ...attempt, stillOwned, signal: ended });
      return timeout.signal.aborted ? afterTimeOut(answer, policy) : answer;
    } catch (error) {
      if (cutOff.signal.aborted || (isLost(error) && !timeout.signal.aborted)) throw lost();
      if (timeout.signal.aborted) return afterTimeOut(timedOut, policy);
      tools.log.error(
        { userId: attempt.userId, chatId: command.chatId, command: command.kind, error },
        "a gateway failed by a defect of ours",
      );
      return { kind: "finished", ...defect };
    } finally {
      cancel();
    }
  }

  async function begin(mark: LaneMark, post: number | null, renumber: boolean): ReturnType<Store["begin"]> {
    const verdict = await untilDone(tools, unlessStopping, () => tools.store.begin(mark, post, renumber), storeFailed);
    if (verdict.kind === "fenced") throw refused();
    return verdict;
  }

  async function finish(mark: LaneMark, post: number | null): Promise<void> {
    const verdict = await untilDone(tools, cutOff.signal, () => tools.store.finish(mark, post), storeFailed);
    if (verdict === "fenced") throw refused();
  }

  function refused(): Error {
    owner.fenced();
    return lost();
  }

  function storeFailed(error: unknown): void {
    tools.log.warn({ partition: owner.partition, error }, "the state store did not take a lane's mark; the lane waits");
  }

  /** The next post number as far as this process knows; the store may know a later one. Rather too high than too low (ports.ts). */
  function postNumber(user: User, command: Command): number | null {
    if (!tools.posts(command) || !("session" in command)) return null;
    const queue = queueIn(user, queueOf(command));
    const { interconnection } = user.state;
    const known =
      interconnection?.chatId === command.chatId && "postSequence" in interconnection
        ? interconnection.postSequence
        : 0;
    // A session that moved counts on, unless the state says that it has begun anew.
    if (queue.generation !== command.session.generation && known === 0) queue.lastPost = 0;
    queue.generation = command.session.generation;
    queue.lastPost = Math.max(queue.lastPost, known);
    if ("postsBefore" in command) queue.lastPost = Math.max(queue.lastPost, command.postsBefore ?? 0);
    return queue.lastPost + 1;
  }

  return {
    update(userId, state) {
      const known = users.get(userId);
      if (known === undefined && state.pending.length === 0) return;
      const user = known ?? newUser(state);
      user.state = state;
      for (const updated of user.updated) updated();
      if (known === undefined) users.set(userId, user);
      const pendingIds = new Set(state.pending.map(idOf));
      for (const { handled } of user.queues.values())
        for (const id of handled) if (!pendingIds.has(id)) handled.delete(id);
      for (const name of new Set(state.pending.map(queueOf))) wake(userId, user, name);
      forgetIdle(userId, user);
    },
    async idle() {
      const queues = [...users.values()].flatMap((user) => [...user.queues.values()]);
      await Promise.all(queues.map(({ running }) => running).filter((one) => one !== null));
    },
    depths() {
      const depths = { desk: 0, channel: 0 };
      for (const { state } of users.values()) for (const { lane } of state.pending) depths[lane] += 1;
      return depths;
    },
  };
}
