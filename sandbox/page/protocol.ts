// What the page's server tells the page: the shapes that both sides share. Types only, so that the browser's half imports nothing of the
// server's. Epoch milliseconds where a name ends in `At` or is `at`, durations where it ends in `Ms`.

/** Who has the user. */
export type Holder = "bot" | "connecting" | "agent";

/** A user of the sandbox. */
export interface User {
  readonly id: string;
  readonly name: string;
  readonly channel: "whatsapp" | "facebook";
  readonly holder: Holder;
  /** Came in with the crowd: not in the list of phones. */
  readonly isCrowd: boolean;
}

/** A file that a user sent. */
export interface SentFile {
  readonly type: string;
  /** Where the page gets it from; null where it lies elsewhere, from where the page loads nothing. */
  readonly url: string | null;
  readonly mimeType: string;
}

/** A line on a user's phone. */
export interface PhoneLine {
  readonly n: number;
  readonly at: number;
  readonly user: string;
  readonly from: "user" | "bot" | "service";
  /** Id of the message; what the user typed is followed by it. */
  readonly id: string;
  readonly text: string;
  readonly file: SentFile | null;
}

/** A line on an agent's screen. */
export interface ScreenLine {
  readonly n: number;
  readonly at: number;
  readonly session: string;
  readonly user: string;
  readonly from: "visitor" | "agent";
  readonly text: string;
  readonly agent: string;
  /** What it is followed by; null where the agent did not say it. */
  readonly trace: string | null;
}

/** A text has come to the other side: the phone line or screen line with this number has been seen there. */
export interface Arrival {
  readonly from: "phone" | "screen";
  readonly n: number;
  readonly ms: number;
}

/** How it stands with the texts between users and agents, counted from outside the service. */
export interface Tally {
  readonly sent: number;
  readonly arrived: number;
  /** Given up, and their sender was told. */
  readonly refused: number;
  /** The chat is over, and they came neither to the other side nor to the bot, and nobody was told. */
  readonly lost: number;
  readonly doubled: number;
  readonly reordered: number;
  /** Newest times from being said to being seen, milliseconds, sorted; at most 200. */
  readonly medianMs: number | null;
  readonly slowestMs: number | null;
}

/** One chat at the agents' desk. */
export interface DeskChat {
  readonly id: string;
  readonly user: string;
  readonly name: string;
  readonly state: "QUEUED" | "ENGAGED" | "ENDED" | "FAILED" | "LOST";
  /** Whose chat it is, or to whom it is offered; null while it waits for anybody. */
  readonly agent: string | null;
  readonly declinedBy: readonly string[];
  readonly endedBy: string | null;
  readonly createdAt: number;
  readonly caseId: string | null;
  /** What the client did against the rules of the protocol; none is right. */
  readonly violations: readonly string[];
}

/** An agent of the page's console. */
export interface Agent {
  readonly id: string;
  readonly name: string;
  readonly online: boolean;
}

/** A file at a case of the org. */
export interface CaseFile {
  readonly id: string;
  readonly caseId: string;
  readonly title: string;
  readonly url: string;
  readonly mimeType: string;
  readonly bytes: number;
}

/** A record of one of the topics, decoded, as far as a line shows it. The whole of it is asked for one by one. */
export interface RiverRecord {
  /** `topic/partition/offset`, topic without its prefix. */
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  readonly at: number;
  readonly user: string | null;
  readonly kind: string;
  readonly text: string;
  /** The message that it is part of, for following; null when of none. */
  readonly trace: string | null;
}

/** A station of a message on its way. */
export interface Hop {
  readonly at: number;
  readonly place: string;
  readonly what: string;
  readonly isTrouble: boolean;
  readonly record: string | null;
}

/** One message through everything. */
export interface Trace {
  readonly id: string;
  readonly direction: "to-agent" | "to-user";
  readonly user: string;
  readonly text: string;
  /** In order of time. */
  readonly hops: readonly Hop[];
  /** It has arrived, its result and the fact are told: nothing more is to come. */
  readonly isOver: boolean;
}

/** An instance of the service. */
export interface InstanceView {
  readonly number: number;
  readonly port: number;
  readonly pid: number | null;
  readonly state: "starting" | "ready" | "waiting" | "down" | "stopped";
  /** What it waits for, as its readiness says; empty when it is ready. */
  readonly missing: readonly string[];
  readonly restarts: number;
}

/** A fault that can be switched on. */
export interface FaultView {
  readonly name: string;
  readonly title: string;
  /** What it does, and what is to be seen. */
  readonly does: string;
  /** What heals it. */
  readonly heals: string;
  readonly kind: "switch" | "moment";
  readonly isOn: boolean;
  /** When it switches itself off; null when it does not. */
  readonly offAt: number | null;
}

/** Something that was broken, and what became of it. */
export interface Incident {
  readonly id: number;
  readonly fault: string;
  readonly title: string;
  readonly at: number;
  /** How many calls it struck; null where that is nothing to count. */
  readonly struck: number | null;
  readonly endedAt: number | null;
  readonly healedAt: number | null;
  /** It could not be caused, or not be taken away. */
  readonly isFailed: boolean;
  /** What showed that it is healed, or what is waited for; why it failed. */
  readonly note: string;
}

/** Crowd that was let in. */
export interface Crowd {
  readonly users: number;
  readonly perSecond: number;
  readonly untilAt: number;
}

/** A conversation that plays by itself. */
export interface CannedConversation {
  readonly name: string;
  readonly title: string;
  readonly isPlaying: boolean;
}

/** All that changes slowly, sent whole whenever any of it has changed. */
export interface Conditions {
  readonly instances: readonly InstanceView[];
  readonly faults: readonly FaultView[];
  readonly incidents: readonly Incident[];
  /** Instance that owns each partition; null when nobody does. */
  readonly owners: readonly (number | null)[];
  readonly crowd: Crowd | null;
  readonly conversations: readonly CannedConversation[];
  /** The tap on Kafka is connected. */
  readonly isTapped: boolean;
}

/** What happened since the last batch. Lists are in order. */
export interface Batch {
  readonly phone: readonly PhoneLine[];
  readonly screen: readonly ScreenLine[];
  readonly arrivals: readonly Arrival[];
  readonly records: readonly RiverRecord[];
  /** Those that changed. */
  readonly users: readonly User[];
  readonly chats: readonly DeskChat[];
  readonly agents: readonly Agent[];
  readonly files: readonly CaseFile[];
  /** How often each node of the graph has been busy, in all; by its name there. Only those that changed. */
  readonly counts: Readonly<Record<string, number>>;
  readonly tally: Tally | null;
  readonly conditions: Conditions | null;
}

/** A node of the graph with its place: columns from left to right, rows from above. */
export interface GraphNode {
  readonly id: string;
  readonly label: string;
  readonly kind: "program" | "topic" | "store" | "outside";
  readonly column: number;
  readonly row: number;
}

/** An edge of the graph. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly label: string;
}

/** How records flow, as the service describes itself. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** First thing on every connection: all that is kept, in place of what the page had. */
export interface Snapshot extends Batch {
  readonly graph: Graph;
  readonly tally: Tally;
  readonly conditions: Conditions;
}
