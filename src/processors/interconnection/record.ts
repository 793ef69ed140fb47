// A user's state as JSON text, as it stands in Redis and on the changelog. Owns the layout: the original's flat record
// (parity sheet section 6) and one key `bridge` with all that it lacked. Called by the turn, the fold and GET context.
import { isObject, parseJson } from "../json.ts";
import type { Command } from "./commands.ts";
import { rfc3339 } from "./calendar.ts";
import { nothingTold } from "./desk-repeats.ts";
import { entryShape, recordShape, stateShape } from "./record-shape.ts";
import { isOpen, wasNeverOpen, type ContextEntry, type Interconnection, type UserState } from "./state.ts";

/** Layout of `bridge`. A reader refuses a newer one: it would drop what it does not know. */
const recordVersion = 1;

/**
 * A net only: the owner forgets the user after 24 h, and this must not come before it does, also where nothing ran for hours. A record that has
 * gone by itself gets no tombstone, and would stay on the changelog.
 */
const endedLifeMs = 2 * 86_400_000;
/** Stands in a command for a value that the record holds at its top already. */
const sameAsChat = "chat";

/** A record read, or why it can't be. `foreign` is a record of the original service, which has no bridge. */
export type ParsedRecord =
  | { readonly kind: "state"; readonly userId: string; readonly client: string; readonly state: UserState }
  | {
      readonly kind: "bad";
      readonly problem: "not_json" | "foreign" | "newer_version" | "malformed";
      /** Field and rule, never a value. */
      readonly detail: string;
    };

/** The state as JSON text. Secrets are sealed before they get into a state. */
export function formatRecord(userId: string, client: string, state: UserState): string {
  const { interconnection: chat, pending, textsGiven, ...rest } = state;
  return JSON.stringify({
    client,
    userID: userId,
    ...sessionOf(chat),
    status: chat?.status ?? "NONE",
    ...personOf(chat),
    bridge: {
      version: recordVersion,
      chat: chat === null ? null : { ...withoutFlat(chat), ...idleIn(chat, rest.lastFact) },
      ...pendingIn(pending, chat),
      ...(textsGiven === undefined ? {} : { textsGiven: { ...textsGiven, ...asOf(chat, rest.lastSeq.desk) } }),
      ...rest,
    },
  });
}

function sessionOf(chat: Interconnection | null): object {
  const session = chat?.session ?? { id: "", key: "", route: "" };
  return { sessionID: session.id, sessionKey: session.key, affinityToken: session.route };
}

/** The original knew no null: what is not known is empty, and empty is read as not known. */
function personOf(chat: Interconnection | null): object {
  if (chat === null) return nobodysFields;
  return {
    timestamp: rfc3339(chat.requestedAt),
    provider: chat.channel,
    botSlug: chat.botSlug,
    botID: chat.botId,
    name: chat.name,
    email: chat.email,
    phoneNumber: chat.phoneNumber ?? "",
    caseID: chat.caseId ?? "",
    extraData: chat.extraData,
  };
}

const nobodysFields = {
  timestamp: "",
  provider: "",
  botSlug: "",
  botID: "",
  name: "",
  email: "",
  phoneNumber: "",
  caseID: "",
  extraData: {},
};

type Flat =
  "status" | "channel" | "name" | "email" | "phoneNumber" | "botSlug" | "botId" | "extraData" | "caseId" | "session";

function withoutFlat(chat: Interconnection): Omit<Interconnection, Flat> & { readonly session: unknown } {
  const { status: _1, channel: _2, name: _3, email: _4, phoneNumber: _5, botSlug: _6, botId: _7, ...others } = chat;
  const { extraData: _8, caseId: _9, session, ...own } = others;
  const { generation, pollTimeoutMs, numbered } = session ?? {};
  return { ...own, session: session === null ? null : { generation, pollTimeoutMs, numbered } };
}

/**
 * The version before this one keeps the clock of a silent user as it is, whatever the user or his agent does: it knows nothing of it.
 * But all that they do becomes a fact, and so the number of the last one tells whether the clock is of now.
 */
function idleIn(chat: Interconnection, lastFact: number): object {
  return chat.status === "ACTIVE" && chat.idle !== undefined ? { idle: { ...chat.idle, lastFact } } : {};
}

