// What becomes of a moment that the state waited for. Owns that one which no longer applies does nothing: its kind, chat and
// time must be among the moments of the state.
import type { DueTime } from "../messages/generated.ts";
import { change, type Draft } from "./draft.ts";
import { endChat, failOpening } from "./ending.ts";
import { eraseWhenIdle } from "./erasure.ts";
import { handBackDue } from "./hand-back.ts";
import { idleDue, idleMoments } from "./idle-user.ts";
import { notifyUser } from "./lanes.ts";
import { closeCaseDue } from "./loose-case.ts";
import { isOpen, nobody, type Due, type Interconnection, type UserState } from "./state.ts";

const forgetAfterMs = 86_400_000;

/** Decides one moment. `rewrite` is not awaited: it has the state written to the changelog once more, as it is. */
export function decideDue(draft: Draft, chatId: string, { kind, dueAt }: DueTime): void {
  if (kind === "rewrite") {
    if (draft.state !== nobody) change(draft, {});
    return;
  }
  if (kind === "idle_warning" || kind === "idle_limit") {
    idleDue(draft, { kind, chatId, at: dueAt });
    return;
  }
  const due = draft.state.due.find((each) => each.kind === kind && each.chatId === chatId && each.at === dueAt);
  if (due === undefined) return;
  change(draft, { due: draft.state.due.filter((each) => each !== due) });
  const chat = draft.state.interconnection;
  if (due.kind === "forget") forget(draft);
  else if (due.kind === "erase") eraseWhenIdle(draft);
  else if (due.kind === "close_case") closeCaseDue(draft);
  else if (due.kind !== "hand_back") limitReached(draft, due, chat?.chatId === chatId ? chat : null);
  else if (draft.state.handBack?.chatId === chatId) handBackDue(draft, draft.state.handBack);
}

/** All that a state waits for: what stands in `due`, and what follows from a user's silence. */
export function momentsOf(state: UserState): readonly Due[] {
  const silence = idleMoments(state);
  return silence.length === 0 ? state.due : [...state.due, ...silence];
}

/** Nothing of the user is kept when nothing is waited for; else awaitForget sets the next such moment. */
function forget(draft: Draft): void {
  const { interconnection, pending, due, handBack } = draft.state;
  const idle = pending.length === 0 && due.length === 0 && handBack === null;
  if (idle && !isOpen(interconnection)) draft.state = nobody;
}

/**
 * A user without an open chat is forgotten 24 h after it ended, or after the last request when there was none. Called after
 * each decision; sets that moment where it is missing and takes it away while a chat is open.
 */
export function awaitForget(draft: Draft): void {
  const { state, before, input } = draft;
  if (state === before || state === nobody) return;
  const others = state.due.filter(({ kind }) => kind !== "forget");
  if (isOpen(state.interconnection)) {
    if (others.length < state.due.length) change(draft, { due: others });
    return;
  }
  const chatId = state.interconnection?.chatId ?? "";
  if (state.due.some((due) => due.kind === "forget" && due.chatId === chatId)) return;
  change(draft, { due: [...others, { kind: "forget", chatId, at: input.now + forgetAfterMs }] });
}

function limitReached(draft: Draft, { kind }: Due, chat: Interconnection | null): void {
  switch (chat?.status) {
    case undefined:
    case "CLOSED":
    case "FAILED":
      return;
    case "CONNECTING": {
      const why = { reply: "opening_timeout", reason: "opening_timeout", detail: null } as const;
      if (kind === "opening_limit") failOpening(draft, chat, why, "timeout");
      return;
    }
    case "ON_HOLD":
    case "ACTIVE": {
      const how = { status: "CLOSED", detail: null, desk: "open", handBack: "timeout" } as const;
      if (kind === "chat_too_old") endChat(draft, chat, { ...how, reason: "too_old" });
      if (kind !== "accept_limit") return;
      notifyUser(draft, chat, draft.settings.texts.acceptTimeout);
      endChat(draft, chat, { ...how, reason: "accept_timeout" });
    }
  }
}
