// Settings of Salesforce: OAuth, data API, Live Agent, and where the chats of which flow go.
import { anyText, goPause, httpAddress, list, oneOf, text, word } from "./forms.ts";
import { privateKey } from "./private-key-form.ts";
import { schedule } from "./schedule-form.ts";
import { defaulted, optional, required } from "./setting.ts";
import { sourceFlows } from "./source-flows.ts";

/** Settings of Salesforce, by name without prefix. */
export const salesforceSettings = {
  SFC_GRANT: optional(oneOf("password", "client_credentials", "jwt_bearer"), {
    description: "How the service logs in. Each asks for its own settings, and ignores those of the others.",
    example: "client_credentials",
    defaultInWords:
      "by what is set: `password` with SFC_PASSWORD, else `jwt_bearer` with SFC_JWT_KEY, else `client_credentials`",
  }),
  SFC_CLIENT_ID: required(text, {
    description: "Consumer key of the connected app.",
    example: "3MVG9-consumer-key",
    local: "client-id",
    secret: true,
  }),
  SFC_CLIENT_SECRET: optional(text, {
    description: "Consumer secret of the connected app. Needed by all grants but `jwt_bearer`.",
    example: "consumer-secret",
    local: "client-secret",
    secret: true,
  }),
  SFC_USERNAME: optional(text, {
    description: "Integration user. Needed by all grants but `client_credentials`.",
    example: "integration@example.com",
    local: "integration@example.com",
  }),
  SFC_PASSWORD: optional(text, {
    description: "Password of the integration user, for the grant `password`.",
    example: "a-long-password",
    local: "sfc-password",
    secret: true,
  }),
  SFC_SECURITY_TOKEN: optional(text, {
    description: "Appended to the password.",
    example: "security-token",
    local: "security-token",
    secret: true,
  }),
  SFC_JWT_KEY: optional(privateKey, {
    description: "RSA private key whose certificate the connected app has, PEM; line breaks may be written as `\\n`.",
    example: "-----BEGIN PRIVATE KEY-----\\nMIIEvQ\\n-----END PRIVATE KEY-----",
    secret: true,
  }),
  SPEC_SCHEDULE: defaulted(schedule, "@every 59m", {
    description:
      "When a small call keeps the org's session alive: `@every` with a duration, or a cron expression of five fields, in the time zone of the process (TZ) unless it begins with `TZ=` and another. Empty: never.",
    example: "@every 59m",
  }),
  SFC_LOGIN_URL: required(httpAddress, {
    description: "Host of OAuth.",
    example: "https://login.salesforce.com",
    local: "http://127.0.0.1:8090",
  }),
  SFC_BASE_URL: required(httpAddress, {
    description: "Host of the data API.",
    example: "https://my-domain.my.salesforce.com",
    local: "http://127.0.0.1:8090",
  }),
  SFC_CHAT_URL: required(httpAddress, {
    description: "Host of Live Agent, without /chat.",
    example: "https://d.la1-c1-ia4.salesforceliveagent.com",
    local: "http://127.0.0.1:8090",
  }),
  SFC_API_VERSION: defaulted(word, "52", {
    description: "Version of the data API, and of Live Agent where SFC_CHAT_API_VERSION names no other.",
    example: "52",
    emptyIsDefault: true,
  }),
  SFC_CHAT_API_VERSION: optional(word, {
    description: "Version of Live Agent.",
    example: "52",
    defaultInWords: "SFC_API_VERSION",
  }),
  SFC_ORGANIZATION_ID: required(word, {
    description: "Organization of the chat deployment.",
    example: "00D000000000001",
    local: "00D000000000001",
  }),
  SFC_DEPLOYMENT_ID: required(word, {
    description: "Chat deployment.",
    example: "572000000000001",
    local: "572000000000001",
  }),
  SFC_SOURCE_FLOW_BOT: required(sourceFlows, {
    description: "Subject, agent button and case owner by flow of the bot and channel; `default` serves the others.",
    example:
      'default={"subject":"Ayuda","providers":{"whatsapp":{"button_id":"573000000000001","owner_id":"005000000000001"}}}',
    local:
      'default={"subject":"Ayuda","providers":{"whatsapp":{"button_id":"573000000000001","owner_id":"005000000000001"}}}',
  }),
  SFC_SOURCE_FLOW_FIELD: defaulted(anyText, "source_flow_bot", {
    description: "Key of a connect's extraData that names the flow.",
    example: "source_flow_bot",
  }),
  SFC_CODE_PHONE_REMOVE: defaulted(list, "521,52", {
    description: "Prefixes that are taken off phone numbers of more than ten digits, first match first.",
    example: "521,52",
  }),
  SLEEP_LONG_POLLLING: defaulted(goPause, "3s", {
    description: "Pause after a poll that Salesforce answered with 409, 0.1 s at least. The name is the original's.",
    example: "3s",
  }),
};
