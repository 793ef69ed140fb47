// Erasing a user: an open chat is ended as by an operator, and when nothing is pending any more everything that is kept of him is
// deleted. Until then the moment `erase` stands in the state, so that neither a crash nor a takeover forgets it. Called by
// requests.ts and due-times.ts.
import type { ChatRequest } from "../messages/generated.ts";
import { answer, change, type Draft } from "./draft.ts";
import { endChat, failOpening } from "./ending.ts";
import { tell } from "./facts.ts";
import { closeCaseDue } from "./loose-case.ts";
import { isOpen, nobody } from "./state.ts";

/** How often it is looked whether the last command has ended. */
const lookAgainMs = 5_000;

/** Decides the request. Its outcome is told at once; that the user is gone shows as the end of his record on the changelog. */
export function decideErasure(draft: Draft, { requestId }: ChatRequest): void {
  const chat = draft.state.interconnection;
  if (isOpen(chat)) {
    if (chat.status === "CONNECTING") {
      const detail = "ended before it was open";
      failOpening(draft, chat, { reply: "chat_request_failed", reason: "operator", detail }, "timeout");
    } else {
      const how = { status: "CLOSED", reason: "operator", detail: null, desk: "open", handBack: "timeout" } as const;
      endChat(draft, chat, { ...how, requestId });
    }
  }
  tell(draft, null, "operator_done", { requestId });
  answer(draft, requestId, { outcome: "done", reason: "operator_done", chatId: chat?.chatId ?? null, detail: null });
  closeCaseDue(draft);
  eraseWhenIdle(draft);
}

/** The moment has come: now, or once more later. A chat that was opened since is of a user who has come back: it stays. */
export function eraseWhenIdle(draft: Draft): void {
  const { interconnection, pending, handBack, due } = draft.state;
  const others = due.filter(({ kind }) => kind !== "erase" && kind !== "close_case");
  if (isOpen(interconnection)) {
    change(draft, { due: others });
    return;
  }
  if (pending.length > 0 || handBack !== null) {
    const chatId = interconnection?.chatId ?? "";
    change(draft, { due: [...others, { kind: "erase", chatId, at: draft.input.now + lookAgainMs }] });
    return;
  }
  draft.state = nobody;
  draft.erase = true;
  draft.remember.length = 0;
  draft.see.length = 0;
}
