// Settings of the user's side: the bot platform, the Integrations API, which messages go where, and what is said.
import {
  duration,
  goBoolean,
  goSeconds,
  goWholeNumber,
  hostList,
  httpAddress,
  list,
  map,
  rate,
  text,
  wholeNumber,
  word,
} from "./forms.ts";
import { messageTexts } from "./message-texts.ts";
import { defaulted, optional } from "./setting.ts";

const secondMs = 1000;
const dayMs = 86_400_000;
/** In base64 in a JSON request, whose limit is 50 MB (REST API Guide, "Insert or Update Blob Data"). */
const maxFileBytes = 37_500_000;

/** Settings of bot and channels, by name without prefix. */
export const botSettings = {
  BOTRUNNER_URL: optional(httpAddress, {
    description:
      "Botrunner, which is told the bot state after a chat. Without it and without Studio NG no state is told.",
    example: "http://botrunner:3000",
    local: "http://127.0.0.1:8092",
  }),
  BOTRUNNER_TOKEN: optional(text, { description: "Sent to Botrunner as `?jwt=`.", example: "a-token", secret: true }),
  BOTRUNNER_TIMEOUT: defaulted(goSeconds, "4", {
    description: "Seconds between the failure of a chat and the state change at Botrunner; a success does not wait.",
    example: "4",
  }),
  STUDIO_NG_URL: optional(httpAddress, {
    description: "Studio NG. Where it is set it is told every bot state, and Botrunner none.",
    example: "http://studiong:3000/",
  }),
  STUDIO_NG_TOKEN: optional(text, {
    description: "Bearer token for Studio NG.",
    example: "a-token",
    secret: true,
  }),
  STUDIO_NG_TIMEOUT: defaulted(goSeconds, "4", {
    description: "BOTRUNNER_TIMEOUT where Studio NG is told the state.",
    example: "4",
  }),
  BLOCKED_USER_STATE: defaulted(map, "whatsapp:from-sf-blocked,facebook:from-sf-blocked", {
    description: "Bot state by channel when the contact is blocked.",
    example: "whatsapp:from-sf-blocked,facebook:from-sf-blocked",
  }),
  TIMEOUT_STATE: defaulted(map, "whatsapp:from-sf-timeout,facebook:from-sf-timeout", {
    description: "Bot state by channel when a chat could not be opened, was refused or was lost.",
    example: "whatsapp:from-sf-timeout,facebook:from-sf-timeout",
  }),
  SUCCESS_STATE: defaulted(map, "whatsapp:from-sf-success,facebook:from-sf-success", {
    description: "Bot state by channel when a chat has ended.",
    example: "whatsapp:from-sf-success,facebook:from-sf-success",
  }),
  KEYWORDS_RESTART: defaulted(list, "coppelbot,regresar,reiniciar,restart", {
    description: "Words by which a user ends the chat, in any case; only where ENVIRONMENT is set to dev or staging.",
    example: "regresar,reiniciar",
  }),
  INTEGRATIONS_BASE_URL: optional(httpAddress, {
    description: "Integrations API, which delivers texts to users. Without it no text reaches them.",
    example: "https://integrations.example.com",
    local: "http://127.0.0.1:8091",
  }),
  INTEGRATIONS_WA_CHANNEL: defaulted(word, "outgoing_webhook", {
    description: "Channel of the WhatsApp bot at the Integrations API.",
    example: "outgoing_webhook",
    emptyIsDefault: true,
  }),
  INTEGRATIONS_WA_BOT_ID: optional(word, {
    description: "Id of the WhatsApp bot at the Integrations API. Without it no text reaches WhatsApp users.",
    example: "my-wa-bot",
    local: "wa-bot",
  }),
  INTEGRATIONS_WA_BOT_JWT: optional(text, {
    description: "Bearer token of the WhatsApp bot.",
    example: "a-token",
    local: "wa-bot-token",
    secret: true,
  }),
  INTEGRATIONS_WA_BOT_PHONE: optional(word, {
    description: "Phone number of the WhatsApp bot, by which its webhook is registered and removed.",
    example: "+5215500000000",
  }),
  INTEGRATIONS_FB_CHANNEL: defaulted(word, "passthrough", {
    description: "Channel of the Facebook bot at the Integrations API.",
    example: "passthrough",
    emptyIsDefault: true,
  }),
  INTEGRATIONS_FB_BOT_ID: optional(word, {
    description: "Id of the Facebook bot at the Integrations API. Without it no text reaches Facebook users.",
    example: "my-fb-bot",
  }),
  INTEGRATIONS_FB_BOT_JWT: optional(text, {
    description: "Bearer token of the Facebook bot.",
    example: "a-token",
    secret: true,
  }),
  INTEGRATIONS_FB_BOT_PHONE: optional(word, {
    description: "Page id of the Facebook bot, by which its webhook is registered and removed.",
    example: "100000000000001",
  }),
  INTEGRATION_CHAN_RATE_LIMIT: defaulted(rate, "20", {
    description:
      "Texts a second to users, of one instance; as many and one may go at once. Users take turns, each text waits for its own.",
    example: "20",
  }),
  SALEFORCE_CHAN_RATE_LIMIT: defaulted(rate, "20", {
    description:
      "Texts and files a second to agents, of one instance, in the same way; history and welcome do not count. The name is the original's.",
    example: "40",
  }),
  MAX_RETRIES: optional(goWholeNumber, {
    description:
      "How often one text is sent again after a failed call: 1, 2, 4 … up to 15 seconds between them. Then it is given up, and its sender is told.",
    example: "2",
    defaultInWords: "as many as fit in ten minutes",
  }),
  WEBHOOK_BASE_URL: optional(httpAddress, {
    description: "Where the Integrations API reaches this service; the webhooks are registered below it.",
    example: "https://integration.example.com",
  }),
  IGNORE_MESSAGE_TYPES: defaulted(list, "status,notification-status", {
    description: "Types of WhatsApp messages that are answered 200 and dropped, exactly as written.",
    example: "status,notification-status",
  }),
  FORWARDED_TYPES: defaulted(list, "text,image,document,audio,voice", {
    description: "Types of messages that go to the agent.",
    example: "text,image,document,audio,voice",
  }),
  SEND_IMAGE_NAME_IN_MESSAGE: defaulted(goBoolean, "false", {
    description:
      "Puts the name of a WhatsApp user's file behind the text that tells the agent of it, without a separator.",
    example: "false",
  }),
  FILE_MAX_BYTES: defaulted(wholeNumber(1, maxFileBytes), "20971520", {
    description: "Largest file of a user that is taken to the case, bytes. Salesforce takes 37.5 MB.",
    example: "20971520",
  }),
  MEDIA_ALLOWED_HOSTS: defaulted(hostList, "", {
    description:
      "Hosts (`host` or `host:port`) whose files may be downloaded although they resolve to private, loopback or link-local addresses. Redirects from them are checked like any address.",
    example: "media.internal,10.0.0.7:8080",
    defaultInWords: "none",
  }),
  ACCEPT_TIMEOUT: optional(duration(secondMs, dayMs), {
    description:
      "How long a user waits for an agent before the bot takes over again; also when an agent has sent him back to a queue.",
    example: "15m",
    defaultInWords: "as long as the desk lets them",
  }),
  QUEUE_UPDATES: defaulted(goBoolean, "false", {
    description: "Tells a waiting user his place in the queue, and the expected wait, when the place changes.",
    example: "true",
  }),
  MESSAGES: defaulted(messageTexts, "{}", {
    description: "Texts that the service says, as a JSON object; what is left out keeps its default.",
    example: '{"waitAgent":"Un momento","welcomeTemplate":"Hola, soy %s"}',
  }),
};
