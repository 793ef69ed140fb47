// The alarm for a state that can't be read, wherever it stands: whose it is, the chat that it was about, and what a person can do. Called
// when users are loaded and when an index is taken over.
import type { Log, Metrics } from "./ports.ts";

/** A state that can't be read. */
export interface UnreadableState {
  readonly userId: string;
  /** The text as it stands there. */
  readonly json: string;
  /** Field and rule, never a value. */
  readonly detail: string;
}

/** Raises it. */
export function tellUnreadable(
  { userId, json, detail }: UnreadableState,
  where: { readonly partition: number; readonly readFrom: "store" | "changelog" },
  { log, metrics }: { readonly log: Log; readonly metrics: Metrics },
): void {
  metrics.count("alarms", { alarm: "state_unreadable" });
  log.error(
    { ...where, userId, chatId: chatIdIn(json), detail },
    "a state can't be read; its user counts as one without a chat. Where another version has written it, roll forward again; the chat at the desk ends by its own time-out",
  );
}

/** What else is wrong with a record does not keep this from being read; null when it can't be. */
function chatIdIn(json: string): string | null {
  try {
    const record = JSON.parse(json) as {
      readonly bridge?: { readonly chat?: { readonly chatId?: unknown } | null };
    } | null;
    const chatId = record?.bridge?.chat?.chatId;
    return typeof chatId === "string" ? chatId : null;
  } catch {
    return null;
  }
}
