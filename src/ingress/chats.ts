// Connect and finish: a request goes to the processor, and its caller waits for the outcome as long as told. Beside them the
// outcome of an earlier request. Owns the order subscribe, produce, wait, and what is said when a part does not answer.
import type { Clock, Log } from "../topology/ports.ts";
import type { Reply } from "../processors/interconnection/state.ts";
import type { ChatRequest } from "../processors/messages/generated.ts";
import { failure, unavailable, type Answer } from "./answer.ts";
import { readConnect } from "./connect-payload.ts";
import type { ExtraDataRule } from "./extra-data.ts";
import { within } from "./deadline.ts";
import type { IngressPorts, ReplyWaiter } from "./ports.ts";
import { answerOf, failed, type Operation, type RefusalStatus } from "./reply-answers.ts";
import { madeAt, requestIdOf } from "./request-id.ts";
import type { Caller } from "./tokens.ts";
import { userIdBytes } from "./validation.ts";

/** How connect and finish are answered. */
export interface ChatOptions {
  /** CLIENT: goes into every record. */
  readonly client: string;
  /** Longest wait for the outcome, from the arrival of the request. */
  readonly replyTimeoutMs: number;
  /** Longest wait for a part that we ask: broker, store. */
  readonly partTimeoutMs: number;
  readonly lateStatus: 202 | 500;
  readonly refusalStatus: RefusalStatus;
  readonly extraDataRules: readonly ExtraDataRule[];
  readonly clock: Clock;
  readonly log: Log;
  /** Resolves when waits must end because the service stops; what was requested goes on elsewhere. */
  readonly stopping: Promise<unknown>;
}

/** The routes' work. Each resolves with an answer, whatever fails. */
export interface Chats {
  connect(body: Buffer, idempotencyKey: unknown): Promise<Answer>;
  finish(userId: string, caller: Caller, idempotencyKey: unknown): Promise<Answer>;
  /** Outcome of an earlier request; `asked` is when it was made, from the address that a 202 gave, where its id does not tell. */
  outcome(requestId: string, asked?: unknown): Promise<Answer>;
}

/**
 * How long a connect may still be carried out after its caller has stopped waiting: whoever got 202 asks for the outcome, and
 * it is kept for 60 s. Later nobody could learn of the chat, and the user has gone on with the bot.
 */
const lateChanceMs = 60_000;

const neverConnected: Reply = { outcome: "refused", reason: "never_connected", chatId: null, detail: null };

