/**
 * The forms in which a channel platform sends a text or a file to the service: WhatsApp's and Facebook's (parity sheet 2.1, 2.2).
 * Owns nothing of when or where they go. Called by the bot.
 */

/** A file of a user, by reference. */
export interface SentFile {
  /** Type as the channel names it: image, document, audio, voice; Facebook: image, file, audio. */
  readonly type: string;
  readonly url: string;
  readonly mimeType?: string;
  readonly caption?: string;
}

/** A text on its way to the service, or a file. */
export interface Words {
  readonly userId: string;
  /** Message id. */
  readonly id: string;
  readonly text: string;
  /** In place of a text on WhatsApp, beside it on Facebook. */
  readonly file?: SentFile;
  readonly author: "user" | "bot";
  /** Epoch milliseconds. */
  readonly timestamp: number;
}

/** WhatsApp: `from` is the user when the user wrote, `to` is the user when the bot wrote. */
export function whatsappWebhook({ userId, id, text, file, author, timestamp }: Words): object {
  return {
    id,
    timestamp: String(timestamp),
    type: file?.type ?? "text",
    ...(author === "user" ? { from: userId } : { to: userId }),
    ...(file === undefined ? { text: { body: text } } : { [file.type]: withoutType(file) }),
  };
}

function withoutType({ url, mimeType, caption }: SentFile): object {
  return { url, ...(mimeType === undefined ? {} : { mimeType }), ...(caption === undefined ? {} : { caption }) };
}

/** Facebook: one event between user and page; the page's own words are told apart by `authorRole`. */
export function facebookWebhook({ userId, id, text, file, author, timestamp }: Words, pageId: string): object {
  const [sender, recipient] = author === "user" ? [userId, pageId] : [pageId, userId];
  const message = {
    mid: id,
    ...(text === "" ? {} : { text }),
    ...(file === undefined ? {} : { attachments: [{ type: file.type, payload: { url: file.url } }] }),
  };
  const event = { sender: { id: sender }, recipient: { id: recipient }, timestamp, message };
  return {
    authorRole: author,
    botId: pageId,
    message: { object: "page", entry: [{ id: pageId, time: timestamp, messaging: [event] }] },
    msgTracking: {},
    provider: "facebook",
    timestamp,
  };
}
