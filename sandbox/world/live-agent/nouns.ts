/**
 * The POST resources of a visitor: body checks, the sequence rules, and what an accepted POST does.
 * Rules 3, 7 and 8 of the reference's simulator guide; bodies per its section 6. A refused POST consumes no number.
 * Called by the Live Agent resources for a session with the right key and affinity.
 */
import { header, isObject, jsonBody, text } from "../answers.ts";
import type { Answer, Call, JsonObject } from "../answers.ts";
import { visitorSays } from "./agents.ts";
import { readInit, wrongInit } from "./chasitor-init.ts";
import { judgeIdleEvent, wrongIdleEvent, wrongRules } from "./client-duties.ts";
import { forgetOld } from "./desk.ts";
import type { Desk } from "./desk.ts";
import { pushTerminal } from "./events.ts";
import { resync } from "./failover.ts";
import { NO_SESSION } from "./polls.ts";
import { leave, requestChat } from "./queue.ts";
import { isOver, violate } from "./session.ts";
import type { Session } from "./session.ts";

interface Noun {
  /** What is wrong with the body; undefined when it is right. */
  readonly check: (desk: Desk, session: Session, body: JsonObject) => string | undefined;
  readonly act: (desk: Desk, session: Session, post: Post) => void;
  /** Allowed while the chat waits for an agent. */
  readonly anyTime?: true;
}

interface Post {
  readonly body: JsonObject;
  readonly sequence: number | null;
}

const OK = text(200, "OK");
/** Kept with their bodies. */
const TOLD: ReadonlySet<string> = new Set(["ChasitorIdleTimeoutWarningEvent", "SensitiveDataRuleTriggered"]);
const END_REASONS = ["client", "clientIdleTimeout"];

/** Nouns of the prefix Chasitor, ChasitorResyncState apart. */
const NOUNS: ReadonlyMap<string, Noun> = new Map<string, Noun>([
  ["ChasitorInit", { check: checkInit, act: init, anyTime: true }],
  ["ChatMessage", { check: needs({ text: "string" }, ["text"]), act: chatMessage }],
  ["ChatEnd", { check: checkEnd, act: chatEnd, anyTime: true }],
  ["ChasitorTyping", { check: needs({}), act: quiet }],
  ["ChasitorNotTyping", { check: needs({}), act: quiet }],
  ["ChasitorSneakPeek", { check: needs({ position: "number", text: "string" }), act: quiet }],
  ["CustomEvent", { check: needs({ type: "string", data: "string" }), act: quiet }],
  ["ChasitorIdleTimeoutWarningEvent", { check: wrongIdle, act: idleEvent }],
  ["SensitiveDataRuleTriggered", { check: wrongReport, act: quiet }],
  ["RichMessage", { check: needs({}), act: quiet }],
]);

/** True when the address names a POST resource. */
export function isPostNoun(prefix: string, noun: string): boolean {
  return prefix === "Chasitor" ? NOUNS.has(noun) || noun === "ChasitorResyncState" : isMultiNoun(prefix, noun);
}

function isMultiNoun(prefix: string, noun: string): boolean {
  return prefix === "System" && noun === "MultiNoun";
}

/** Handles a POST of a session. */
export function post(desk: Desk, session: Session, call: Call, noun: string): Answer {
  const body = jsonBody(call);
  if (!isObject(body)) {
    return text(400, "The body must be a JSON object");
  }
  const written = header(call, "x-liveagent-sequence");
  if (noun === "ChasitorResyncState") {
    return resyncPost(desk, session, body, written);
  }
  if (written !== undefined && !/^[1-9]\d*$/.test(written)) {
    return text(400, "X-LIVEAGENT-SEQUENCE must be a positive integer");
  }
  const sequence = written === undefined || desk.modes.sequence === "ignored" ? null : Number(written);
  if (sequence !== null && sequence <= session.postSequence) {
    return desk.modes.repeatedPost === 200 ? OK : outOfSync(session, sequence);
  }
  if (isOver(session)) {
    return text(403, NO_SESSION);
  }
  const steps = noun === "MultiNoun" ? stepsOf(body) : [{ noun, body }];
  if (typeof steps === "string") {
    return text(400, steps);
  }
  const refusal = refusalOf(desk, session, steps);
  if (refusal !== undefined) {
    return refusal;
  }
  if (sequence !== null && sequence > session.postSequence + 1) {
    return outOfSync(session, sequence);
  }
  session.postSequence = sequence ?? session.postSequence;
  if (session.resync === "due") {
    violate(session, `${noun} between ReconnectSession and ChasitorResyncState`);
  }
  carryOut(desk, session, steps, sequence);
  return OK;
}

