// How calls to other systems are repeated, held back and slowed down, as named data, and the one function that turns it into a delay.
// Connections that come back by themselves (Redis, Kafka's consumer and producer) and refused logins have their own beside their code.

/** How long is waited between tries; who calls knows when to stop, and for how long one may take. */
export interface Backoff {
  readonly name: string;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

/** How one kind of command is repeated. */
export interface RetryPolicy extends Backoff {
  /** Tries at most; null means that only the command's giveUpAt ends them. */
  readonly maxTries: number | null;
  /** Time that one try may take. */
  readonly tryTimeoutMs: number;
  /** A try that ran out of time goes on at the other side: so long is waited before what it makes is looked for. Left out for none. */
  readonly patienceMs?: number;
}

/** A step of opening a chat: somebody waits at the phone for the answer. A try has this time at least, more where he waits longer (bridge.ts). */
export const openingStep: RetryPolicy = {
  name: "openingStep",
  maxTries: 3,
  firstDelayMs: 200,
  maxDelayMs: 1_000,
  tryTimeoutMs: 5_000,
};

/** One that makes a record: looked for too early, what a slow org makes would be made twice. */
export const openingCreate: RetryPolicy = { ...openingStep, name: "openingCreate", patienceMs: 1_500 };

/** What the desk is told beside the talk, before which texts wait. */
export const threeQuickTries: RetryPolicy = {
  name: "threeQuickTries",
  maxTries: 3,
  firstDelayMs: 200,
  maxDelayMs: 1_000,
  tryTimeoutMs: 5_000,
};

/** A text: useful for minutes. */
export const textWithinMinutes: RetryPolicy = {
  name: "textWithinMinutes",
  maxTries: null,
  firstDelayMs: 200,
  maxDelayMs: 15_000,
  tryTimeoutMs: 15_000,
};

/** A file: useful for minutes, and what the user says after it waits. One try holds a download and an upload. */
export const fileWithinMinutes: RetryPolicy = {
  name: "fileWithinMinutes",
  maxTries: null,
  firstDelayMs: 500,
  maxDelayMs: 15_000,
  tryTimeoutMs: 90_000,
};

/** The end of a chat at the desk, which the desk ends by itself in the end, or of a case that nobody waits for. */
export const endWithinMinutes: RetryPolicy = {
  name: "endWithinMinutes",
  maxTries: null,
  firstDelayMs: 500,
  maxDelayMs: 15_000,
  tryTimeoutMs: 10_000,
};

/** The hand-back: nobody has the user until it succeeds. */
export const handBackWithinADay: RetryPolicy = {
  name: "handBackWithinADay",
  maxTries: null,
  firstDelayMs: 500,
  maxDelayMs: 60_000,
  tryTimeoutMs: 10_000,
};

/** The registration of a webhook: as often as the original's HTTP client tried, within the time of its caller. */
export const registrationTries: Backoff & { readonly maxTries: number } = {
  name: "registrationTries",
  maxTries: 4,
  firstDelayMs: 1_000,
  maxDelayMs: 30_000,
};

/** Our own services (broker, Redis, registry): for ever, as long as the index is ours. */
export const ownService: Backoff = {
  name: "ownService",
  firstDelayMs: 50,
  maxDelayMs: 2_000,
};

/** A failed poll: quick, because the session dies without polls. */
export const pollAgain: Backoff = {
  name: "pollAgain",
  firstDelayMs: 250,
  maxDelayMs: 3_000,
};

/** When calls to an outside system are held back because it does not work. */
export interface CircuitPolicy {
  readonly name: string;
  /** Calls are counted over so long. */
  readonly windowMs: number;
  /** Fewer calls than this say nothing. */
  readonly minCalls: number;
  /** Of them so many must have failed, 0 to 1. */
  readonly failedShare: number;
  /** Held back so long at first, then one call tries; doubles with each that fails. */
  readonly openMs: number;
  readonly maxOpenMs: number;
  /** A call that was given up by its caller after so long counts as failed. */
  readonly slowMs: number;
}

/** Every outside system: quick to try again, because people wait in open chats. */
export const outsideCircuit: CircuitPolicy = {
  name: "outsideCircuit",
  windowMs: 10_000,
  minCalls: 20,
  failedShare: 0.5,
  openMs: 2_000,
  maxOpenMs: 15_000,
  slowMs: 2_000,
};

/** How Salesforce's limits are kept. */
export interface LimitPolicy {
  readonly name: string;
  /** From this share of the org's daily calls on they are slowed down, 0 to 1. */
  readonly slowFrom: number;
  readonly slowCallsPerSecond: number;
  /** No call for so long once the limit is reached, where Salesforce names no time. */
  readonly pauseMs: number;
  /** Slowed down for so long after a pause. */
  readonly slowAfterMs: number;
}

/** The data API: its limit is the org's, over 24 hours, and other programs live on it too. */
export const dataApiLimits: LimitPolicy = {
  name: "dataApiLimits",
  slowFrom: 0.95,
  slowCallsPerSecond: 5,
  pauseMs: 30_000,
  slowAfterMs: 60_000,
};

/** Live Agent: no limit is documented; one that it names is kept. */
export const liveAgentLimits: LimitPolicy = {
  name: "liveAgentLimits",
  slowFrom: 1,
  slowCallsPerSecond: 5,
  pauseMs: 2_000,
  slowAfterMs: 10_000,
};

/** Polls that fail together, or are moved together, come back one after the other: so many a second on one partition index. */
export const pollsAgainPerSecond = 100;
/** None of them later than this: the session lives 40 s without a poll. */
export const pollsAgainWithinMs = 8_000;

/**
 * Wait before try number `triesMade + 1`: doubles from firstDelayMs to maxDelayMs, half of it drawn by `random` in [0, 1)
 * so that many who failed together do not come back together. A wait that the other side asked for is kept, and the chance added.
 */
export function delayMs(policy: Backoff, triesMade: number, random: number, askedMs: number | null): number {
  const full = Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** Math.min(30, Math.max(0, triesMade - 1)));
  const asked = askedMs === null ? 0 : askedMs + Math.round((full / 2) * random);
  return Math.max(asked, Math.round(full / 2 + (full / 2) * random));
}
