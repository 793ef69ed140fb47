// What becomes of the result of a command: the next step of an opening, a fact, a notice, a dead letter. Owns that a result
// counts once (the command leaves `pending`), and that what comes too late for its chat is cleaned up.
import type { CommandOutcome, CommandResult } from "../messages/generated.ts";
import { unreachable } from "../unreachable.ts";
import { change, chatOf, type ChatRef, type Draft } from "./draft.ts";
import { failOpening } from "./ending.ts";
import { reasonOfFailure, tell } from "./facts.ts";
import { notHandedBack } from "./hand-back.ts";
import { fileDone } from "./files.ts";
import { agentHeard } from "./idle-user.ts";
import { giveEndChat, notifyAgent, notifyUser, refill } from "./lanes.ts";
import { caseClosed, doubtCase, giveCloseCase, keepCase } from "./loose-case.ts";
import { caseReady, chatRequested, contactReady, sessionOpened } from "./opening.ts";
import type {
  Command,
  EnsureCase,
  EnsureContact,
  HandBack,
  OpenSession,
  RequestChat,
  SayToAgent,
  SayToUser,
} from "./commands.ts";
import type { Connecting } from "./state.ts";

type Step = EnsureContact | EnsureCase | OpenSession | RequestChat;
/** How a command failed, with the other side's words. */
interface Failure {
  readonly outcome: Exclude<CommandOutcome, "done">;
  readonly reason: string | null;
  readonly attempts: number;
}

function failureOf({ outcome, reason, attempts }: CommandResult): Failure | null {
  return outcome === "done" ? null : { outcome, reason, attempts };
}

/** Decides one result. One that no pending command waits for is a repeat and does nothing. */
export function decideResult(draft: Draft, chatId: string, result: CommandResult): void {
  const command = draft.state.pending.find(
    (each) => each.chatId === chatId && each.lane === result.lane && each.seq === result.seq,
  );
  if (command === undefined) return;
  change(draft, { pending: draft.state.pending.filter((each) => each !== command) });
  recordPost(draft, chatId, result);
  const chat = chatOf(draft.state, chatId);
  if (chat !== null) ended(draft, chat, command, result);
  refill(draft);
}

/**
 * A number told in this generation of the session is right; one told before numbers began anew (0 here) says nothing. Of any other the higher
 * one is kept: a number too high is told by the desk, and what is posted under one too low is dropped there without a word.
 */
function recordPost(draft: Draft, chatId: string, { postSequence: told, generation }: CommandResult): void {
  const chat = draft.state.interconnection;
  if (told === null || chat?.chatId !== chatId || !("postSequence" in chat)) return;
  const isOfNow = generation === chat.session?.generation;
  if (!isOfNow && generation !== null && chat.postSequence === 0) return;
  change(draft, { interconnection: { ...chat, postSequence: isOfNow ? told : Math.max(told, chat.postSequence) } });
}

function ended(draft: Draft, chat: ChatRef, command: Command, result: CommandResult): void {
  const failure = failureOf(result);
  switch (command.kind) {
    case "EnsureContact":
    case "EnsureCase":
    case "OpenSession":
    case "RequestChat":
      step(draft, chat, command, result);
      return;
    case "CloseCase":
      if (failure !== null) undeliverable(draft, command, failure, null);
      else if (result.data?.type === "CaseClosed") caseClosed(draft, chat, command.caseId, result.data);
      return;
    case "SayToAgent":
    case "SayToUser":
      if (failure !== null) notTold(draft, chat, command, failure);
      else told(draft, command);
      return;
    case "ReportToDesk":
      // For the desk's own statistics: the lane has logged and counted it, and no person can do better.
      return;
    case "AttachFile":
      fileDone(draft, chat, command, result);
      return;
    case "EndChat":
      // The agent may still sit before an open chat: somebody must look (defect D14).
      if (failure !== null) undeliverable(draft, command, failure, null);
      return;
    case "HandBack":
      handBackDone(draft, chat, command, failure);
      return;
    default:
      unreachable(command);
  }
}

function handBackDone(draft: Draft, chat: ChatRef, { botState }: HandBack, failure: Failure | null): void {
  if (failure === null) {
    const detail = draft.settings.hasBotPlatform ? null : "no bot platform is set";
    tell(draft, chat, "handed_back", { botState, detail });
    return;
  }
  const { outcome, reason: detail, attempts } = failure;
  notHandedBack(draft, chat, { reason: reasonOfFailure(outcome), detail: detail ?? outcome, attempts, botState });
}

function step(draft: Draft, chat: ChatRef, command: Step, result: CommandResult): void {
  if (command.kind === "EnsureCase") doubtCase(draft, command, result);
  const present = draft.state.interconnection;
  if (present?.status !== "CONNECTING" || present.chatId !== command.chatId) {
    late(draft, chat, command, result);
    return;
  }
  const failure = failureOf(result);
  if (failure !== null) stepFailed(draft, present, command, failure);
  else if (!stepDone(draft, present, command, result))
    stepFailed(draft, present, command, { ...result, outcome: "broken", reason: "the result has no data" });
}

