// The settings of the Go service (section 8 of the parity sheet): their defaults there, a value in a form that it takes, and what is better
// here. Read by the test of each and by docs/parity.md.

import type { NamedTest } from "./row.ts";

/** One setting of the original. */
export interface OriginalSetting {
  readonly name: string;
  /** Default in its code; null where it has none. */
  readonly byDefault: string | null;
  /** A value in the original's form. */
  readonly sample: string;
  /** What is better here; null where it is the same. */
  readonly better: string | null;
  /** The test that shows what is better, where the value alone can't: its file and title. */
  readonly shown: NamedTest | null;
}

const setting = (
  name: string,
  byDefault: string | null,
  sample: string,
  better: string | null,
  [file, title]: readonly [file?: string, title?: string] = [],
): OriginalSetting => ({
  ...{ name, byDefault, sample, better },
  shown: file === undefined || title === undefined ? null : { file: `${file}.test.ts`, title },
});

const emptyIsDefault = "empty is the default, where the original asked for an address with a hole in it";

/** All of them, in the sheet's order. MAIN_CONTEXT_TIME_OUT was documented only. */
export const originalSettings: readonly OriginalSetting[] = [
  setting("APP_NAME", "salesforce-integration", "my-app", null),
  setting("CLIENT", "salesforce", "my-client", null),
  setting("HOST", "localhost", "0.0.0.0", null),
  setting("PORT", "8080", "8081", null),
  setting(
    "SENTRY_DSN",
    "",
    "https://key@sentry.example.com/1",
    "the original starts Sentry and reports nothing; here errors, dead letters and alarms reach it",
    [
      "test/integration/sentry",
      "reports a dead letter, an alarm and an unhandled error, without words, numbers or tokens",
    ],
  ),
  setting(
    "ENVIRONMENT",
    "dev",
    "staging",
    "unset is not development: keywords that restart a chat are heard only where the setting says dev or staging",
  ),
  setting(
    "MAIN_CONTEXT_TIME_OUT",
    "10",
    "15",
    "documented there and not in its code; here it bounds the wait for a reply, and empty is the default",
  ),
  setting("USE_PROFILE", "false", "true", "no profile is ever served on the public port", [
    "test/unit/ingress/conformance",
    "section 1.1: router > GET /debug/pprof/heap is 404",
  ]),
  setting(
    "TIMEZONE",
    "America/Mexico_City",
    "America/Sao_Paulo",
    "a name that no calendar knows stops the start instead of the first history",
  ),
  setting("YALO_USERNAME", "yaloUser", "bot", null),
  setting("YALO_PASSWORD", null, "a-password", null),
  setting("SALESFORCE_USERNAME", "salesforceUser", "agent", null),
  setting("SALESFORCE_PASSWORD", null, "another-password", null),
  setting("SECRET_KEY", null, "a-key-of-tokens", "a short one is warned of"),
  setting("REDIS_ADDRESS", null, "redis:6380", null),
  setting("REDIS_PASSWORD", null, "a-password", null),
  setting("REDIS_MASTER", null, "mymaster", null),
  setting("REDIS_SENTINEL_ADDRESS", null, "sentinel-0:26380;sentinel-1", null),
  setting("KAFKA_HOST", null, "kafka-0,kafka-1:9093", "may be a list; a port may stand with each"),
  setting("KAFKA_PORT", null, "9099", "not needed where KAFKA_HOST has ports"),
  setting("KAFKA_USER", null, "kafka-user", "a broker without a login needs none; Kafka itself is never left out"),
  setting("KAFKA_PASSWORD", null, "kafka-password", "a broker without a login needs none"),
  setting("KAFKA_TOPIC", null, "chats", "the first half of the names of six topics instead of the one topic's name"),
  setting("BOTRUNNER_URL", null, "http://botrunner:3000", null),
  setting("BOTRUNNER_TOKEN", null, "a-token", null),
  setting("BOTRUNNER_TIMEOUT", "4", "2", null),
  setting("STUDIO_NG_URL", null, "http://studiong:3000/", "the slash at the end may be left out"),
  setting("STUDIO_NG_TOKEN", null, "a-token", null),
  setting("STUDIO_NG_TIMEOUT", "4", "2", null),
  setting("BLOCKED_USER_STATE", "whatsapp:from-sf-blocked,facebook:from-sf-blocked", "whatsapp:b,facebook:b", null),
  setting("TIMEOUT_STATE", "whatsapp:from-sf-timeout,facebook:from-sf-timeout", "whatsapp:t,facebook:t", null),
  setting("SUCCESS_STATE", "whatsapp:from-sf-success,facebook:from-sf-success", "whatsapp:s,facebook:s", null),
  setting("KEYWORDS_RESTART", "coppelbot,regresar,reiniciar,restart", "regresar,menu", null),
  setting("INTEGRATIONS_BASE_URL", null, "https://integrations.example.com", null),
  setting("INTEGRATIONS_WA_CHANNEL", "outgoing_webhook", "my-wa-channel", emptyIsDefault),
  setting("INTEGRATIONS_FB_CHANNEL", "passthrough", "my-fb-channel", emptyIsDefault),
  setting("INTEGRATIONS_WA_BOT_ID", null, "my-wa-bot", null),
  setting("INTEGRATIONS_FB_BOT_ID", null, "my-fb-bot", null),
  setting("INTEGRATIONS_WA_BOT_JWT", null, "a-token", null),
  setting("INTEGRATIONS_FB_BOT_JWT", null, "a-token", null),
  setting("INTEGRATIONS_WA_BOT_PHONE", null, "+5215500000000", null),
  setting("INTEGRATIONS_FB_BOT_PHONE", null, "100000000000001", null),
  setting(
    "INTEGRATIONS_SIGNATURE",
    null,
    "a-signature",
    "compared with x-yalochat-signature, where the original stored it and compared nothing",
    ["test/unit/ingress/signatures", "S04: the fixed text > refuses another before it is parsed, on both webhooks"],
  ),
  setting("WEBHOOK_BASE_URL", null, "https://integration.example.com", null),
  setting(
    "IGNORE_MESSAGE_TYPES",
    "status,notification-status",
    "status,location",
    'whole types are compared: "status" does not swallow other types that contain it',
    [
      "test/unit/ingress/whatsapp",
      'ignored types > are whole words, not pieces such as "notification", as they were in the original',
    ],
  ),
  setting("INTEGRATION_CHAN_RATE_LIMIT", "20", "30.5", null),
  setting("SFC_CLIENT_ID", null, "another-client", null),
  setting("SFC_CLIENT_SECRET", null, "another-secret", null),
  setting("SFC_USERNAME", null, "another@example.com", null),
  setting("SFC_PASSWORD", null, "a-password", "left out, two other grants are there (SFC_GRANT)", [
    "test/unit/clients/config/settings",
    "what settings say together > logs in with what is set, or as SFC_GRANT says, and asks for what that grant needs",
  ]),
  setting("SFC_SECURITY_TOKEN", null, "a-token", null),
  setting("SFC_LOGIN_URL", null, "https://login.example.com", null),
  setting("SFC_BASE_URL", null, "https://data.example.com", null),
  setting("SFC_CHAT_URL", null, "https://chat.example.com", null),
  setting("SFC_API_VERSION", "52", "55", emptyIsDefault),
  setting("SFC_ORGANIZATION_ID", null, "00D000000000009", null),
  setting("SFC_DEPLOYMENT_ID", null, "572000000000009", null),
  setting("SFC_RECORD_TYPE_ID", null, "012000000000001", null),
  setting("SFC_ACCOUNT_RECORD_TYPE_ID", null, "012000000000002", null),
  setting("SFC_DEFAULT_BIRTH_DATE_ACCOUNT", "1921-01-01T00:00:00", "1980-05-06T00:00:00", null),
  setting("SFC_CUSTOM_FIELDS_CASE", null, "address:CP_Address__c,source_flow_bot:CP_Source_Flow_Bot__c", null),
  setting("SFC_CUSTOM_FIELDS_CONTACT", null, "customer_id:CP_CustomerId__c", null),
  setting("SFC_CUSTOM_FIELDS_ACCOUNT", null, "tax_id:CP_TaxId__pc", null),
  setting("SFC_CUSTOM_FIELDS_TO_SEARCH_CONTACT", null, "customer_id:Account.CP_CustomerId__c", null),
  setting(
    "SFC_SOURCE_FLOW_BOT",
    null,
    'default={"subject":"case","providers":{"whatsapp":{"button_id":"b","owner_id":"o"}}}',
    "what can't be read is told by name, with an example",
  ),
  setting("SFC_SOURCE_FLOW_FIELD", "source_flow_bot", "flow", null),
  setting("SFC_BLOCKED_CHAT_FIELD", "false", "true", null),
  setting("SFC_CODE_PHONE_REMOVE", "521,52", "521,52,57", null),
  setting("SALEFORCE_CHAN_RATE_LIMIT", "20", "40", null),
  setting("SLEEP_LONG_POLLLING", "3s", "1500ms", null),
  setting(
    "MESSAGES",
    "{}",
    '{"waitAgent":"Un momento"}',
    "texts that are left out keep their default, where the original took the whole object",
  ),
  setting("SEND_IMAGE_NAME_IN_MESSAGE", "false", "t", null),
  setting(
    "MAX_RETRIES",
    "2",
    "3",
    "unset, a text is tried for ten minutes and told to its sender when it can't be delivered",
    [
      "test/unit/conformance/environment",
      "Retries: without MAX_RETRIES a text is tried for ten minutes, then its sender is told",
    ],
  ),
  setting("SPEC_SCHEDULE", "@every 59m", "@hourly", null),
  setting("CLEAN_CONTEXT_SCHEDULE", "0 9 * * *", "0 3 * * *", "an empty SPEC_SCHEDULE does not switch this off"),
];
