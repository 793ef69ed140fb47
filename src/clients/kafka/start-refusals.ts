// What an error means to a service that is starting: something that passes, so that it waits, or something only a person can mend, so
// that it must say so and end. Owns the sentences.
//
// Codes: protocol error names as at kafka.apache.org/protocol#protocol_error_codes; certificate codes as at
// nodejs.org/api/tls.html#x509-certificate-error-codes.

/** Of Node's certificate codes; an expired or foreign certificate stays what it is however long one waits. */
const certificateCode =
  /^(UNABLE_TO_(GET|VERIFY|DECRYPT|DECODE)_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|CRL_|ERROR_IN_|INVALID_(CA|PURPOSE)$|PATH_LENGTH_EXCEEDED$|HOSTNAME_MISMATCH$|ERR_TLS_CERT_)/;
/**
 * KafkaJS wraps whatever happens while it logs in as SASLAuthenticationError, a cut connection too, and keeps of the cause only
 * the text (kafkajs/src/broker/saslAuthenticator). These texts are its own for what passes.
 */
const transport = /connection|closed|timeout|timed out|socket|ECONN|EPIPE|not connected/i;
const unsupportedMechanism = /mechanism is not supported by the server/;

const sentences: Readonly<Record<string, string>> = {
  ILLEGAL_SASL_STATE:
    "The Kafka listener asks for no login: KAFKA_SECURITY_PROTOCOL has to be PLAINTEXT or SSL there, or KAFKA_PORT another one.",
  UNSUPPORTED_SASL_MECHANISM: mechanismSentence(),
  SASL_AUTHENTICATION_FAILED: loginSentence(),
  TOPIC_AUTHORIZATION_FAILED: rightsSentence("a topic"),
  GROUP_AUTHORIZATION_FAILED: rightsSentence("the consumer group"),
  INCONSISTENT_GROUP_PROTOCOL:
    "The consumer group has members with another assignment protocol (the Go service, or another program): stop them first, or use another APP_NAME.",
  CLUSTER_AUTHORIZATION_FAILED: rightsSentence("the cluster, or may write no topic"),
};

interface Described {
  readonly name?: unknown;
  readonly type?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
}

/** The sentence for a person, without user, password or address; null for what may pass by itself. */
export function startRefusal(error: unknown): string | null {
  let current: unknown = error;
  for (let depth = 0; depth < 8 && typeof current === "object" && current !== null; depth += 1) {
    const sentence = sentenceOf(current);
    if (sentence !== null) return sentence;
    current = (current as Described).cause;
  }
  return null;
}

function sentenceOf({ name, type, code, message }: Described): string | null {
  if (typeof type === "string" && sentences[type] !== undefined) return sentences[type];
  if (typeof code === "string" && certificateCode.test(code)) {
    return `The Kafka broker's certificate is not trusted (${code}): KAFKA_CA_FILE must hold the authority that signed it, and KAFKA_HOST a name that it is made out to.`;
  }
  if (name !== "KafkaJSSASLAuthenticationError" || typeof message !== "string") return null;
  if (unsupportedMechanism.test(message)) return mechanismSentence();
  return transport.test(message) ? null : loginSentence();
}

function mechanismSentence(): string {
  return "The Kafka broker does not know this way to log in: change KAFKA_SASL_MECHANISM, or enable it at the broker.";
}

function loginSentence(): string {
  return "The Kafka broker refuses the login: KAFKA_USER or KAFKA_PASSWORD is wrong, or the user is not known for KAFKA_SASL_MECHANISM.";
}

function rightsSentence(what: string): string {
  return `The Kafka broker does not let KAFKA_USER use ${what}: give it the rights that docs/security.md lists.`;
}
