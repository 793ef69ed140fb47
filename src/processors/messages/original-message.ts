// The messages of the Go service on its one topic (parity sheet, section 5): JSON with the chat's secrets in it. Reads what is still worth
// delivering; the secrets are left where they are. Pure; called at start.
import { objectOf, parseJson } from "../json.ts";
import type { Channel } from "./generated.ts";

/** A text on its way. */
export interface OriginalMessage {
  readonly to: "user" | "agent";
  readonly client: string;
  readonly userId: string;
  readonly channel: Channel;
  readonly text: string;
}

/** Reads one; null when it is none, or has no user or no words. */
export function readOriginalMessage(value: Buffer | null): OriginalMessage | null {
  const body = objectOf(parseJson(value?.toString() ?? null));
  const params = objectOf(body["params"]);
  const message = objectOf(params["message"]);
  const [client, userId, text, provider] = [params["client"], message["userID"], message["text"], message["provider"]];
  const to = receivers.get(body["event_type"]);
  if (to === undefined || typeof client !== "string" || typeof userId !== "string" || typeof text !== "string")
    return null;
  if (userId === "" || text === "") return null;
  return {
    to,
    client,
    userId,
    text,
    channel: provider === "whatsapp" || provider === "facebook" ? provider : "unknown",
  };
}

const receivers = new Map<unknown, OriginalMessage["to"]>([
  ["send_message_to_user", "user"],
  ["send_message_to_salesforce", "agent"],
]);
