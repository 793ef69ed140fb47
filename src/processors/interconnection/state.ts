// The state of one user: the interconnection, the commands it waits for, and the moments it waits for. Owned by decide;
// stored as JSON in Redis and on the changelog (record.ts). A field exists only in the statuses in which it has a meaning.
import type { Channel, Connect, DataRule, DeskSession, DueKind, Media } from "../messages/generated.ts";
import type { AttachFile, Command, EnsureCase, LaneName, TextsGiven } from "./commands.ts";
import type { Told } from "./desk-repeats.ts";

/** One thing that user or bot said, as the agent is told it and GET /v1/context shows it. */
export interface ContextEntry {
  readonly messageId: string;
  /** When it was written, as the channel says, epoch milliseconds: the order in which it is shown. May be anything. */
  readonly at: number;
  /** When it was received, epoch milliseconds, never later than its turn: it is kept for 24 h from then. Left out by 3.0.0. */
  readonly receivedAt?: number;
  readonly from: "user" | "bot";
  readonly text: string | null;
  readonly media: Media | null;
  /** Of a file, as the channel names it; left out for words. */
  readonly messageType?: string;
}

/** From when on an entry's 24 h count, epoch milliseconds. Entries of 3.0.0 know only when they were written. */
export function receivedAtOf({ receivedAt, at }: Pick<ContextEntry, "receivedAt" | "at">): number {
  return receivedAt ?? at;
}

/** Kinds of fact that a desk may cause many times a second. */
export type NoisyKind = "typing" | "custom";

/** What is known of the chat from its connect request on. */
export interface ChatHead {
  readonly chatId: string;
  readonly requestId: string;
  readonly channel: Channel;
  readonly name: string;
  readonly email: string;
  readonly phoneNumber: string | null;
  readonly botSlug: string;
  readonly botId: string;
  readonly extraData: Connect["extraData"];
  readonly requestedAt: number;
}

/** Contact, case, session and chat request are being made; no agent knows of the user yet. */
export interface Connecting extends ChatHead {
  readonly status: "CONNECTING";
  /** The chat is refused when it is not open by then. */
  readonly openBy: number;
  readonly contactId: string | null;
  readonly caseId: string | null;
  readonly session: DeskSession | null;
  readonly postSequence: number;
  /** What was said before the connect, taken from the context then, so that it survives the loss of Redis. */
  readonly context: readonly ContextEntry[];
  /** What the user said since. */
  readonly said: readonly ContextEntry[];
  /** True when the chat is being opened anew, at the server to which the desk has sent it: its connect has had its outcome. */
  readonly isMoved?: boolean;
  /** Of one that is opened anew, as in OnHold; left out for false. */
  readonly waitTextGiven?: boolean;
}

interface AtDesk extends ChatHead, Told {
  readonly contactId: string;
  readonly caseId: string;
  readonly session: DeskSession;
  /** Number of the last desk event that was applied in session.generation; -1 means none. */
  readonly position: number;
  /** The last that the desk has told; null for none, and empty for none of a session that has moved: by it a later owner knows that it must be resynced. */
  readonly resumeToken: string | null;
  /** What the agent must not be told of any text, in order; left out where the desk has told none. */
  readonly dataRules?: readonly DataRule[];
  /** Rules that have found something of which the desk is still to be told; left out where there are none. */
  readonly rulesFound?: readonly Pick<DataRule, "id" | "name">[];
  /** Last post number that the desk accepted. The lane's own mark may be ahead of it. */
  readonly postSequence: number;
  /** When a noisy fact was told last, epoch milliseconds; left out before the first. */
  readonly noisyAt?: Readonly<Partial<Record<NoisyKind, number>>>;
}

/** In the desk's queue. */
export interface OnHold extends AtDesk {
  readonly status: "ON_HOLD";
  readonly waitingSince: number;
  readonly context: readonly ContextEntry[];
  readonly said: readonly ContextEntry[];
  readonly queuePosition: number | null;
  /** True once the user was told to wait: a desk that tells of the queue twice does not repeat it. */
  readonly waitTextGiven: boolean;
  /** As in Connecting. */
  readonly isMoved?: boolean;
}

