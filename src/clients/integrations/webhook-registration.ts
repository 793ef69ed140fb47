// Registration of our webhooks at the Integrations API (parity sheet 7.3). Owns the bodies; when it is asked for is the edge's.
// One try a call; both may be repeated. Used by the routes of webhook registration.
import type { Done } from "../../processors/outcome.ts";
import { callBot, type BotAccess, type ByChannel, type IntegrationsAddress } from "./bot-call.ts";

/** A bot account and what its registration names it by. */
export interface RegisteredBot extends BotAccess {
  /** WA_BOT_PHONE or FB_BOT_PHONE: phone number or page id; null where it is not set. */
  readonly phone: string | null;
}

/** What registrations are made of. */
export interface RegistrationOptions extends IntegrationsAddress {
  readonly bots: ByChannel<RegisteredBot>;
  /** WEBHOOK_BASE_URL: where the Integrations API reaches us; null where it is not set. */
  readonly webhookBaseUrl: string | null;
}

type Provider = "whatsapp" | "facebook";

/** Tells the Integrations API where messages of a channel go, and that they go nowhere any more. */
export interface WebhookRegistration {
  /** Registers our address, WEBHOOK_BASE_URL with `path`. */
  register(provider: Provider, path: string, signal: AbortSignal): Promise<Done>;
  remove(provider: Provider, signal: AbortSignal): Promise<Done>;
}

/** Form of the webhook that each provider is registered with. */
const versions = { whatsapp: 0, facebook: 3 } as const;

/** Registrations by the Integrations API; what is not set up is refused, naming the setting. */
export function createWebhookRegistration(options: RegistrationOptions): WebhookRegistration {
  const { bots, webhookBaseUrl } = options;
  return {
    async register(provider, path, signal) {
      const bot = bots[provider];
      if (bot === undefined || bot.phone === null) return missing(provider, bot);
      if (webhookBaseUrl === null) return refused("WEBHOOK_BASE_URL is not set");
      const webhook = `${webhookBaseUrl.replace(/\/+$/, "")}${path}`;
      const body = { phone: bot.phone, webhook, provider, version: versions[provider] };
      return callBot(options, bot, { operation: "healthcheck", body }, signal);
    },
    async remove(provider, signal) {
      const bot = bots[provider];
      if (bot === undefined || bot.phone === null) return missing(provider, bot);
      return callBot(options, bot, { operation: "remove", body: { phone: bot.phone, provider } }, signal);
    },
  };
}

function missing(provider: Provider, bot: RegisteredBot | undefined): Done {
  const prefix = provider === "whatsapp" ? "INTEGRATIONS_WA_BOT" : "INTEGRATIONS_FB_BOT";
  return refused(`${prefix}_${bot === undefined ? "ID" : "PHONE"} is not set`);
}

function refused(detail: string): Done {
  return { kind: "refused", detail, status: null };
}
