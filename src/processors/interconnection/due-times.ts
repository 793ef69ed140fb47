// What becomes of a moment that the state waited for. Owns that one which no longer applies does nothing: its kind, chat and
// time must stand in `due`.
import type { DueTime } from "../messages/generated.ts";
import { change, type Draft } from "./draft.ts";
import { endChat, failOpening } from "./ending.ts";
import { handBackDue } from "./hand-back.ts";
import { notifyUser } from "./lanes.ts";
import type { Due, Interconnection } from "./state.ts";

/** Decides one moment. `rewrite` is not awaited: it has the state written to the changelog once more, as it is. */
export function decideDue(draft: Draft, chatId: string, { kind, dueAt }: DueTime): void {
  if (kind === "rewrite") {
    change(draft, {});
    return;
  }
  const due = draft.state.due.find((each) => each.kind === kind && each.chatId === chatId && each.at === dueAt);
  if (due === undefined) return;
  change(draft, { due: draft.state.due.filter((each) => each !== due) });
  const chat = draft.state.interconnection;
  if (due.kind !== "hand_back") limitReached(draft, due, chat?.chatId === chatId ? chat : null);
  else if (draft.state.handBack?.chatId === chatId) handBackDue(draft, draft.state.handBack);
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
      if (kind !== "accept_limit" || chat.status !== "ON_HOLD") return;
      notifyUser(draft, chat, draft.settings.texts.acceptTimeout);
      endChat(draft, chat, { ...how, reason: "accept_timeout" });
    }
  }
}
