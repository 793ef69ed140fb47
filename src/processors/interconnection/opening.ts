// Opening a chat, step by step: contact, case, session, chat request, each a command whose result brings the next. Owns the
// order of the steps and what each needs; how an opening fails is in ending.ts. Called by requests.ts and command-results.ts.
import { contextLifeMs } from "../lifetimes.ts";
import type { CaseReady, Connect, ContactReady, DeskSession } from "../messages/generated.ts";
import { nothingTold } from "./desk-repeats.ts";
import { answer, change, type Draft } from "./draft.ts";
import { failOpening, headOfChat } from "./ending.ts";
import { tell } from "./facts.ts";
import { give, hurry } from "./lanes.ts";
import { caseFound, doubtOf, keptCase } from "./loose-case.ts";
import type { DecideSettings } from "./settings.ts";
import { receivedAtOf, type ChatHead, type Connecting, type ContextEntry, type Due, type OnHold } from "./state.ts";
import { caseDescription } from "./texts.ts";

/** Where a chat goes and what its case is called. */
export interface Destination {
  readonly subject: string;
  readonly description: string;
  readonly buttonId: string;
  readonly ownerId: string | null;
}

/**
 * Source flow (parity sheet 3.5): the flow that extraData names, else `default`. A string tells what is wrong instead:
 * a value that is no text, or a flow without subject or button; the original crashed or failed half way (defect C5).
 */
export function destinationOf(
  settings: DecideSettings,
  { channel, extraData }: Pick<ChatHead, "channel" | "extraData">,
): Destination | string {
  const named = own(extraData, settings.sourceFlowField);
  if (named !== undefined && typeof named !== "string") return `extraData.${settings.sourceFlowField} must be text`;
  const described = own(extraData, "description");
  if (described !== undefined && typeof described !== "string") return "extraData.description must be text";
  if (described === "") return "extraData.description is empty";
  const flow =
    (named === undefined ? undefined : own(settings.sourceFlows, named)) ?? own(settings.sourceFlows, "default");
  const provider = flow === undefined ? undefined : own(flow.providers, channel);
  if (flow === undefined || flow.subject === "") return "no subject is configured for the source flow";
  if (provider === undefined || provider.buttonId === "")
    return "no button is configured for the source flow and channel";
  const { buttonId, ownerId } = provider;
  const description = described ?? caseDescription(settings.texts, flow.subject);
  return { subject: flow.subject, description, buttonId, ownerId: ownerId === "" ? null : ownerId };
}

