/**
 * A history: what was offered to the service and what was seen of it, told by witnesses outside of it. Plain data: an entry is one
 * line of JSON, a history a list of them in the order in which they happened. Knows nothing of HTTP, Kafka, Redis or simulation;
 * end-to-end tests, chaos runs and the simulation write the same entries, and check-history.ts judges them.
 *
 * How to write one:
 * - `at` is milliseconds of one monotonic clock for all witnesses. Witnesses that tell later (a topic read at the end, the
 *   simulator's log) are put in place by `inOrder`; of one moment the senders' entries are to be given first.
 * - A *word* is a text with a token (tokens.ts); its id is the token. A *request* (connect, finish) has its request id as id.
 *   Tell `offered` before the call goes out and `answered` when its answer is there: `ok` accepted (HTTP 2xx, broker's ack, the desk took
 *   the agent's text), `fail` certainly refused (4xx), `info` nothing certain (time-out, reset, 5xx after the send) or nothing
 *   promised (a word that no agent need ever see). A word without answer counts as `info`.
 * - `user` is an alias, never a phone number, and the same for all witnesses. `actor` is the instance that acted, null where
 *   the witness can't tell; `epoch` the same of its epoch.
 * - Leave out what was not watched: an invariant is judged by what is there, and a kind of entry that never came is not missed.
 */
export type Entry = At &
  (
    | Offered
    | Answered
    | Settled
    | Late
    | Shown
    | Replied
    | Created
    | ChatStep
    | WayBack
    | HandedBack
    | CallBegan
    | CallEnded
    | InFlight
    | Unheard
    | RecordSeen
    | Poison
    | DeadLetterSeen
    | ChangelogSeen
    | StoredSeen
    | ProcessStep
    | FaultStep
    | Healed
    | Sample
    | Wrote
  );

/** An entry without its time. */
export type Untimed = Entry extends infer One ? (One extends Entry ? Omit<One, "at"> : never) : never;

/** When. */
interface At {
  readonly at: number;
}

/** What a sender was told. */
export type Outcome = "ok" | "fail" | "info";

/** A word or a request is about to be sent. Each id once. */
export interface Offered {
  readonly kind: "offered";
  readonly id: string;
  readonly user: string;
}

/** Its sender heard. `stored`: where the broker says that it stands. */
export interface Answered {
  readonly kind: "answered";
  readonly id: string;
  readonly outcome: Outcome;
  readonly stored?: { readonly topic: string; readonly partition: number; readonly offset: number };
}

/** A word came to another rightful end than being shown: its sender was told that it will not arrive, or it stands in the context. */
export interface Settled {
  readonly kind: "settled";
  readonly id: string;
  readonly as: "refusal" | "context";
}

/** The chat in which a word was said is over: words of a later chat may be shown before it. In one session it keeps its place. */
export interface Late {
  readonly kind: "late";
  readonly id: string;
}

/**
 * A text stands on the screen of the user's agent (history included), or on the user's phone. With `session` a word is counted by
 * session: what was said in one chat is shown once more, as history, in the user's next.
 */
export interface Shown {
  readonly kind: "shown";
  readonly witness: "agent" | "user";
  readonly user: string;
  readonly text: string;
  readonly session?: string;
}

/** The end of a request, from its HTTP answer, its kept reply or its fact; `says` in few words, such as `requested` or `refused chat_open`. */
export interface Replied {
  readonly kind: "replied";
  readonly id: string;
  readonly says: string;
}

/** Something came to be at Salesforce that may come to be once, such as a case (`what`) of a chat (`of`). */
export interface Created {
  readonly kind: "created";
  readonly what: string;
  readonly of: string;
}

/** A step of a chat at the desk. */
export interface ChatStep {
  readonly kind: "chat";
  readonly user: string;
  readonly session: string;
  readonly step: "requested" | "accepted" | "ended";
}

/**
 * The service has told (a fact) that a chat, or a connect that it refused, is over: the bot gets its user, once. `chat` is the service's own id of
 * it, since a refused connect never came to the desk. Told again it says nothing new.
 */
export interface WayBack {
  readonly kind: "way back";
  readonly user: string;
  readonly chat: string;
}

