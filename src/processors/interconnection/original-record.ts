// The records of the Go service that this one replaces (parity sheet, section 6): reads a chat that it has opened as a state of
// ours, and writes a record of ours so that it can be read there. Owns its field names and their meaning. Pure; called by clients/redis.
import { contextLifeMs } from "../lifetimes.ts";
import type { Sealer } from "../desk/port.ts";
import { isObject, parseJson, type JsonObject } from "../json.ts";
import { readRfc3339 } from "./calendar.ts";
import { nothingTold } from "./desk-repeats.ts";
import { adoptedChatId } from "../messages/ids.ts";
import type { Channel, Connect } from "../messages/generated.ts";
import { nobody, receivedAtOf, type ChatHead, type ContextEntry, type Due, type UserState } from "./state.ts";

/** The Go service kept nowhere what it had acknowledged; the desk is asked to go on behind what it has delivered. */
export const adoptedPosition = -1;
/** A chat taken over that turns out to be gone moves its user at the bot only when it was opened less long ago than this. */
export const adoptedForHandBackMs = 6 * 3_600_000;

/** What a chat is taken over with. */
export interface Adoption {
  readonly client: string;
  readonly sealer: Sealer;
  /** What was said lately, oldest first. */
  readonly history: readonly ContextEntry[];
  readonly acceptTimeoutMs: number | null;
  readonly chatMaxAgeMs: number;
  /** Epoch milliseconds; stands for times that the record does not tell. */
  readonly now: number;
}

interface OriginalRecord {
  readonly userId: string;
  readonly status: string;
  readonly head: Omit<ChatHead, "chatId" | "requestId">;
  readonly caseId: string;
  readonly sessionId: string;
  readonly sessionKey: string;
  readonly affinityToken: string;
}

const pollTimeoutMs = 40_000;
const bridgeBegin = '"bridge":{"version":';

/** True for a record that the Go service wrote last: it drops what it does not know, so there is no bridge. */
export function isOriginal(json: string): boolean {
  // As we write it; it spares nearly every record a second parse.
  if (json.includes(bridgeBegin)) return false;
  const record = recordIn(json);
  return record !== null && record["bridge"] === undefined;
}

/** True for a record of that user and CLIENT: the key of user `mx:1` of `a` is also that of user `1` of `a:mx`. */
export function isOf(json: string, { client, userId }: { readonly client: string; readonly userId: string }): boolean {
  const record = recordIn(json);
  return record !== null && record["client"] === client && record["userID"] === userId;
}

/** The state that a record of the Go service stands for; null when it is none of its records. Never throws. */
export function adoptedState(json: string, adoption: Adoption): UserState | null {
  const record = readOriginal(json, adoption.now);
  if (record === null) return null;
  const { client, sealer } = adoption;
  const { head, caseId, sessionId } = record;
  const chatId = adoptedChatId(client, sessionId);
  const owner = { userId: record.userId, chatId };
  const chat = {
    ...head,
    chatId,
    requestId: "",
    // The original kept it nowhere: facts tell none, and nothing else asks for it once the chat is open.
    contactId: "",
    caseId,
    session: {
      id: sessionId,
      key: sealer.seal(record.sessionKey, owner),
      route: sealer.seal(record.affinityToken, owner),
      generation: sealer.fingerprint(record.affinityToken),
      pollTimeoutMs,
      numbered: false,
    },
  };
  const begun = { position: adoptedPosition, resumeToken: null, postSequence: 0, waitingSince: head.requestedAt };
  const atDesk = { ...begun, ...nothingTold };
  switch (record.status) {
    case "ON_HOLD": {
      const before = ({ at, from }: ContextEntry): boolean => at <= head.requestedAt || from === "bot";
      const recent = adoption.history.filter((entry) => receivedAtOf(entry) > adoption.now - contextLifeMs);
      const context = recent.filter(before);
      const said = recent.filter((entry) => !before(entry));
      const waiting = { ...atDesk, context, said, queuePosition: null, waitTextGiven: true };
      return { ...nobody, interconnection: { ...chat, ...waiting, status: "ON_HOLD" }, due: dueOf(chat, adoption) };
    }
    case "ACTIVE": {
      const talking = { ...atDesk, acceptedAt: head.requestedAt, agentName: null };
      const due = dueOf(chat, { ...adoption, acceptTimeoutMs: null });
      return { ...nobody, interconnection: { ...chat, ...talking, status: "ACTIVE" }, due };
    }
    case "CLOSED":
    case "FAILED": {
      const over = { endedAt: head.requestedAt, lastPosition: adoptedPosition };
      const due: Due = { kind: "forget", chatId, at: head.requestedAt + contextLifeMs };
      return { ...nobody, interconnection: { ...chat, ...over, status: record.status }, due: [due] };
    }
    default:
      return null;
  }
}