function own<Value>(record: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/**
 * Phone prefix removal (parity sheet 3.2): of a number longer than 10 bytes, the first code that it starts with and that
 * leaves at least 10 characters. One code at most.
 */
export function withoutPrefix(phoneNumber: string, codes: readonly string[]): string {
  if (Buffer.byteLength(phoneNumber) <= 10) return phoneNumber;
  const code = codes.find((each) => phoneNumber.startsWith(each) && phoneNumber.length - each.length >= 10);
  return code === undefined ? phoneNumber : phoneNumber.slice(code.length);
}

/** What a connect says of the chat. */
export function headOf(draft: Draft, chatId: string, requestId: string, connect: Connect): ChatHead {
  const { name, email, channel, botSlug, botId, extraData } = connect;
  const phone = connect.phoneNumber === "" ? null : connect.phoneNumber;
  const phoneNumber = phone === null ? null : withoutPrefix(phone, draft.settings.phonePrefixes);
  const requestedAt = draft.input.record.occurredAt;
  return { chatId, requestId, channel, name, email, phoneNumber, botSlug, botId, extraData, requestedAt };
}

/** The connect is accepted: the first step. The caller has made room for the new chat. */
export function startOpening(draft: Draft, head: ChatHead): void {
  const openBy = draft.input.now + draft.settings.openBudgetMs;
  leaveEarlier(draft);
  const chat: Connecting = {
    ...head,
    status: "CONNECTING",
    openBy,
    contactId: null,
    caseId: null,
    session: null,
    postSequence: 0,
    context: recentContext(draft),
    said: [],
  };
  const due: Due = { kind: "opening_limit", chatId: head.chatId, at: openBy };
  change(draft, { interconnection: chat, due: [...draft.state.due, due] });
  tell(draft, chat, "requested", { requestId: chat.requestId });
  const { name, email, phoneNumber, extraData, channel } = head;
  give(draft, chat, {
    lane: "desk",
    kind: "EnsureContact",
    name,
    email,
    phoneNumber,
    extraData,
    channel,
    giveUpAt: openBy,
  });
}

/** Files and last words of chats before the last one get no further try: else they could pile up without a bound. Their ends do. */
function leaveEarlier(draft: Draft): void {
  const last = draft.state.interconnection?.chatId;
  hurry(draft, ({ kind, chatId }) => chatId !== last && (kind === "AttachFile" || kind === "SayToAgent"), 0);
}

/** Context received in the last 24 h within its bounds, the newest kept, in the order in which it was written. */
function recentContext({ memory, input, settings }: Draft): ContextEntry[] {
  const { contextEntries, contextBytes } = settings.limits;
  const from = input.now - contextLifeMs;
  const recent = memory.history.filter((entry) => receivedAtOf(entry) > from).sort((a, b) => a.at - b.at);
  let bytes = 0;
  const kept = recent.slice(-contextEntries).reverse();
  const end = kept.findIndex((entry) => (bytes += entryBytes(entry)) > contextBytes);
  // The last words stay whatever their length: they are mostly what the agent is wanted for.
  return (end < 0 ? kept : kept.slice(0, Math.max(1, end))).reverse();
}

/** Size of what an entry says, UTF-8. */
export function entryBytes({ text, media }: ContextEntry): number {
  return Buffer.byteLength(text ?? "") + Buffer.byteLength(media?.url ?? "") + Buffer.byteLength(media?.caption ?? "");
}

/** Second step. */
export function contactReady(draft: Draft, before: Connecting, { contactId, created, blocked }: ContactReady): void {
  const chat = { ...before, contactId };
  change(draft, { interconnection: chat });
  tell(draft, chat, created ? "contact_created" : "contact_found", { requestId: chat.requestId });
  if (blocked) {
    const why = { reply: "contact_blocked", reason: "contact_blocked", detail: null } as const;
    failOpening(draft, chat, why, "blocked");
    return;
  }
  const to = destinationOf(draft.settings, chat);
  if (typeof to === "string") {
    failOpening(draft, chat, { reply: "case_failed", reason: "case_failed", detail: to }, "timeout");
    return;
  }
  const { subject, description, ownerId } = to;
  const { channel, extraData, openBy: giveUpAt } = chat;
  const doubt = doubtOf(draft, { contactId, channel, subject });
  const looked = doubt === null ? { notBefore: draft.input.now } : { ...doubt, mayExist: true };
  const kept = keptCase(draft, contactId);
  const details = { contactId, channel, subject, description, ownerId, extraData, ...looked };
  give(draft, chat, { lane: "desk", kind: "EnsureCase", ...details, ...(kept === null ? {} : { kept }), giveUpAt });
}

/** Third step. */
export function caseReady(draft: Draft, before: Connecting, { caseId, created }: CaseReady): void {
  const chat = { ...before, caseId };
  change(draft, { interconnection: chat });
  caseFound(draft, chat);
  if (created) tell(draft, chat, "case_created", { requestId: chat.requestId });
  openSession(draft, chat);
}

function openSession(draft: Draft, chat: Connecting): void {
  change(draft, { interconnection: chat });
  give(draft, chat, { lane: "desk", kind: "OpenSession", visitorName: chat.name, giveUpAt: chat.openBy });
}

/**
 * The desk has moved to another server before an agent took the chat: a new session for the same case. The user goes on
 * waiting; history and what he says meanwhile are kept.
 */
export function openAnew(draft: Draft, before: OnHold): void {
  const { contactId, caseId, context, said, waitTextGiven } = before;
  const openBy = draft.input.now + draft.settings.openBudgetMs;
  const made = { contactId, caseId, session: null, postSequence: 0, context, said, waitTextGiven };
  const chat: Connecting = { ...headOfChat(before), ...made, status: "CONNECTING", openBy, isMoved: true };
  const others = draft.state.due.filter(({ kind }) => kind !== "chat_too_old" && kind !== "accept_limit");
  change(draft, { due: [...others, { kind: "opening_limit", chatId: chat.chatId, at: openBy }] });
  openSession(draft, chat);
}

/** Fourth step: the session is in the state before the chat is requested in it. */
export function sessionOpened(draft: Draft, before: Connecting, session: DeskSession): void {
  const chat = { ...before, session };
  change(draft, { interconnection: chat });
  const to = destinationOf(draft.settings, chat);
  const { contactId, caseId, name: visitorName, openBy: giveUpAt } = chat;
  if (typeof to === "string" || contactId === null || caseId === null) {
    const detail = typeof to === "string" ? to : "contact or case is not known";
    failOpening(draft, chat, { reply: "chat_request_failed", reason: "chat_request_failed", detail }, "timeout");
    return;
  }
  const { buttonId } = to;
  const details = { session, buttonId, visitorName, contactId, caseId };
  give(draft, chat, { lane: "desk", kind: "RequestChat", ...details, giveUpAt });
}

/** The user waits for an agent from now on, where the chat's wait is bounded; one that waits already goes on to wait. */
export function beginAcceptLimit(draft: Draft, chatId: string): void {
  const { acceptTimeoutMs } = draft.settings;
  const { due } = draft.state;
  if (acceptTimeoutMs === null || due.some(({ kind }) => kind === "accept_limit")) return;
  change(draft, { due: [...due, { kind: "accept_limit", chatId, at: draft.input.now + acceptTimeoutMs }] });
}

/** An agent has the user. */
export function endAcceptLimit(draft: Draft): void {
  const others = draft.state.due.filter(({ kind }) => kind !== "accept_limit");
  if (others.length < draft.state.due.length) change(draft, { due: others });
}

/** The chat is created: the user waits in the desk's queue. */
export function chatRequested(draft: Draft, before: Connecting): void {
  const { openBy: _openBy, contactId, caseId, session, ...rest } = before;
  if (contactId === null || caseId === null || session === null) {
    const detail = "contact, case or session is not known";
    failOpening(draft, before, { reply: "chat_request_failed", reason: "chat_request_failed", detail }, "timeout");
    return;
  }
  const { now } = draft.input;
  const { chatMaxAgeMs } = draft.settings;
  const { chatId } = before;
  const chat: OnHold = {
    ...rest,
    status: "ON_HOLD",
    contactId,
    caseId,
    session,
    position: -1,
    resumeToken: null,
    ...nothingTold,
    waitingSince: draft.input.record.occurredAt,
    queuePosition: null,
    waitTextGiven: before.waitTextGiven === true,
  };
  const tooOld: Due = { kind: "chat_too_old", chatId, at: now + chatMaxAgeMs };
  const others = draft.state.due.filter((due) => due.kind !== "opening_limit");
  change(draft, { interconnection: chat, due: [...others, tooOld] });
  beginAcceptLimit(draft, chatId);
  if (chat.isMoved === true) {
    tell(draft, chat, "waiting", { detail: "server_switched" });
    return;
  }
  tell(draft, chat, "waiting", { requestId: chat.requestId });
  answer(draft, chat.requestId, { outcome: "done", reason: "chat_created", chatId, detail: null });
}
