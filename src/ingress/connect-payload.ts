// The body of a connect, and how it becomes the Connect of a record: fields and sentences of the original, our bounds, and
// extraData with nested values kept as their JSON. Pure.
import type { Connect } from "../processors/messages/generated.ts";
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
export function readConnect(body: Buffer): Read<ConnectPayload> {
  const json = firstJsonValue(body);
  if (!json.ok) return invalid(json.problem);
  if (json.value === null) {
    return { ok: false, problem: "Error validating payload : validator: (nil *handlers.ChatPayload)" };
  }
  const read = readShape("ChatPayload", connectShape, json.value);
  if (!read.ok) return invalid(read.problem);
  const broken = brokenRules("ChatPayload", rulesOf(read.value));
  if (broken !== null) return { ok: false, problem: `Error validating payload : ${broken}` };
  const extraData = readExtraData(read.value.extraData ?? {});
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

/** Each may become a field in Salesforce, which has at most 800 of them in an object. */
const mostExtraValues = 1_000;

type ExtraValue = Connect["extraData"][string];

function readExtraData(given: Readonly<Record<string, unknown>>): Read<Connect["extraData"]> {
  const entries: [string, ExtraValue][] = [];
  if (Object.keys(given).length > mostExtraValues)
    return { ok: false, problem: `extraData: more than ${mostExtraValues.toString()} values` };
  for (const [key, value] of Object.entries(given)) {
    // Behind us it would be a key like others only as long as nobody assigns it.
    if (key === "__proto__") return { ok: false, problem: "extraData: key __proto__ is not allowed" };
    if (!isWritable(value))
      return { ok: false, problem: "extraData: a value is nested too deep, or a number too large" };
    entries.push([key.toWellFormed(), extraValue(value)]);
  }
  return { ok: true, value: Object.fromEntries(entries) };
}

function extraValue(value: unknown): ExtraValue {
  if (typeof value === "string") return value.toWellFormed();
  if (typeof value === "number" || typeof value === "boolean" || value === null) return value;
  return { json: JSON.stringify(value) };
}

const deepest = 64;

// Without recursion: a body of 1 MiB can nest deeper than the stack, and writing it back as JSON would recurse.
function isWritable(value: unknown): boolean {
  const open: { value: unknown; depth: number }[] = [{ value, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next.value === "number" && !Number.isFinite(next.value)) return false;
    if (typeof next.value !== "object" || next.value === null) continue;
    if (next.depth >= deepest) return false;
    for (const entry of Object.values(next.value) as unknown[]) open.push({ value: entry, depth: next.depth + 1 });
  }
  return true;
}
