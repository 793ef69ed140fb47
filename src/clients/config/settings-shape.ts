// The shape in which settings are handed out, by who needs them, and how the flat values become it. Defaults that depend on
// other settings are settled here.
import { readDsn, type SentryDsn } from "../sentry/dsn.ts";
import { doubts } from "./doubts.ts";
import type { Schedule } from "../schedule.ts";
import { arrangeLogin, type LoginSettings } from "./login-settings.ts";
import type { MessageTexts } from "./message-texts.ts";
import type { SettingWarning } from "./names.ts";
import type { ProxySettings } from "./proxies.ts";
import { arrangeRecords, type RecordSettings } from "./record-settings.ts";
import type { SettingValues } from "./schema.ts";
import type { SourceFlows } from "./source-flows.ts";
import type { StateKey } from "./state-keys.ts";
import { brokersOf, isProduction, usesSasl } from "./together.ts";

/** A caller of the HTTP routes. */
export interface Account {
  readonly username: string;
  readonly password: string;
  readonly role: "YALO_ROLE" | "SALESFORCE_ROLE";
}

/** A bot account at the Integrations API. */
export interface ChannelBot {
  /** Path segment that names the channel. */
  readonly channel: string;
  readonly botId: string;
  readonly token: string;
  /** Phone number or page id; null: its webhook can't be registered. */
  readonly phone: string | null;
}

/** Bot state by channel. */
export type BotStates = Readonly<Record<string, string>>;

