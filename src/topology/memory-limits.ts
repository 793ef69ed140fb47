// How much the store remembers of a user beside the state. Data only; every implementation of the store keeps to it.

import { contextLifeMs } from "../processors/lifetimes.ts";

/** At most so many context entries and message ids of a user, the newest. */
export const [historyMax, seenMax] = [500, 2_000];

/** Bounds of context and message ids. */
export interface MemoryLimits {
  /** Context entries live this long, milliseconds. */
  readonly historyMs: number;
  /** At most this many context entries, the newest. */
  readonly historyEntries: number;
  /** Message ids are known this long, milliseconds (setting DEDUPE_WINDOW). */
  readonly seenMs: number;
  /** At most this many message ids, the newest. */
  readonly seenIds: number;
}

/** The bounds of the service: 24 h and 500 entries of context, 2,000 message ids. */
export function memoryLimits(dedupeWindowMs: number): MemoryLimits {
  return { historyMs: contextLifeMs, historyEntries: historyMax, seenMs: dedupeWindowMs, seenIds: seenMax };
}
