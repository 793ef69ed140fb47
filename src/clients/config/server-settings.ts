// Settings of the process itself: who it is, where it listens, who may call it, what it logs, how it keeps its state secret.
import {
  anyText,
  duration,
  goBoolean,
  goListenPort,
  listenAddress,
  listenPort,
  oneOf,
  seconds,
  text,
  timeZone,
  word,
} from "./forms.ts";
import { defaulted, optional, required } from "./setting.ts";
import { stateKeys } from "./state-keys.ts";

const secondMs = 1_000;
const dayMs = 86_400_000;

/** Settings of the process, by name without prefix. */
export const serverSettings = {
  APP_NAME: defaulted(anyText, "salesforce-integration", {
    description: "First half of the Kafka group id, `<APP_NAME>-<KAFKA_TOPIC>`; may be empty.",
    example: "salesforce-integration",
  }),
  CLIENT: defaulted(anyText, "salesforce", {
    description:
      "Name of this deployment: prefix of Redis keys and `client` of every record. Records of another are skipped. May be empty.",
    example: "salesforce",
  }),
  HOST: defaulted(listenAddress, "localhost", {
    description: "Address to listen on; empty: all.",
    example: "0.0.0.0",
    local: "127.0.0.1",
  }),
  PORT: defaulted(goListenPort, "8080", {
    description: "Port of the public routes; 0 or empty is any free port, which is logged.",
    example: "8080",
  }),
  METRICS_PORT: defaulted(listenPort, "9464", {
    description: "Port of `/metrics`, `/live` and `/ready`; 0 is any free port. Never public.",
    example: "9464",
  }),
  ENVIRONMENT: optional(word, {
    description:
      "Where this runs. `production` and `prod` demand what production needs; restart keywords hold only where this is set to `dev` or `staging`.",
    example: "production",
    local: "dev",
    defaultInWords: "`dev`, without restart keywords",
  }),
  SENTRY_DSN: optional(text, {
    description:
      "Where unhandled errors, dead letters and alarms are reported to, without words, numbers or tokens of anybody. One that is no DSN is a warning.",
    example: "https://public-key@sentry.example.com/42",
    secret: true,
  }),
  USE_PROFILE: defaulted(goBoolean, "false", {
    description: "Of the Go service, which served profiles to everybody. Here it opens nothing; true is a warning.",
    example: "false",
  }),
  MAIN_CONTEXT_TIME_OUT: defaulted(seconds(1, 300), "10", {
    description:
      "Seconds that connect and finish wait for their outcome; a chat must be open 2 s before, and has 1 s at least. One try of a step of the opening may take a third of it, 5 s at least: more for a slow org.",
    example: "10",
    emptyIsDefault: true,
  }),
  TIMEZONE: defaulted(timeZone, "America/Mexico_City", {
    description: "IANA time zone of the dates in the history that the agent gets; empty: UTC.",
    example: "America/Mexico_City",
  }),
  YALO_USERNAME: defaulted(text, "yaloUser", { description: "Caller with the role YALO_ROLE.", example: "yaloUser" }),
  YALO_PASSWORD: required(text, {
    description: "Password of YALO_USERNAME.",
    example: "a-long-password",
    local: "yaloPassword",
    secret: true,
  }),
  SALESFORCE_USERNAME: defaulted(text, "salesforceUser", {
    description: "Caller with the role SALESFORCE_ROLE, which may only check its token.",
    example: "salesforceUser",
  }),
  SALESFORCE_PASSWORD: required(text, {
    description: "Password of SALESFORCE_USERNAME.",
    example: "another-long-password",
    local: "salesforcePassword",
    secret: true,
  }),
  SECRET_KEY: required(text, {
    description: "Key that signs tokens (HMAC SHA-384). Shorter than 48 characters is a warning.",
    example: "48-or-more-random-characters",
    local: "local-key-local-key-local-key-local-key-local-key",
    secret: true,
  }),
  TOKEN_TTL: defaulted(duration(secondMs, 365 * dayMs), "12h", {
    description: "How long a token is valid.",
    example: "12h",
  }),
  LEGACY_TOKENS: defaulted(oneOf("accept", "refuse"), "accept", {
    description: "What happens to valid tokens of the original, which have no expiry. Accepted ones are counted.",
    example: "refuse",
  }),
  REFUSAL_STATUS: defaulted(oneOf("original", "http"), "original", {
    description: "`http` answers refusals of connect with 409 and 403 instead of the original's 500.",
    example: "http",
  }),
  CONNECT_LATE_STATUS: defaulted(oneOf("202", "500"), "202", {
    description: "Status when the outcome of connect or finish is not known in time.",
    example: "500",
  }),
  LOG_LEVEL: defaulted(oneOf("trace", "debug", "info", "warn", "error"), "info", {
    description:
      "Least severity that is logged; nothing is less than `info`, so that `debug` and `trace` are the same.",
    example: "warn",
  }),
  LOG_ID_KEY: optional(text, {
    description:
      "Key of the hash that stands for a user in logs. The same key on every instance makes logs comparable.",
    example: "32-or-more-random-characters",
    secret: true,
    defaultInWords: "random per start",
  }),
  STATE_ENCRYPTION_KEY: optional(stateKeys, {
    description:
      "Key that seals session keys and tokens in topics and Redis: 32 bytes in base64, or `id:key,id:key` while rotating (the first seals). Required in production; elsewhere without it they are plain.",
    example: "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    secret: true,
  }),
  STATE_COMPAT: defaulted(oneOf("native", "original"), "native", {
    description:
      "`original` writes open chats and context to Redis so that the Go service can read them, session keys in the clear: for the way back ([migrating](migrating.md)).",
    example: "original",
  }),
  EVENTS_WITH_TEXT: defaulted(goBoolean, "false", {
    description: "Chat events carry the texts of messages.",
    example: "true",
  }),
};
