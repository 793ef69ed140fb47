// What an error of KafkaJS's producer means: refused for good, the broker's answer to these records, or trouble on the way. Owns the
// classification only. Called by producer.ts.

/**
 * `refused`: the broker will never take these records. `answered`: it answered that it does not take them now.
 * `trouble`: no answer, or one that says nothing of these records, so that they are not to blame.
 */
export type SendVerdict = "refused" | "answered" | "trouble";

/** Protocol error names (kafka.apache.org/protocol#protocol_error_codes) after which a repeat is pointless. */
const refusals: ReadonlySet<string> = new Set([
  "MESSAGE_TOO_LARGE",
  "RECORD_LIST_TOO_LARGE",
  "CORRUPT_MESSAGE",
  "INVALID_TOPIC_EXCEPTION",
  "UNKNOWN_TOPIC_OR_PARTITION",
  "TOPIC_AUTHORIZATION_FAILED",
  "CLUSTER_AUTHORIZATION_FAILED",
  "INVALID_TIMESTAMP",
  "INVALID_RECORD",
  "POLICY_VIOLATION",
  "UNSUPPORTED_FOR_MESSAGE_FORMAT",
]);

/** Answers that a look at fresh metadata mends, as after a broker's restart. */
const passing: ReadonlySet<string> = new Set(["NOT_LEADER_FOR_PARTITION", "REQUEST_TIMED_OUT", "NETWORK_EXCEPTION"]);

interface Described {
  readonly name?: unknown;
  readonly type?: unknown;
  readonly cause?: unknown;
}

/** The verdict on a rejected send, with a short code for error texts and logs. */
export function judgeSend(error: unknown): { readonly verdict: SendVerdict; readonly code: string } {
  for (const { name, type } of causes(error)) {
    if (typeof type === "string" && type !== "") {
      if (passing.has(type)) return { verdict: "trouble", code: type };
      return { verdict: refusals.has(type) ? "refused" : "answered", code: type };
    }
    // KafkaJS could not encode the records: they never left the process, and never will.
    if (name === "TypeError" || name === "RangeError") return { verdict: "refused", code: name };
    if (name === "KafkaJSSASLAuthenticationError") return { verdict: "refused", code: "SASL_AUTHENTICATION_FAILED" };
  }
  const name: unknown = error instanceof Error ? error.name : undefined;
  return { verdict: "trouble", code: typeof name === "string" ? name : "unknown" };
}

/** The error and what caused it, outermost first; KafkaJS wraps the broker's answer once or twice. */
function causes(error: unknown): readonly Described[] {
  const chain: Described[] = [];
  let current: unknown = error;
  while (typeof current === "object" && current !== null && chain.length < 8 && !chain.includes(current)) {
    chain.push(current);
    current = (current as Described).cause;
  }
  return chain;
}
