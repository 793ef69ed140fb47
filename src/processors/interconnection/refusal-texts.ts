// What a refused connect is told as, in the words of the original, which operators and bots look for (parity sheet 1.4). The same over HTTP
// and in the log. Called by ingress/reply-answers.ts and topology/refused-connects.ts.
import { accountFailed } from "../desk/port.ts";
import type { ChatEventReason } from "../messages/generated.ts";

/** First words of every failure of a connect. */
export const connectFailed = "could not create chat in salesforce";

/** The sentence for a connect that was refused. `detail` is the cause in the other side's words; null means none. */
export function refusedConnect(reason: ChatEventReason, detail: string | null): string {
  // Without a blank before the colon, as the original has it for this one alone.
  if (reason === "contact_blocked") return `${connectFailed}: this contact is blocked`;
  if (reason === "chat_open") return `${connectFailed} : ${sessionExists}`;
  if (reason === "expired") return `${connectFailed} : the request was too old when it was read`;
  const saysAll = reason === "contact_failed" && detail?.startsWith(accountFailed) === true;
  const prefix = saysAll ? "" : (prefixes[reason] ?? "");
  return `${connectFailed} : ${prefix}${detail ?? withoutDetail[reason] ?? "no answer"}`;
}

/** Of the original's two texts for it the one that its single instance gave. */
const sessionExists = "session exists with this userID";
const prefixes: Readonly<Partial<Record<ChatEventReason, string>>> = {
  invalid_request: "Invalid payload received : ",
  contact_failed: "not found or create contact : ",
};
const withoutDetail: Readonly<Partial<Record<ChatEventReason, string>>> = {
  invalid_request: "the chat has no subject or button",
  service_failed: "the service failed",
  opening_timeout: "not open in time",
};
