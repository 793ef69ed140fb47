// How a call that may work later is told to the lane. Used by both gateways.
import type { Effect } from "./effect.ts";
import { isHeldBack, type Outcome } from "./outcome.ts";

/** The try is to be made again. */
export function again(
  outcome: Extract<Outcome<unknown>, { readonly kind: "retry" }>,
): Extract<Effect, { readonly kind: "again" }> {
  const { detail: reason, mayHaveHappened, retryAfterMs } = outcome;
  const heldBack = isHeldBack(outcome) ? { heldBack: true as const } : {};
  return { kind: "again", reason, mayHaveHappened, retryAfterMs, postSequence: null, ...heldBack };
}
