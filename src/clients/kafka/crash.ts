// What an end of KafkaJS's consumer means: a setting that no restart mends, or trouble that passes. Called by consumer.ts.

/** `fatal`: the process must end. `outage`: brokers do not answer. `other`: it left the group, and may come back. */
export type CrashVerdict = "fatal" | "outage" | "other";

/** Errors that come again at every restart: settings, rights, another protocol in the group. */
const fatalNames: ReadonlySet<string> = new Set([
  "AssignmentImpossible",
  "KafkaJSNotImplemented",
  "KafkaJSServerDoesNotSupportApiKey",
  "KafkaJSUnsupportedMagicByteInMessageSet",
]);
const fatalTypes: ReadonlySet<string> = new Set([
  "INCONSISTENT_GROUP_PROTOCOL",
  "INVALID_SESSION_TIMEOUT",
  "INVALID_GROUP_ID",
  "GROUP_AUTHORIZATION_FAILED",
  "TOPIC_AUTHORIZATION_FAILED",
  "CLUSTER_AUTHORIZATION_FAILED",
  "GROUP_MAX_SIZE_REACHED",
]);
const outageNames: ReadonlySet<string> = new Set([
  "KafkaJSConnectionError",
  "KafkaJSConnectionClosedError",
  "KafkaJSRequestTimeoutError",
  "KafkaJSNoBrokerAvailableError",
  "KafkaJSBrokerNotFound",
  "KafkaJSGroupCoordinatorNotFound",
  "KafkaJSMetadataNotLoaded",
  "KafkaJSTopicMetadataNotLoaded",
  "KafkaJSSASLAuthenticationError",
]);

/** The verdict on the error of a CRASH event. */
export function judgeCrash(error: Error): CrashVerdict {
  let verdict: CrashVerdict = "other";
  let current: unknown = error;
  for (let depth = 0; depth < 8 && current instanceof Error; depth += 1) {
    const type: unknown = "type" in current ? current.type : undefined;
    if (fatalNames.has(current.name) || (typeof type === "string" && fatalTypes.has(type))) return "fatal";
    if (outageNames.has(current.name)) verdict = "outage";
    current = current.cause;
  }
  return verdict;
}

/** The error with a sentence that says what to do, where we know one. */
export function explainCrash(error: Error): Error {
  if (
    error.message.includes("INCONSISTENT_GROUP_PROTOCOL") ||
    /inconsistent with existing members|group member's supported protocols/i.test(error.message)
  ) {
    return new Error(
      "The consumer group has members with another assignment protocol (the Go service, or another version): stop them first, " +
        "or use another APP_NAME.",
      { cause: error },
    );
  }
  return error;
}