/** How long the desk lets a user be silent after an agent has said something, and since when he is. */
export interface IdleClock {
  readonly limitMs: number;
  /** After how long the desk is told; null means never. */
  readonly warningMs: number | null;
  /** When the last words of the agent that he got reached the user, epoch milliseconds; null while he owes no answer. */
  readonly since: number | null;
  /** When the user's last words came, epoch milliseconds; 0 before the first. */
  readonly heardAt: number;
  /** The desk was told that he is silent, and not yet that he is not. */
  readonly isWarned: boolean;
  /** False from when an agent has left until another is told of or says something. */
  readonly isAwaited: boolean;
}

/** An agent has the user. */
export interface Active extends AtDesk {
  readonly status: "ACTIVE";
  readonly waitingSince: number;
  readonly acceptedAt: number;
  readonly agentName: string | null;
  /** Left out where the desk sets no limit. */
  readonly idle?: IdleClock;
}

/** What its desk has told is kept where the desk may tell more: the chat was ended from our side. */
interface Over extends ChatHead, Partial<Told> {
  readonly endedAt: number;
  /** Number of the last desk event that counted in session.generation; -1 means none. What comes later comes too late. */
  readonly lastPosition: number;
  readonly contactId: string | null;
  readonly caseId: string | null;
  readonly session: DeskSession | null;
}

/** Ended by somebody, after it was at the desk. */
export interface Closed extends Over {
  readonly status: "CLOSED";
}

/** A step of the opening refused it, or the desk: nearly always before any agent had it. */
export interface Failed extends Over {
  readonly status: "FAILED";
  /** True where its connect was refused, so that there never was a chat to finish; left out by 3.1.0. */
  readonly neverOpen?: boolean;
}

/** One life of a user's connection to an agent, by status. */
export type Interconnection = Connecting | OnHold | Active | Closed | Failed;
/** The original's status words, and CONNECTING, which it had no record of. */
export type Status = Interconnection["status"];

/**
 * A moment that the state waits for; the owner appends it as a record when it has come. An ended chat always waits for
 * `forget`: when it comes and nothing is pending, decide answers `nobody`, and the runtime deletes the user's state.
 */
