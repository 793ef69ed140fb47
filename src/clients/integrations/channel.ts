// The channel port on the Integrations API (parity sheet 7.3): texts to WhatsApp and Facebook users. Owns the bodies. One try a
// call. Used by the channel gateway.
import type { ChannelPort } from "../../processors/channel/port.ts";
import { callBot, type BotAccess, type ByChannel, type IntegrationsAddress } from "./bot-call.ts";

/** What the channel is made of. */
export interface IntegrationsOptions extends IntegrationsAddress {
  /** The bot of each channel; a text on another is refused. */
  readonly bots: ByChannel<BotAccess>;
}

/** A text as it goes out. */
type Text = Omit<Parameters<ChannelPort["say"]>[0], "channel">;

/**
 * Texts by the Integrations API. A repeat on WhatsApp carries the same `id`. The body of Facebook has no place for one: there a
 * text whose answer was lost may come twice.
 */
export function createChannel(options: IntegrationsOptions): ChannelPort {
  return {
    async say({ channel, ...text }, signal) {
      const bot = options.bots[channel];
      if (bot === undefined || channel === "unknown")
        return { kind: "refused", detail: `channel ${channel} is not set up`, status: null };
      if (text.text === "") return { kind: "refused", detail: "empty text", status: null };
      return callBot(options, bot, { operation: "messages", body: bodies[channel](text) }, signal);
    },
  };
}

const bodies = {
  whatsapp: ({ messageId, userId, text }: Text) => ({ id: messageId, type: "text", userId, text: { body: text } }),
  facebook: ({ userId, text }: Text) => ({
    messaging_type: "RESPONSE",
    recipient: { id: userId },
    message: { text },
    metadata: "YALOSOURCE:FIREHOSE",
  }),
};
