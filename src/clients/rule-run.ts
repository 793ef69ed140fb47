// Runs data rules over texts in a context of their own and for so long at most: a thread of the engine stops it, and nothing else could
// stop a regular expression that backtracks for ever. Owns what a rule does to a text, and that a run which is stopped tells how far
// it came. Called by data-rules.ts.
import { createContext, Script } from "node:vm";

import type { DataRule } from "../processors/messages/generated.ts";

/** How much longer than it was a text may become; what is found beyond that is taken out. */
const growthMax = 4_000;

/** A text, and how long it may become. */
export interface RuledText {
  readonly text: string;
  readonly room: number;
}

/** What a run has done before it ended or was stopped. */
export interface RuleRun {
  /** As the rules that were done have left them. */
  readonly texts: readonly RuledText[];
  /** How many rules were done; fewer than there are means that the next one ran out of time. */
  readonly count: number;
  /** Places of the rules that have found something, and of those that are no regular expression. */
  readonly found: readonly number[];
  readonly bad: readonly number[];
  /** Milliseconds for which this thread had a processor meanwhile. */
  readonly cpuMs: number;
}

/** Applies rules one after the other, each to all texts, for so many milliseconds at most. Throws only by a defect. */
export type RunRules = (rules: readonly DataRule[], texts: readonly RuledText[], limitMs: number) => RuleRun;

/** A text as it is before the first rule. */
export function ruled(text: string): RuledText {
  return { text, room: text.length + growthMax };
}

/** `done` is replaced as a whole when a rule is done. What is empty is not found: it is everywhere. */
const script = new Script(`
  (() => {
    const { rules, texts } = JSON.parse(input);
    done = { texts, count: 0, found: [], bad: [] };
    for (const { pattern, replacement } of rules) {
      const { texts, count, found, bad } = done;
      const next = { texts, count: count + 1, found, bad };
      try {
        if (pattern === "") throw new SyntaxError("no pattern");
        const expression = new RegExp(pattern, "g");
        let hits = 0;
        next.texts = texts.map(({ text, room }) => {
          let length = text.length;
          const hide = (match) => {
            if (match === "") return "";
            hits++;
            length += replacement.length - match.length;
            return length > room ? "" : replacement;
          };
          return { text: text.replace(expression, hide), room };
        });
        if (hits > 0) next.found = [...found, count];
      } catch {
        next.bad = [...bad, count];
      }
      done = next;
    }
  })()
`);
const readDone = new Script("JSON.stringify(done)");

/** The function, with a context that no other run uses. */
export function createRuleRun(): RunRules {
  const context = createContext({ input: "", done: null }, { codeGeneration: { strings: false, wasm: false } });
  return (rules, texts, limitMs) => {
    context["input"] = JSON.stringify({ rules, texts });
    context["done"] = { texts, count: 0, found: [], bad: [] };
    const before = process.threadCpuUsage();
    try {
      script.runInContext(context, { timeout: limitMs });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
    }
    const { user, system } = process.threadCpuUsage(before);
    const done = JSON.parse(readDone.runInContext(context) as string) as Omit<RuleRun, "cpuMs">;
    return { ...done, cpuMs: (user + system) / 1_000 };
  };
}
