// Where the code takes each setting of the Go service from, and what stands there when the sample of test/parity/settings.ts is given. Read by
import { expect } from "vitest";

import { decideSettings, deskMapping } from "../../../../src/composition-settings.ts";
import type { Settings } from "../../../../src/clients/config/settings-shape.ts";

/** One setting's place. */
export interface Place {
  /** What else must be said so that the setting matters, by name without prefix; undefined takes a value away. */
  readonly beside?: Readonly<Record<string, string | undefined>>;
  /** What the code takes. */
  at(settings: Settings): unknown;
  /** What stands there with the sample. */
  readonly value: unknown;
}

const sasl = { KAFKA_SECURITY_PROTOCOL: "SASL_SSL", KAFKA_USER: "u", KAFKA_PASSWORD: "p" };
const sentinel = { REDIS_ADDRESS: undefined, REDIS_MASTER: "main", REDIS_SENTINEL_ADDRESS: "sentinel-9:26379" };
const studio = { STUDIO_NG_URL: "http://studio" };
const facebook = { INTEGRATIONS_FB_BOT_ID: "page" };
const accountOf = (role: string, { auth }: Settings) => auth.accounts.find((account) => account.role === role);
const login = ({ salesforce }: Settings): object => salesforce.login;
const records = (settings: Settings) => deskMapping(settings, Date.UTC(2026, 10, 22));
const told = decideSettings;

