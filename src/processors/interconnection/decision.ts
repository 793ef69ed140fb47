// What goes into decide and what comes out of it. No behaviour.
import type { AgentEvent, ChannelMessage, ChatEvent, ChatRequest, DeadLetterReason } from "../messages/generated.ts";
import type { ContextEntry, Reply, UserMemory, UserState } from "./state.ts";

/** Where an input stood. Ids of outputs derive from it and from its time. */
export interface Coordinates {
  /** Topic suffix, such as chat-requests. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Record time, epoch milliseconds. */
  readonly timestamp: number;
}

interface InputHead {
  readonly coordinates: Coordinates;
  /** Time of the decision, epoch milliseconds: read once per turn by the owner, never inside decide. */
  readonly now: number;
  /** An operator has replayed the record from the dead letters: it is of the past, and nothing of it may show as new. */
  readonly late: boolean;
}

/** A decoded record with where it stood and when it is decided. */
export type Input =
  | (InputHead & { readonly topic: "chat-requests"; readonly record: ChatRequest })
  | (InputHead & { readonly topic: "channel-messages"; readonly record: ChannelMessage })
  | (InputHead & { readonly topic: "agent-events"; readonly record: AgentEvent });

/** A fact without what the runtime adds: client and producedAt. */
export type Fact = Omit<ChatEvent, "client" | "producedAt">;

/** A message that nobody will get; the runtime makes the dead letter from the input's bytes, or from `text`. */
export interface Undeliverable {
  readonly reason: DeadLetterReason;
  readonly detail: string | null;
  readonly chatId: string | null;
  /** The words that were to be delivered, when they are not the input record itself; null means the input record. */
  readonly text: string | null;
  /** How many times it was sent; 0 when it was given up before. */
  readonly attempts: number;
}

/** All that follows from one input. */
export interface Decision {
  /** The very object that was given when nothing of it changed; any other object is to be saved, also when it reads the same. */
  readonly state: UserState;
  readonly facts: readonly Fact[];
  readonly replies: readonly { readonly requestId: string; readonly reply: Reply }[];
  readonly deadLetters: readonly Undeliverable[];
  /** Context entries to add; kept in Redis for 24 h from when they were received. */
  readonly remember: readonly ContextEntry[];
  /** Message ids to know within DEDUPE_WINDOW. */
  readonly see: readonly string[];
  /** Nothing of the user may stay: state, context, ids and marks are deleted, whatever was to be remembered before. */
  readonly erase: boolean;
}

/** Pure, total, synchronous: no clock, no randomness, no I/O; equal arguments give equal results. */
export type Decide = (user: { readonly state: UserState; readonly memory: UserMemory }, input: Input) => Decision;
