// I6, neighbours: while faults last, words to and from users that they do not touch take at most so many times as long as before.
import { parseToken, tokensIn } from "../tokens.ts";
import { nothing, type Check } from "./finding.ts";

/** Who must not feel the faults, and how little. */
export interface NeighbourRule {
  readonly users: ReadonlySet<string>;
  /** Of the 99th percentile, against that before the first fault. */
  readonly factor: number;
  /** Fewer words than this on either side show nothing: a finding. */
  readonly atLeast: number;
}

/** A check of delays. */
export function createNeighboursCheck(rule: NeighbourRule): Check {
  const offeredAt = new Map<string, number>();
  const before: number[] = [];
  const during: number[] = [];
  const since: { fault: number; healed: number } = {
    fault: Number.POSITIVE_INFINITY,
    healed: Number.POSITIVE_INFINITY,
  };

  function arrived(id: string, at: number): void {
    const offered = offeredAt.get(id);
    offeredAt.delete(id);
    if (offered === undefined) return;
    if (offered < since.fault) before.push(at - offered);
    else if (offered < since.healed) during.push(at - offered);
  }

  return {
    see(entry) {
      const { at } = entry;
      const isFault =
        entry.kind === "fault" || (entry.kind === "process" && (entry.step === "killed" || entry.step === "held"));
      if (isFault) since.fault = Math.min(since.fault, at);
      if (entry.kind === "healed") since.healed = Math.min(since.healed, at);
      if (entry.kind === "offered" && parseToken(entry.id) !== null && rule.users.has(entry.user))
        offeredAt.set(entry.id, at);
      if (entry.kind === "shown") for (const id of tokensIn(entry.text)) arrived(id, at);
      return nothing;
    },
    end() {
      const found = (what: string, detail: string) => [
        { invariant: "I6" as const, what, subject: "neighbours", detail, at: null },
      ];
      if (Math.min(before.length, during.length) < rule.atLeast)
        return found("void", `${String(before.length)} words before and ${String(during.length)} during the faults`);
      const [usual, now] = [percentile99(before), percentile99(during)];
      if (now <= usual * rule.factor) return nothing;
      return found("slowed", `p99 ${String(usual)} ms before and ${String(now)} ms during the faults`);
    },
  };
}

function percentile99(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0;
}