/** The version before this one keeps the count as it is, whatever it says to the agent; but each text is a command to the desk, which it numbers. */
function asOf(chat: Interconnection | null, deskSeq: number): object {
  return { chatId: chat?.chatId ?? "", deskSeq };
}

/** Of a count that is not of now nothing is known. */
function textsGivenOf({ textsGiven: given, chat, lastSeq }: StoredRecord["bridge"]): object {
  if (!isObject(given)) return {};
  const { chatId, deskSeq, ...textsGiven } = given;
  return chatId === (chat?.chatId ?? "") && deskSeq === lastSeq?.desk ? { textsGiven } : {};
}

/** One that is not of now stands still until an agent's next words: whether the user has answered meanwhile nobody knows. */
function idleOf(given: unknown, lastFact: unknown): object {
  if (!isObject(given)) return {};
  const { lastFact: asOf, ...idle } = given;
  return { idle: asOf === lastFact ? idle : { ...idle, since: null, isAwaited: false } };
}

/**
 * Reports to the desk stand apart, with their places among the others: the version before this one does not know of them, and could not
 * read a record that has them in `pending`.
 */
function pendingIn(pending: readonly Command[], chat: Interconnection | null): object {
  const reports = pending.flatMap((command, at) =>
    command.kind === "ReportToDesk" ? [{ at, command: shortened(command, chat) }] : [],
  );
  const others = pending.filter(({ kind }) => kind !== "ReportToDesk").map((command) => shortened(command, chat));
  return { pending: others, ...(reports.length === 0 ? {} : { reports }) };
}

/** Session and extra data of a command are those of its chat nearly always, and they are what is large in it. */
function shortened(command: Command, chat: Interconnection | null): unknown {
  if (chat === null) return command;
  const { session, extraData, ...others } = { session: undefined, extraData: undefined, ...command };
  return {
    ...others,
    ...(session === undefined ? {} : { session: sameSession(session, chat) ? sameAsChat : session }),
    ...(extraData === undefined ? {} : { extraData: extraData === chat.extraData ? sameAsChat : extraData }),
  };
}

function sameSession(a: NonNullable<Interconnection["session"]>, { session: b }: Interconnection): boolean {
  return (
    b !== null &&
    a.id === b.id &&
    a.key === b.key &&
    a.route === b.route &&
    a.generation === b.generation &&
    a.pollTimeoutMs === b.pollTimeoutMs &&
    a.numbered === b.numbered
  );
}

/** Reads what formatRecord wrote. Never throws; the state that it gives is complete, field by field. */
export function parseRecord(json: string): ParsedRecord {
  const parsed = parseJson(json);
  if (parsed === undefined) return { kind: "bad", problem: "not_json", detail: "the record is no JSON" };
  if (!isObject(parsed)) return { kind: "bad", problem: "malformed", detail: "the record is no object" };
  const { bridge } = parsed;
  if (bridge === undefined) return { kind: "bad", problem: "foreign", detail: "bridge is missing" };
  if (isObject(bridge) && typeof bridge["version"] === "number" && bridge["version"] > recordVersion)
    return { kind: "bad", problem: "newer_version", detail: "bridge.version is newer than this program" };
  const outer = recordShape(parsed, "");
  if (outer !== null) return { kind: "bad", problem: "malformed", detail: outer };
  // The shape has just been checked.
  const record = parsed as unknown as StoredRecord;
  const state = restored(record);
  const inner = stateShape(state, "");
  if (inner !== null) return { kind: "bad", problem: "malformed", detail: inner };
  return { kind: "state", userId: record.userID, client: record.client, state: state as UserState };
}

/** What of a report tells whether its session is known. */
interface StoredReport {
  readonly session?: unknown;
  readonly chatId?: unknown;
}

interface StoredRecord {
  readonly client: string;
  readonly userID: string;
  readonly sessionID: string;
  readonly sessionKey: string;
  readonly affinityToken: string;
  readonly status: string;
  readonly provider: string;
  readonly botSlug: string;
  readonly botID: string;
  readonly name: string;
  readonly email: string;
  readonly phoneNumber: string;
  readonly caseID: string;
  readonly extraData: object;
  readonly bridge: {
    readonly chat: null | { readonly session: object | null; readonly chatId?: unknown; readonly idle?: unknown };
    readonly lastFact?: unknown;
    readonly lastSeq?: { readonly desk?: unknown };
    readonly textsGiven?: unknown;
    readonly pending: readonly object[];
    readonly reports?: readonly { readonly at: number; readonly command: StoredReport }[];
  };
}

