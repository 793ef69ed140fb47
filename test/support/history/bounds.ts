// I8, bounded: figures return to where they were, and dead letters are those of the poison that was given, no more and no fewer.
import type { DeadLetterSeen } from "./entries.ts";
import { nothing, type Check, type Finding } from "./finding.ts";

/** What is allowed. */
export interface BoundsRule {
  /** By figure (`rss`): the last sample of each subject may be at most `factor` times the first, plus `slack`. */
  readonly growth: Readonly<Record<string, { readonly factor: number; readonly slack: number }>>;
  /** Records (as dead letters name them in `of`), or ids in them, that must end as dead letters; those of `poison` entries join them. */
  readonly poison: ReadonlySet<string>;
  /** Reasons of dead letters that this run may have besides. */
  readonly reasons: ReadonlySet<string>;
}

interface Figures {
  readonly of: string;
  readonly first: number;
  last: number;
}

/** A check of figures and dead letters. */
export function createBoundsCheck({ growth, poison, reasons }: BoundsRule): Check {
  const figures = new Map<string, Figures>();
  const poisoned = new Set(poison);
  const missing = new Set(poison);
  const known = new Set<string>();

  function letter({ of, reason, about }: DeadLetterSeen, at: number): readonly Finding[] {
    const names = [of, ...about];
    for (const name of names) missing.delete(name);
    const isNew = !known.has(of);
    known.add(of);
    if (!isNew || reasons.has(reason) || names.some((name) => poisoned.has(name))) return nothing;
    return [{ invariant: "I8", what: "dead letter", subject: of, detail: reason, at }];
  }

  return {
    see(entry) {
      if (entry.kind === "dead letter") return letter(entry, entry.at);
      if (entry.kind === "poison") {
        poisoned.add(entry.of);
        if (!known.has(entry.of)) missing.add(entry.of);
      }
      if (entry.kind !== "sample") return nothing;
      const name = `${entry.of} of ${entry.subject}`;
      const before = figures.get(name);
      if (before === undefined) figures.set(name, { of: entry.of, first: entry.value, last: entry.value });
      else before.last = entry.value;
      return nothing;
    },
    end() {
      const grown = [...figures].flatMap(([subject, { of, first, last }]): readonly Finding[] => {
        const allowed = growth[of];
        if (allowed === undefined || last <= first * allowed.factor + allowed.slack) return nothing;
        return [
          { invariant: "I8", what: "grown", subject, detail: `from ${String(first)} to ${String(last)}`, at: null },
        ];
      });
      const swallowed = [...missing].map((subject): Finding => ({
        invariant: "I8",
        what: "poison without dead letter",
        subject,
        detail: "",
        at: null,
      }));
      return [...grown, ...swallowed];
    },
  };
}
