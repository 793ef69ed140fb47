/**
 * Delivery of webhooks to the service, as a channel platform does it: one user's messages in order, one at a time, the same
 * message again with growing pauses until it is accepted. Keeps what became of each: the senders' side of the token checker.
 * Called by the bot for texts of users and of itself.
 */
import { appendLog } from "./append-log.ts";
import type { AppendLog } from "./append-log.ts";
import { pause } from "./clock.ts";
import type { Clock } from "./clock.ts";

/** What became of a message. */
export interface Delivery {
  readonly userId: string;
  readonly id: string;
  readonly text: string;
  readonly author: "user" | "bot";
  readonly attempts: number;
  /** `accepted`: 2xx; `refused`: a 4xx other than 408 and 429; `given-up`: no answer good enough in time. */
  readonly outcome: "accepted" | "refused" | "given-up";
  /** Status of the last attempt; null when there was no answer. */
  readonly status: number | null;
  /** Monotonic milliseconds of the first attempt and of the end. */
  readonly startedMs: number;
  readonly endedMs: number;
}

/** A message on its way. */
export interface Outgoing {
  readonly userId: string;
  readonly author: "user" | "bot";
  readonly channel: "whatsapp" | "facebook";
  readonly id: string;
  readonly text: string;
  /** What is posted, as JSON. */
  readonly body: object;
}

/** The deliverer. */
export interface Webhooks {
  /** Finished deliveries in order of their end. */
  readonly log: AppendLog<Delivery>;
  /** Messages not yet finished. */
  pending(): number;
  /** Joins the user's queue; resolves when the message is finished. */
  deliver(message: Outgoing): Promise<Delivery>;
}

const ATTEMPT_TIMEOUT_MS = 15_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** What the deliverer works with. */
export interface WebhookParts {
  readonly clock: Clock;
  /** Where the webhooks of a channel go; undefined while nobody wants them. */
  readonly target: (channel: Outgoing["channel"]) => string | undefined;
  /** A message is given up after so long, milliseconds. */
  readonly giveUpMs: number;
  readonly remembered: number | null;
  readonly stopped: AbortSignal;
}

/** A deliverer. */
export function webhookDelivery(parts: WebhookParts): Webhooks {
  const log = appendLog<Delivery>(parts.clock, parts.remembered);
  const tails = new Map<string, Promise<unknown>>();
  let pending = 0;
  return {
    log,
    pending: () => pending,
    deliver(message) {
      pending += 1;
      const before = tails.get(message.userId) ?? Promise.resolve();
      const delivery = before
        .then(() => attemptUntilDone(parts, message))
        .then((done) => {
          pending -= 1;
          if (tails.get(message.userId) === delivery) {
            tails.delete(message.userId);
          }
          return log.append(done);
        });
      tails.set(message.userId, delivery);
      return delivery;
    },
  };
}

async function attemptUntilDone(parts: WebhookParts, message: Outgoing): Promise<Delivery> {
  const startedMs = parts.clock.monotonicMs();
  let pauseMs = FIRST_PAUSE_MS;
  for (let attempts = 1; ; attempts++) {
    const status = await attempt(parts, message);
    const outcome = outcomeOf(status);
    const endedMs = parts.clock.monotonicMs();
    const isLast = parts.stopped.aborted || endedMs - startedMs >= parts.giveUpMs;
    if (outcome !== undefined || isLast) {
      const { userId, author, id, text } = message;
      return {
        userId,
        author,
        id,
        text,
        attempts,
        outcome: outcome ?? "given-up",
        status,
        startedMs,
        endedMs,
      };
    }
    await pause(parts.clock, pauseMs, parts.stopped);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

function outcomeOf(status: number | null): Delivery["outcome"] | undefined {
  if (status !== null && status >= 200 && status < 300) {
    return "accepted";
  }
  const isFinal = status !== null && status >= 400 && status < 500 && status !== 408 && status !== 429;
  return isFinal ? "refused" : undefined;
}

async function attempt(parts: WebhookParts, { channel, body }: Outgoing): Promise<number | null> {
  const target = parts.target(channel);
  if (target === undefined) {
    return null;
  }
  try {
    const response = await fetch(target, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.any([parts.stopped, AbortSignal.timeout(ATTEMPT_TIMEOUT_MS)]),
    });
    await response.arrayBuffer();
    return response.status;
  } catch (error) {
    // no answer: the platform cannot know whether the message was taken
    if (error instanceof TypeError || error instanceof DOMException) {
      return null;
    }
    throw error;
  }
}
