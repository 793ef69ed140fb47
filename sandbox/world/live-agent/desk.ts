/**
 * The desk: all Live Agent sessions of the org, its settings, and the screens on which agents read.
 * Creates, finds and buries sessions; what happens inside one is in the neighbouring files.
 * Made by the world, used by the Live Agent resources, the agents and the control API.
 */
import { appendLog } from "../append-log.ts";
import type { AppendLog } from "../append-log.ts";
import type { Clock } from "../clock.ts";
import type { Ids } from "../ids.ts";
import type { People } from "../people.ts";
import type { Records } from "../salesforce/records.ts";
import type { SensitiveDataRule, Session } from "./session.ts";

/** How the simulated server behaves where the guide leaves room. Changeable while it runs. */
export interface DeskModes {
  /** How long a poll without events is held, milliseconds. */
  pollHoldMs: number;
  /** Value of clientPollTimeout, seconds. */
  clientPollTimeoutS: number;
  /** A session that is not polled for so long is gone, milliseconds. */
  connectionTimeoutMs: number;
  /**
   * A second poll of a session: `lenient` refuses it and the first lives on; `strict` ends the session too;
   * `newest` refuses the first one instead.
   */
  secondPoll: "lenient" | "strict" | "newest";
  /** Answer to a POST whose sequence was accepted before. */
  repeatedPost: 200 | 409;
  /** `ignored`: X-LIVEAGENT-SEQUENCE is not looked at, so that a repeated POST is done again. */
  sequence: "honoured" | "ignored";
  /** POSTs other than ChatEnd before an agent has accepted. */
  postBeforeAccept: "refuse" | "accept";
  /** `live`: real places in the queue; `zero`: always 0, as with Omni-Channel routing. */
  queuePositions: "live" | "zero";
  /** An idle visitor's chat is to be ended after so many seconds, by its client; 0: never. Told with the next accept or transfer. */
  idleTimeoutS: number;
  /** After so many seconds the client is to tell of the silence. */
  idleWarningS: number;
  /** What the client is to hide in its texts; told with the next chat request. */
  sensitiveDataRules: readonly SensitiveDataRule[];
  /** Sends AgentTyping and AgentNotTyping around each agent text. */
  typing: boolean;
}

/** What the desk is part of. */
export interface DeskSettings {
  readonly organizationId: string;
  readonly deploymentId: string;
  readonly buttons: readonly string[];
  /** How many ended sessions, polls and POSTs are remembered; null: all. */
  readonly remembered: number | null;
}

/** A text on an agent's screen, or typed there. */
export interface ScreenText {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly atMs: number;
  readonly sessionId: string;
  readonly user: string | null;
  readonly from: "visitor" | "agent";
  readonly text: string;
  readonly agentId: string | null;
  /** X-LIVEAGENT-SEQUENCE of a visitor's text. */
  readonly sequence: number | null;
}

/** An agent of the org. */
export interface Agent {
  /** 15 characters, starting with 005. */
  readonly id: string;
  name: string;
  buttons: readonly string[];
  online: boolean;
  capacity: number;
  accept: "auto" | "manual";
  acceptDelayMs: number;
  script: AgentScript | undefined;
  /** Ids of the sessions the agent has or is being offered. */
  readonly chats: Set<string>;
}

/** What an agent does by itself once a chat is theirs. Texts may hold `{user}` and `{n}`, counted per user from 1. */
export interface AgentScript {
  readonly greeting?: string;
  /** Says each of these, one every `everyMs`. */
  readonly texts?: readonly string[];
  /** Says this text `count` times, one every `everyMs`. */
  readonly repeat?: { readonly text: string; readonly count: number };
  readonly everyMs?: number;
  /** Answers every text of the visitor with the same text behind this prefix. */
  readonly echo?: string;
  /** Ends the chat after so many texts of the visitor. */
  readonly endAfterReceived?: number;
  /** Ends the chat when `texts` and `repeat` are said. */
  readonly endWhenSaid?: boolean;
  /** Transfers to this agent after so many texts of the visitor. */
  readonly transferAfterReceived?: { readonly count: number; readonly agentId: string };
}

