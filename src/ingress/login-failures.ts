// How often log-ins may fail: per username, whoever sends them, so that no header of a caller helps. Owns the counts; the answer is
// accounts.ts's. Per instance, in memory: bounded by the number of accounts.

/** Failures of log-ins, by username. */
export interface LoginFailures {
  /** Milliseconds until this username may be tried again; 0: now. */
  waitMs(username: string): number;
  /** A log-in has failed. */
  failed(username: string): void;
}

/** So many at once; then one every `paceMs`. Right passwords wait too: an answer would tell them from wrong ones. */
const atOnce = 30;
const paceMs = 2_000;

/** Counts for these usernames, and one count for all others together. */
export function createLoginFailures(usernames: readonly string[], monotonicMs: () => number): LoginFailures {
  const known = new Set(usernames);
  /** Until when the failures so far are paid for, by username. */
  const paidUntil = new Map<string, number>();
  // No username is empty.
  const keyOf = (username: string): string => (known.has(username) ? username : "");
  return {
    waitMs: (username) => Math.max(0, (paidUntil.get(keyOf(username)) ?? 0) - monotonicMs() - (atOnce - 1) * paceMs),
    failed(username) {
      const key = keyOf(username);
      paidUntil.set(key, Math.max(paidUntil.get(key) ?? 0, monotonicMs()) + paceMs);
    },
  };
}
