// A world of one's own for a contract test, and the real clients on it: what the tests of desk, channel and bot share.
import { startWorld } from "../../sandbox/world/world.ts";
import type { World } from "../../sandbox/world/world.ts";
import type { DeskModes } from "../../sandbox/world/live-agent/desk.ts";
import { createBot } from "../../src/clients/botrunner/bot.ts";
import { createClock } from "../../src/clients/clock.ts";
import { createHttpClient } from "../../src/clients/http/http-client.ts";
import { createMessageClient } from "../../src/clients/http/message-client.ts";
import { createLongPollClient } from "../../src/clients/http/long-poll-client.ts";
import { createChannel } from "../../src/clients/integrations/channel.ts";
import { createWebhookRegistration } from "../../src/clients/integrations/webhook-registration.ts";
import type { WebhookRegistration } from "../../src/clients/integrations/webhook-registration.ts";
import { recordMapping, type RecordChoices } from "../../src/clients/salesforce/data-api/mapping.ts";
import { createDesk } from "../../src/clients/salesforce/desk.ts";
import { createStudioNgBot } from "../../src/clients/studio-ng/bot.ts";
import type { BotPort, ChannelPort } from "../../src/processors/channel/port.ts";
import type { Desk } from "../../src/processors/desk/port.ts";

/** World, ports on it, and what they logged. */
export interface Outside {
  readonly world: World;
  readonly desk: Desk;
  readonly channel: ChannelPort;
  readonly bot: BotPort;
  readonly studioNg: BotPort;
  readonly registration: WebhookRegistration;
  readonly logged: readonly string[];
  close(): Promise<void>;
}

/** The agent of the tests; accepts by hand. */
export const agentId = "0055g0000000AG1";

/** Starts a world whose one agent accepts by hand, and the clients with limits that suit a test. */
export async function startOutside(
  modes: Partial<DeskModes> = {},
  choices: Partial<RecordChoices> = {},
): Promise<Outside> {
  const world = await startWorld({ modes, agents: { [agentId]: { name: "Ana Torres", accept: "manual" } } });
  const { org } = world.parts;
  const logged: string[] = [];
  const keep = (fields: Readonly<Record<string, unknown>>, text: string) => {
    logged.push(JSON.stringify({ ...fields, text }));
  };
  const log = { info: keep, warn: keep, error: keep };
  const now = () => Date.now();
  const limits = {
    connectTimeoutMs: 3_000,
    responseTimeoutMs: 2_000,
    maxConnections: 50,
    maxBodyBytes: 1_000_000,
    now,
  };
  const http = createHttpClient(limits);
  const messages = createMessageClient(limits, http);
  const polls = createLongPollClient({ connectTimeoutMs: 3_000, bodyTimeoutMs: 3_000, maxBodyBytes: 1_000_000, now });
  const none = { admit: () => Promise.resolve(null), heard: () => undefined };
  const desk = createDesk({
    http,
    logins: http,
    limits: { dataApi: none, liveAgent: none },
    messages,
    polls,
    log,
    clock: createClock(),
    loginUrl: world.salesforceUrl,
    baseUrl: `${world.salesforceUrl}/`,
    chatUrl: `${world.salesforceUrl}/chat`,
    grant: {
      kind: "password",
      clientId: org.clientId,
      clientSecret: org.clientSecret,
      username: org.username,
      password: org.password,
      securityToken: org.securityToken,
    },
    dataApiVersion: "52",
    chatApiVersion: "52",
    organizationId: org.organizationId,
    deploymentId: org.deploymentId,
    mapping: recordMapping({ firstName: "Contacto Bot - ", ...choices }),
  });
  const bots = {
    whatsapp: { channel: "outgoing_webhook", botId: "sandbox-whatsapp-bot", token: "sandbox-whatsapp-jwt" },
    facebook: { channel: "passthrough", botId: "sandbox-facebook-bot", token: "sandbox-facebook-jwt" },
  };
  return {
    world,
    desk,
    channel: createChannel({ http, baseUrl: world.integrationsUrl, bots }),
    bot: createBot({ http, log, url: world.botrunnerUrl, token: "sandbox-botrunner-token" }),
    studioNg: createStudioNgBot({ http, url: `${world.studioNgUrl}/`, token: "sandbox-studio-ng-token" }),
    registration: createWebhookRegistration({
      http,
      baseUrl: world.integrationsUrl,
      bots: {
        whatsapp: { ...bots.whatsapp, phone: "+5215500000000" },
        facebook: { ...bots.facebook, phone: "100000000000001" },
      },
      webhookBaseUrl: "http://127.0.0.1:9/",
    }),
    logged,
    async close() {
      await polls.close();
      http.close();
      await world.close();
    },
  };
}
