// What a check says, and what a check is.
import type { Entry } from "./entries.ts";

/** Invariants I1 to I10: delivered, once, in order, one speaker, one owner, neighbours, loud or alive, bounded, secret, converged. */
export type Invariant = "I1" | "I2" | "I3" | "I4" | "I5" | "I6" | "I7" | "I8" | "I9" | "I10";

/** One breach. */
export interface Finding {
  readonly invariant: Invariant;
  /** Kind of the breach in a word or two, such as `lost`. */
  readonly what: string;
  /** Token, request id, session, user, or whatever it is about. */
  readonly subject: string;
  readonly detail: string;
  /** Time of the entry that showed it; null when the end did. */
  readonly at: number | null;
}

/** Takes a history entry by entry. Tells a breach of safety as soon as it shows, and what is missing at the end. */
export interface Check {
  see(entry: Entry): readonly Finding[];
  end(): readonly Finding[];
}

/** Nothing found. */
export const nothing: readonly Finding[] = [];

/** The list of that name, made when it is new. */
export function listOf<Value>(lists: Map<string, Value[]>, name: string): Value[] {
  const known = lists.get(name);
  if (known !== undefined) return known;
  const made: Value[] = [];
  lists.set(name, made);
  return made;
}
