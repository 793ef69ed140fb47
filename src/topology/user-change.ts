// What the store is told of one user's state: written, or ended. Owns how a state that is nobody's any more leaves the store.
// Called by the turn and by the catch-up of a takeover.
import { formatRecord, homeOf, isLive, ttlOf } from "../processors/interconnection/record.ts";
import { nobody, type ContextEntry, type UserState } from "../processors/interconnection/state.ts";
import type { StateChange } from "./stored.ts";

/** What a turn makes of one user. */
export interface UserChange {
  readonly state: UserState;
  readonly remember: readonly ContextEntry[];
  readonly see: readonly string[];
  /** What was remembered of him before this turn is deleted. */
  readonly erase: boolean;
}

/** A store keeps nothing for ever that has a life; the shortest one ends a state. */
const endsAtOnceMs = 1;

/** The change that makes `state` what is stored of the user; `json` is the state as formatRecord has it. */
export function storedState(userId: string, state: UserState, json: string): StateChange {
  const home = homeOf(state);
  return {
    userId,
    state: { json, home },
    ttlMs: ttlOf(state),
    live: isLive(state),
    remember: [],
    see: [],
    erase: false,
  };
}

/** The change that ends what is stored of the user's state, under both homes: writing the one deletes the other. */
export function endedState(userId: string, client: string): StateChange {
  const json = formatRecord(userId, client, nobody);
  const state = { json, home: "interconnection" } as const;
  return { userId, state, ttlMs: endsAtOnceMs, live: false, remember: [], see: [], erase: false };
}