export interface Due {
  readonly kind: DueKind;
  readonly chatId: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** What a hand-back will say once its delay has passed. */
export interface WaitingHandBack {
  readonly chatId: string;
  readonly channel: Channel;
  readonly botSlug: string;
  readonly botState: string;
}

/** One text beyond the lane's window; messages behind one another are joined into one. */
export interface BacklogText {
  readonly text: string;
  /** Ids of the messages that it carries; in the channel lane the first is the id under which it will be sent. */
  readonly messageIds: readonly string[];
  readonly about: "message" | "context" | "notice";
  /** As in SayToAgent. */
  readonly hasUserWords?: boolean;
  /** As in SayToUser. */
  readonly pieceOf?: string;
}

/** A file in its place among the texts; in the desk lane only. */
export interface BacklogFile {
  readonly file: UserFile;
}

/** A file that the user sent, on its way to the case. */
export type UserFile = Pick<AttachFile, "media" | "messageType" | "messageId" | "words">;

/** What of the open chat is beyond the lane's window, or behind a file; it becomes commands as results come back. */
export interface Backlog {
  readonly lane: LaneName;
  readonly texts: readonly (BacklogText | BacklogFile)[];
}

/** What must be known of a chat before the present one as long as commands of it have no result. */
export interface EarlierChat {
  readonly chatId: string;
  readonly requestId: string;
  readonly channel: Channel;
  readonly contactId: string | null;
  readonly caseId: string | null;
  readonly lastSeq: Readonly<Record<LaneName, number>>;
  readonly lastFact: number;
}

/** The outcome of a request, kept so that its repeat gets the same answer. */
export interface RequestOutcome {
  readonly requestId: string;
  readonly reply: Reply;
}

/** The answer to a connect or finish. */
export interface Reply {
  readonly outcome: "done" | "refused";
  /** Closed list; the ingress turns it into status and text. */
  readonly reason:
    | "chat_created"
    | "chat_finished"
    | "operator_done"
    | "chat_open"
    | "no_chat"
    | "never_connected"
    | "expired"
    | "invalid_request"
    /** A defect of ours kept it from being decided. */
    | "service_failed"
    | "contact_blocked"
    | "contact_failed"
    | "case_failed"
    | "session_failed"
    | "chat_request_failed"
    | "opening_timeout";
  readonly chatId: string | null;
  /** Cause in the other side's words, without personal data; null means none. */
  readonly detail: string | null;
}

/** A case whose chat failed: the next connect takes it, or it is closed when `close_case` comes. */
export interface LooseCase {
  readonly caseId: string;
  readonly contactId: string;
  /** Not reused after this moment, epoch milliseconds. */
  readonly until: number;
}

/** A case that a create without an answer may have left: by these it is looked for before the next one is made. */
export interface DoubtfulCase extends Pick<
  EnsureCase,
  "contactId" | "channel" | "subject" | "otherSubjects" | "notBefore"
> {
  /** Not looked for after this moment, epoch milliseconds. */
  readonly until: number;
}

/** Everything of one user that the changelog holds. */
export interface UserState {
  readonly interconnection: Interconnection | null;
  /** Commands without a result, in order of their seq within chat and lane. */
  readonly pending: readonly Command[];
  readonly backlog: readonly Backlog[];
  readonly due: readonly Due[];
  /** Set while a hand-back waits for its delay. */
  readonly handBack: WaitingHandBack | null;
  /** Last command number given, by lane, within the chat. */
  readonly lastSeq: Readonly<Record<LaneName, number>>;
  /** Left out in a chat that was begun before they were counted. */
  readonly textsGiven?: TextsGiven;
  /** Last fact number told within the chat. */
  readonly lastFact: number;
  /** Ids of the user's messages taken over in this chat, newest last, bounded: repeats are known even without Redis. */
  readonly taken: readonly string[];
  /** Outcomes of the last requests, newest last, bounded. */
  readonly outcomes: readonly RequestOutcome[];
  /** A case for that user's next connect within 24 h. */
  readonly looseCase: LooseCase | null;
  /** Left out, as null, where there is none. */
  readonly doubtfulCase?: DoubtfulCase | null;
  /** Chats before the present one with commands that have no result yet, oldest first. */
  readonly earlier: readonly EarlierChat[];
  /** Lanes whose overflow the sender was told of since the lane was last within its window: told once, not per message. */
  readonly overflowTold: readonly LaneName[];
  /** By lane, the message whose failure its sender was told of last: the other pieces of it are not told again. */
  readonly failureTold?: Readonly<Partial<Record<LaneName, string>>>;
}

/** What is known of a user beside the changelog: Redis only, see docs/decisions.md for what its loss means. */
export interface UserMemory {
  /** Context of the last 24 h, in the order in which it was received, bounded. */
  readonly history: readonly ContextEntry[];
  /** Ids of channel messages within DEDUPE_WINDOW. */
  readonly seen: Pick<ReadonlySet<string>, "has">;
}

/** A user of whom nothing is known. */
export const nobody: UserState = {
  interconnection: null,
  pending: [],
  backlog: [],
  due: [],
  handBack: null,
  lastSeq: { desk: 0, channel: 0 },
  lastFact: 0,
  taken: [],
  outcomes: [],
  looseCase: null,
  earlier: [],
  overflowTold: [],
};

/** True while a chat is being opened, waits, or has an agent. */
export function isOpen(interconnection: Interconnection | null): interconnection is Connecting | OnHold | Active {
  switch (interconnection?.status) {
    case "CONNECTING":
    case "ON_HOLD":
    case "ACTIVE":
      return true;
    case "CLOSED":
    case "FAILED":
    case undefined:
      return false;
  }
}

/** True where the user has had no chat: he is not known, or his connect was refused before the desk had it. */
export function wasNeverOpen(interconnection: Interconnection | null): boolean {
  return interconnection === null || (interconnection.status === "FAILED" && interconnection.neverOpen === true);
}
