// What a call that did not succeed means where the system has no rules of its own: the statuses of RFC 9110 as outcomes.
// Used by the clients of outside systems, each of which judges its special statuses first.
import type { Outcome } from "../../processors/outcome.ts";
import type { HttpAnswer, NoAnswer } from "./http-client.ts";

/** An outcome other than done. */
export type Failure = Exclude<Outcome<unknown>, { readonly kind: "done" }>;

/** The outcome of a call without answer: it may work later. */
export function withoutAnswer(result: NoAnswer): Failure {
  return {
    kind: "retry",
    detail: result.detail,
    status: null,
    mayHaveHappened: result.mayHaveHappened,
    retryAfterMs: result.retryAfterMs ?? null,
  };
}

/**
 * The outcome of an answer that is no success. `word` is the other side's own code, without personal data, null when it gave
 * none. 408, 425 and 429 say that nothing was done; a 5xx may hide a success behind a gateway; a redirect is not understood.
 */
export function failedAnswer(answer: HttpAnswer, word: string | null = null): Failure {
  const { status, retryAfterMs } = answer;
  const detail = word === null ? `status ${status}` : `status ${status}: ${word}`;
  if (status === 408 || status === 425 || status === 429)
    return { kind: "retry", detail, status, mayHaveHappened: false, retryAfterMs };
  if (status === 501 || status === 505) return { kind: "refused", detail, status };
  if (status >= 500) return { kind: "retry", detail, status, mayHaveHappened: true, retryAfterMs };
  if (status >= 400) return { kind: "refused", detail, status };
  return { kind: "broken", detail, status };
}

/** True for 200 to 299. */
export function isSuccess(answer: HttpAnswer): boolean {
  return answer.status >= 200 && answer.status < 300;
}