function restored(record: StoredRecord): object {
  const {
    version: _version,
    chat,
    pending,
    reports = [],
    textsGiven: _textsGiven,
    ...rest
  } = { version: undefined, ...record.bridge };
  const emptyIsNull = (text: string): string | null => (text === "" ? null : text);
  const { sessionID: id, sessionKey: key, affinityToken: route } = record;
  const { extraData } = { extraData: record.extraData, ...chat };
  // Records of before have sessions that are numbered. In the form for the original the sealed secrets, and extraData as we have it, stand in the bridge.
  const session = chat?.session ? numberedAsTold({ id, key, route, ...chat.session }) : null;
  // Records of 3.0.0 know nothing of repeats.
  const lacksTold = (record.status === "ON_HOLD" || record.status === "ACTIVE") && chat !== null && !("recent" in chat);
  const interconnection = chat && {
    ...chat,
    ...(lacksTold ? nothingTold : {}),
    ...idleOf(chat.idle, record.bridge.lastFact),
    status: record.status,
    channel: record.provider,
    botSlug: record.botSlug,
    botId: record.botID,
    name: record.name,
    email: record.email,
    phoneNumber: emptyIsNull(record.phoneNumber),
    caseId: emptyIsNull(record.caseID),
    extraData,
    session,
  };
  const all = reports
    .filter(({ command }) => hasSession(command, session === null ? null : chat))
    .reduce((before, { at, command }) => before.toSpliced(at, 0, command), [...pending]);
  const lengthened = all.map((command) => ({
    ...command,
    ...("session" in command ? { session: sessionIn(command.session, session) } : {}),
    ...("extraData" in command && command.extraData === sameAsChat ? { extraData } : {}),
  }));
  return { ...rest, ...textsGivenOf(record.bridge), interconnection, pending: lengthened };
}

/**
 * The version before this one keeps reports as they are, also when it has ended their chat or begun another: where one names the session
 * of its chat, that may not be there any more.
 */
function hasSession({ session, chatId }: StoredReport, chat: StoredRecord["bridge"]["chat"]): boolean {
  return isObject(session) || (session === sameAsChat && chat !== null && chatId === chat.chatId);
}

function sessionIn(given: unknown, ofChat: object | null): unknown {
  if (given === sameAsChat) return ofChat;
  return isObject(given) ? numberedAsTold(given) : given;
}

function numberedAsTold(session: object): object {
  return { ...session, numbered: "numbered" in session ? session.numbered : true };
}

/** An entry of the stored context; null when it is none. Never throws: one bad entry must not take the others with it. */
export function parseEntry(json: string): ContextEntry | null {
  const parsed = parseJson(json);
  // The shape has just been checked.
  return parsed !== undefined && entryShape(parsed, "") === null ? (parsed as ContextEntry) : null;
}

/**
 * Under which key the record stands: the original's, or our own while the chat is being opened, was never open or there is none (the
 * original service polls every open chat that it finds under its own, and has no record of a connect that was refused).
 */
export function homeOf({ interconnection }: UserState): "interconnection" | "connecting" {
  return wasNeverOpen(interconnection) || interconnection?.status === "CONNECTING" ? "connecting" : "interconnection";
}

/** True while anything is open or waited for: the owner then keeps the user in its index of live users. */
export function isLive(state: UserState): boolean {
  return isBusy(state) || state.due.length > 0;
}

/** Life of the stored record, milliseconds: none while anything but being forgotten is waited for. */
export function ttlOf(state: UserState): number | null {
  return isBusy(state) || state.due.some(({ kind }) => kind !== "forget") ? null : endedLifeMs;
}

function isBusy({ interconnection, pending, backlog, handBack }: UserState): boolean {
  return isOpen(interconnection) || pending.length > 0 || backlog.length > 0 || handBack !== null;
}