/** Makes them. */
export function createChats(ports: IngressPorts, options: ChatOptions): Chats {
  const { clock, log } = options;

  async function ask(operation: Operation, request: ChatRequest, arrivedAtMs: number): Promise<Answer> {
    const { requestId } = request;
    const subscribing = ports.replies.waiter(requestId);
    let waiter: ReplyWaiter;
    try {
      waiter = await within(options.partTimeoutMs, subscribing);
    } catch (error) {
      log.warn({ requestId, operation, error }, "the store did not answer, request not taken");
      closeWhenLate(subscribing);
      return storeDown(operation);
    }
    try {
      if (!(await produced(operation, request))) {
        return unavailable(`${failed[operation]} : the message broker does not answer`);
      }
      return await outcomeInTime(operation, requestId, waiter, arrivedAtMs);
    } finally {
      waiter.close();
    }
  }

  function closeWhenLate(subscribing: Promise<ReplyWaiter>): void {
    subscribing.then(
      (waiter) => waiter.close(),
      (error: unknown) => log.info({ error }, "a subscription to an outcome came to nothing"),
    );
  }

  async function produced(operation: Operation, request: ChatRequest): Promise<boolean> {
    try {
      await within(options.partTimeoutMs, ports.requests.produce(request));
      return true;
    } catch (error) {
      log.warn({ requestId: request.requestId, operation, error }, "the broker did not acknowledge, request not taken");
      return false;
    }
  }

  async function outcomeInTime(
    operation: Operation,
    requestId: string,
    waiter: ReplyWaiter,
    arrivedAtMs: number,
  ): Promise<Answer> {
    const leftMs = Math.max(0, options.replyTimeoutMs - (clock.monotonicMs() - arrivedAtMs));
    let reply: Reply | null = null;
    try {
      reply = await Promise.race([waiter.wait(leftMs), options.stopping.then(() => null)]);
    } catch (error) {
      log.warn({ requestId, operation, error }, "the store did not tell an outcome, the request goes on");
    }
    if (reply !== null) {
      const answer = answerOf(reply, options.refusalStatus);
      // The sentence is one that operators look for; a cause in it is without personal data.
      if (reply.outcome === "refused")
        log.info({ requestId, operation, refusal: answer.body }, "a request was refused");
      return answer;
    }
    ports.metrics.count("late_replies", { operation });
    return options.lateStatus === 500
      ? failure(500, `${failed[operation]} : no outcome in time`)
      : notYet(requestId, clock.now());
  }

  return {
    async connect(body, idempotencyKey) {
      const arrivedAtMs = clock.monotonicMs();
      const payload = readConnect(body, options.extraDataRules);
      if (!payload.ok) return failure(400, payload.problem);
      const { userId, connect } = payload.value;
      const now = clock.now();
      const request: ChatRequest = {
        requestId: requestIdOf("connect", userId, idempotencyKey, now),
        client: options.client,
        userId,
        occurredAt: now,
        expiresAt: now + options.replyTimeoutMs + lateChanceMs,
        body: { type: "Connect", ...connect },
      };
      return ask("connect", request, arrivedAtMs);
    },
    async finish(userId, caller, idempotencyKey) {
      const arrivedAtMs = clock.monotonicMs();
      const now = clock.now();
      // No record can be about somebody of such a name, so nobody of it has ever connected.
      if (Buffer.byteLength(userId) > userIdBytes) return answerOf(neverConnected, options.refusalStatus);
      const request: ChatRequest = {
        requestId: requestIdOf("finish", userId, idempotencyKey, now),
        client: options.client,
        userId: userId.toWellFormed(),
        occurredAt: now,
        // An end that comes late is still wanted.
        expiresAt: null,
        body: { type: "Finish", requestedBy: caller.username },
      };
      return ask("finish", request, arrivedAtMs);
    },
    async outcome(requestId, asked) {
      let reply: Reply | null;
      try {
        reply = await within(options.partTimeoutMs, ports.replies.find(requestId));
      } catch (error) {
        log.warn({ requestId, error }, "the store did not answer, outcome not told");
        return unavailable("the outcome is not known : the store does not answer");
      }
      if (reply !== null) return answerOf(reply, options.refusalStatus);
      const madeAtMs = madeAt(requestId) ?? readAsked(asked);
      const ageMs = madeAtMs === null ? Number.NaN : clock.now() - madeAtMs;
      // Younger than that it can still be carried out; older, its outcome is gone as well.
      const mayCome = Math.abs(ageMs) <= options.replyTimeoutMs + 2 * lateChanceMs;
      return mayCome
        ? notYet(requestId, madeAtMs ?? clock.now())
        : failure(404, "no outcome of such a request is known");
    },
  };
}

/** An id that derives from an Idempotency-Key tells no age: then the address does. */
function notYet(requestId: string, askedMs: number): Answer {
  const asked = madeAt(requestId) === null ? `?asked=${askedMs.toString()}` : "";
  return {
    status: 202,
    body: { Message: "Request accepted, its outcome is not known yet", requestId },
    headers: { location: `/v1/chats/${requestId}${asked}`, "retry-after": "1" },
  };
}

function readAsked(asked: unknown): number | null {
  return typeof asked === "string" && /^\d{1,15}$/.test(asked) ? Number(asked) : null;
}

function storeDown(operation: Operation): Answer {
  const cause = operation === "connect" ? "error retrieve interconnection" : "error not found interconnection";
  return failure(500, `${failed[operation]} : ${cause}: the store does not answer`);
}