/** All settings of the service. Holds secrets: never logged. */
export interface Settings {
  readonly appName: string;
  readonly client: string;
  readonly environment: string;
  readonly production: boolean;
  readonly http: {
    readonly host: string;
    readonly port: number;
    /** Longest wait of connect and finish for their outcome (MAIN_CONTEXT_TIME_OUT). */
    readonly replyTimeoutMs: number;
    readonly lateStatus: 202 | 500;
    readonly refusalStatus: "original" | "http";
    readonly ignoredTypes: readonly string[];
    /** What webhooks must be signed with; all null: anybody may send them. */
    readonly signatures: {
      readonly fixed: string | null;
      readonly metaSecret: string | null;
      /** Keys of Standard Webhooks, any of which may have signed; empty: none is asked for. */
      readonly standardKeys: readonly Buffer[];
    };
  };
  readonly auth: {
    readonly secretKey: string;
    readonly tokenTtlMs: number;
    readonly legacyTokens: "accept" | "refuse";
    /** When both have the same username the Salesforce account wins, as in the original. */
    readonly accounts: readonly Account[];
  };
  /** Null: errors are reported to nobody. */
  readonly sentry: SentryDsn | null;
  readonly metrics: { readonly host: string; readonly port: number };
  readonly log: { readonly level: "trace" | "debug" | "info" | "warn" | "error"; readonly idKey: string | null };
  readonly kafka: {
    /** host:port each. */
    readonly brokers: readonly string[];
    readonly topicPrefix: string;
    readonly groupId: string;
    readonly securityProtocol: "SASL_SSL" | "SASL_PLAINTEXT" | "SSL" | "PLAINTEXT";
    /** Null without SASL. */
    readonly sasl: {
      readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
      readonly user: string;
      readonly password: string;
    } | null;
    readonly caFile: string | null;
    readonly createTopics: boolean;
    readonly partitions: number;
    readonly replicationFactor: number;
    readonly sessionTimeoutMs: number;
  };
  readonly schemaRegistry: {
    readonly url: string;
    readonly user: string | null;
    readonly password: string | null;
    readonly autoRegister: boolean;
  };
  readonly redis: {
    /** host:port; null: Sentinels say where the master is. */
    readonly address: string | null;
    readonly sentinel: {
      readonly master: string;
      readonly addresses: readonly string[];
      /** host:port of the Redis that holds where the Sentinels turn out to be none; null: the start is refused then. */
      readonly otherwise: string | null;
    } | null;
    readonly password: string | null;
    readonly tls: boolean;
  };
  /** HTTP_PROXY, HTTPS_PROXY and NO_PROXY. The addresses may hold credentials. */
  readonly proxy: ProxySettings;
  /** The first seals, all open; empty: secrets stay plain. */
  readonly stateKeys: readonly StateKey[];
  /** `original`: records in Redis are written so that the Go service can read them. */
  readonly stateCompat: "native" | "original";
  readonly salesforce: {
    readonly login: LoginSettings;
    /** Null: nothing keeps the org's session alive. */
    readonly keepAlive: Schedule | null;
    readonly loginUrl: string;
    readonly baseUrl: string;
    readonly chatUrl: string;
    /** Of the data API. */
    readonly apiVersion: string;
    readonly chatApiVersion: string;
    readonly organizationId: string;
    readonly deploymentId: string;
    readonly records: RecordSettings;
    readonly pollConflictPauseMs: number;
  };
  /** Null: nothing is delivered to users. */
  readonly integrations: {
    readonly baseUrl: string;
    /** Where the Integrations API reaches us; null: webhooks can't be registered. */
    readonly webhookBaseUrl: string | null;
    /** By channel; one that is not there delivers nothing. */
    readonly bots: { readonly whatsapp?: ChannelBot; readonly facebook?: ChannelBot };
  } | null;
  /** Null: no bot state is told. */
  readonly botPlatform: {
    readonly kind: "botrunner" | "studio-ng";
    readonly url: string;
    readonly token: string | null;
  } | null;
  /** Files of users. */
  readonly files: { readonly maxBytes: number; readonly allowedHosts: readonly string[] };
  readonly chat: {
    readonly texts: MessageTexts;
    readonly states: { readonly success: BotStates; readonly timeout: BotStates; readonly blocked: BotStates };
    readonly handBackDelayMs: number;
    /** Texts and files a second, of one instance, by direction. */
    readonly callsPerSecond: { readonly desk: number; readonly channel: number };
    /** Most calls for one text; null: as many as fit in its life. */
    readonly textTries: number | null;
    /** Null: users wait as long as the desk lets them. */
    readonly acceptTimeoutMs: number | null;
    readonly queueUpdates: boolean;
    readonly forwardedTypes: readonly string[];
    readonly fileNameInNotice: boolean;
    readonly restartKeywords: readonly string[];
    readonly timeZone: string;
    readonly sourceFlows: SourceFlows;
    readonly sourceFlowField: string;
    readonly phonePrefixes: readonly string[];
    readonly eventsWithText: boolean;
    readonly dedupeWindowMs: number;
    /** Null: only their own ends clear them away. */
    readonly contextCleanUp: Schedule | null;
  };
}

/** Puts checked values into their shape; `otherwise` is redisOf's. */
export function arrange(
  values: SettingValues,
  proxy: ProxySettings,
  otherwise: string | null,
): { settings: Settings; warnings: readonly SettingWarning[] } {
  const production = isProduction(values.ENVIRONMENT);
  const settings: Settings = {
    appName: values.APP_NAME,
    client: values.CLIENT,
    environment: values.ENVIRONMENT ?? "dev",
    production,
    ...edge(values),
    ...storage(values, production, otherwise),
    ...outside(values),
    files: { maxBytes: values.FILE_MAX_BYTES, allowedHosts: values.MEDIA_ALLOWED_HOSTS },
    proxy,
    chat: chat(values),
  };
  return { settings, warnings: doubts(values, production) };
}

