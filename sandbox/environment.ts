// Owns the settings with which the service meets the sandbox's world: a function from addresses to environment variables. Shares no code
// with src/, so that a renamed setting shows. Called by the sandbox and by tests that start the service as a process.
import {
  DEFAULT_ACCOUNTS,
  DEFAULT_BOT,
  DEFAULT_BOTRUNNER_TOKEN,
  DEFAULT_ORG,
  DEFAULT_STUDIO_NG_TOKEN,
} from "./world/defaults.ts";
import type { WorldOptions } from "./world/world.ts";

/** Source flow whose chats go to the agent of the scripted conversation; all others go to the agent who accepts at once. */
export const PLAY_FLOW = "play";
/** Agent of that flow: accepts only when told. */
export const PLAY_AGENT_ID = "0055g0000000AG2";

/** Source flow of the users on the sandbox's page: its chats ring at agents who accept when a visitor clicks. */
export const PAGE_FLOW = "page";
/** Agents whose console is on the page. The first one is in the chair when the page opens. */
export const PAGE_AGENT_IDS = ["0055g0000000AG3", "0055g0000000AG4"] as const;
/** Button behind which those agents sit. */
const PAGE_BUTTON = "5735g000000SBX3";
/** Source flow of the crowd that the page can let in: an agent of its own accepts at once, so that it does not ring on the console. */
export const CROWD_FLOW = "crowd";
/** Agent of the crowd. */
const CROWD_AGENT_ID = "0055g0000000AG5";
const CROWD_BUTTON = "5735g000000SBX4";

const [MAIN_BUTTON = "", PLAY_BUTTON = ""] = DEFAULT_ORG.buttons;
const MAIN_AGENT_ID = "0055g0000000AG1";

/** The two callers that the service knows, and its key for tokens. Made up, like everything here. */
export const SERVICE_ACCOUNTS = {
  bot: { username: "yaloUser", password: "sandbox-bot-password" },
  salesforce: { username: "salesforceUser", password: "sandbox-salesforce-password" },
  secretKey: "sandbox-key-for-tokens-of-at-least-48-characters",
} as const;

/** Options of the world to which `serviceEnvironment` fits. */
export const WORLD_OPTIONS: WorldOptions = {
  org: { buttons: [MAIN_BUTTON, PLAY_BUTTON, PAGE_BUTTON, CROWD_BUTTON] },
  agents: {
    [MAIN_AGENT_ID]: { name: "Ana Torres", buttons: [MAIN_BUTTON], acceptDelayMs: 2_000 },
    [PLAY_AGENT_ID]: { name: "Bruno Díaz", buttons: [PLAY_BUTTON], accept: "manual" },
    [PAGE_AGENT_IDS[0]]: { name: "Carmen Vega", buttons: [PAGE_BUTTON], accept: "manual" },
    [PAGE_AGENT_IDS[1]]: { name: "Diego Ruiz", buttons: [PAGE_BUTTON], accept: "manual" },
    [CROWD_AGENT_ID]: { name: "Everybody", buttons: [CROWD_BUTTON] },
  },
};

/** What is around the service: `host:port` for brokers and Redis, base URLs for the rest. */
export interface Surroundings {
  readonly brokers: string;
  readonly registryUrl: string;
  readonly redis: string;
  readonly salesforceUrl: string;
  readonly integrationsUrl: string;
  readonly botrunnerUrl: string;
  /** Where it is given the users are handed back there, and not to Botrunner. */
  readonly studioNgUrl?: string;
  /** `host:port` from where users' files may be fetched although it is on this machine; left out: from nowhere. */
  readonly mediaHost?: string;
}

/** What this instance of the service is. */
export interface ServicePlace {
  /** 0: any free one, which the service logs. */
  readonly port: number;
  /** Of /live, /ready and /metrics. */
  readonly metricsPort: number;
  /** KAFKA_TOPIC: prefix of its topics. */
  readonly topic: string;
  /** CLIENT: prefix of its keys in Redis. */
  readonly client: string;
  /** APP_NAME: with the topic, its consumer group. */
  readonly appName: string;
  /** STATE_ENCRYPTION_KEY: 32 bytes, base64; has to stay the same over restarts. */
  readonly stateKey: string;
}

/** Complete environment of one service, spelled as shells can. `more` adds settings by their name without prefix, and replaces. */
export function serviceEnvironment(
  around: Surroundings,
  place: ServicePlace,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const settings = { ...placeSettings(place), ...storageSettings(around), ...worldSettings(around), ...more };
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [`SALESFORCE_INTEGRATION_${name}`, value]));
}

