// The WhatsApp webhook: one message of a user, or of the bot when `to` names the user, becomes a ChannelMessage. Answers 200 only
// after the broker has it. Repeats are the processor's to drop, by message id: a mark set here could outlive a failed produce.
import type { ChannelMessage, Media } from "../processors/messages/generated.ts";
import { failure, success, type Answer } from "./answer.ts";
import { firstJsonValue, readShape, type Shaped } from "./go-json.ts";
import type { IngressPorts } from "./ports.ts";
import { notInserted, takeMessages, type WebhookOptions } from "./take-messages.ts";
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

/** How the WhatsApp webhook takes messages. */
export interface WhatsappOptions extends WebhookOptions {
  /** Types that are answered 200 and dropped; compared whole, unlike in the original. */
  readonly ignoredTypes: readonly string[];
}

const file = { url: "string", mimeType: "string", caption: "string" } as const;
/** The fields of its body. */
export const whatsappShape = {
  id: "string",
  timestamp: "string",
  type: "string",
  from: "string",
  to: "string",
  text: { body: "string" },
  image: file,
  document: file,
  audio: file,
  voice: file,
} as const;

type Webhook = Shaped<typeof whatsappShape>;

const captionBytes = 64 * 1024;

/** Makes the webhook: body in, answer out. */
export function createWhatsappWebhook(
  ports: Pick<IngressPorts, "messages" | "metrics">,
  options: WhatsappOptions,
): (body: Buffer) => Promise<Answer> {
  return async (body) => {
    const json = firstJsonValue(body);
    const read = json.ok ? readShape("IntegrationsRequest", whatsappShape, json.value) : json;
    if (!read.ok) return failure(400, `Invalid payload received : ${read.problem}`);
    const webhook = read.value;
    if (options.ignoredTypes.includes(webhook.type)) {
      ports.metrics.count("ignored_messages");
      return success(`message type: ${webhook.type} was skipped`);
    }
    const struct = "IntegrationsRequest";
    const broken = brokenRules(struct, originalRules(webhook)) ?? brokenRules(struct, ownRules(webhook));
    if (broken !== null) return failure(400, `Error validating payload : ${broken}`);
    const occurredAt = readTimestamp(webhook.timestamp);
    if (typeof occurredAt === "string") return failure(400, `${notInserted} : ${occurredAt}`);
    return takeMessages(ports, options, [toMessage(webhook, occurredAt, options)]);
  };
}

/** What the original demanded: where it is broken, its text is all that is told. */
function originalRules(webhook: Webhook): readonly Rule[] {
  return [required("ID", webhook.id), required("Timestamp", webhook.timestamp), required("Type", webhook.type)];
}

function ownRules(webhook: Webhook): readonly Rule[] {
  const media = mediaOf(webhook);
  return [
    // The original kept such a message for a user without a name.
    { field: "From", tag: "required_without", broken: webhook.from === "" && webhook.to === "" },
    atMost("ID", webhook.id, wordBytes),
    atMost("Type", webhook.type, wordBytes),
    atMost("From", webhook.from, userIdBytes),
    atMost("To", webhook.to, userIdBytes),
    atMost("Body", webhook.text?.body, textBytes),
    atMost("URL", media?.url, addressBytes),
    atMost("MIMEType", media?.mimeType, wordBytes),
    atMost("Caption", media?.caption, captionBytes),
  ];
}

/** A number of more digits needs no look at its value. */
const int64Digits = 19;
/** The largest number that our records carry exactly, a year far beyond any calendar. */
const latestMs = 9_007_199_254_740_990;

/**
 * Milliseconds, the nearest that a record can carry; or the problem in the words of the original, which answered 500 with them: it is
 * the sender's mistake.
 */
function readTimestamp(written: string): number | string {
  const parsing = `strconv.ParseInt: parsing ${JSON.stringify(written)}`;
  if (!/^[+-]?\d+$/.test(written)) return `${parsing}: invalid syntax`;
  const [, sign = "", digits = ""] = /^([+-]?)0*(\d*)$/.exec(written) ?? [];
  const value = digits.length > int64Digits ? null : BigInt(`${sign === "-" ? "-" : ""}${digits || "0"}`);
  if (value === null || value !== BigInt.asIntN(64, value)) return `${parsing}: value out of range`;
  return Math.min(Math.max(Number(value), -latestMs), latestMs);
}

function toMessage(webhook: Webhook, occurredAt: number, options: WhatsappOptions): ChannelMessage {
  const byBot = webhook.to !== "";
  const words = webhook.type === "text" ? (webhook.text?.body ?? "") : "";
  return {
    messageId: webhook.id,
    client: options.client,
    userId: byBot ? webhook.to : webhook.from,
    channel: "whatsapp",
    author: byBot ? "bot" : "user",
    occurredAt,
    receivedAt: options.clock.now(),
    type: webhook.type,
    text: words === "" ? null : words,
    media: mediaOf(webhook),
  };
}

function mediaOf(webhook: Webhook): Media | null {
  const { type } = webhook;
  const given = type === "image" || type === "document" || type === "audio" || type === "voice" ? webhook[type] : null;
  if (given === null || given.url === "") return null;
  const { url, mimeType, caption } = given;
  return { url, mimeType: mimeType === "" ? null : mimeType, caption: caption === "" ? null : caption };
}