function edge(values: SettingValues): Pick<Settings, "http" | "auth" | "sentry" | "metrics" | "log"> {
  return {
    http: {
      host: values.HOST,
      port: values.PORT,
      replyTimeoutMs: values.MAIN_CONTEXT_TIME_OUT,
      lateStatus: values.CONNECT_LATE_STATUS === "202" ? 202 : 500,
      refusalStatus: values.REFUSAL_STATUS,
      ignoredTypes: values.IGNORE_MESSAGE_TYPES,
      signatures: {
        fixed: values.INTEGRATIONS_SIGNATURE,
        metaSecret: values.META_APP_SECRET,
        standardKeys: values.WEBHOOK_SECRET ?? [],
      },
    },
    auth: {
      secretKey: values.SECRET_KEY,
      tokenTtlMs: values.TOKEN_TTL,
      legacyTokens: values.LEGACY_TOKENS,
      accounts: [
        { username: values.YALO_USERNAME, password: values.YALO_PASSWORD, role: "YALO_ROLE" },
        { username: values.SALESFORCE_USERNAME, password: values.SALESFORCE_PASSWORD, role: "SALESFORCE_ROLE" },
      ],
    },
    sentry: values.SENTRY_DSN === null ? null : readDsn(values.SENTRY_DSN),
    metrics: { host: values.HOST, port: values.METRICS_PORT },
    log: { level: values.LOG_LEVEL, idKey: values.LOG_ID_KEY },
  };
}

function storage(
  values: SettingValues,
  production: boolean,
  otherwise: string | null,
): Pick<Settings, "kafka" | "schemaRegistry" | "redis" | "stateKeys" | "stateCompat"> {
  return {
    ...clusterOf(values, production),
    redis: redisOf(values, otherwise),
    stateKeys: values.STATE_ENCRYPTION_KEY ?? [],
    stateCompat: values.STATE_COMPAT,
  };
}

/** The values that say where Redis is. */
type RedisValues = Pick<SettingValues, Extract<keyof SettingValues, `REDIS_${string}`>>;

/** Redis: what service and operator's command line share. `otherwise` is the address that gave way to the Sentinels. */
export function redisOf(values: RedisValues, otherwise: string | null): Settings["redis"] {
  return {
    address: values.REDIS_ADDRESS,
    sentinel:
      values.REDIS_ADDRESS === null && values.REDIS_MASTER !== null
        ? { master: values.REDIS_MASTER, addresses: values.REDIS_SENTINEL_ADDRESS ?? [], otherwise }
        : null,
    password: values.REDIS_PASSWORD,
    tls: values.REDIS_TLS,
  };
}

/** The values that say where topics and schemas are. */
type ClusterValues = Pick<
  SettingValues,
  "APP_NAME" | Extract<keyof SettingValues, `KAFKA_${string}` | `SCHEMA_${string}`>
>;

/** Kafka and the registry: what service and operator's command line share. */
export function clusterOf(values: ClusterValues, production: boolean): Pick<Settings, "kafka" | "schemaRegistry"> {
  return {
    kafka: {
      brokers: brokersOf(values.KAFKA_HOST, values.KAFKA_PORT),
      topicPrefix: values.KAFKA_TOPIC,
      groupId: `${values.APP_NAME}-${values.KAFKA_TOPIC}`,
      securityProtocol: values.KAFKA_SECURITY_PROTOCOL,
      sasl: usesSasl(values.KAFKA_SECURITY_PROTOCOL)
        ? {
            mechanism: values.KAFKA_SASL_MECHANISM,
            user: values.KAFKA_USER ?? "",
            password: values.KAFKA_PASSWORD ?? "",
          }
        : null,
      caFile: values.KAFKA_CA_FILE,
      createTopics: values.KAFKA_CREATE_TOPICS ?? !production,
      partitions: values.KAFKA_PARTITIONS,
      replicationFactor: values.KAFKA_REPLICATION_FACTOR,
      sessionTimeoutMs: values.KAFKA_SESSION_TIMEOUT,
    },
    schemaRegistry: {
      url: values.SCHEMA_REGISTRY_URL,
      user: values.SCHEMA_REGISTRY_USER,
      password: values.SCHEMA_REGISTRY_PASSWORD,
      autoRegister: values.SCHEMA_AUTO_REGISTER ?? !production,
    },
  };
}

