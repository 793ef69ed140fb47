// Giving the user back to the bot: at once, or when its delay has passed. Owns what becomes of a hand-back that a new
// connect overtakes. Somebody owns the user at any time: between here and the bot's answer it is a pending command.
import type { Fact } from "./decision.ts";
import { change, chatOf, type ChatRef, type Draft } from "./draft.ts";
import { tell } from "./facts.ts";
import { give, hurry, lastTextsMs } from "./lanes.ts";
import type { HandBackKind } from "./settings.ts";
import type { WaitingHandBack } from "./state.ts";

const handBackLifeMs = 86_400_000;

/** Whom the bot gets back. */
export type HandedBack = ChatRef & { readonly botSlug: string };

/** The bot's state for a kind and channel; null when none is configured or the bot has no name. */
export function botStateOf(
  draft: Draft,
  chat: Pick<HandedBack, "channel" | "botSlug">,
  kind: HandBackKind,
): string | null {
  const states = draft.settings.botStates[kind];
  const state = Object.hasOwn(states, chat.channel) ? states[chat.channel] : undefined;
  return state === undefined || state === "" || chat.botSlug === "" ? null : state;
}

/**
 * Hands the user back in a state: a success at once, others after the configured delay (parity sheet section 0, table).
 * Comes after the texts to the user, because it is appended to the same lane.
 */
export function handBack(draft: Draft, chat: HandedBack, kind: HandBackKind): void {
  const botState = botStateOf(draft, chat, kind);
  if (botState === null) {
    const detail = "no state of the bot is configured";
    notHandedBack(draft, chat, { botState: null, reason: "not_configured", detail, attempts: 0 });
    return;
  }
  const waiting: WaitingHandBack = { chatId: chat.chatId, channel: chat.channel, botSlug: chat.botSlug, botState };
  const delayMs = kind === "success" ? 0 : draft.settings.handBackDelayMs;
  if (delayMs <= 0) {
    giveHandBack(draft, chat, waiting);
    return;
  }
  const due = { kind: "hand_back" as const, chatId: chat.chatId, at: draft.input.now + delayMs };
  change(draft, { handBack: waiting, due: [...draft.state.due, due] });
}

/** The delay has passed. */
export function handBackDue(draft: Draft, waiting: WaitingHandBack): void {
  const chat = chatOf(draft.state, waiting.chatId);
  change(draft, { handBack: null });
  if (chat !== null) giveHandBack(draft, chat, waiting);
}

function giveHandBack(draft: Draft, chat: ChatRef, { channel, botSlug, botState }: WaitingHandBack): void {
  // The user is nobody's until the hand-back behind them.
  hurry(draft, ({ kind }) => kind === "SayToUser", lastTextsMs);
  const giveUpAt = draft.input.now + handBackLifeMs;
  give(draft, chat, { lane: "channel", kind: "HandBack", channel, botSlug, botState, giveUpAt });
}

/** The bot could not be told, so nobody has the user: fact and dead letter, for a person to see to it. */
export function notHandedBack(
  draft: Draft,
  chat: ChatRef,
  why: Pick<Fact, "botState" | "reason" | "detail"> & { readonly attempts: number },
): void {
  const { botState, reason, detail, attempts } = why;
  tell(draft, chat, "hand_back_failed", { botState, reason, detail });
  const said = `HandBack: ${detail ?? reason}`;
  draft.deadLetters.push({ reason: "undeliverable", detail: said, chatId: chat.chatId, text: null, attempts });
}

/** A new connect takes the user: a hand-back that waits or is pending would take him away again, so it is dropped. */
export function supersede(draft: Draft): void {
  const { state } = draft;
  const dropped: { readonly chatId: string; readonly botState: string }[] = state.pending.filter(
    (command) => command.kind === "HandBack",
  );
  if (state.handBack === null && dropped.length === 0) return;
  const waiting = state.handBack === null ? [] : [state.handBack];
  for (const { chatId, botState } of [...dropped, ...waiting]) {
    const chat = chatOf(state, chatId);
    if (chat !== null) tell(draft, chat, "hand_back_failed", { reason: "superseded", botState });
  }
  change(draft, {
    pending: draft.state.pending.filter(({ kind }) => kind !== "HandBack"),
    due: draft.state.due.filter(({ kind }) => kind !== "hand_back"),
    handBack: null,
  });
}
