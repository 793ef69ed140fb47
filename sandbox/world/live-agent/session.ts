/**
 * One Live Agent session as the server sees it: its state, numbered events, open poll, accepted POSTs and transcript.
 * Only data and the rules of numbering; what calls do to it is in the neighbouring files.
 * Shared by polls, posts, queue, agents and failover.
 */
import type { JsonObject } from "../answers.ts";
import type { Cancel } from "../clock.ts";

/** A rule as the desk tells it; what is no rule is told as it stands. */
export interface SensitiveDataRule {
  readonly id?: string;
  readonly name?: string;
  readonly pattern?: string;
  readonly replacement?: string;
  readonly actionType?: string;
}

/** NEW → QUEUED → ENGAGED → ENDED; QUEUED → FAILED; any → LOST (expired, deleted, or taken away by a fault). */
export type SessionState = "NEW" | "QUEUED" | "ENGAGED" | "ENDED" | "FAILED" | "LOST";

/** An event for the visitor. */
export interface DeskEvent {
  readonly type: string;
  readonly message: unknown;
  /** Position for ReconnectSession, growing over the whole session. */
  readonly offset: number;
  /** After this one the session is over. */
  readonly isTerminal: boolean;
}

/** One GET Messages. Times are monotonic milliseconds; `endMs` is null while it is held. */
export interface PollInterval {
  readonly startMs: number;
  endMs: number | null;
  readonly ack: number | null;
  status: number | null;
  /** Another poll of the session was open at the same time. */
  overlaps: boolean;
}

/** A POST that was accepted, in order of acceptance. */
export interface AcceptedPost {
  readonly noun: string;
  readonly sequence: number | null;
  readonly atMs: number;
  readonly text?: string;
  /** Of what the client tells beside the talk. */
  readonly body?: JsonObject;
}

/** A line of the conversation as the agent sees it. */
export interface TranscriptLine {
  readonly type: "Agent" | "Chasitor" | "OperatorTransferred";
  readonly name: string;
  readonly content: string;
  /** Epoch milliseconds. */
  readonly timestamp: number;
  readonly sequence: number;
}

/** What ChasitorInit told about the visitor. */
export interface Visitor {
  readonly visitorName: string;
  readonly buttonId: string;
  readonly agentId?: string;
  readonly doFallback: boolean;
  readonly buttonOverrides: readonly string[];
  readonly receiveQueueUpdates: boolean;
  readonly isPost: boolean;
  readonly prechatDetails: readonly {
    readonly label: string;
    readonly value: string;
    readonly displayToAgent: boolean;
  }[];
  /** Ids of the records that the pre-chat entities lead to, by object name. */
  readonly linked: Readonly<Record<string, string>>;
}

/** A poll that is being held. */
export interface OpenPoll {
  readonly ack: number;
  readonly interval: PollInterval;
  answer(status: number): void;
  answerEvents(): void;
}

/** How a hand-over to another server behaves. */
export interface HandOver {
  /** `restart`: numbering from 0 again; `continue`: it goes on after the last delivered event. */
  readonly numbering: "restart" | "continue";
  /** How many events that were delivered already come once more. */
  readonly redeliver: number;
  readonly resetSequence: boolean | "left-out";
  /** `stays`: a held poll is not answered, as by a server that went away without a word; only new calls get 503. */
  readonly heldPoll?: "answered" | "stays";
}

/** The session. */
export interface Session {
  readonly id: string;
  readonly key: string;
  readonly createdAt: number;
  affinityToken: string;
  state: SessionState;
  /** Why the session is over, in words. */
  endedBy: string | undefined;
  user: string | undefined;
  visitor: Visitor | undefined;
  events: DeskEvent[];
  /** Number of `events[0]`. */
  firstNumber: number;
  /** Highest number that was put into an answer. */
  delivered: number;
  /** Highest number that the client acknowledged. */
  acked: number;
  lastOffset: number;
  /** Last accepted X-LIVEAGENT-SEQUENCE. */
  postSequence: number;
  openPoll: OpenPoll | undefined;
  isFlushDue: boolean;
  polls: PollInterval[];
  posts: AcceptedPost[];
  transcript: TranscriptLine[];
  /** Sensitive data rules that the client was told. */
  dataRules: readonly SensitiveDataRule[];
  /** The client has told of the visitor's silence, and not of its end. */
  isIdleWarned: boolean;
  /** What the client did that the guide forbids, though it was answered. */
  violations: string[];
  /** Set while every call is answered 503. */
  handOver: HandOver | undefined;
  /** Due from a reconnect on; heard since ChasitorResyncState. */
  resync: "none" | "due" | "heard";
  agentId: string | undefined;
  buttonId: string;
  readonly declinedBy: Set<string>;
  queuedAtMs: number;
  /** When the last agent took it, monotonic. */
  engagedAtMs: number | undefined;
  /** When it ended, failed or was lost, monotonic. */
  overAtMs: number | undefined;
  lastPosition: number | undefined;
  cancelExpiry: Cancel;
  cancelOffer: Cancel;
  cancelScript: Cancel;
}

/** An act that the state of things does not allow; the text says why. */
export class NotPossible extends Error {
  constructor(message: string) {
    super(message);
    this.name = "NotPossible";
  }
}

/** Number of the newest event; one below the first when there is none. */
export function lastNumber(session: Session): number {
  return session.firstNumber + session.events.length - 1;
}

/** True when nobody may use the session any more. */
export function isOver(session: Session): boolean {
  return session.state === "ENDED" || session.state === "FAILED" || session.state === "LOST";
}

/** Notes a breach of the protocol that a real server lets pass. */
export function violate(session: Session, what: string): void {
  session.violations.push(what);
}

/** What the control API shows of a session. */
export function describe(session: Session): Record<string, unknown> {
  const { id, createdAt, state, endedBy, user, visitor, agentId, buttonId, transcript, violations } = session;
  return {
    id,
    createdAt,
    state,
    endedBy: endedBy ?? null,
    user: user ?? null,
    visitorName: visitor?.visitorName ?? null,
    prechatDetails: visitor?.prechatDetails ?? [],
    linked: visitor?.linked ?? {},
    agentId: agentId ?? null,
    buttonId,
    isPolled: session.openPoll !== undefined,
    postSequence: session.postSequence,
    lastEvent: lastNumber(session),
    delivered: session.delivered,
    transcript,
    violations,
  };
}
