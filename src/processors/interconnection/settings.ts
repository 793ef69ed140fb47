// What decide knows of the deployment, as plain data. Read once at start by the composition root; nothing here reads it.
import type { Channel, DataRule } from "../messages/generated.ts";
import type { Texts } from "./texts.ts";

/** Where chats of one flow of the bot go (setting SFC_SOURCE_FLOW_BOT). */
export interface SourceFlow {
  /** Subject of the case. Empty refuses the connect. */
  readonly subject: string;
  /** By channel; a channel that is not there refuses the connect. */
  readonly providers: Readonly<Record<string, { readonly buttonId: string; readonly ownerId: string }>>;
}

/** Bounds of what one user may have waiting. */
export interface Limits {
  /** Commands of one lane that are pending at once; texts beyond wait joined. */
  readonly laneWindow: number;
  /** Messages of one user in both lanes, and said while waiting for an agent. */
  readonly waitingMessages: number;
  /** Their size, UTF-8: no more is taken when so much waits; the last one may go beyond it. */
  readonly waitingBytes: number;
  /** Entries of the context that an agent is told, newest kept. */
  readonly contextEntries: number;
  /** Their size, UTF-8. */
  readonly contextBytes: number;
  /** Longest text to an agent, UTF-16 units. */
  readonly agentTextChars: number;
  /** Longest text to a user by channel, UTF-16 units. */
  readonly userTextChars: Readonly<Record<Channel, number>>;
  /** Message ids remembered in the state of a chat, beside the larger memory in Redis: they are written with each change. */
  readonly takenIds: number;
  /** Outcomes of requests remembered. */
  readonly outcomes: number;
}

/**
 * Bounds of turn-loop section 3. The desk's guide names no longest text; 4,096 characters is what its web client takes.
 * WhatsApp takes 4,096 characters, Messenger 2,000.
 */
export const defaultLimits: Limits = {
  laneWindow: 32,
  waitingMessages: 200,
  waitingBytes: 64 * 1024,
  contextEntries: 200,
  contextBytes: 64 * 1024,
  agentTextChars: 4096,
  userTextChars: { whatsapp: 4096, facebook: 2000, unknown: 2000 },
  takenIds: 64,
  outcomes: 20,
};

/** Which of the bot's states a hand-back names (settings SUCCESS_STATE, TIMEOUT_STATE, BLOCKED_USER_STATE). */
export type HandBackKind = "success" | "timeout" | "blocked";

/**
 * Applies rules to each of some texts, one after the other; the texts come back in their order. Never throws, and takes no longer than its
 * bound: rules that can't be applied, or not in that time, are left out, and it sees to it that a person hears of them. `applied`: those
 * that found something.
 */
export type ApplyRules = (
  rules: readonly DataRule[],
  texts: readonly string[],
) => { readonly texts: readonly string[]; readonly applied: readonly DataRule[] };

/** Settings of decide. */
export interface DecideSettings {
  /** CLIENT: part of every derived id. */
  readonly client: string;
  readonly texts: Texts;
  /** Formats epoch milliseconds for the history, in TIMEZONE; see createTimeFormat. Must not throw. */
  readonly formatTime: (atMs: number) => string;
  /** The same for the same, but for rules that run out of time: what it answers is kept, and never asked again for the same words. */
  readonly applyRules: ApplyRules;
  /** State of the bot by kind and channel; a channel that is not there can't be handed back. */
  readonly botStates: Readonly<Record<HandBackKind, Readonly<Record<string, string>>>>;
  /** False: nobody takes users back, and a hand-back is done without a call, which its fact says. */
  readonly hasBotPlatform: boolean;
  /** Delay before a hand-back with a timeout or blocked state, milliseconds; 0 is at once. */
  readonly handBackDelayMs: number;
  /** A chat is open within this time of its connect or it is refused, milliseconds: MAIN_CONTEXT_TIME_OUT less 2 s. */
  readonly openBudgetMs: number;
  /** ACCEPT_TIMEOUT in milliseconds; null lets users wait for ever. */
  readonly acceptTimeoutMs: number | null;
  /** A chat that is open longer is ended, milliseconds. */
  readonly chatMaxAgeMs: number;
  /** QUEUE_UPDATES: a waiting user is told his place when it changes. */
  readonly queueUpdates: boolean;
  /** FORWARDED_TYPES: message types that go to the agent. */
  readonly forwardedTypes: ReadonlySet<string>;
  /** SEND_IMAGE_NAME_IN_MESSAGE: the notice about a file of a WhatsApp user names it. */
  readonly fileNameInNotice: boolean;
  /** KEYWORDS_RESTART in lower case; empty in production. */
  readonly restartKeywords: ReadonlySet<string>;
  readonly sourceFlows: Readonly<Record<string, SourceFlow>>;
  /** SFC_SOURCE_FLOW_FIELD: key of extraData that names the flow. */
  readonly sourceFlowField: string;
  /** SFC_CODE_PHONE_REMOVE, in order. */
  readonly phonePrefixes: readonly string[];
  /** EVENTS_WITH_TEXT. */
  readonly eventsWithText: boolean;
  readonly limits: Limits;
}