interface Step {
  readonly noun: string;
  readonly body: JsonObject;
}

function resyncPost(desk: Desk, session: Session, body: JsonObject, written: string | undefined): Answer {
  if (isOver(session)) {
    return text(403, NO_SESSION);
  }
  if (written !== undefined) {
    violate(session, "ChasitorResyncState with X-LIVEAGENT-SEQUENCE");
  }
  const wrong = resync(desk, session, body);
  return wrong === undefined ? OK : text(400, wrong);
}

/** `Expected` echoes what the client sent, `Actual` is the last accepted number (reference 3.1). */
function outOfSync(session: Session, sequence: number): Answer {
  return text(409, `Out of sync Ack. Expected ${sequence}. Actual ${session.postSequence}`);
}

function stepsOf(body: JsonObject): readonly Step[] | string {
  if (!Array.isArray(body["nouns"]) || body["nouns"].length === 0) {
    return "nouns must be a list";
  }
  const steps: Step[] = [];
  for (const item of body["nouns"] as readonly unknown[]) {
    if (!isObject(item) || item["prefix"] !== "Chasitor" || typeof item["noun"] !== "string") {
      return "a noun needs prefix Chasitor and a noun";
    }
    const inner = item["object"] ?? {};
    if (!NOUNS.has(item["noun"]) || !isObject(inner)) {
      return `no such noun, or its object is none: ${item["noun"]}`;
    }
    steps.push({ noun: item["noun"], body: inner });
  }
  return steps;
}

function refusalOf(desk: Desk, session: Session, steps: readonly Step[]): Answer | undefined {
  for (const step of steps) {
    const noun = NOUNS.get(step.noun);
    const wrong = noun?.check(desk, session, step.body);
    if (wrong !== undefined) {
      return text(400, wrong);
    }
    const isEarly = session.state === "NEW" ? step.noun !== "ChasitorInit" : session.state === "QUEUED";
    if (isEarly && (session.state === "NEW" || (noun?.anyTime !== true && desk.modes.postBeforeAccept === "refuse"))) {
      violate(session, `${step.noun} before the agent has accepted`);
      return text(500, "java.lang.NullPointerException");
    }
  }
  return undefined;
}

function carryOut(desk: Desk, session: Session, steps: readonly Step[], sequence: number | null): void {
  for (const { noun, body } of steps) {
    if (isOver(session)) {
      return;
    }
    const said = noun === "ChatMessage" ? { text: String(body["text"]) } : {};
    const told = TOLD.has(noun) ? { body } : {};
    session.posts.push({ noun, sequence, atMs: desk.clock.monotonicMs(), ...said, ...told });
    NOUNS.get(noun)?.act(desk, session, { body, sequence });
  }
  forgetOld(desk, session.posts);
}

function needs(fields: Readonly<Record<string, "string" | "number">>, nonEmpty: readonly string[] = []): Noun["check"] {
  return (_desk, _session, body) => {
    for (const [name, type] of Object.entries(fields)) {
      if (typeof body[name] !== type) {
        return `${name} must be a ${type}`;
      }
    }
    return nonEmpty.some((name) => body[name] === "") ? `${nonEmpty.join(", ")} must not be empty` : undefined;
  };
}

function checkInit(desk: Desk, session: Session, body: JsonObject): string | undefined {
  if (session.state !== "NEW") {
    return "the chat was requested before";
  }
  const wrong = wrongInit(desk, session, body);
  return wrong.length === 0 ? undefined : wrong.join("; ");
}

function init(desk: Desk, session: Session, { body }: Post): void {
  requestChat(desk, session, readInit(desk, session, body));
}

function chatMessage(desk: Desk, session: Session, { body, sequence }: Post): void {
  visitorSays(desk, session, String(body["text"]), sequence);
}

function checkEnd(_desk: Desk, _session: Session, body: JsonObject): string | undefined {
  return END_REASONS.includes(String(body["reason"])) ? undefined : `reason must be one of ${END_REASONS.join(", ")}`;
}

function chatEnd(desk: Desk, session: Session, { body }: Post): void {
  session.endedBy = String(body["reason"]);
  leave(desk, session);
  pushTerminal(desk, session, "ENDED", { type: "ChatEnded", message: { reason: String(body["reason"]) } });
}

function wrongIdle(_desk: Desk, _session: Session, body: JsonObject): string | undefined {
  return wrongIdleEvent(body);
}

function wrongReport(_desk: Desk, session: Session, body: JsonObject): string | undefined {
  return wrongRules(session, body);
}

function idleEvent(_desk: Desk, session: Session, { body }: Post): void {
  judgeIdleEvent(session, body);
}

function quiet(): void {
  // accepted, recorded, and of no further effect on the desk
}
