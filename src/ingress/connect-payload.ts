// The body of a connect, and how it becomes the Connect of a record: fields and sentences of the original, and our bounds.
// extraData is extra-data.ts's. Pure.
import type { Connect } from "../processors/messages/generated.ts";
import { readExtraData, type ExtraDataRule } from "./extra-data.ts";
import { firstJsonValue, readShape, type Read, type Shaped } from "./go-json.ts";
import { atMost, brokenRules, required, userIdBytes, wordBytes } from "./validation.ts";

/** The fields of its body. */
export const connectShape = {
  userID: "string",
  name: "string",
  provider: "string",
  botSlug: "string",
  botId: "string",
  email: "string",
  phoneNumber: "string",
  extraData: "map",
} as const;

type Payload = Shaped<typeof connectShape>;

/** A connect as asked. */
export interface ConnectPayload {
  readonly userId: string;
  readonly connect: Connect;
}

/** Reads a body. The problem is the whole error text, prefix included. */
export function readConnect(body: Buffer, rules: readonly ExtraDataRule[]): Read<ConnectPayload> {
  const json = firstJsonValue(body);
  if (!json.ok) return invalid(json.problem);
  if (json.value === null) {
    return { ok: false, problem: "Error validating payload : validator: (nil *handlers.ChatPayload)" };
  }
  const read = readShape("ChatPayload", connectShape, json.value);
  if (!read.ok) return invalid(read.problem);
  const broken = brokenRules("ChatPayload", rulesOf(read.value));
  if (broken !== null) return { ok: false, problem: `Error validating payload : ${broken}` };
  const extraData = readExtraData(read.value.extraData ?? {}, rules);
  return extraData.ok ? { ok: true, value: toConnect(read.value, extraData.value) } : invalid(extraData.problem);
}

function invalid(problem: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem: `Invalid payload received : ${problem}` };
}

function rulesOf(payload: Payload): Parameters<typeof brokenRules>[1] {
  const { userID, name, provider, botSlug, botId, email, phoneNumber } = payload;
  return [
    required("UserID", userID),
    required("Name", name),
    required("Provider", provider),
    required("BotSlug", botSlug),
    required("BotId", botId),
    required("Email", email),
    // The original took any provider and failed later, after it had made a case.
    { field: "Provider", tag: "oneof", broken: provider !== "" && channelOf(provider) === "unknown" },
    atMost("UserID", userID, userIdBytes),
    atMost("Name", name, wordBytes),
    atMost("BotSlug", botSlug, wordBytes),
    atMost("BotId", botId, wordBytes),
    atMost("Email", email, wordBytes),
    atMost("PhoneNumber", phoneNumber, wordBytes),
  ];
}

function toConnect(payload: Payload, extraData: Connect["extraData"]): ConnectPayload {
  const { userID, name, provider, botSlug, botId, email, phoneNumber } = payload;
  return {
    userId: userID,
    connect: {
      name,
      channel: channelOf(provider),
      botSlug,
      botId,
      email,
      phoneNumber: phoneNumber === "" ? null : phoneNumber,
      extraData,
    },
  };
}

function channelOf(provider: string): Connect["channel"] {
  const name = provider.toLowerCase();
  return name === "whatsapp" || name === "facebook" ? name : "unknown";
}
