// Live Agent's events as events of the desk: the only place that knows their names. Pure and total: unknown types, missing
// keys, numbers written as texts and odd shapes come out as `other` or null, never as an error (Live Agent fact sheet,
// section 8). Used by poll.ts.
import { textMark } from "../../../processors/desk/text-mark.ts";
import type { DeskEvent, DeskEventKind } from "../../../processors/messages/generated.ts";
import { isObject, listOf, numberOf, objectOf, textOf } from "../../../processors/json.ts";
import type { JsonObject } from "../../../processors/json.ts";
import { dataRulesOf } from "./data-rules.ts";

/** One answer of the long poll in the desk's words. */
export interface ConvertedAnswer {
  /** Number of the last event; goes back as the acknowledgement. */
  readonly position: number;
  /** Place for a reconnect; null when the answer told none. */
  readonly resumeToken: string | null;
  readonly events: readonly DeskEvent[];
}

type Content = Partial<Omit<DeskEvent, "number" | "kind">> & { readonly kind: DeskEventKind };

/**
 * Converts the body of a 200. `position` is what was acknowledged by the poll. Events are numbered up to the answer's
 * `sequence`; without a usable one they count on from `position`.
 */
export function convertAnswer(body: JsonObject, position: number): ConvertedAnswer {
  const messages = listOf(body.messages);
  const sequence = numberOf(body.sequence);
  const isUsable = sequence !== null && Number.isSafeInteger(sequence) && sequence >= messages.length - 1;
  const last = isUsable ? sequence : position + messages.length;
  const first = last - messages.length + 1;
  const offset = numberOf(body.offset);
  return {
    position: last,
    resumeToken: offset !== null && offset > 0 ? String(body.offset) : null,
    events: messages.map((message, index) => convertEvent(message, first + index)),
  };
}

/** What operators of the Go service look for in logs (parity sheet, section 9): refusals, with Salesforce's own word. */
export function notesOf(body: JsonObject): readonly string[] {
  return listOf(body.messages).flatMap((message) => {
    const envelope = objectOf(message);
    if (textOf(envelope.type) !== "ChatRequestFail") return [];
    const reason = textOf(objectOf(envelope.message).reason) ?? "";
    return [`Event [ChatRequestFail] : [${/^\w{1,40}$/.test(reason) ? reason : ""}]`];
  });
}

/** Converts one `{type, message}`. */
export function convertEvent(event: unknown, number: number): DeskEvent {
  const envelope = objectOf(event);
  const type = textOf(envelope.type) ?? "";
  const content = contentOf(type, objectOf(envelope.message));
  return {
    number,
    kind: content.kind,
    text: content.text ?? null,
    agentName: content.agentName ?? null,
    reason: content.reason ?? null,
    queuePosition: content.queuePosition ?? null,
    estimatedWaitSeconds: content.estimatedWaitSeconds ?? null,
    detail: content.detail ?? null,
    idleLimitSeconds: content.idleLimitSeconds ?? null,
    idleWarningSeconds: content.idleWarningSeconds ?? null,
    dataRules: content.dataRules ?? null,
    textsHeard: content.textsHeard ?? null,
  };
}

function contentOf(type: string, message: JsonObject): Content {
  const agentName = textOf(message.name);
  switch (type) {
    case "ChatRequestSuccess":
      return {
        kind: "queued",
        ...queueOf(message.queuePosition, message.estimatedWaitTime),
        ...dataRulesOf(message.sensitiveDataRules),
      };
    case "SensitiveDataRules":
      return { kind: "data_rules", ...dataRulesOf(message.sensitiveDataRules) };
    case "QueueUpdate":
      return { kind: "queue_moved", ...queueOf(message.position, message.estimatedWaitTime) };
    case "ChatRequestFail":
      return { kind: "refused", reason: textOf(message.reason) };
    case "ChatEstablished":
      return { kind: "accepted", agentName, ...idleOf(message) };
    case "ChatMessage":
      return said(textOf(message.text), agentName);
    case "AgentTyping":
      return { kind: "typing", agentName };
    case "AgentNotTyping":
      return { kind: "not_typing", agentName };
    case "ChatTransferred":
      return { kind: "transferred", agentName, ...idleOf(message) };
    case "AgentJoinedConference":
      return { kind: "agent_joined", agentName };
    case "AgentLeftConference":
      return { kind: "agent_left", agentName };
    case "AgentDisconnect":
      return { kind: "agent_disconnected", agentName };
    case "CustomEvent":
      return { kind: "custom", text: textOf(message.data), detail: nameOf(textOf(message.type) ?? type) };
    case "FileTransfer":
      return fileTransfer(textOf(message.type));
    case "ChatEnded":
      return { kind: "ended", reason: textOf(message.reason) };
    default:
      return transferOf(type) ?? unacted(type, message);
  }
}

/**
 * TransferToButtonInitiated and its unconfirmed relatives: the user is in a queue again. Of newer clients only, and unconfirmed: he is not,
 * for the transfer has not taken place.
 */
function transferOf(type: string): Content | null {
  if (type === "ChatResumedAfterTransfer") return { kind: "agent_joined" };
  return type.startsWith("TransferTo") ? { kind: "waiting_again" } : null;
}

/** Of what we do not act on, only where a session stands after a reconnect tells something that is needed. */
function unacted(type: string, { chatMessages }: JsonObject): Content {
  return { kind: "other", detail: nameOf(type), ...(type === "ChasitorSessionData" ? textsHeard(chatMessages) : {}) };
}

/** Words that are not there can't be delivered: such an event is no text. */
function said(text: string | null, agentName: string | null): Content {
  return text === null ? { kind: "other", agentName, detail: "ChatMessage" } : { kind: "said", text, agentName };
}

/** The visitor's lines of the transcript (fact sheet 9.5). */
function textsHeard(transcript: unknown): Pick<Content, "textsHeard"> {
  if (!Array.isArray(transcript)) return {};
  const lines = transcript.map(objectOf).filter(({ type }) => type === "Chasitor");
  const last = textOf(lines.at(-1)?.content);
  return { textsHeard: { count: lines.length, last: last === null ? null : textMark(last) } };
}

function fileTransfer(step: string | null): Content {
  if (step === "Requested") return { kind: "file_requested" };
  return { kind: "other", detail: nameOf(`FileTransfer ${step ?? ""}`.trimEnd()) };
}

/** Told with an agent, and in two spellings; one that is on without a time is no limit. */
function idleOf(message: JsonObject): Pick<Content, "idleLimitSeconds" | "idleWarningSeconds"> {
  const told = message.chasitorIdleTimeout ?? message.chasitorIdletimeout;
  if (!isObject(told)) return {};
  const isOn = told.isEnabled === true || told.isEnabled === "true";
  if (!isOn) return { idleLimitSeconds: 0 };
  return { idleLimitSeconds: wholeOf(told.timeout) ?? 0, idleWarningSeconds: wholeOf(told.warningTime) };
}

function queueOf(position: unknown, wait: unknown): Pick<Content, "queuePosition" | "estimatedWaitSeconds"> {
  return { queuePosition: wholeOf(position), estimatedWaitSeconds: wholeOf(wait) };
}

/** A whole number that fits the schema's int; null for anything else, and for -1, which means unknown. */
function wholeOf(value: unknown): number | null {
  const number = numberOf(value);
  if (number === null || number < 0) return null;
  return Math.min(Math.round(number), 2_147_483_647);
}

function nameOf(type: string): string {
  return type === "" ? "unnamed" : type.slice(0, 80);
}
