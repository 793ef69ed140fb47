// Rules that strangers have written, applied to what users write: what is found is hidden, nothing stops the process, and no rule is left
// out without a word.
import { describe, expect, it } from "vitest";

import { createRuleApplier } from "../../../src/clients/data-rules.ts";
import type { ApplyRules } from "../../../src/processors/interconnection/settings.ts";
import type { DataRule } from "../../../src/processors/messages/generated.ts";

interface Applier {
  readonly apply: ApplyRules;
  readonly logged: string[];
  readonly alarms: string[];
  nowMs: number;
}

function applier(): Applier {
  const made: Applier = {
    logged: [],
    alarms: [],
    nowMs: 0,
    apply: createRuleApplier({
      clock: { monotonicMs: () => made.nowMs },
      log: { error: ({ rule, why }) => void made.logged.push(`${String(rule)}: ${String(why)}`) },
      metrics: { count: (_name, labels) => void made.alarms.push(labels?.["alarm"] ?? "") },
    }),
  };
  return made;
}

const rule = (pattern: string, replacement = "****", name = "R"): DataRule => ({
  id: "0GO1",
  name,
  pattern,
  replacement,
});
const texts = (rules: readonly DataRule[], text: string): string => applier().apply(rules, text).text;

describe("data rules", () => {
  it.each<[string, readonly DataRule[], string, string]>([
    ["every place", [rule("\\d{4}-\\d{4}")], "1111-2222 and 3333-4444", "**** and ****"],
    ["nothing", [rule("\\d{16}")], "my order is 17", "my order is 17"],
    ["an empty replacement", [rule("\\d{16}", "")], "it is 4111111111111111.", "it is ."],
    ["one after the other", [rule("card", "x1", "A"), rule("x\\d", "y", "B")], "card", "y"],
    ["a replacement with a dollar as it is", [rule("(\\d)(\\d)", "$2$1$&")], "12", "$2$1$&"],
    ["more than one line", [rule("\\d{3}")], "123\n456 🙂", "****\n**** 🙂"],
    ["the very beginning and end", [rule("^4\\d{3}$")], "4111", "****"],
    ["what is empty nowhere", [rule("x*")], "axxb", "a****b"],
    ["quotes, which lead nowhere", [rule('"')], '"});process.exit();//', "****});process.exit();//"],
  ])("hide %s", (_what, rules, text, expected) => {
    expect(texts(rules, text)).toBe(expected);
  });

  it("tell which of them have found something", () => {
    const { apply, alarms } = applier();
    const [cards, words] = [rule("\\d{16}", "*", "Cards"), rule("secret", "*", "Words")];
    expect(apply([cards, words], "a secret").applied).toEqual([words]);
    expect(apply([cards, words], "nothing").applied).toEqual([]);
    expect(alarms).toEqual([]);
  });

  it.each(["(", "\\d++", "(?i)card", ""])(
    "that are no regular expression (%j) are left out, with an alarm each time and one line",
    (pattern) => {
      const { apply, alarms, logged } = applier();
      const good = rule("\\d{4}");
      for (let i = 0; i < 3; i++) expect(apply([rule(pattern), good], "card 4111").text).toBe("card ****");
      expect(alarms).toEqual(Array(3).fill("data_rule_not_applied"));
      expect(logged).toEqual(["0GO1: R: no regular expression"]);
    },
  );

  it("that would take for ever are stopped, the others hold, and after three times they rest for a minute", () => {
    const made = applier();
    const [slow, good] = [rule("(a+)+$", "*", "Slow"), rule("\\d{4}")];
    const text = `4111 ${"a".repeat(60)}!`;
    const timed = (): number => {
      const startMs = performance.now();
      expect(made.apply([slow, good], text).text).toBe(`**** ${"a".repeat(60)}!`);
      return performance.now() - startMs;
    };
    for (let i = 0; i < 3; i++) expect(timed()).toBeGreaterThan(90);
    expect(timed()).toBeLessThan(90);
    expect(made.alarms).toHaveLength(4);
    expect(made.logged).toEqual(["0GO1: Slow: out of time"]);
    made.nowMs += 60_001;
    expect(made.apply([slow], "aaa").text).toBe("*");
  });

  it("that all take for ever hold the process up for three times their bound at most", () => {
    const made = applier();
    const rules = Array.from({ length: 20 }, (_, i) => rule(`(a+)+${String(i)}$`, "*", `Slow ${String(i)}`));
    const startMs = performance.now();
    expect(made.apply(rules, "a".repeat(60)).text).toBe("a".repeat(60));
    expect(performance.now() - startMs).toBeLessThan(1_000);
    expect(made.alarms).toHaveLength(20);
  });

  it("don't make a text of any length of a short one", () => {
    const grown = texts([rule(".", "x".repeat(100))], "1".repeat(1_000));
    expect([grown.length <= 5_000, /^x+$/.test(grown)]).toEqual([true, true]);
  });

  it("see nothing of the process", () => {
    const { apply } = applier();
    const before = Object.keys(globalThis);
    apply([rule("a")], "a");
    expect(Object.keys(globalThis)).toEqual(before);
  });
});
