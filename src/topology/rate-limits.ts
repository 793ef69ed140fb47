// How many texts and files a second may go out in each direction: a token bucket each, and a queue in front of it. A lane waits with
// one command at a time, so the queue takes users in turn: who has much to say waits behind each of the others with each text.
// Called by the lanes before the calls that are limited, and knows which those are; made by the runtime, one for all partition indexes of an instance.
import type { Command, LaneName } from "../processors/interconnection/commands.ts";
import type { Clock } from "./ports.ts";

/** Calls a second by lane; each more than 0. */
export type CallsPerSecond = Readonly<Record<LaneName, number>>;

/** The limits of one instance. */
export interface RateLimits {
  /**
   * Takes a call of that lane's limit; null when it may be made at once. Else resolves when it is this caller's turn, first come
   * first served, or when the signal aborts: then nothing was taken.
   */
  take(lane: LaneName, signal: AbortSignal): Promise<void> | null;
}

/** Limits that nobody has used yet: a burst of the rate's integer part and one may pass at once (parity sheet section 5). */
export function createRateLimits(callsPerSecond: CallsPerSecond, clock: Clock): RateLimits {
  const buckets = {
    desk: createBucket(callsPerSecond.desk, clock),
    channel: createBucket(callsPerSecond.channel, clock),
  };
  return { take: (lane, signal) => buckets[lane](signal) };
}

function createBucket(perSecond: number, clock: Clock): (signal: AbortSignal) => Promise<void> | null {
  const burst = Math.trunc(perSecond) + 1;
  const waiting = new Set<() => void>();
  let tokens = burst;
  let countedMs = clock.monotonicMs();
  let isPlanned = false;

  function count(): void {
    const now = clock.monotonicMs();
    tokens = Math.min(burst, tokens + ((now - countedMs) / 1_000) * perSecond);
    countedMs = now;
  }

  function serve(): void {
    isPlanned = false;
    count();
    for (const go of waiting) {
      if (tokens < 1) break;
      tokens -= 1;
      waiting.delete(go);
      go();
    }
    plan();
  }

  function plan(): void {
    if (isPlanned || waiting.size === 0) return;
    isPlanned = true;
    clock.after(Math.max(1, Math.ceil(((1 - tokens) / perSecond) * 1_000)), serve);
  }

  return (signal) => {
    count();
    if (waiting.size === 0 && tokens >= 1) {
      tokens -= 1;
      return null;
    }
    return new Promise((resolve) => {
      const leave = (): void => {
        waiting.delete(go);
        resolve();
      };
      const go = (): void => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      if (signal.aborted) {
        resolve();
        return;
      }
      signal.addEventListener("abort", leave, { once: true });
      waiting.add(go);
      plan();
    });
  };
}

/** Texts and files. History and welcome are not, as in the original: an accept must not wait for what others say. */
export function isLimited(command: Command): boolean {
  return command.kind === "SayToAgent"
    ? command.about !== "context"
    : command.kind === "AttachFile" || command.kind === "SayToUser";
}
