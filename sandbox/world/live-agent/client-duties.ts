/**
 * What the desk asks of its client beside the talk: to hide what sensitive data rules find, and to run the clock of idle visitors.
 * Owns how both are told, and what of a client's posts goes against them; a real server lets that pass.
 * Called by acceptance, queue, agents and the POST resources.
 */
import { isObject } from "../answers.ts";
import type { JsonObject } from "../answers.ts";
import type { DeskModes } from "./desk.ts";
import { violate } from "./session.ts";
import type { Session } from "./session.ts";

/** Value of `chasitorIdleTimeout`. */
export function idleTimeout({ idleTimeoutS, idleWarningS }: DeskModes): Readonly<Record<string, unknown>> {
  if (idleTimeoutS === 0) {
    return { isEnabled: false };
  }
  return { isEnabled: true, timeout: idleTimeoutS, warningTime: idleWarningS };
}

/** A text in which a rule of the session finds something should not have come. Rules that are no regular expression find nothing. */
export function judgeText(session: Session, text: string): void {
  for (const { name = "", pattern, replacement = "" } of session.dataRules) {
    const rule = pattern === undefined ? undefined : regexOf(pattern);
    // What stands there instead may look like it.
    if (rule?.test(replacement === "" ? text : text.replaceAll(replacement, "")) === true) {
      violate(session, `a text with what the sensitive data rule ${name} hides`);
    }
  }
}

function regexOf(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern);
  } catch (error) {
    if (error instanceof SyntaxError) {
      return undefined;
    }
    throw error;
  }
}

/** Body of SensitiveDataRuleTriggered: rules that the session was told. */
export function wrongRules(session: Session, body: JsonObject): string | undefined {
  const { rules } = body;
  if (!Array.isArray(rules) || rules.length === 0) {
    return "rules must be a list";
  }
  for (const rule of rules as readonly unknown[]) {
    if (!isObject(rule) || typeof rule["name"] !== "string") {
      return "a rule needs a name";
    }
    if (!session.dataRules.some(({ id, name }) => name === rule["name"] && id === rule["id"])) {
      violate(session, `SensitiveDataRuleTriggered with a rule that was not told: ${rule["name"]}`);
    }
  }
  return undefined;
}

/** Body of ChasitorIdleTimeoutWarningEvent. */
export function wrongIdleEvent(body: JsonObject): string | undefined {
  return ["triggered", "cleared"].includes(String(body["idleTimeoutWarningEvent"]))
    ? undefined
    : "idleTimeoutWarningEvent must be one of triggered, cleared";
}

/** The visitor's client has told of a silence, or of its end. */
export function judgeIdleEvent(session: Session, body: JsonObject): void {
  const isTriggered = body["idleTimeoutWarningEvent"] === "triggered";
  if (session.isIdleWarned === isTriggered) {
    violate(session, `an idle warning that was ${isTriggered ? "triggered twice" : "cleared and not triggered"}`);
  }
  session.isIdleWarned = isTriggered;
}
