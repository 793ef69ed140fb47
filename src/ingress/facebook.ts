// The Facebook webhook (channel passthrough, version 3): every message of a user or of the page becomes a ChannelMessage for its
// text and one for each attachment. Answers 200 only after the broker has all of them. What is no message (receipts, postbacks) is
// answered 200 and kept nowhere, as in the original.
import type { ChannelMessage } from "../processors/messages/generated.ts";
import { failure, success, type Answer } from "./answer.ts";
import { firstJsonValue, readShape, type Shaped } from "./go-json.ts";
import type { IngressPorts } from "./ports.ts";
import { takeMessages, type WebhookOptions } from "./take-messages.ts";
import {
  addressBytes,
  atMost,
  brokenRules,
  required,
  textBytes,
  userIdBytes,
  wordBytes,
  type Rule,
} from "./validation.ts";

const attachment = { type: "string", payload: { url: "string" } } as const;
const event = {
  sender: { id: "string" },
  recipient: { id: "string" },
  timestamp: "integer",
  message: { mid: "string", text: "string", attachments: [attachment] },
} as const;
/** The fields of its body. */
export const facebookShape = {
  authorRole: "string",
  botId: "string",
  message: { entry: [{ messaging: [event] }] },
  // Read by nobody; the original's decoder refused other types of them.
  msgTracking: "map",
  timestamp: "integer",
} as const;

type Webhook = Shaped<typeof facebookShape>;
type Event = Shaped<typeof event>;

/** One event with the words of the original's way to it. */
interface PlacedEvent {
  readonly event: Event;
  /** Such as Message.Entry[0].Messaging[0]. */
  readonly place: string;
}

/** Messenger's own limit of updates in one webhook. */
const mostMessages = 1_000;

/** Makes the webhook: body in, answer out. */
export function createFacebookWebhook(
  ports: Pick<IngressPorts, "messages" | "metrics">,
  options: WebhookOptions,
): (body: Buffer) => Promise<Answer> {
  return async (body) => {
    const json = firstJsonValue(body);
    const read = json.ok ? readShape("IntegrationsFacebook", facebookShape, json.value) : json;
    if (!read.ok) return failure(400, `Invalid payload received : ${read.problem}`);
    const webhook = read.value;
    const events = eventsOf(webhook);
    const messages = events.flatMap((placed) => toMessages(webhook, placed.event, options));
    const struct = "IntegrationsFacebook";
    const demanded = [required("AuthorRole", webhook.authorRole), required("BotID", webhook.botId)];
    // Where the original's rules are broken, its text is all that is told.
    const broken =
      brokenRules(struct, demanded) ??
      brokenRules(struct, [
        { field: "Message", tag: "max", broken: messages.length > mostMessages },
        ...events.flatMap((placed) => rulesOf(webhook, placed)),
      ]);
    if (broken !== null) return failure(400, `Error validating payload : ${broken}`);
    if (messages.length === 0) {
      ports.metrics.count("ignored_messages");
      return success("insert success");
    }
    return takeMessages(ports, options, messages);
  };
}

function eventsOf({ message }: Webhook): readonly PlacedEvent[] {
  return (message?.entry ?? []).flatMap(({ messaging }, i) =>
    messaging.map((one, j) => ({ event: one, place: `Message.Entry[${i.toString()}].Messaging[${j.toString()}]` })),
  );
}

/** Echoes of the page's own words are told apart by the role alone, as in the original; the user is then the recipient. */
function userOf(
  { authorRole }: Webhook,
  { sender, recipient }: Event,
): { readonly field: string; readonly id: string } {
  return authorRole === "user"
    ? { field: "Sender.ID", id: sender?.id ?? "" }
    : { field: "Recipient.ID", id: recipient?.id ?? "" };
}

function rulesOf(webhook: Webhook, { event, place }: PlacedEvent): readonly Rule[] {
  const { message } = event;
  if (message === null || (message.text === "" && message.attachments.length === 0)) return [];
  const { field, id } = userOf(webhook, event);
  return [
    // The original kept such a message for a user without a name.
    required(`${place}.${field}`, id),
    atMost(`${place}.${field}`, id, userIdBytes),
    atMost(`${place}.Message.Mid`, message.mid, wordBytes),
    atMost(`${place}.Message.Text`, message.text, textBytes),
    ...message.attachments.flatMap(({ type, payload }, n) => [
      atMost(`${place}.Message.Attachments[${n.toString()}].Type`, type, wordBytes),
      atMost(`${place}.Message.Attachments[${n.toString()}].Payload.URL`, payload?.url, addressBytes),
    ]),
  ];
}

function toMessages(webhook: Webhook, event: Event, options: WebhookOptions): readonly ChannelMessage[] {
  const { message, timestamp } = event;
  if (message === null) return [];
  const receivedAt = options.clock.now();
  const common = {
    client: options.client,
    userId: userOf(webhook, event).id,
    channel: "facebook",
    author: webhook.authorRole === "user" ? "user" : "bot",
    occurredAt: timestamp === null || timestamp === 0 ? receivedAt : timestamp,
    receivedAt,
  } as const;
  const { mid, text, attachments } = message;
  const words = { ...common, messageId: mid, type: "text", text, media: null };
  const files = attachments.map(({ type, payload }, n) => ({
    ...common,
    // Without an id of its own the message is nobody's repeat, and neither are its attachments (defect A17).
    messageId: mid === "" ? "" : `${mid}#${(n + 1).toString()}`,
    type: typeOf(type),
    text: null,
    media: payload === null || payload.url === "" ? null : { url: payload.url, mimeType: null, caption: null },
  }));
  return text === "" ? files : [words, ...files];
}

/** Messenger's `file` is what WhatsApp calls a document; both sides of FORWARDED_TYPES have one name for it. */
function typeOf(type: string): string {
  return type === "file" ? "document" : type;
}
