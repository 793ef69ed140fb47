// Applies the desk's data rules to texts: regular expressions that strangers have written, so they run in a context of their own with a
// bound on their time, which is all that stops one that backtracks for ever. Owns that bound, and that a person hears of every rule that
// can't be applied: an alarm for each text that passes without it, and a line for the first. Called by decide.
import { createContext, Script } from "node:vm";

import type { ApplyRules } from "../processors/interconnection/settings.ts";
import type { DataRule } from "../processors/messages/generated.ts";
import type { Clock, Log, Metrics } from "../topology/ports.ts";

/** For all rules of one text, in which nothing else of the process goes on. Then once more without the rule that took it, and again. */
const timeoutMs = 100;
const triesMax = 3;
/** A rule that has run out of time so often without an answer between is left alone for a while: nobody may hold the process up by his words. */
const strikesMax = 3;
const restMs = 60_000;
/** How much longer than it was a text may become; what is found beyond that is taken out. */
const growthMax = 4_000;
const remembered = 1_000;

/**
 * Leaves the place of the rule in `at`, for whoever stops it. What is empty is not found: it is everywhere. The answer holds the places of
 * the rules that have found something, and of those that are no regular expression.
 */
const script = new Script(`
  (() => {
    const { text, rules } = JSON.parse(input);
    let room = text.length + ${String(growthMax)};
    let now = text;
    const found = [], bad = [];
    for (at = 0; at < rules.length; at++) {
      const { pattern, replacement } = rules[at];
      try {
        if (pattern === "") throw new SyntaxError("no pattern");
        let hits = 0, length = now.length;
        now = now.replace(new RegExp(pattern, "g"), (match) => {
          if (match === "") return "";
          hits++;
          length += replacement.length - match.length;
          return length > room ? "" : replacement;
        });
        if (hits > 0) found.push(at);
      } catch {
        bad.push(at);
      }
    }
    return JSON.stringify({ text: now, found, bad });
  })()
`);

interface Answer {
  readonly text: string;
  readonly found: readonly number[];
  readonly bad: readonly number[];
}

type Run = Answer | { readonly outOfTime: number };

/** The function; its memory of rules that take too long is the process's own. */
export function createRuleApplier(ports: {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly log: Pick<Log, "error">;
  readonly metrics: Pick<Metrics, "count">;
}): ApplyRules {
  const { clock, log, metrics } = ports;
  const context = createContext({ input: "", at: 0 }, { codeGeneration: { strings: false, wasm: false } });
  const strikes = new Map<string, { count: number; restsUntilMs: number }>();
  const told = new Set<string>();

  function run(text: string, rules: readonly DataRule[]): Run {
    context["input"] = JSON.stringify({ text, rules });
    try {
      return JSON.parse(script.runInContext(context, { timeout: timeoutMs }) as string) as Answer;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_TIMEOUT")
        return { outOfTime: Number(context["at"]) };
      throw error;
    }
  }

  function notApplied(rule: DataRule, why: string): void {
    metrics.count("alarms", { alarm: "data_rule_not_applied" });
    const key = JSON.stringify([rule, why]);
    if (told.has(key)) return;
    if (told.size >= remembered) told.clear();
    told.add(key);
    log.error(
      { rule: `${rule.id ?? "no id"}: ${rule.name}`, why },
      "a sensitive data rule can't be applied; texts go to agents without it",
    );
  }

  function rests({ pattern }: DataRule): boolean {
    return (strikes.get(pattern)?.restsUntilMs ?? 0) > clock.monotonicMs();
  }

  function strike({ pattern }: DataRule): void {
    const count = (strikes.get(pattern)?.count ?? 0) + 1;
    if (strikes.size >= remembered) strikes.clear();
    const restsUntilMs = count < strikesMax ? 0 : clock.monotonicMs() + restMs;
    strikes.set(pattern, { count: count % strikesMax, restsUntilMs });
  }

  return (rules, text) => {
    let left = rules;
    for (const rule of rules.filter(rests)) {
      notApplied(rule, "out of time");
      left = left.filter((other) => other !== rule);
    }
    for (let tries = 0; tries < triesMax && left.length > 0; tries++) {
      const answer = run(text, left);
      if (!("outOfTime" in answer)) {
        for (const at of answer.bad) if (left[at] !== undefined) notApplied(left[at], "no regular expression");
        for (const { pattern } of left) strikes.delete(pattern);
        return { text: answer.text, applied: answer.found.flatMap((at) => left[at] ?? []) };
      }
      const slow = left[answer.outOfTime] ?? left[0];
      if (slow === undefined) break;
      strike(slow);
      notApplied(slow, "out of time");
      left = left.filter((other) => other !== slow);
    }
    for (const rule of left) notApplied(rule, "out of time");
    return { text, applied: [] };
  };
}
