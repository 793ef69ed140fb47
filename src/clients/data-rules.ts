// Applies the desk's data rules to texts: regular expressions that strangers have written, so their time is bounded. Owns that bound, and
// that a person hears of every rule that can't be applied: an alarm each time that texts pass without it, and a line for the first. Called
// by decide; rule-run.ts is what runs.
import type { ApplyRules } from "../processors/interconnection/settings.ts";
import type { DataRule } from "../processors/messages/generated.ts";
import type { Clock, Log, Metrics } from "../topology/ports.ts";
import { createRuleRun, ruled, type RunRules } from "./rule-run.ts";

/**
 * For one run, in which nothing else of the process goes on. The next begins with the rule at which it was stopped, and only a run that
 * began with it judges a rule.
 */
const longestRunMs = 100;
/** What is left to each when rules have taken more than their share: many times what one that does no harm needs for a text. */
const shortestRunMs = 20;
/** Of the process's time, for all rules of all users: this much at once, and this part of what passes. */
const shareAtOnceMs = 500;
const shareOfTime = 0.25;
/**
 * A rule that has run out of time so often within a while, whoever's texts they were and whatever it did between, is left alone for a longer
 * one: nobody may hold the process up by his words.
 */
const strikesMax = 3;
const strikesWithinMs = 60_000;
const restMs = 300_000;
/** So often for one call a run begins anew in which the process had no processor for most of the time: the rule can't help that. */
const heldUpMax = 2;
const remembered = 1_000;

/** The function; its memory of rules that take too long is the process's own. */
export function createRuleApplier(ports: {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly log: Pick<Log, "error">;
  readonly metrics: Pick<Metrics, "count">;
  /** Left out but by tests. */
  readonly run?: RunRules;
}): ApplyRules {
  const { clock, log, metrics, run = createRuleRun() } = ports;
  const strikes = new Map<string, readonly number[]>();
  const told = new Set<string>();
  let share = { leftMs: shareAtOnceMs, atMs: 0 };

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
    const times = strikes.get(pattern) ?? [];
    return times.length >= strikesMax && clock.monotonicMs() - (times.at(-1) ?? 0) < restMs;
  }

  function strike({ pattern }: DataRule): void {
    const now = clock.monotonicMs();
    const before = strikes.get(pattern) ?? [];
    // Those before a rest are older than what counts.
    const recent = before.filter((at) => now - at < strikesWithinMs);
    if (strikes.size >= remembered) strikes.clear();
    strikes.set(pattern, [...recent, now]);
  }

  function limitMs(): number {
    const atMs = clock.monotonicMs();
    share = { leftMs: Math.min(shareAtOnceMs, share.leftMs + (atMs - share.atMs) * shareOfTime), atMs };
    return Math.round(Math.max(shortestRunMs, Math.min(longestRunMs, share.leftMs)));
  }

  return (rules, given) => {
    const applied: DataRule[] = [];
    let texts = given.map(ruled);
    let heldUp = 0;
    const resting = new Set(rules.filter(rests));
    for (const rule of resting) notApplied(rule, "out of time");
    let left = rules.filter((rule) => !resting.has(rule));
    while (left.length > 0) {
      const limit = limitMs();
      const done = run(left, texts, limit);
      share = { ...share, leftMs: Math.max(0, share.leftMs - done.cpuMs) };
      texts = [...done.texts];
      for (const at of done.bad) if (left[at] !== undefined) notApplied(left[at], "no regular expression");
      applied.push(...done.found.flatMap((at) => left[at] ?? []));
      left = left.slice(done.count);
      const [slow, ...others] = left;
      if (slow === undefined) break;
      if (done.count > 0) continue;
      if (done.cpuMs < limit / 2 && heldUp++ < heldUpMax) continue;
      strike(slow);
      notApplied(slow, "out of time");
      left = others;
    }
    return { texts: texts.map(({ text }) => text), applied };
  };
}