/** By name without prefix. */
export const places: Readonly<Record<string, Place>> = {
  APP_NAME: { at: ({ kafka }) => kafka.groupId, value: "my-app-salesforce", beside: { KAFKA_TOPIC: "salesforce" } },
  CLIENT: { at: (settings) => [settings.client, told(settings).client], value: ["my-client", "my-client"] },
  HOST: { at: ({ http }) => http.host, value: "0.0.0.0" },
  PORT: { at: ({ http }) => http.port, value: 8081 },
  SENTRY_DSN: {
    at: ({ sentry }) => sentry,
    value: { url: "https://sentry.example.com/api/1/envelope/", publicKey: "key" },
  },
  ENVIRONMENT: {
    at: (settings) => [settings.environment, [...told(settings).restartKeywords]],
    value: ["staging", ["menu"]],
    beside: { KEYWORDS_RESTART: "menu" },
  },
  MAIN_CONTEXT_TIME_OUT: { at: ({ http }) => http.replyTimeoutMs, value: 15_000 },
  TIMEZONE: { at: (settings) => told(settings).formatTime(1_630_404_000_000), value: "31-08-2021 07:00:00" },
  YALO_USERNAME: { at: (settings) => accountOf("YALO_ROLE", settings)?.username, value: "bot" },
  YALO_PASSWORD: { at: (settings) => accountOf("YALO_ROLE", settings)?.password, value: "a-password" },
  SALESFORCE_USERNAME: { at: (settings) => accountOf("SALESFORCE_ROLE", settings)?.username, value: "agent" },
  SALESFORCE_PASSWORD: {
    at: (settings) => accountOf("SALESFORCE_ROLE", settings)?.password,
    value: "another-password",
  },
  SECRET_KEY: { at: ({ auth }) => auth.secretKey, value: "a-key-of-tokens" },
  REDIS_ADDRESS: { at: ({ redis }) => redis.address, value: "redis:6380" },
  REDIS_PASSWORD: { at: ({ redis }) => redis.password, value: "a-password" },
  REDIS_MASTER: { at: ({ redis }) => redis.sentinel?.master, value: "mymaster", beside: sentinel },
  REDIS_SENTINEL_ADDRESS: {
    at: ({ redis }) => redis.sentinel?.addresses,
    value: ["sentinel-0:26380", "sentinel-1:26379"],
    beside: sentinel,
  },
  KAFKA_HOST: {
    at: ({ kafka }) => kafka.brokers,
    value: ["kafka-0:9092", "kafka-1:9093"],
    beside: { KAFKA_PORT: "9092" },
  },
  KAFKA_PORT: { at: ({ kafka }) => kafka.brokers, value: ["kafka:9099"], beside: { KAFKA_HOST: "kafka" } },
  KAFKA_USER: { at: ({ kafka }) => kafka.sasl?.user, value: "kafka-user", beside: sasl },
  KAFKA_PASSWORD: { at: ({ kafka }) => kafka.sasl?.password, value: "kafka-password", beside: sasl },
  KAFKA_TOPIC: {
    at: ({ kafka }) => [kafka.topicPrefix, kafka.groupId],
    value: ["chats", "salesforce-integration-chats"],
  },
  BOTRUNNER_URL: {
    at: ({ botPlatform }) => botPlatform,
    value: { kind: "botrunner", url: "http://botrunner:3000", token: null },
  },
  BOTRUNNER_TOKEN: { at: ({ botPlatform }) => botPlatform?.token, value: "a-token" },
  BOTRUNNER_TIMEOUT: { at: (settings) => told(settings).handBackDelayMs, value: 2_000 },
  STUDIO_NG_URL: {
    at: ({ botPlatform }) => botPlatform,
    value: { kind: "studio-ng", url: "http://studiong:3000", token: null },
  },
  STUDIO_NG_TOKEN: { at: ({ botPlatform }) => botPlatform?.token, value: "a-token", beside: studio },
  STUDIO_NG_TIMEOUT: { at: (settings) => told(settings).handBackDelayMs, value: 2_000, beside: studio },
  BLOCKED_USER_STATE: { at: (settings) => told(settings).botStates.blocked, value: { whatsapp: "b", facebook: "b" } },
  TIMEOUT_STATE: { at: (settings) => told(settings).botStates.timeout, value: { whatsapp: "t", facebook: "t" } },
  SUCCESS_STATE: { at: (settings) => told(settings).botStates.success, value: { whatsapp: "s", facebook: "s" } },
  KEYWORDS_RESTART: {
    at: (settings) => [...told(settings).restartKeywords],
    value: ["regresar", "menu"],
    beside: { ENVIRONMENT: "dev" },
  },
  INTEGRATIONS_BASE_URL: { at: ({ integrations }) => integrations?.baseUrl, value: "https://integrations.example.com" },
  INTEGRATIONS_WA_CHANNEL: { at: ({ integrations }) => integrations?.bots.whatsapp?.channel, value: "my-wa-channel" },
  INTEGRATIONS_FB_CHANNEL: {
    at: ({ integrations }) => integrations?.bots.facebook?.channel,
    value: "my-fb-channel",
    beside: facebook,
  },
  INTEGRATIONS_WA_BOT_ID: { at: ({ integrations }) => integrations?.bots.whatsapp?.botId, value: "my-wa-bot" },
  INTEGRATIONS_FB_BOT_ID: { at: ({ integrations }) => integrations?.bots.facebook?.botId, value: "my-fb-bot" },
  INTEGRATIONS_WA_BOT_JWT: { at: ({ integrations }) => integrations?.bots.whatsapp?.token, value: "a-token" },
  INTEGRATIONS_FB_BOT_JWT: {
    at: ({ integrations }) => integrations?.bots.facebook?.token,
    value: "a-token",
    beside: facebook,
  },
  INTEGRATIONS_WA_BOT_PHONE: { at: ({ integrations }) => integrations?.bots.whatsapp?.phone, value: "+5215500000000" },
  INTEGRATIONS_FB_BOT_PHONE: {
    at: ({ integrations }) => integrations?.bots.facebook?.phone,
    value: "100000000000001",
    beside: facebook,
  },
  INTEGRATIONS_SIGNATURE: { at: ({ http }) => http.signatures.fixed, value: "a-signature" },
  WEBHOOK_BASE_URL: {
    at: ({ integrations }) => integrations?.webhookBaseUrl,
    value: "https://integration.example.com",
  },
  IGNORE_MESSAGE_TYPES: { at: ({ http }) => http.ignoredTypes, value: ["status", "location"] },
  INTEGRATION_CHAN_RATE_LIMIT: { at: ({ chat }) => chat.callsPerSecond.channel, value: 30.5 },
  SFC_CLIENT_ID: { at: login, value: expect.objectContaining({ clientId: "another-client" }) },
  SFC_CLIENT_SECRET: { at: login, value: expect.objectContaining({ clientSecret: "another-secret" }) },
  SFC_USERNAME: { at: login, value: expect.objectContaining({ username: "another@example.com" }) },
  SFC_PASSWORD: { at: login, value: expect.objectContaining({ kind: "password", password: "a-password" }) },
  SFC_SECURITY_TOKEN: { at: login, value: expect.objectContaining({ securityToken: "a-token" }) },
  SFC_LOGIN_URL: { at: ({ salesforce }) => salesforce.loginUrl, value: "https://login.example.com" },
  SFC_BASE_URL: { at: ({ salesforce }) => salesforce.baseUrl, value: "https://data.example.com" },
  SFC_CHAT_URL: { at: ({ salesforce }) => salesforce.chatUrl, value: "https://chat.example.com" },
  SFC_API_VERSION: {
    at: ({ salesforce }) => [salesforce.apiVersion, salesforce.chatApiVersion],
    value: ["55", "55"],
  },
  SFC_ORGANIZATION_ID: { at: ({ salesforce }) => salesforce.organizationId, value: "00D000000000009" },
  SFC_DEPLOYMENT_ID: { at: ({ salesforce }) => salesforce.deploymentId, value: "572000000000009" },
  SFC_RECORD_TYPE_ID: { at: (settings) => records(settings).case.recordTypeId, value: "012000000000001" },
  SFC_ACCOUNT_RECORD_TYPE_ID: {
    at: (settings) => records(settings).contact.account.recordTypeId,
    value: "012000000000002",
  },
  SFC_DEFAULT_BIRTH_DATE_ACCOUNT: {
    at: (settings) => records(settings).contact.account.birthDate,
    value: "1980-05-06",
  },
  SFC_CUSTOM_FIELDS_CASE: {
    at: (settings) => records(settings).case.fields,
    value: { address: "CP_Address__c", source_flow_bot: "CP_Source_Flow_Bot__c" },
  },
  SFC_CUSTOM_FIELDS_CONTACT: {
    at: (settings) => records(settings).contact.fields,
    value: { customer_id: "CP_CustomerId__c" },
  },
  SFC_CUSTOM_FIELDS_ACCOUNT: {
    at: (settings) => records(settings).contact.account.fields,
    value: { tax_id: "CP_TaxId__pc" },
  },
  SFC_CUSTOM_FIELDS_TO_SEARCH_CONTACT: {
    at: (settings) => records(settings).contact.search.fields,
    value: { customer_id: "Account.CP_CustomerId__c" },
  },
  SFC_SOURCE_FLOW_BOT: {
    at: (settings) => told(settings).sourceFlows,
    value: { default: { subject: "case", providers: { whatsapp: { buttonId: "b", ownerId: "o" } } } },
  },
  SFC_SOURCE_FLOW_FIELD: { at: (settings) => told(settings).sourceFlowField, value: "flow" },
  SFC_BLOCKED_CHAT_FIELD: {
    at: (settings) => records(settings).contact.search.blockedField,
    value: "CP_BlockedChatYalo__c",
  },
  SFC_CODE_PHONE_REMOVE: {
    at: (settings) => [told(settings).phonePrefixes, records(settings).contact.search.phonePrefixes],
    value: [
      ["521", "52", "57"],
      ["521", "52", "57"],
    ],
  },
  SALEFORCE_CHAN_RATE_LIMIT: { at: ({ chat }) => chat.callsPerSecond.desk, value: 40 },
  SLEEP_LONG_POLLLING: { at: ({ salesforce }) => salesforce.pollConflictPauseMs, value: 1_500 },
  MESSAGES: { at: (settings) => told(settings).texts.waitAgent, value: "Un momento" },
  SEND_IMAGE_NAME_IN_MESSAGE: { at: (settings) => told(settings).fileNameInNotice, value: true },
  MAX_RETRIES: { at: ({ chat }) => chat.textTries, value: 4 },
  SPEC_SCHEDULE: { at: ({ salesforce }) => salesforce.keepAlive, value: { kind: "cron", expression: "@hourly" } },
  CLEAN_CONTEXT_SCHEDULE: { at: ({ chat }) => chat.contextCleanUp, value: { kind: "cron", expression: "0 3 * * *" } },
};