/** The bot was given the user. */
export interface HandedBack {
  readonly kind: "handed back";
  readonly user: string;
}

/**
 * A call of the service reached an outside system, and its answer went out (or its connection ended). `lane` is the serial
 * queue that it belongs to, `subject` whose queue: a session for polls and desk, a user for channel.
 */
export interface CallBegan {
  readonly kind: "call began";
  readonly call: string;
  readonly lane: "poll" | "desk" | "channel";
  readonly subject: string;
  readonly actor: string | null;
  readonly epoch: number | null;
}

/** See CallBegan. */
export interface CallEnded {
  readonly kind: "call ended";
  readonly call: string;
}

/**
 * A command that was shown to be begun and not done at a hard stop: each of its ids (tokens, `what of` of a creation, `hand-back user`)
 * may be seen once more. At most one per lane and stop.
 */
export interface InFlight {
  readonly kind: "in flight";
  readonly lane: string;
  readonly stop: string;
  readonly ids: readonly string[];
}

/**
 * A call that showed these words, and whose answer never reached the service, or reached one that could not act on it any more: it cannot
 * know that they were shown, and may call them refused or put them into the dead letters besides.
 */
export interface Unheard {
  readonly kind: "unheard";
  readonly ids: readonly string[];
}

/**
 * A record, read by a consumer of all topics. `id`: token, request id or event id, null where it has none; `content` anything that
 * two records share when they say the same. `chat`: number of a fact within its chat.
 */
export interface RecordSeen {
  readonly kind: "record";
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly id: string | null;
  readonly content: string;
  readonly chat?: { readonly id: string; readonly sequence: number };
}

/** A record was written that nobody can decide: it must end as a dead letter. `of` as DeadLetterSeen names it. */
export interface Poison {
  readonly kind: "poison";
  readonly of: string;
}

/**
 * A dead letter: of which record (any name that a repeat shares), why, and the ids that stand in its bytes. `isCopy`: they are those of a file, or what a
 * chat was told of the words before it, which are told by themselves or to other chats too; or of a record that was told already.
 */
export interface DeadLetterSeen {
  readonly kind: "dead letter";
  readonly isCopy?: boolean;
  readonly of: string;
  readonly reason: string;
  readonly about: readonly string[];
}

/** A record of the changelog, in offset order per partition. `producedBy` and `version` from its headers. */
export interface ChangelogSeen {
  readonly kind: "changelog";
  readonly partition: number;
  readonly offset: number;
  readonly producedBy: number;
  readonly version: { readonly epoch: number; readonly turn: number } | null;
  readonly body:
    | { readonly type: "claim"; readonly actor: string }
    | { readonly type: "fence" }
    | { readonly type: "cursor"; readonly applied: Readonly<Record<string, number>> }
    /** `state` null for a tombstone. */
    | { readonly type: "user"; readonly user: string; readonly state: string | null };
}

/** What stands in Redis of a user, read when all is quiet; null for nothing. */
export interface StoredSeen {
  readonly kind: "stored";
  readonly user: string;
  readonly state: string | null;
}

/** A step in the life of an instance. Of `exited`, `code` null means by a signal. */
export interface ProcessStep {
  readonly kind: "process";
  readonly actor: string;
  readonly step: "started" | "ready" | "not ready" | "told to stop" | "killed" | "held" | "released" | "exited";
  readonly code?: number | null;
}

/** A fault other than those of processes begins or ends. A fault of one moment only begins. */
export interface FaultStep {
  readonly kind: "fault";
  readonly what: string;
  readonly step: "begins" | "ends";
}

/** All faults are over; nothing is offered any more, or only to show that all is well. */
export interface Healed {
  readonly kind: "healed";
}

/** A figure of something that must not grow or must return, such as `lag` of a group or `rss` of a process. */
export interface Sample {
  readonly kind: "sample";
  readonly of: string;
  readonly subject: string;
  readonly value: number;
}

/** Output of the service: a log, metrics, an error. */
export interface Wrote {
  readonly kind: "wrote";
  readonly where: string;
  readonly text: string;
}

/** The entries by time; those of one moment stay in the order given. */
export function inOrder(entries: readonly Entry[]): readonly Entry[] {
  return entries.toSorted((a, b) => a.at - b.at);
}
