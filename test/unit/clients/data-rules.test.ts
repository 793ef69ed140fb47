// Rules that strangers have written, applied to what users write: what is found is hidden, nothing stops the process, and no rule is left
// out without a word.
import { describe, expect, it } from "vitest";

import { createRuleApplier } from "../../../src/clients/data-rules.ts";
import { ruled, type RuleRun, type RunRules } from "../../../src/clients/rule-run.ts";
import type { ApplyRules } from "../../../src/processors/interconnection/settings.ts";
import type { DataRule } from "../../../src/processors/messages/generated.ts";

interface Applier {
  readonly applyAll: ApplyRules;
  readonly logged: string[];
  readonly alarms: string[];
  nowMs: number;
  /** To one text. */
  apply(rules: readonly DataRule[], text: string): { text: string | undefined; applied: readonly DataRule[] };
}

function applier(run?: RunRules): Applier {
  const made: Applier = {
    logged: [],
    alarms: [],
    nowMs: 0,
    apply: (rules, text) => {
      const { texts, applied } = made.applyAll(rules, [text]);
      return { text: texts[0], applied };
    },
    applyAll: createRuleApplier({
      ...(run && { run }),
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
const texts = (rules: readonly DataRule[], text: string): string => applier().apply(rules, text).text ?? "";
function msOf(work: () => void): number {
  const startMs = performance.now();
  work();
  return performance.now() - startMs;
}

/** Runs of which each takes as long as told, of this process or of others. */
function runs(...took: readonly ("done" | "busy" | "held up")[]): {
  readonly run: RunRules;
  readonly limits: number[];
} {
  const limits: number[] = [];
  const run: RunRules = (rules, given, limitMs): RuleRun => {
    const how = took[limits.length] ?? "done";
    limits.push(limitMs);
    if (how !== "done") return { texts: given, count: 0, found: [], bad: [], cpuMs: how === "busy" ? limitMs : 1 };
    return { texts: given.map(() => ruled("hidden")), count: rules.length, found: [0], bad: [], cpuMs: 1 };
  };
  return { run, limits };
}

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

  it("that would take for ever are stopped, the others hold, and after three times they rest for five minutes", () => {
    const made = applier();
    const [slow, good] = [rule("(a+)+$", "*", "Slow"), rule("\\d{4}")];
    const text = `4111 ${"a".repeat(60)}!`;
    const timed = (): number =>
      msOf(() => {
        expect(made.apply([slow, good], text).text).toBe(`**** ${"a".repeat(60)}!`);
      });
    for (let i = 0; i < 3; i++) expect(timed()).toBeGreaterThan(90);
    expect(timed()).toBeLessThan(90);
    expect(made.alarms).toHaveLength(4);
    expect(made.logged).toEqual(["0GO1: Slow: out of time"]);
    made.nowMs += 299_000;
    expect(made.apply([slow], "aaa").text).toBe("aaa");
    made.nowMs += 1_001;
    expect(made.apply([slow], "aaa").text).toBe("*");
  });

  it("rest also when texts that they are fast with come between, and not for strikes of long ago", () => {
    const made = applier();
    const slow = rule("(a+)+$", "*", "Slow");
    const text = `${"a".repeat(60)}!`;
    for (let i = 0; i < 3; i++) {
      expect(made.apply([slow], "aaa").text).toBe("*");
      made.apply([slow], text);
      made.nowMs += 10_000;
    }
    expect(made.apply([slow], "aaa").text).toBe("aaa");
    const rarely = applier();
    for (let i = 0; i < 4; i++) {
      rarely.apply([slow], text);
      rarely.nowMs += 30_000;
    }
    expect(rarely.apply([slow], "aaa").text).toBe("*");
  });

  it("that take for ever are left out of a history as of one text", () => {
    const made = applier();
    const [slow, good] = [rule("(a+)+$", "*", "Slow"), rule("\\d{4}")];
    const history = Array.from({ length: 400 }, (_, i) => `${String(1000 + i)} ${"a".repeat(60)}!`);
    const took = msOf(() => {
      const { texts, applied } = made.applyAll([slow, good], history);
      expect([texts, applied]).toEqual([history.map(() => `**** ${"a".repeat(60)}!`), [good]]);
    });
    expect(took).toBeLessThan(1_000);
    expect(made.alarms).toHaveLength(1);
  });

  it("that all take for ever get less and less time, and the last of them still holds", () => {
    const made = applier();
    const rules = Array.from({ length: 20 }, (_, i) => rule(`(a+)+${String(i)}$`, "*", `Slow ${String(i)}`));
    const text = `${"a".repeat(60)} 4111`;
    const took = msOf(() => {
      expect(made.apply([...rules, rule("\\d{4}")], text).text).toBe(`${"a".repeat(60)} ****`);
    });
    expect(took).toBeLessThan(2_000);
    expect(made.alarms).toHaveLength(20);
  });

  it("are judged only by a run that began with them", () => {
    const limits: number[] = [];
    const made = applier((rules, given, limitMs) => {
      limits.push(limitMs);
      return { texts: given, count: Math.min(2, rules.length), found: [], bad: [], cpuMs: limitMs };
    });
    made.apply(
      ["a", "b", "c", "d", "e"].map((pattern) => rule(pattern)),
      "text",
    );
    expect([limits.length, made.alarms]).toEqual([3, []]);
  });

  it("have half a second for all texts together, then little, and get it back with time", () => {
    const { run, limits } = runs(...Array.from({ length: 8 }, () => "busy" as const));
    const made = applier(run);
    for (let i = 0; i < 7; i++) made.apply([rule(String(i))], "a");
    made.nowMs += 1_000;
    made.apply([rule("x")], "a");
    made.nowMs += 200;
    made.apply([rule("y")], "a");
    expect(limits).toEqual([100, 100, 100, 100, 100, 20, 20, 100, 100]);
  });

  it("are not judged by a pause of the process, but not tried for ever either", () => {
    const paused = runs("held up", "held up");
    const made = applier(paused.run);
    for (let i = 0; i < 4; i++) expect(made.apply([rule("a")], "a").text).toBe("hidden");
    expect([made.alarms, paused.limits.length]).toEqual([[], 6]);
    const stopped = runs("held up", "held up", "held up");
    const other = applier(stopped.run);
    expect(other.apply([rule("a")], "a").text).toBe("a");
    expect([other.alarms.length, stopped.limits.length]).toEqual([1, 3]);
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
