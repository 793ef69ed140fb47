// What the HTTP edge needs of the rest, as interfaces: somewhere to put requests and messages, answers to wait for, the context
// to show. Implemented in clients/ and record-sinks.ts, wired in composition.ts; tests bring their own.
import type { Channel, ChannelMessage, ChatRequest } from "../processors/messages/generated.ts";
import type { ContextEntry, Reply } from "../processors/interconnection/state.ts";
import type { Done } from "../processors/outcome.ts";

/** Takes records over durably. */
export interface RecordSink<Value> {
  /**
   * Resolves after the broker has acknowledged all of them, never before; those of one user keep their order. Rejects when
   * the broker refuses or does not acknowledge in time; records may be stored all the same, so whoever repeats them repeats
   * their ids.
   */
  produce(...records: readonly Value[]): Promise<void>;
}

/** A subscription to the answer of one request. */
export interface ReplyWaiter {
  /**
   * The answer, also one that came before the call; null when none came within `timeoutMs` or the waiter was closed
   * meanwhile. Rejects when the store does not answer: the answer is then unknown, not absent.
   */
  wait(timeoutMs: number): Promise<Reply | null>;
  /** Ends the subscription; a wait in progress resolves with null. Safe to repeat. */
  close(): void;
}

/** Answers of the processor to connect and finish, kept for 60 s under their request id. */
export interface Replies {
  /** Resolves once subscribed, so that a request produced afterwards cannot be answered unheard. Rejects when the store does not answer. */
  waiter(requestId: string): Promise<ReplyWaiter>;
  /** The answer if there is one. Rejects when the store does not answer. */
  find(requestId: string): Promise<Reply | null>;
}

/** What user and bot said in the last 24 h, with what the user said while waiting for an agent. */
export interface ContextReader {
  /** Oldest first, without doubles; null when nothing is stored, empty when nothing of it counts any more. Rejects when the store does not answer. */
  of(userId: string): Promise<readonly ContextEntry[] | null>;
}

/** Where the Integrations API sends the messages of a channel. Both calls are tried once and may be repeated. */
export interface WebhookRegistrations {
  /** Tells it our address, the public one with `path`. */
  register(channel: Exclude<Channel, "unknown">, path: string, signal: AbortSignal): Promise<Done>;
  remove(channel: Exclude<Channel, "unknown">, signal: AbortSignal): Promise<Done>;
}

/** What the edge counts; implemented by the service's metrics. No user in a label. */
export interface IngressMetrics {
  count(
    name: "http_requests" | "legacy_tokens" | "late_replies" | "ignored_messages",
    labels?: Readonly<Record<string, string>>,
  ): void;
  observeMs(name: "http_request", ms: number, labels?: Readonly<Record<string, string>>): void;
}

/** Everything that createIngress needs. */
export interface IngressPorts {
  readonly requests: RecordSink<ChatRequest>;
  readonly messages: RecordSink<ChannelMessage>;
  readonly replies: Replies;
  readonly context: ContextReader;
  readonly registrations: WebhookRegistrations;
  readonly metrics: IngressMetrics;
}