function dueOf(
  { chatId, requestedAt }: Pick<ChatHead, "chatId" | "requestedAt">,
  { chatMaxAgeMs, acceptTimeoutMs }: Pick<Adoption, "chatMaxAgeMs" | "acceptTimeoutMs">,
): readonly Due[] {
  const tooOld: Due = { kind: "chat_too_old", chatId, at: requestedAt + chatMaxAgeMs };
  if (acceptTimeoutMs === null) return [tooOld];
  return [tooOld, { kind: "accept_limit", chatId, at: requestedAt + acceptTimeoutMs }];
}

function readOriginal(json: string, now: number): OriginalRecord | null {
  const record = recordIn(json);
  if (record === null) return null;
  const text = (name: string): string => {
    const value = record[name];
    return typeof value === "string" ? value : "";
  };
  const userId = text("userID");
  if (userId === "" || record["bridge"] !== undefined) return null;
  const requestedAt = readRfc3339(text("timestamp")) ?? 0;
  const phoneNumber = text("phoneNumber");
  const { extraData } = record;
  return {
    userId,
    status: text("status"),
    head: {
      channel: channelOf(text("provider")),
      name: text("name"),
      email: text("email"),
      phoneNumber: phoneNumber === "" ? null : phoneNumber,
      botSlug: text("botSlug"),
      botId: text("botID"),
      extraData: typeof extraData === "object" && extraData !== null ? extraValues(extraData) : {},
      // Go writes year 1 for a time that was never set.
      requestedAt: requestedAt > 0 ? requestedAt : now,
    },
    caseId: text("caseID"),
    sessionId: text("sessionID"),
    sessionKey: text("sessionKey"),
    affinityToken: text("affinityToken"),
  };
}

function channelOf(provider: string): Channel {
  return provider === "whatsapp" || provider === "facebook" ? provider : "unknown";
}

function extraValues(given: object): Connect["extraData"] {
  const values = Object.entries(given).map(([key, value]: [string, unknown]) => [
    key,
    typeof value === "object" && value !== null ? { json: JSON.stringify(value) } : value,
  ]);
  return Object.fromEntries(values) as Connect["extraData"];
}

/**
 * A record of ours so that the Go service can read it: session key and affinity token in the clear where it looks for them, the sealed
 * ones in the bridge, where we do, and so the values of extraData. A record without a session, or with one that can't be opened, stays as it is.
 */
export function forOriginal(json: string, sealer: Pick<Sealer, "unseal">): string {
  const record = recordIn(json);
  const place = record === null ? null : sessionOf(record);
  if (record === null || place === null) return json;
  const owner = { userId: String(record["userID"]), chatId: place.chatId };
  const [key, route] = [String(record["sessionKey"]), String(record["affinityToken"])];
  const plain = { sessionKey: sealer.unseal(key, owner), affinityToken: sealer.unseal(route, owner) };
  if (plain.sessionKey === null || plain.affinityToken === null) return json;
  const extraData = originalValues(record["extraData"]);
  const chat = { ...place.chat, extraData: record["extraData"], session: { ...place.session, key, route } };
  return JSON.stringify({ ...record, ...plain, extraData, bridge: { ...place.bridge, chat } });
}

/** Lists and objects as the Go service has them; as we write them they would be nested once more with each way there and back. */
function originalValues(given: unknown): unknown {
  if (!isObject(given)) return given;
  const values = Object.entries(given).map(([key, value]) => {
    const json = isObject(value) ? value["json"] : undefined;
    return [key, typeof json === "string" ? (parseJson(json) ?? value) : value] as const;
  });
  return Object.fromEntries(values);
}

/** True for a record of ours whose secrets stand in the clear, because it was written by `forOriginal`. */
export function isForOriginal(json: string): boolean {
  const record = recordIn(json);
  const place = record === null ? null : sessionOf(record);
  return place?.session["key"] !== undefined;
}

/** True for a record of ours that has a session. */
export function hasSession(json: string): boolean {
  const record = recordIn(json);
  return record !== null && sessionOf(record) !== null;
}

function sessionOf(record: JsonObject): {
  readonly bridge: JsonObject;
  readonly chat: JsonObject;
  readonly session: JsonObject;
  readonly chatId: string;
} | null {
  const { bridge } = record;
  if (!isObject(bridge)) return null;
  const { chat } = bridge;
  if (!isObject(chat)) return null;
  const { session, chatId } = chat;
  return isObject(session) && typeof chatId === "string" ? { bridge, chat, session, chatId } : null;
}

function recordIn(json: string): JsonObject | null {
  const value = parseJson(json);
  return isObject(value) ? value : null;
}
