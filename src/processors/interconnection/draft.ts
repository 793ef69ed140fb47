// One decision while it is being made: what goes in, and what has been decided so far. It lives inside one call of decide;
// nothing of it is shared between calls. Owns its bookkeeping, no rule. Called by decide.ts and the files beside it.
import { derivedId, type IdKind } from "../messages/ids.ts";
import type { Decision, Fact, Input, Undeliverable } from "./decision.ts";
import type { DecideSettings } from "./settings.ts";
import type {
  Active,
  ChatHead,
  Connecting,
  ContextEntry,
  EarlierChat,
  OnHold,
  Reply,
  UserMemory,
  UserState,
} from "./state.ts";

/** A decision in the making. `state` is replaced, never changed in place. */
export interface Draft {
  readonly settings: DecideSettings;
  readonly input: Input;
  readonly memory: UserMemory;
  /** State that the input met. */
  readonly before: UserState;
  state: UserState;
  readonly facts: Fact[];
  readonly replies: { readonly requestId: string; readonly reply: Reply }[];
  readonly deadLetters: Undeliverable[];
  readonly remember: ContextEntry[];
  readonly see: string[];
  erase: boolean;
  readonly idsGiven: Record<IdKind, number>;
}

/** A chat that has not ended. */
export type OpenChat = Connecting | OnHold | Active;
/** One that the desk knows of. */
export type AtDeskChat = OnHold | Active;

/**
 * The present chat while it is at the desk, and is that one where one is named. While it is being opened it is not polled, so no event of
 * it can come.
 */
export function atDesk({ state }: Draft, chatId = state.interconnection?.chatId): AtDeskChat | null {
  const chat = state.interconnection;
  return chat?.chatId === chatId && (chat?.status === "ON_HOLD" || chat?.status === "ACTIVE") ? chat : null;
}

/** What facts and commands need to know of a chat, the present one or an earlier one. */
export type ChatRef = Pick<ChatHead, "chatId" | "requestId" | "channel"> & {
  readonly contactId: string | null;
  readonly caseId: string | null;
};

/** Starts a decision. */
export function openDraft(settings: DecideSettings, state: UserState, memory: UserMemory, input: Input): Draft {
  return {
    settings,
    input,
    memory,
    before: state,
    state,
    facts: [],
    replies: [],
    deadLetters: [],
    remember: [],
    see: [],
    erase: false,
    idsGiven: { chat: 0, fact: 0, message: 0 },
  };
}

/** Ends a decision; earlier chats without pending commands are dropped. */
export function closeDraft(draft: Draft): Decision {
  const { state, facts, replies, deadLetters, remember, see, erase } = draft;
  const open = new Set(state.pending.map(({ chatId }) => chatId));
  const earlier = state.earlier.filter(({ chatId }) => open.has(chatId));
  if (earlier.length < state.earlier.length) change(draft, { earlier });
  return { state: draft.state, facts, replies, deadLetters, remember, see, erase };
}

/** Changes the state. */
export function change(draft: Draft, changes: Partial<UserState>): void {
  draft.state = { ...draft.state, ...changes };
}

/** The next id of its kind that derives from the input. */
export function nextId(draft: Draft, kind: IdKind): string {
  const index = draft.idsGiven[kind];
  draft.idsGiven[kind] = index + 1;
  return derivedId(draft.settings.client, draft.input.coordinates, kind, index);
}

/** The chat of that id: the present one or an earlier one with open commands; null when it is neither. */
export function chatOf(state: UserState, chatId: string): ChatRef | null {
  if (state.interconnection?.chatId === chatId) return state.interconnection;
  return state.earlier.find((chat) => chat.chatId === chatId) ?? null;
}

/** Changes the counters of an earlier chat. */
export function changeEarlier(draft: Draft, chatId: string, changes: Partial<EarlierChat>): void {
  const earlier = draft.state.earlier.map((chat) => (chat.chatId === chatId ? { ...chat, ...changes } : chat));
  change(draft, { earlier });
}

/** Puts the outcome of a request on record and answers who waits for it; a request without an id gets no answer. */
export function answer(draft: Draft, requestId: string, reply: Reply): void {
  if (requestId === "") return;
  const outcomes = [...draft.state.outcomes, { requestId, reply }].slice(-draft.settings.limits.outcomes);
  change(draft, { outcomes });
  draft.replies.push({ requestId, reply });
}
