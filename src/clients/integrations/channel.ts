// The channel port on the Integrations API (parity sheet 7.3): texts to WhatsApp users. Owns the path, the body and what its
// statuses mean. One try a call. Used by the channel gateway.
import type { ChannelPort } from "../../processors/channel/port.ts";
import { done } from "../../processors/outcome.ts";
import { failedAnswer, isSuccess, withoutAnswer } from "../http/failed-call.ts";
import type { HttpClient } from "../http/http-client.ts";

/** Which bot speaks on a channel, and with what token. */
export interface ChannelAccess {
  /** Path segment that names the channel, such as outgoing_webhook. */
  readonly channel: string;
  readonly botId: string;
  readonly token: string;
}

/** What the channel is made of. */
export interface IntegrationsOptions {
  readonly http: HttpClient;
  /** INTEGRATIONS_BASE_URL; a trailing slash is ignored. */
  readonly baseUrl: string;
  readonly whatsapp: ChannelAccess;
}

/**
 * Texts by the Integrations API. The status decides, not the body: a text that was taken must not go out again because its
 * receipt could not be read. A repeat carries the same `id`.
 */
export function createChannel(options: IntegrationsOptions): ChannelPort {
  const { http, whatsapp } = options;
  const bot = `${encodeURIComponent(whatsapp.channel)}/bots/${encodeURIComponent(whatsapp.botId)}`;
  const whatsappUrl = `${options.baseUrl.replace(/\/+$/, "")}/api/${bot}/messages`;
  return {
    async say({ channel, userId, messageId, text }, signal) {
      if (channel !== "whatsapp")
        return { kind: "refused", detail: `channel ${channel} is not supported`, status: null };
      if (text === "") return { kind: "refused", detail: "empty text", status: null };
      const answer = await http.call(
        {
          method: "POST",
          url: whatsappUrl,
          headers: { "content-type": "application/json", authorization: `Bearer ${whatsapp.token}` },
          body: JSON.stringify({ id: messageId, type: "text", userId, text: { body: text } }),
        },
        signal,
      );
      if (answer.kind === "noAnswer") return withoutAnswer(answer);
      return isSuccess(answer) ? done : failedAnswer(answer);
    },
  };
}
