// Retry policies as named data, and the one function that turns them into a delay. Nothing else in src/ backs off.

/** How one kind of call is repeated. */
export interface RetryPolicy {
  readonly name: string;
  /** Tries at most; null means that only the command's giveUpAt ends them. */
  readonly maxTries: number | null;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** Time that one try may take. */
  readonly tryTimeoutMs: number;
}

/** A step of opening a chat: somebody waits at the phone for the answer. */
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

/** Our own services (broker, Redis, registry): for ever, as long as the index is ours. */
export const ownService: RetryPolicy = {
  name: "ownService",
  maxTries: null,
  firstDelayMs: 50,
  maxDelayMs: 2_000,
  tryTimeoutMs: 5_000,
};

/** A failed poll: quick, because the session dies without polls. */
export const pollAgain: RetryPolicy = {
  name: "pollAgain",
  maxTries: null,
  firstDelayMs: 250,
  maxDelayMs: 3_000,
  tryTimeoutMs: 45_000,
};

/**
 * Wait before try number `triesMade + 1`: doubles from firstDelayMs to maxDelayMs, half of it drawn by `random` in [0, 1)
 * so that many who failed together do not come back together. A wait that the other side asked for is kept at least.
 */
export function delayMs(policy: RetryPolicy, triesMade: number, random: number, askedMs: number | null): number {
  const full = Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** Math.min(30, Math.max(0, triesMade - 1)));
  return Math.max(askedMs ?? 0, Math.round(full / 2 + (full / 2) * random));
}
