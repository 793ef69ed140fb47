// How one call to an outside system ended. Classified once, in the client of that system; gateways and lanes only switch on it.

/** What came of one call. `detail` is a code or sentence without personal data, fit for a log and for a caller to read. */
export type Outcome<Value> =
  /** It happened, and this is what it brought. */
  | { readonly kind: "done"; readonly value: Value }
  /** The other side understood and said no; repeating brings the same answer. */
  | { readonly kind: "refused"; readonly detail: string; readonly status: number | null }
  /**
   * It may work later. `mayHaveHappened` tells whether the call can have taken effect (lost answer, time-out after the
   * request was written): then it is repeated only under an idempotency key, or looked for first.
   */
  | {
      readonly kind: "retry";
      readonly detail: string;
      readonly status: number | null;
      readonly mayHaveHappened: boolean;
      /** Wait that the other side asked for; null means it did not. */
      readonly retryAfterMs: number | null;
    }
  /** An answer that we do not understand: repeating is no cure, a person must look. */
  | { readonly kind: "broken"; readonly detail: string; readonly status: number | null };

/** The outcome of a call that brings nothing but success. */
export type Done = Outcome<null>;

/** Our own side has kept the call back (an open circuit, a limit of the org): nothing was sent. */
export function isHeldBack(outcome: Extract<Outcome<unknown>, { readonly kind: "retry" }>): boolean {
  return outcome.status === null && !outcome.mayHaveHappened && outcome.retryAfterMs !== null;
}

/** Success that brings nothing. */
export const done: Done = { kind: "done", value: null };
