/**
 * The forms in which a channel platform sends a text to the service: WhatsApp's and Facebook's (parity sheet 2.1, 2.2).
 * Owns nothing of when or where they go. Called by the bot.
 */

/** A text on its way to the service. */
export interface Words {
  readonly userId: string;
  /** Message id. */
  readonly id: string;
  readonly text: string;
  readonly author: "user" | "bot";
  /** Epoch milliseconds. */
  readonly timestamp: number;
}

/** WhatsApp: `from` is the user when the user wrote, `to` is the user when the bot wrote. */
export function whatsappWebhook({ userId, id, text, author, timestamp }: Words): object {
  return {
    id,
    timestamp: String(timestamp),
    type: "text",
    ...(author === "user" ? { from: userId } : { to: userId }),
    text: { body: text },
  };
}

/** Facebook: one event between user and page; the page's own words are told apart by `authorRole`. */
export function facebookWebhook({ userId, id, text, author, timestamp }: Words, pageId: string): object {
  const [sender, recipient] = author === "user" ? [userId, pageId] : [pageId, userId];
  const event = { sender: { id: sender }, recipient: { id: recipient }, timestamp, message: { mid: id, text } };
  return {
    authorRole: author,
    botId: pageId,
    message: { object: "page", entry: [{ id: pageId, time: timestamp, messaging: [event] }] },
    msgTracking: {},
    provider: "facebook",
    timestamp,
  };
}
