// Every topic of the service as data: the only place where a topic is named. Renaming a suffix orphans its data.

/** What the service reads, co-partitioned. */
export type InputTopic = "chat-requests" | "channel-messages" | "agent-events";
/** Every topic, by the end of its name. */
export type TopicSuffix = InputTopic | "chat-events" | "interconnections" | "dead-letters";

/** What is fixed about one topic. */
export interface TopicSpec {
  readonly suffix: TopicSuffix;
  /** Name of the record in schemas/ that is the value; registered as subject `<topic>-value`. */
  readonly schema:
    "ChatRequest" | "ChannelMessage" | "AgentEvent" | "ChatEvent" | "InterconnectionChange" | "DeadLetter";
  readonly key: string;
  readonly cleanup: "delete" | "compact";
  /** Null for a compacted topic. */
  readonly retentionMs: number | null;
  /** Has the same number of partitions as the other co-partitioned topics; the start is refused when not. */
  readonly coPartitioned: boolean;
  /** Who may write: the service alone, or others too. */
  readonly writers: readonly string[];
}

const dayMs = 86_400_000;

/** The topics. */
export const topics = [
  {
    suffix: "chat-requests",
    schema: "ChatRequest",
    key: "userID",
    cleanup: "delete",
    retentionMs: 7 * dayMs,
    coPartitioned: true,
    writers: ["ingress", "upstream services", "operator"],
  },
  {
    suffix: "channel-messages",
    schema: "ChannelMessage",
    key: "userID",
    cleanup: "delete",
    retentionMs: 7 * dayMs,
    coPartitioned: true,
    writers: ["ingress", "upstream services"],
  },
  {
    suffix: "agent-events",
    schema: "AgentEvent",
    key: "userID",
    cleanup: "delete",
    retentionMs: 7 * dayMs,
    coPartitioned: true,
    writers: ["service"],
  },
  {
    suffix: "chat-events",
    schema: "ChatEvent",
    key: "userID",
    cleanup: "delete",
    retentionMs: 30 * dayMs,
    coPartitioned: true,
    writers: ["service"],
  },
  {
    suffix: "interconnections",
    schema: "InterconnectionChange",
    key: "client:userID",
    cleanup: "compact",
    retentionMs: null,
    coPartitioned: true,
    writers: ["service"],
  },
  {
    suffix: "dead-letters",
    schema: "DeadLetter",
    key: "original key",
    cleanup: "delete",
    retentionMs: 30 * dayMs,
    coPartitioned: false,
    writers: ["service"],
  },
] as const satisfies readonly TopicSpec[];

/** The inputs, in the order in which a turn takes them: what came back from outside goes before what is new. */
export const inputTopics: readonly InputTopic[] = ["agent-events", "chat-requests", "channel-messages"];

/** Full name of a topic: `<KAFKA_TOPIC>.<suffix>`. */
export function topicName(prefix: string, suffix: TopicSuffix): string {
  return `${prefix}.${suffix}`;
}
