/**
 * The Integrations API: takes messages for users of WhatsApp and Facebook, and the registration of webhooks.
 * Paths, bodies and answers per the parity sheet 7.3. What it accepts appears on the user's phone.
 * Served by an exchange of its own.
 */
import { empty, header, isObject, json, jsonBody, segments } from "./answers.ts";
import type { Answer, Call, JsonObject } from "./answers.ts";
import type { System } from "./exchange.ts";
import type { Ids } from "./ids.ts";
import type { Identity } from "./journal.ts";
import type { PhoneLine, Phones } from "./phone.ts";

/** A bot account on one channel. */
export interface BotAccount {
  /** Path segment of the channel, for example `outgoing_webhook`. */
  readonly channel: string;
  readonly botId: string;
  /** Bearer token that calls must carry. */
  readonly jwt: string;
  readonly provider: "whatsapp" | "facebook";
}

/** Behaviour that can be changed while it runs. */
export interface IntegrationsModes {
  /** Shows a message id once only; otherwise a repeated send is shown again. */
  dedupe: boolean;
  /** Sends every delivered text back as a webhook, as platforms do with what their bot account says. */
  echoes: boolean;
}

/** A webhook registration. */
export interface WebhookRegistration {
  readonly channel: string;
  readonly botId: string;
  readonly phone: string;
  readonly provider: string;
  readonly webhook: string;
  readonly version: number;
}

/** The platform behind the API. */
export interface Integrations {
  readonly system: System;
  readonly modes: IntegrationsModes;
  readonly registrations: Map<string, WebhookRegistration>;
  /** Address that is registered for a channel; undefined where none is. */
  webhookOf(channel: BotAccount["provider"]): string | undefined;
}

/** What the API is connected to. */
export interface IntegrationsParts {
  readonly accounts: readonly BotAccount[];
  readonly phones: Phones;
  readonly ids: Ids;
  /** Called for each line that came to a phone. */
  readonly onDelivered: (line: PhoneLine) => void;
}

/** The API for these accounts. */
export function integrations(parts: IntegrationsParts): Integrations {
  const modes = { dedupe: false, echoes: false };
  const registrations = new Map<string, WebhookRegistration>();
  const platform: Platform = { ...parts, modes, registrations };
  return {
    modes,
    registrations,
    webhookOf: (channel) => [...registrations.values()].find(({ provider }) => provider === channel)?.webhook,
    system: { name: "integrations", identify, handle: (call) => handle(platform, call) },
  };
}

/** Form in which the service takes the webhooks of a channel. */
const VERSIONS = { whatsapp: 0, facebook: 3 } as const;

interface Platform extends IntegrationsParts {
  readonly modes: IntegrationsModes;
  readonly registrations: Map<string, WebhookRegistration>;
}

function identify(call: Call): Identity {
  const [, , , , operation] = segments(call.path) ?? [];
  const body = jsonBody(call);
  const recipient = isObject(body) ? body["recipient"] : undefined;
  const user = isObject(body) ? (body["userId"] ?? (isObject(recipient) ? recipient["id"] : undefined)) : undefined;
  return { operation: operation ?? "unknown", ...(typeof user === "string" ? { user } : {}) };
}

function handle(platform: Platform, call: Call): Answer {
  const [api, channel, bots, botId, operation, ...rest] = segments(call.path) ?? [];
  const account = platform.accounts.find((known) => known.channel === channel && known.botId === botId);
  if (api !== "api" || bots !== "bots" || rest.length > 0 || account === undefined) {
    return failure(404, "not found");
  }
  if (call.method !== "POST") {
    return failure(405, "method not allowed");
  }
  if (header(call, "authorization") !== `Bearer ${account.jwt}`) {
    return failure(401, "unauthorized");
  }
  if (header(call, "content-type")?.startsWith("application/json") !== true) {
    return failure(415, "content type must be application/json");
  }
  const body = jsonBody(call);
  if (!isObject(body)) {
    return failure(400, "body must be a JSON object");
  }
  switch (operation) {
    case "messages":
      return account.provider === "whatsapp" ? whatsappMessage(platform, body) : facebookMessage(platform, body);
    case "healthcheck":
      return register(platform, account, body);
    case "remove":
      return remove(platform, account, body);
    case undefined:
    default:
      return failure(404, "not found");
  }
}

function failure(status: number, message: string): Answer {
  return json(status, { error: { message } });
}

function whatsappMessage(platform: Platform, body: JsonObject): Answer {
  const { id, type, userId, text } = body;
  if (!isText(id) || !isText(userId) || type !== "text") {
    return failure(400, "id, userId and type text are required");
  }
  const said = isObject(text) ? text["body"] : undefined;
  if (!isText(said)) {
    return failure(400, "text.body is required");
  }
  deliver(platform, { userId, channel: "whatsapp", id, text: said });
  return json(200, { messages: [{ id }] });
}

function facebookMessage(platform: Platform, body: JsonObject): Answer {
  const { messaging_type: messagingType, recipient, message, metadata } = body;
  const userId = isObject(recipient) ? recipient["id"] : undefined;
  const said = isObject(message) ? message["text"] : undefined;
  if (messagingType !== "RESPONSE" || !isText(userId) || !isText(said)) {
    return failure(400, "messaging_type RESPONSE, recipient.id and message.text are required");
  }
  if (metadata !== undefined && typeof metadata !== "string") {
    return failure(400, "metadata must be a text");
  }
  const id = `m_${platform.ids.hex(24)}`;
  deliver(platform, { userId, channel: "facebook", id, text: said });
  return json(200, { messages: [{ id }] });
}

function deliver(platform: Platform, line: Pick<PhoneLine, "userId" | "channel" | "id" | "text">): void {
  platform.onDelivered(platform.phones.add({ ...line, from: "service" }, platform.modes.dedupe));
}

function register(platform: Platform, account: BotAccount, body: JsonObject): Answer {
  const { phone, webhook } = body;
  if (!isText(phone) || !isText(webhook) || !URL.canParse(webhook)) {
    return failure(400, "phone and webhook are required");
  }
  const { channel, botId, provider } = account;
  const version = VERSIONS[provider];
  if (body["provider"] !== provider || body["version"] !== version) {
    return failure(400, `provider and version must be ${provider} and ${version}`);
  }
  platform.registrations.set(`${channel}/${botId}`, { channel, botId, phone, provider, webhook, version });
  return json(201, { bot_id: botId, channel, webhook });
}

function remove(platform: Platform, account: BotAccount, body: JsonObject): Answer {
  if (!isText(body["phone"]) || body["provider"] !== account.provider) {
    return failure(400, "phone and provider are required");
  }
  return platform.registrations.delete(`${account.channel}/${account.botId}`)
    ? empty(204)
    : failure(404, "no webhook is registered");
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