/** The desk. */
export interface Desk {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly settings: DeskSettings;
  readonly modes: DeskModes;
  readonly records: Records;
  readonly people: People;
  readonly agents: Map<string, Agent>;
  /** Waiting sessions per button, in order. */
  readonly queues: Map<string, Set<Session>>;
  /** Moving average of the wait per button, seconds. */
  readonly waits: Map<string, number>;
  readonly screens: AppendLog<ScreenText>;
  readonly byKey: Map<string, Session>;
  /** Living and remembered sessions. */
  readonly byId: Map<string, Session>;
  /** Ids of remembered sessions, oldest first. */
  readonly buried: Set<string>;
  /** Texts said per user by scripts. */
  readonly said: Map<string, number>;
  /** An agent has a chat from now on. */
  onEngaged: (session: Session, agent: Agent) => void;
  /** A text of the visitor is on the agent's screen. */
  onVisitorText: (session: Session, text: string) => void;
}

/** Modes that fit the observations of the reference. */
export function usualModes(): DeskModes {
  return {
    pollHoldMs: 30_000,
    clientPollTimeoutS: 40,
    connectionTimeoutMs: 150_000,
    secondPoll: "lenient",
    repeatedPost: 200,
    sequence: "honoured",
    postBeforeAccept: "refuse",
    queuePositions: "live",
    idleTimeoutS: 0,
    idleWarningS: 0,
    sensitiveDataRules: [],
    typing: true,
  };
}

/** What a desk is made of. */
export type DeskParts = Pick<Desk, "clock" | "ids" | "settings" | "modes" | "records" | "people">;

/** A desk without sessions and agents. */
export function openDesk(parts: DeskParts): Desk {
  return {
    ...parts,
    agents: new Map(),
    queues: new Map(),
    waits: new Map(),
    screens: appendLog(parts.clock, parts.settings.remembered),
    byKey: new Map(),
    byId: new Map(),
    buried: new Set(),
    said: new Map(),
    onEngaged: nothing,
    onVisitorText: nothing,
  };
}

/** A new session, in state NEW. */
export function newSession(desk: Desk): Session {
  const { ids, clock } = desk;
  const session: Session = {
    id: ids.uuid(),
    key: `${ids.uuid()}!${clock.nowMs()}!${Buffer.from(ids.hex(40), "hex").toString("base64")}`,
    createdAt: clock.nowMs(),
    affinityToken: ids.hex(8),
    state: "NEW",
    endedBy: undefined,
    user: undefined,
    visitor: undefined,
    events: [],
    firstNumber: 0,
    delivered: -1,
    acked: -1,
    lastOffset: 1_600_000_000 + Math.floor(ids.random() * 1_000_000),
    postSequence: 0,
    openPoll: undefined,
    isFlushDue: false,
    polls: [],
    posts: [],
    transcript: [],
    dataRules: [],
    isIdleWarned: false,
    violations: [],
    handOver: undefined,
    resync: "none",
    agentId: undefined,
    buttonId: "",
    declinedBy: new Set(),
    queuedAtMs: 0,
    engagedAtMs: undefined,
    overAtMs: undefined,
    lastPosition: undefined,
    cancelExpiry: nothing,
    cancelOffer: nothing,
    cancelScript: nothing,
  };
  desk.byKey.set(session.key, session);
  desk.byId.set(session.id, session);
  return session;
}

/** Takes a session's key away: from now on it is answered 403. The session stays listed while there is room. */
export function bury(desk: Desk, session: Session): void {
  desk.byKey.delete(session.key);
  session.cancelExpiry();
  session.cancelOffer();
  session.cancelScript();
  desk.buried.add(session.id);
  const { remembered } = desk.settings;
  if (remembered !== null && desk.buried.size > remembered) {
    const [oldest = ""] = desk.buried;
    desk.buried.delete(oldest);
    desk.byId.delete(oldest);
  }
}

/** Cuts a list of a living session down to its newest entries. */
export function forgetOld(desk: Desk, list: unknown[]): void {
  const { remembered } = desk.settings;
  if (remembered !== null && list.length > remembered * 2) {
    list.splice(0, list.length - remembered);
  }
}

function nothing(): void {
  // nobody has asked to be told, or there is nothing to cancel
}
