// Brings up the outside world's clients: Salesforce, the channel, the bot, and the way to users' files, each system behind a circuit
// of its own and Salesforce's limits kept. Opens nothing before the first call. Called by composition.ts.
import { createBot } from "./clients/botrunner/bot.ts";
import type { Settings } from "./clients/config/settings-shape.ts";
import { createCircuit, isServerFailure, type Circuit, type CircuitOptions } from "./clients/http/circuit.ts";
import { createGuardedDownload } from "./clients/http/guarded-download.ts";
import { createHttpClient, type HttpClient } from "./clients/http/http-client.ts";
import { createMessageClient } from "./clients/http/message-client.ts";
import { createLongPollClient } from "./clients/http/long-poll-client.ts";
import { createProxyFor } from "./clients/http/proxy.ts";
import { createChannel } from "./clients/integrations/channel.ts";
import { createWebhookRegistration } from "./clients/integrations/webhook-registration.ts";
import { createDesk } from "./clients/salesforce/desk.ts";
import { startKeepAlive } from "./clients/salesforce/keep-alive.ts";
import { createSalesforceLimits } from "./clients/salesforce/limits.ts";
import { isLiveAgentFailure } from "./clients/salesforce/live-agent/wire.ts";
import { createSealer } from "./clients/sealer.ts";
import { createStudioNgBot } from "./clients/studio-ng/bot.ts";
import { deskMapping } from "./composition-settings.ts";
import type { Start } from "./composition-storage.ts";
import type { WebhookRegistrations } from "./ingress/ports.ts";
import { createChannelGateway, type ChannelGateway } from "./processors/channel/gateway.ts";
import type { BotPort, ChannelPort } from "./processors/channel/port.ts";
import { createDeskGateway, type DeskGateway } from "./processors/desk/gateway.ts";
import type { Done } from "./processors/outcome.ts";
import { dataApiLimits, liveAgentLimits, outsideCircuit } from "./topology/policies.ts";
import type { Log } from "./topology/ports.ts";

const httpLimits = {
  connectTimeoutMs: 5_000,
  responseTimeoutMs: 30_000,
  maxConnections: 100,
  maxBodyBytes: 5 * 1024 * 1024,
};
const downloadLimits = { connectTimeoutMs: 5_000, answerTimeoutMs: 10_000, totalTimeoutMs: 30_000 };
const pollLimits = { connectTimeoutMs: 5_000, bodyTimeoutMs: 10_000, maxBodyBytes: 5 * 1024 * 1024 };

/** The gateways on their clients, and the registration of webhooks. */
export interface Outside {
  readonly desk: DeskGateway;
  readonly channel: ChannelGateway;
  readonly registrations: WebhookRegistrations;
}

/** Makes the clients; what is to be closed goes to `start.closing`. */
export function openOutside(start: Start): Outside {
  const { settings, log, clock, closing } = start;
  const { salesforce } = settings;
  const now = (): number => clock.now();
  const proxyFor = createProxyFor(settings.proxy);
  const http = createHttpClient({ ...httpLimits, now, proxyFor });
  const messages = createMessageClient({ ...httpLimits, now, proxyFor }, http);
  const polls = createLongPollClient({ ...pollLimits, now, proxyFor });
  closing.push(() => polls.close());
  closing.push(() => {
    http.close();
    messages.close();
  });
  const circuit = (system: string, isFailure: CircuitOptions["isFailure"] = isServerFailure): Circuit =>
    createCircuit({ ...start, system, policy: outsideCircuit, isFailure });
  const desk = createDesk({
    ...salesforce,
    logins: circuit("Salesforce login").around(http),
    http: circuit("Salesforce data API").around(http),
    messages: circuit("Live Agent", isLiveAgentFailure).around(messages),
    polls,
    limits: {
      dataApi: createSalesforceLimits({ ...start, system: "Salesforce data API", policy: dataApiLimits }),
      liveAgent: createSalesforceLimits({ ...start, system: "Live Agent", policy: liveAgentLimits }),
    },
    log,
    clock,
    grant: salesforce.login,
    dataApiVersion: salesforce.apiVersion,
    mapping: deskMapping(settings, now()),
  });
  const { keepAlive } = salesforce;
  if (keepAlive !== null)
    closing.push(startKeepAlive({ schedule: keepAlive, clock, log, call: (signal) => desk.keepAlive(signal) }));
  const channels = openChannels(settings, { http, messages: circuit("Integrations").around(messages) }, log);
  return {
    desk: createDeskGateway({
      desk,
      sealer: createSealer(settings.stateKeys),
      download: createGuardedDownload({ ...downloadLimits, ...settings.files, now, proxyFor }),
    }),
    channel: createChannelGateway({
      channel: channels,
      bot: openBot(settings, circuit("bot platform").around(http), log),
    }),
    registrations: channels,
  };
}

function openBot({ botPlatform }: Settings, http: HttpClient, log: Log): BotPort {
  return botPlatform?.kind === "studio-ng"
    ? createStudioNgBot({ http, ...botPlatform })
    : createBot({ http, log, url: botPlatform?.url ?? null, token: botPlatform?.token ?? null });
}

function openChannels(
  { integrations }: Settings,
  { http, messages }: { readonly http: HttpClient; readonly messages: HttpClient },
  log: Log,
): ChannelPort & WebhookRegistrations {
  if (integrations !== null) {
    const channel = createChannel({ http: messages, ...integrations });
    return { ...channel, ...createWebhookRegistration({ http, ...integrations }) };
  }
  log.warn({}, "INTEGRATIONS_BASE_URL is not set: no text of an agent can be delivered to a user");
  const refuse = (): Promise<Done> =>
    Promise.resolve({ kind: "refused", detail: "INTEGRATIONS_BASE_URL is not set", status: null });
  return { say: refuse, register: refuse, remove: refuse };
}