function outside(values: SettingValues): Pick<Settings, "salesforce" | "integrations" | "botPlatform"> {
  return {
    salesforce: {
      login: arrangeLogin(values),
      keepAlive: values.SPEC_SCHEDULE,
      loginUrl: values.SFC_LOGIN_URL,
      baseUrl: values.SFC_BASE_URL,
      chatUrl: values.SFC_CHAT_URL,
      apiVersion: values.SFC_API_VERSION,
      chatApiVersion: values.SFC_CHAT_API_VERSION ?? values.SFC_API_VERSION,
      organizationId: values.SFC_ORGANIZATION_ID,
      deploymentId: values.SFC_DEPLOYMENT_ID,
      records: arrangeRecords(values),
      pollConflictPauseMs: values.SLEEP_LONG_POLLLING,
    },
    integrations: integrations(values),
    botPlatform: botPlatform(values),
  };
}

function integrations(values: SettingValues): Settings["integrations"] {
  const { INTEGRATIONS_BASE_URL: baseUrl, INTEGRATIONS_WA_BOT_ID: whatsappId, INTEGRATIONS_FB_BOT_ID: pageId } = values;
  if (baseUrl === null) return null;
  const whatsapp = (botId: string): ChannelBot => ({
    channel: values.INTEGRATIONS_WA_CHANNEL,
    botId,
    token: values.INTEGRATIONS_WA_BOT_JWT ?? "",
    phone: values.INTEGRATIONS_WA_BOT_PHONE,
  });
  const facebook = (botId: string): ChannelBot => ({
    channel: values.INTEGRATIONS_FB_CHANNEL,
    botId,
    token: values.INTEGRATIONS_FB_BOT_JWT ?? "",
    phone: values.INTEGRATIONS_FB_BOT_PHONE,
  });
  return {
    baseUrl,
    webhookBaseUrl: values.WEBHOOK_BASE_URL,
    bots: {
      ...(whatsappId === null ? {} : { whatsapp: whatsapp(whatsappId) }),
      ...(pageId === null ? {} : { facebook: facebook(pageId) }),
    },
  };
}

function botPlatform(values: SettingValues): Settings["botPlatform"] {
  const { BOTRUNNER_URL: botrunner, STUDIO_NG_URL: studioNg } = values;
  if (studioNg !== null) return { kind: "studio-ng", url: studioNg, token: values.STUDIO_NG_TOKEN };
  return botrunner === null ? null : { kind: "botrunner", url: botrunner, token: values.BOTRUNNER_TOKEN };
}

function chat(values: SettingValues): Settings["chat"] {
  return {
    texts: values.MESSAGES,
    states: { success: values.SUCCESS_STATE, timeout: values.TIMEOUT_STATE, blocked: values.BLOCKED_USER_STATE },
    handBackDelayMs: values.STUDIO_NG_URL === null ? values.BOTRUNNER_TIMEOUT : values.STUDIO_NG_TIMEOUT,
    callsPerSecond: { desk: values.SALEFORCE_CHAN_RATE_LIMIT, channel: values.INTEGRATION_CHAN_RATE_LIMIT },
    textTries: values.MAX_RETRIES === null ? null : 1 + values.MAX_RETRIES,
    acceptTimeoutMs: values.ACCEPT_TIMEOUT,
    queueUpdates: values.QUEUE_UPDATES,
    forwardedTypes: values.FORWARDED_TYPES,
    fileNameInNotice: values.SEND_IMAGE_NAME_IN_MESSAGE,
    restartKeywords: takesKeywords(values.ENVIRONMENT) ? values.KEYWORDS_RESTART : [],
    timeZone: values.TIMEZONE,
    sourceFlows: values.SFC_SOURCE_FLOW_BOT,
    sourceFlowField: values.SFC_SOURCE_FLOW_FIELD,
    phonePrefixes: values.SFC_CODE_PHONE_REMOVE,
    eventsWithText: values.EVENTS_WITH_TEXT,
    dedupeWindowMs: values.DEDUPE_WINDOW,
    contextCleanUp: values.CLEAN_CONTEXT_SCHEDULE,
  };
}

// In the original a deployment that forgot ENVIRONMENT let customers end their chats by everyday words: only an explicit
// dev or staging turns them on.
function takesKeywords(environment: string | null): boolean {
  return /^(dev|staging)$/i.test(environment ?? "");
}
