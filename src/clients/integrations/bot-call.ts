// One call to the Integrations API in the name of a bot account (parity sheet 7.3): path, token and what the statuses mean. One
// try. Used by channel.ts and webhook-registration.ts.
import type { Channel } from "../../processors/messages/generated.ts";
import { done, type Done } from "../../processors/outcome.ts";
import { failedAnswer, isSuccess, withoutAnswer } from "../http/failed-call.ts";
import type { HttpClient } from "../http/http-client.ts";

/** Which bot speaks on a channel, and with what token. */
export interface BotAccess {
  /** Path segment that names the channel, such as outgoing_webhook. */
  readonly channel: string;
  readonly botId: string;
  readonly token: string;
}

/** Something for each channel that is set up; the others have none. */
export type ByChannel<Value> = Readonly<Partial<Record<Channel, Value>>>;

/** How the API is reached. */
export interface IntegrationsAddress {
  readonly http: HttpClient;
  /** INTEGRATIONS_BASE_URL; a trailing slash is ignored. */
  readonly baseUrl: string;
}

/**
 * Posts a body. The status decides, not what comes back: a text that was taken must not go out again because its receipt
 * could not be read (defect B5).
 */
export async function callBot(
  { http, baseUrl }: IntegrationsAddress,
  bot: BotAccess,
  { operation, body }: { readonly operation: "messages" | "healthcheck" | "remove"; readonly body: object },
  signal: AbortSignal,
): Promise<Done> {
  const path = `${encodeURIComponent(bot.channel)}/bots/${encodeURIComponent(bot.botId)}/${operation}`;
  const answer = await http.call(
    {
      method: "POST",
      url: `${baseUrl.replace(/\/+$/, "")}/api/${path}`,
      headers: { "content-type": "application/json", authorization: `Bearer ${bot.token}` },
      body: JSON.stringify(body),
    },
    signal,
  );
  if (answer.kind === "noAnswer") return withoutAnswer(answer);
  return isSuccess(answer) ? done : failedAnswer(answer);
}
