// I1, I2 and I3 for words: what was accepted is shown, once, in order, to the right eyes, and nothing else is.
import { parseToken, tokensIn, witnessOf } from "../tokens.ts";
import type { Answered, Entry, InFlight, Offered, Outcome, Shown } from "./entries.ts";
import { listOf, nothing, type Check, type Finding } from "./finding.ts";

interface Word {
  readonly user: string;
  readonly lane: string;
  /** Places in the history: of two words the first comes first when it was answered before the second was offered. */
  readonly offeredAt: number;
  answeredAt: number;
  outcome: Outcome;
  settled: boolean;
  /** Its chat is over. */
  late: boolean;
  /** Its sender was told that it will not arrive, or it is a dead letter. */
  refusedAs: string | null;
  /** The service could not know that it was shown. */
  unheard: boolean;
  /** Sightings, all of them and the most within one session. */
  times: number;
  timesAtOnce: number;
  readonly bySession: Map<string, number>;
}

/** What else the check of words tells. */
export interface WordsCheck extends Check {
  /** Words that were accepted and shown. */
  delivered(): number;
  /** Tokens that were shown once more, each covered by a command in flight at a hard stop. */
  inFlightDoubles(): readonly string[];
}

/** A check of words. */
export function createWordsCheck(): WordsCheck {
  const words = new Map<string, Word>();
  const permits = new Map<string, InFlight[]>();
  /** The word offered last of those shown, by lane and by lane within a session. */
  const latest = new Map<string, { readonly id: string; readonly word: Word }>();
  let place = 0;

  function offer({ id, user }: Offered): void {
    const token = parseToken(id);
    if (token === null) return;
    if (words.has(id)) throw new Error(`offered twice: ${id}`);
    const lane = `${token.user}.${token.direction}`;
    const answeredAt = Number.POSITIVE_INFINITY;
    words.set(id, {
      user,
      lane,
      offeredAt: place,
      answeredAt,
      outcome: "info",
      settled: false,
      late: false,
      refusedAs: null,
      unheard: false,
      times: 0,
      timesAtOnce: 0,
      bySession: new Map(),
    });
  }

  function answer({ id, outcome }: Answered): void {
    const word = words.get(id);
    if (word === undefined) return;
    word.outcome = outcome;
    word.answeredAt = outcome === "ok" ? place : Number.POSITIVE_INFINITY;
  }

  function show(shown: Shown, at: number): readonly Finding[] {
    return tokensIn(shown.text).flatMap((id): readonly Finding[] => {
      const word = words.get(id);
      const wrong = word === undefined ? "never offered" : misplaced(id, word, shown);
      if (word === undefined || wrong !== null)
        return [{ invariant: "I1", what: "phantom", subject: id, detail: wrong ?? "", at }];
      word.times += 1;
      const inSession = (word.bySession.get(shown.session ?? "") ?? 0) + 1;
      word.bySession.set(shown.session ?? "", inSession);
      word.timesAtOnce = Math.max(word.timesAtOnce, inSession);
      return inItsPlace(id, word, `${word.lane} ${shown.session ?? ""}`, at);
    });
  }

  /** What has ended as context is shown with the history of a later session, what its own chat still has to say beside a later chat. */
  function inItsPlace(id: string, word: Word, laneInSession: string, at: number): readonly Finding[] {
    const before = latest.get(word.settled || word.late ? laneInSession : word.lane);
    for (const lane of [word.lane, laneInSession]) {
      const last = latest.get(lane);
      if (last === undefined || last.word.offeredAt < word.offeredAt) latest.set(lane, { id, word });
    }
    if (word.times > 1 || before === undefined || before.word.offeredAt <= word.answeredAt) return nothing;
    return [{ invariant: "I3", what: "reordered", subject: id, detail: `shown after ${before.id}`, at }];
  }

  function markUnheard(id: string): void {
    const word = words.get(id);
    if (word !== undefined) word.unheard = true;
  }

  function markLate(id: string): void {
    const word = words.get(id);
    if (word !== undefined) word.late = true;
  }

  const surplusOf = (id: string, { timesAtOnce }: Word): { readonly covered: number; readonly doubled: number } => {
    const surplus = Math.max(0, timesAtOnce - 1);
    const covered = Math.min(surplus, permits.get(id)?.length ?? 0);
    return { covered, doubled: surplus - covered };
  };

  return {
    see(entry: Entry) {
      place += 1;
      if (entry.kind === "shown") return show(entry, entry.at);
      if (entry.kind === "offered") offer(entry);
      if (entry.kind === "answered") answer(entry);
      if (entry.kind === "late") markLate(entry.id);
      if (entry.kind === "in flight") for (const id of entry.ids) listOf(permits, id).push(entry);
      for (const id of ends(entry)) {
        const word = words.get(id);
        if (word === undefined) continue;
        word.settled = true;
        word.refusedAs ??= refusal(entry);
      }
      if (entry.kind === "unheard") for (const id of entry.ids) markUnheard(id);
      return nothing;
    },
    end() {
      return [...words].flatMap(([id, word]): readonly Finding[] => {
        const { times, outcome, settled, refusedAs, unheard } = word;
        const found = (invariant: "I1" | "I2", what: string, detail: string): readonly Finding[] => [
          { invariant, what, subject: id, detail, at: null },
        ];
        if (outcome === "fail" && times > 0) return found("I1", "phantom", "was refused to its sender");
        if (outcome === "ok" && times === 0 && !settled) return found("I1", "lost", "accepted and never shown");
        if (times > 0 && refusedAs !== null && !unheard) return found("I1", "two ends", `shown, and ${refusedAs}`);
        if (surplusOf(id, word).doubled > 0) return found("I2", "doubled", `shown ${String(word.timesAtOnce)} times`);
        return nothing;
      });
    },
    delivered: () => [...words.values()].filter(({ outcome, times }) => outcome === "ok" && times > 0).length,
    inFlightDoubles: () => [...words].flatMap(([id, word]) => Array<string>(surplusOf(id, word).covered).fill(id)),
  };
}

/** Ids that come to an end by this entry without being shown. */
function ends(entry: Entry): readonly string[] {
  if (entry.kind === "settled") return [entry.id];
  return entry.kind === "dead letter" ? entry.about : [];
}

/** Null for an end that lets a word be shown besides: from the context, to the next agent. */
function refusal(entry: Entry): string | null {
  if (entry.kind === "dead letter" && entry.isCopy !== true) return `a dead letter, ${entry.reason}`;
  return entry.kind === "settled" && entry.as === "refusal" ? "refused to its sender" : null;
}

function misplaced(id: string, word: Word, { witness, user }: Shown): string | null {
  const token = parseToken(id);
  if (token !== null && witnessOf(token.direction) !== witness) return `shown to the ${witness}`;
  return user === word.user ? null : `shown to another: ${user}`;
}
