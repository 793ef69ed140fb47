// What becomes of a request: connect, finish, and the operator's. Owns who is refused and why, and that a repeat of a
// request gets its first outcome again and does nothing.
import type { ChatRequest, Connect, Tagged } from "../messages/generated.ts";
import { answer, change, nextId, type Draft } from "./draft.ts";
import { endChat, failOpening, refuse, type End } from "./ending.ts";
import { decideErasure } from "./erasure.ts";
import { reasonOfReply, tell } from "./facts.ts";
import { botStateOf, handBack, supersede } from "./hand-back.ts";
import { destinationOf, headOf, startOpening } from "./opening.ts";
import { isOpen, wasNeverOpen, type ChatHead, type Failed, type Interconnection, type Reply } from "./state.ts";

/** Without an id a repeat can't be told from another request, and nobody could learn what became of it. */
const noId = "requestId is empty";

/** Decides one request. */
export function decideRequest(draft: Draft, request: ChatRequest): void {
  const { requestId, body } = request;
  const known = draft.state.outcomes.find((outcome) => outcome.requestId === requestId);
  if (known !== undefined) {
    draft.replies.push(known);
    return;
  }
  const present = draft.state.interconnection;
  // A repeat of the connect that is being carried out: its outcome is on its way to whoever waits under this id.
  if (present?.status === "CONNECTING" && present.requestId === requestId) return;
  switch (body.type) {
    case "Connect":
      connect(draft, request, body);
      return;
    case "Finish":
      if (requestId === "") turnDown(draft, requestId, "invalid_request", noId);
      else end(draft, request, "finish");
      return;
    case "OperatorRequest":
      if (requestId === "") turnDown(draft, requestId, "invalid_request", noId);
      else if (body.action === "end_chat") end(draft, request, "operator");
      else if (body.action === "erase_user") decideErasure(draft, request);
      else if (body.action === "rewrite") operatorDone(draft, requestId, null);
      else turnDown(draft, requestId, "invalid_request", "unknown action");
  }
}

function connect(draft: Draft, request: ChatRequest, body: Tagged<"Connect", Connect>): void {
  const { requestId, expiresAt } = request;
  if (isOpen(draft.state.interconnection)) {
    tell(draft, null, "requested", { requestId });
    turnDown(draft, requestId, "chat_open", null);
    return;
  }
  // Who asked in a record that was replayed has long gone, unless it says itself until when it holds.
  const expired = expiresAt === null ? draft.input.late : draft.input.now > expiresAt;
  const fault = requestId === "" ? noId : faultOf(body);
  if (draft.input.late && expired && isSince(draft.state.interconnection, request)) {
    tell(draft, null, "requested", { requestId });
    turnDown(draft, requestId, "expired", null);
    return;
  }
  // Without a channel or the bot's name there is nobody to hand the user back to: then the request makes no chat.
  if (fault !== null && botStateOf(draft, body, "timeout") === null) {
    tell(draft, null, "requested", { requestId });
    turnDown(draft, requestId, "invalid_request", fault);
    return;
  }
  supersede(draft);
  const head = headOf(draft, nextId(draft, "chat"), requestId, body);
  makeRoom(draft);
  const to = fault ?? destinationOf(draft.settings, head);
  if (expired) turnAway(draft, head, "expired", null);
  else if (typeof to === "string") turnAway(draft, head, "invalid_request", to);
  else startOpening(draft, head);
}

/** The user has had a chat since: what a replayed request wanted of his state is settled. */
function isSince(chat: Interconnection | null, { occurredAt }: ChatRequest): boolean {
  return chat !== null && chat.requestedAt > occurredAt;
}

/** Field and rule that a connect breaks, without its value; null when it breaks none. */
function faultOf(connect: Connect): string | null {
  if (connect.channel === "unknown") return "channel is unknown";
  for (const field of ["name", "botSlug", "botId", "email"] as const)
    if (connect[field] === "") return `${field} is empty`;
  return null;
}

/** The chat that was keeps what its open commands need; counters start anew. */
function makeRoom(draft: Draft): void {
  const { interconnection, pending, lastSeq, lastFact, earlier } = draft.state;
  const rest = {
    lastSeq: { desk: 0, channel: 0 },
    textsGiven: { count: 0, last: "" },
    lastFact: 0,
    taken: [],
    overflowTold: [],
  };
  const open = interconnection !== null && pending.some(({ chatId }) => chatId === interconnection.chatId);
  if (!open) {
    change(draft, rest);
    return;
  }
  const { chatId, requestId, channel, contactId, caseId } = interconnection;
  change(draft, {
    ...rest,
    earlier: [...earlier, { chatId, requestId, channel, contactId, caseId, lastSeq, lastFact }],
  });
}

/** A connect that is refused before its first step: the user goes back to the bot, which waits for an agent. */
function turnAway(draft: Draft, head: ChatHead, reason: "expired" | "invalid_request", detail: string | null): void {
  const endedAt = draft.input.record.occurredAt;
  const over: Failed = { ...head, status: "FAILED", endedAt, lastPosition: -1, neverOpen: true, ...nothingMade };
  change(draft, { interconnection: over });
  tell(draft, over, "requested", { requestId: head.requestId });
  refuse(draft, over, { reply: reason, reason, detail });
  handBack(draft, over, "timeout");
}

const nothingMade = { contactId: null, caseId: null, session: null };

/** Refuses a request that concerns no chat. */
function turnDown(draft: Draft, requestId: string, reason: Reply["reason"], detail: string | null): void {
  tell(draft, null, "refused", { requestId, reason: reasonOfReply(reason), detail });
  answer(draft, requestId, { outcome: "refused", reason, chatId: null, detail });
}

function end(draft: Draft, request: ChatRequest, by: "finish" | "operator"): void {
  const { requestId } = request;
  const chat = draft.state.interconnection;
  // A replayed end means the chat of its time, not one that was opened since.
  const another = draft.input.late && isSince(chat, request);
  if (!isOpen(chat) || another) {
    turnDown(draft, requestId, wasNeverOpen(chat) ? "never_connected" : "no_chat", null);
    return;
  }
  const handBackKind = by === "finish" ? "success" : "timeout";
  if (chat.status === "CONNECTING") {
    const detail = "ended before it was open";
    failOpening(draft, chat, { reply: "chat_request_failed", reason: by, detail }, handBackKind);
  } else {
    const how: End = { status: "CLOSED", reason: by, detail: null, desk: "open", handBack: handBackKind };
    endChat(draft, chat, { ...how, requestId });
  }
  if (by === "operator") {
    operatorDone(draft, requestId, chat.chatId);
    return;
  }
  tell(draft, draft.state.interconnection, "finish_done", { requestId });
  answer(draft, requestId, { outcome: "done", reason: "chat_finished", chatId: chat.chatId, detail: null });
}

/** Also the outcome of a rewrite, which changes nothing but this record of it. */
function operatorDone(draft: Draft, requestId: string, chatId: string | null): void {
  tell(draft, chatId === null ? null : draft.state.interconnection, "operator_done", { requestId });
  answer(draft, requestId, { outcome: "done", reason: "operator_done", chatId, detail: null });
  change(draft, {});
}
