// I7, loud or alive: an instance serves, says that it does not, or ends with a code; after healing work goes on and lag goes to 0.
import { parseToken, tokensIn } from "../tokens.ts";
import type { Entry, ProcessStep } from "./entries.ts";
import { nothing, type Check, type Finding } from "./finding.ts";

/** How long after healing. */
export interface LivelinessRule {
  /** With work open, nothing seen of the service for longer than this is silence. */
  readonly silenceMs: number;
  /** Until every lag is 0. */
  readonly drainWithinMs: number;
}

interface Instance {
  /** Null while nobody has told. */
  ready: boolean | null;
  gone: boolean;
  /** It was told to end, or was ended: how it exits says nothing. */
  ended: boolean;
}

/** A check of life. */
export function createLivelinessCheck(rule: LivelinessRule): Check {
  const instances = new Map<string, Instance>();
  /** When it was accepted; null for what is only offered. */
  const work = new Map<string, number | null>();
  const lags = new Map<string, { lastBusyAt: number | null; value: number }>();
  let healedAt: number | null = null;
  let lastEffectAt = 0;
  let lastAt = 0;

  function step({ actor, step, code }: ProcessStep, at: number): readonly Finding[] {
    const known = instances.get(actor) ?? { ready: null, gone: false, ended: false };
    instances.set(actor, known);
    if (step === "ready" || step === "not ready") known.ready = step === "ready";
    if (step === "started") Object.assign(known, { ready: null, gone: false, ended: false });
    if (step === "told to stop" || step === "killed") known.ended = true;
    if (step !== "exited" && step !== "killed") return nothing;
    known.gone = true;
    if (step === "killed" || known.ended || code !== 0) return nothing;
    return [
      { invariant: "I7", what: "ended silently", subject: actor, detail: "exit code 0, and nobody told it to", at },
    ];
  }

  function follow(entry: Entry): void {
    if (entry.kind === "offered" && parseToken(entry.id) !== null) work.set(entry.id, null);
    if (entry.kind === "answered" && work.has(entry.id)) {
      if (entry.outcome === "ok") work.set(entry.id, entry.at);
      else work.delete(entry.id);
    }
    if (entry.kind === "shown") for (const id of tokensIn(entry.text)) work.delete(id);
    if (entry.kind === "settled") work.delete(entry.id);
    if (entry.kind === "dead letter") for (const id of entry.about) work.delete(id);
    if (entry.kind === "sample" && entry.of === "lag") {
      const busyAt = entry.value > 0 ? entry.at : (lags.get(entry.subject)?.lastBusyAt ?? null);
      lags.set(entry.subject, { lastBusyAt: busyAt, value: entry.value });
    }
  }

  function silence(at: number): readonly Finding[] {
    if (healedAt === null) return nothing;
    const oldest = [...work.values()].find((acceptedAt) => acceptedAt !== null) ?? Number.POSITIVE_INFINITY;
    const since = Math.max(healedAt, lastEffectAt, oldest);
    if (at - since <= rule.silenceMs) return nothing;
    return [
      {
        invariant: "I7",
        what: "silence",
        subject: "service",
        detail: `nothing for ${String(at - since)} ms with work open`,
        at,
      },
    ];
  }

  return {
    see(entry) {
      const found: Finding[] = [];
      lastAt = entry.at;
      if (isEffect(entry)) {
        found.push(...silence(entry.at));
        lastEffectAt = entry.at;
      }
      if (entry.kind === "healed") healedAt ??= entry.at;
      if (entry.kind === "process") found.push(...step(entry, entry.at));
      follow(entry);
      return found;
    },
    end() {
      const limit = (healedAt ?? Number.POSITIVE_INFINITY) + rule.drainWithinMs;
      const lagging = [...lags].filter(([, { value, lastBusyAt }]) => value > 0 || (lastBusyAt ?? 0) > limit);
      const idle = [...instances].filter(([, { ready, gone }]) => healedAt !== null && !gone && ready === false);
      return [
        ...silence(lastAt),
        ...lagging.map(([subject, { value }]): Finding => ({
          invariant: "I7",
          what: "lag",
          subject,
          detail: `${String(value)} at the end, or not 0 in time`,
          at: null,
        })),
        ...idle.map(([subject]): Finding => ({
          invariant: "I7",
          what: "not ready",
          subject,
          detail: "after healing it never became ready",
          at: null,
        })),
      ];
    },
  };
}

const effects: ReadonlySet<Entry["kind"]> = new Set<Entry["kind"]>([
  ...(["shown", "replied", "handed back", "created", "settled", "dead letter"] as const),
]);

function isEffect({ kind }: Entry): boolean {
  return effects.has(kind);
}
