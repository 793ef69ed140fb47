/**
 * The history checker: decides the invariants I1 to I10 of a history (entries.ts) that witnesses outside of the service wrote.
 *
 *   const checker = createHistoryChecker({ poison: new Set(["channel-messages-0@17"]) });
 *   for (const entry of inOrder(entries)) checker.see(entry);      // breaches of safety, at once: to stop a run where it went wrong
 *   const verdict = checker.end();                                 // all findings, also what is missing
 *   expect(verdict.ok, describeHistory(verdict)).toBe(true);
 *
 * or `judgeHistory(entries, rules)` for a history that is complete. What each invariant needs to be decided:
 *
 *   I1 delivered      offered, answered, shown | settled | dead letter | replied, `unheard` where it may be two of them; with `record`: what was acknowledged is stored
 *   I2 once           the same, created, way back and handed back, and `in flight` for the doubles that a hard stop may leave
 *   I3 order          offered, answered, shown: of two words of one user and direction, when the first was answered before the second was offered
 *   I4 one speaker    call began, call ended, process; changelog claims
 *   I5 one owner      chat, handed back; offered and shown of what is said after it
 *   I6 neighbours     offered, shown, fault, healed; only with the rule `neighbours`
 *   I7 loud or alive  process, sample of `lag`, healed, effects
 *   I8 bounded        sample, poison, dead letter
 *   I9 secret         wrote; only with the rule `canaries`
 *   I10 converged     changelog, stored
 *
 * What a black box can't decide is left out: that the state is the fold of `decide` over the inputs (golden logs do that).
 */
import { createBoundsCheck, type BoundsRule } from "./bounds.ts";
import { createConvergenceCheck } from "./convergence.ts";
import { inOrder, type Entry } from "./entries.ts";
import type { Check, Finding } from "./finding.ts";
import { createLivelinessCheck, type LivelinessRule } from "./liveliness.ts";
import { createNeighboursCheck, type NeighbourRule } from "./neighbours.ts";
import { createOwnershipCheck } from "./ownership.ts";
import { createRecordsCheck } from "./records.ts";
import { createRequestsCheck } from "./requests.ts";
import { createSecretsCheck } from "./secrets.ts";
import { createSpeakersCheck } from "./speakers.ts";
import { createWordsCheck } from "./words.ts";

/** What a run may do; defaults are those of the catalogue: nothing lost, no dead letter, 30 s of silence, drained within 120 s. */
export interface HistoryRules extends Partial<BoundsRule>, Partial<LivelinessRule> {
  /** From the end of a chat to the hand-back; default 24 h, what the product promises. */
  readonly handBackWithinMs?: number;
  readonly neighbours?: NeighbourRule;
  readonly canaries?: Iterable<string>;
}

/** What a history shows. */
export interface HistoryVerdict {
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  readonly entries: number;
  /** Words accepted and shown. */
  readonly delivered: number;
  /** Tokens shown once more, as a hard stop may. */
  readonly inFlightDoubles: readonly string[];
  /** Longest time between the end of a chat and the hand-back. */
  readonly ownerlessMs: number;
}

/** A checker at work. */
export interface HistoryChecker {
  /** The next entry. Answers the breaches that it shows. Throws when the evidence itself is impossible: an id offered twice. */
  see(entry: Entry): readonly Finding[];
  /** What the history shows so far; nothing of it is called missing yet. */
  soFar(): HistoryVerdict;
  /** Call once, when all is quiet. */
  end(): HistoryVerdict;
}

/** A checker of a history that is being written. Entries in the order in which they happened. */
export function createHistoryChecker(rules: HistoryRules = {}): HistoryChecker {
  const words = createWordsCheck();
  const ownership = createOwnershipCheck(rules.handBackWithinMs ?? 86_400_000);
  const checks: readonly Check[] = [
    words,
    createRequestsCheck(),
    createSpeakersCheck(),
    ownership,
    ...(rules.neighbours === undefined ? [] : [createNeighboursCheck(rules.neighbours)]),
    createLivelinessCheck({ silenceMs: rules.silenceMs ?? 30_000, drainWithinMs: rules.drainWithinMs ?? 120_000 }),
    createBoundsCheck({
      growth: rules.growth ?? {},
      poison: rules.poison ?? new Set(),
      reasons: rules.reasons ?? new Set(),
    }),
    ...(rules.canaries === undefined ? [] : [createSecretsCheck(rules.canaries)]),
    createRecordsCheck(),
    createConvergenceCheck(),
  ];
  const findings: Finding[] = [];
  let entries = 0;
  const soFar = (): HistoryVerdict => ({
    ok: findings.length === 0,
    findings: [...findings],
    entries,
    delivered: words.delivered(),
    inFlightDoubles: words.inFlightDoubles(),
    ownerlessMs: ownership.longestMs(),
  });
  return {
    see(entry) {
      entries += 1;
      const found = checks.flatMap((check) => check.see(entry));
      findings.push(...found);
      return found;
    },
    soFar,
    end() {
      findings.push(...checks.flatMap((check) => check.end()));
      return soFar();
    },
  };
}

/** Judges a whole history; its entries may come in any order of witnesses. */
export function judgeHistory(entries: readonly Entry[], rules: HistoryRules = {}): HistoryVerdict {
  const checker = createHistoryChecker(rules);
  for (const entry of inOrder(entries)) checker.see(entry);
  return checker.end();
}

/** A verdict for people: a line of figures, then the findings by kind, the first few of each. */
export function describeHistory({
  findings,
  entries,
  delivered,
  inFlightDoubles,
  ownerlessMs,
}: HistoryVerdict): string {
  const kinds = Map.groupBy(findings, ({ invariant, what }) => `${invariant} ${what}`);
  const lines = [...kinds].flatMap(([kind, some]) => [
    `${kind}: ${String(some.length)}`,
    ...some
      .slice(0, 5)
      .map(
        ({ subject, detail, at }) => `  ${at === null ? "at the end" : `at ${String(at)} ms`}: ${subject}: ${detail}`,
      ),
  ]);
  const figures = `${String(entries)} entries, ${String(delivered)} words delivered, ${String(inFlightDoubles.length)} doubled in flight, longest without owner ${String(ownerlessMs)} ms`;
  return [findings.length === 0 ? `all kept; ${figures}` : figures, ...lines].join("\n");
}