function placeSettings(place: ServicePlace): Record<string, string> {
  const { bot, salesforce, secretKey } = SERVICE_ACCOUNTS;
  return {
    APP_NAME: place.appName,
    CLIENT: place.client,
    HOST: "127.0.0.1",
    PORT: String(place.port),
    METRICS_PORT: String(place.metricsPort),
    ENVIRONMENT: "dev",
    TIMEZONE: "America/Mexico_City",
    YALO_USERNAME: bot.username,
    YALO_PASSWORD: bot.password,
    SALESFORCE_USERNAME: salesforce.username,
    SALESFORCE_PASSWORD: salesforce.password,
    SECRET_KEY: secretKey,
    STATE_ENCRYPTION_KEY: place.stateKey,
    KAFKA_TOPIC: place.topic,
    ...(place.port === 0 ? {} : { WEBHOOK_BASE_URL: `http://127.0.0.1:${String(place.port)}` }),
  };
}

function storageSettings({ brokers, registryUrl, redis }: Surroundings): Record<string, string> {
  const port = brokers.slice(brokers.lastIndexOf(":") + 1);
  return {
    KAFKA_HOST: brokers.slice(0, brokers.lastIndexOf(":")),
    KAFKA_PORT: port,
    KAFKA_USER: "",
    KAFKA_PASSWORD: "",
    KAFKA_SECURITY_PROTOCOL: "PLAINTEXT",
    KAFKA_REPLICATION_FACTOR: "1",
    // The shortest that is allowed: so long a killed service still has its partitions when the next one comes up.
    KAFKA_SESSION_TIMEOUT: "6s",
    SCHEMA_REGISTRY_URL: registryUrl,
    REDIS_ADDRESS: redis,
  };
}

function worldSettings({
  salesforceUrl,
  integrationsUrl,
  botrunnerUrl,
  studioNgUrl,
  mediaHost = "",
}: Surroundings): Record<string, string> {
  const whatsapp = DEFAULT_ACCOUNTS.find((account) => account.provider === "whatsapp");
  const facebook = DEFAULT_ACCOUNTS.find((account) => account.provider === "facebook");
  return {
    // The original waits 4 s before a user is handed back after a failure; here somebody is watching.
    ...(studioNgUrl === undefined
      ? { BOTRUNNER_URL: botrunnerUrl, BOTRUNNER_TOKEN: DEFAULT_BOTRUNNER_TOKEN, BOTRUNNER_TIMEOUT: "1" }
      : { STUDIO_NG_URL: studioNgUrl, STUDIO_NG_TOKEN: DEFAULT_STUDIO_NG_TOKEN, STUDIO_NG_TIMEOUT: "1" }),
    MEDIA_ALLOWED_HOSTS: mediaHost,
    INTEGRATIONS_BASE_URL: integrationsUrl,
    INTEGRATIONS_WA_CHANNEL: whatsapp?.channel ?? "",
    INTEGRATIONS_WA_BOT_ID: whatsapp?.botId ?? "",
    INTEGRATIONS_WA_BOT_JWT: whatsapp?.jwt ?? "",
    INTEGRATIONS_WA_BOT_PHONE: DEFAULT_BOT.botId,
    INTEGRATIONS_FB_CHANNEL: facebook?.channel ?? "",
    INTEGRATIONS_FB_BOT_ID: facebook?.botId ?? "",
    INTEGRATIONS_FB_BOT_JWT: facebook?.jwt ?? "",
    INTEGRATIONS_FB_BOT_PHONE: DEFAULT_BOT.pageId,
    SFC_CLIENT_ID: DEFAULT_ORG.clientId,
    SFC_CLIENT_SECRET: DEFAULT_ORG.clientSecret,
    SFC_USERNAME: DEFAULT_ORG.username,
    SFC_PASSWORD: DEFAULT_ORG.password,
    SFC_SECURITY_TOKEN: DEFAULT_ORG.securityToken,
    SFC_LOGIN_URL: salesforceUrl,
    SFC_BASE_URL: salesforceUrl,
    SFC_CHAT_URL: salesforceUrl,
    SFC_ORGANIZATION_ID: DEFAULT_ORG.organizationId,
    SFC_DEPLOYMENT_ID: DEFAULT_ORG.deploymentId,
    SFC_SOURCE_FLOW_BOT: sourceFlows({
      default: { subject: "Ayuda desde el bot", button: MAIN_BUTTON, agent: MAIN_AGENT_ID },
      [PLAY_FLOW]: { subject: "Conversación de prueba", button: PLAY_BUTTON, agent: PLAY_AGENT_ID },
      [PAGE_FLOW]: { subject: "Ayuda desde la página", button: PAGE_BUTTON, agent: PAGE_AGENT_IDS[0] },
      [CROWD_FLOW]: { subject: "Mucha gente", button: CROWD_BUTTON, agent: CROWD_AGENT_ID },
    }),
    SFC_SOURCE_FLOW_FIELD: "source_flow_bot",
  };
}

interface Flow {
  readonly subject: string;
  readonly button: string;
  readonly agent: string;
}

/** The form of SFC_SOURCE_FLOW_BOT: `name={json};name={json}`. */
function sourceFlows(flows: Readonly<Record<string, Flow>>): string {
  return Object.entries(flows)
    .map(([name, { subject, button, agent }]) => {
      const target = { button_id: button, owner_id: agent };
      return `${name}=${JSON.stringify({ subject, providers: { whatsapp: target, facebook: target } })}`;
    })
    .join(";");
}