/** False when the result lacks what the step was to bring. */
function stepDone(draft: Draft, chat: Connecting, command: Step, { data }: CommandResult): boolean {
  switch (command.kind) {
    case "EnsureContact":
      if (data?.type !== "ContactReady") return false;
      contactReady(draft, chat, data);
      return true;
    case "EnsureCase":
      if (data?.type !== "CaseReady") return false;
      caseReady(draft, chat, data);
      return true;
    case "OpenSession":
      if (data?.type !== "SessionOpened") return false;
      sessionOpened(draft, chat, data.session);
      return true;
    case "RequestChat":
      chatRequested(draft, chat);
      return true;
  }
}

function stepFailed(draft: Draft, chat: Connecting, { kind }: Step, { outcome, reason }: Failure): void {
  const why = whyOf(kind);
  failOpening(draft, chat, { reply: why, reason: why, detail: reason ?? outcome }, "timeout");
}

function whyOf(kind: Step["kind"]): "contact_failed" | "case_failed" | "session_failed" | "chat_request_failed" {
  switch (kind) {
    case "EnsureContact":
      return "contact_failed";
    case "EnsureCase":
      return "case_failed";
    case "OpenSession":
      return "session_failed";
    case "RequestChat":
      return "chat_request_failed";
  }
}

/**
 * The chat was refused meanwhile. A case waits for the next connect; a session is ended, for nobody will speak in it. A chat
 * request needs nothing: the end of its session is behind it in the lane.
 */
function late(draft: Draft, chat: ChatRef, command: Step, { outcome, data }: CommandResult): void {
  if (outcome !== "done" || data === null) return;
  if (data.type === "SessionOpened") giveEndChat(draft, chat, data.session);
  if (data.type !== "CaseReady" || command.kind !== "EnsureCase") return;
  // It was kept before, and still is.
  if (data.caseId === draft.state.looseCase?.caseId) return;
  if (draft.state.looseCase === null) keepCase(draft, chat, { caseId: data.caseId, contactId: command.contactId });
  else giveCloseCase(draft, chat, data.caseId);
}

/** From when on the agent waits for an answer. */
function told(draft: Draft, { kind, about, chatId }: SayToAgent | SayToUser): void {
  if (kind === "SayToUser" && about === "message") agentHeard(draft, chatId);
}

/** A text that its receiver did not get: fact, dead letter, and a notice to its sender. A notice of ours gets no notice. */
function notTold(draft: Draft, chat: ChatRef, command: SayToAgent | SayToUser, failure: Failure): void {
  const { outcome, reason: detail } = failure;
  const over = draft.state.interconnection?.chatId !== chat.chatId || draft.state.interconnection.status !== "ACTIVE";
  const gone = over && command.kind === "SayToAgent";
  const reason = gone ? "chat_over" : reasonOfFailure(outcome);
  const ids = command.kind === "SayToUser" ? [command.messageId] : command.messageIds;
  const about = command.about === "message" ? detail : `${command.about}: ${detail ?? outcome}`;
  for (const messageId of ids.length === 0 ? [null] : ids) {
    tell(draft, chat, "message_failed", { reason, messageId, textChars: command.text.length, detail: about });
  }
  undeliverable(draft, command, failure, command.text);
  if (!isOfSender(command) || wasTold(draft, command)) return;
  const present = draft.state.interconnection;
  const { notToldToAgent, notToldToUser } = draft.settings.texts;
  if (command.kind === "SayToUser") {
    if (present?.chatId === command.chatId) notifyAgent(draft, notToldToUser);
  } else if (present !== null) notifyUser(draft, present, notToldToAgent);
}

/** Whether it holds words of somebody who is to hear that they did not arrive: not our notices, our welcome, the talk with the bot. */
function isOfSender({ about, ...command }: SayToAgent | SayToUser): boolean {
  return about === "message" || (about === "context" && "hasUserWords" in command && command.hasUserWords);
}

/** Whether another piece of it has failed before; from now on it has. */
function wasTold(draft: Draft, command: SayToAgent | SayToUser): boolean {
  const { lane, chatId, seq } = command;
  const own = `${chatId}/${String(seq)}`;
  const ofAgent = (text: SayToUser): string => text.pieceOf ?? text.messageId;
  const ofUser = ({ about, messageIds }: SayToAgent): string => (about === "context" ? chatId : (messageIds[0] ?? own));
  const whole = command.kind === "SayToUser" ? ofAgent(command) : ofUser(command);
  const { failureTold = {} } = draft.state;
  if (failureTold[lane] === whole) return true;
  change(draft, { failureTold: { ...failureTold, [lane]: whole } });
  return false;
}

function undeliverable(
  draft: Draft,
  { chatId, kind }: Command,
  { outcome, reason, attempts }: Failure,
  text: string | null,
): void {
  const detail = `${kind} ${outcome}: ${reason ?? "no reason given"}`;
  draft.deadLetters.push({ reason: "undeliverable", detail, chatId, text, attempts });
}
