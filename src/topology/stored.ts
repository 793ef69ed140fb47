// The shapes that the store keeps per partition index and per user. Data only.
import type { InputTopic } from "./topics.ts";

/** A value per input topic. */
export type Offsets<Value> = Readonly<Record<InputTopic, Value>>;

/** What stands in the store for one partition index, beside its users. */
export interface StoredIndex {
  /** Epoch of the owner that saved last; the claim does not change it. */
  readonly savedEpoch: number;
  readonly turn: number;
  /** Last applied offset; -1 means none. */
  readonly applied: Offsets<number>;
  readonly outbox: Buffer | null;
  /** Next offset of the changelog that the stored states reflect. */
  readonly changelogPosition: number;
}

/** What one turn changes of one user. */
export interface StateChange {
  readonly userId: string;
  /**
   * The JSON to write; null leaves the stored state as it is. `home` is the key it stands under, and no other: the original's record,
   * or our own while the chat is being opened or was never open (the Go service polls what it finds under its own).
   */
  readonly state: { readonly json: string; readonly home: "interconnection" | "connecting" } | null;
  /** Time to live in milliseconds; null while anything is open or pending. */
  readonly ttlMs: number | null;
  /** True while the user has an open chat, a pending command, or a moment to wait for. */
  readonly live: boolean;
  /** Context entries to add, as JSON with the time at which they were received. */
  readonly remember: readonly { readonly at: number; readonly json: string }[];
  /** Message ids to know. */
  readonly see: readonly { readonly at: number; readonly id: string }[];
  /** Before that, what was remembered of the user is deleted: context, ids, marks. */
  readonly erase: boolean;
}
