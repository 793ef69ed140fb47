// Events that a desk tells again after a reconnect, under new numbers: known by what they say and by their order among the last
// ones. Pure. Owns the fingerprints and the match; called by desk-events.ts.
import { createHash } from "node:crypto";

import type { DeskEvent, DeskEventKind } from "../messages/generated.ts";

/** Where in the last events a repeated run may begin: indexes from, to, the end (its length) meaning nowhere. */
export interface Repeats {
  readonly from: number;
  readonly to: number;
}

/** The last events of a chat and what of them may come again; part of the state of a chat at the desk. */
export interface Told {
  /** Fingerprints of the last 50 events that have an effect, oldest first, 6 characters each. */
  readonly recent: string;
  /** Set from a reconnect until the first events after it are matched. */
  readonly repeats: Repeats | null;
}

/** Of a chat that the desk has told nothing of yet. */
export const nothingTold: Told = { recent: "", repeats: null };

/** How many events are remembered; an answer that begins longer ago is still known by all of them. */
const remembered = 50;
const fingerprintChars = 6;
/**
 * So many events in a row that equal known ones are a repeat even where the desk had their acknowledgement: it may have lost that
 * with the server. So is the very last one alone.
 */
const surelyRepeated = 2;

/**
 * False for events whose repeat does nothing: typing, what we do not act on, and the place in the queue, which a desk tells
 * anew after a reconnect.
 */
export function hasEffect(kind: DeskEventKind): boolean {
  return !["typing", "not_typing", "other", "queued", "queue_moved", "data_rules"].includes(kind);
}

/**
 * What may come again after a reconnect: `unconfirmed` events at the end had not been acknowledged; null when nobody knows, and then
 * any may.
 */
export function awaitRepeats(told: Told, unconfirmed: number | null): Told {
  const count = told.recent.length / fingerprintChars;
  const from = Math.min(Math.max(0, count - (unconfirmed ?? count)), told.repeats?.from ?? count);
  return { recent: told.recent, repeats: count === 0 ? null : { from, to: count } };
}

/**
 * Leaves out what the state has had before the reconnect, and remembers the rest. Answers the events that count, in order.
 * A repeat is a run of events equal to known ones: from the first that was not acknowledged on, longer than one event, or the last. The
 * desk may announce itself first (an agent who is there again); its whole log may come, from before what is remembered.
 */
export function takeTold(
  told: Told,
  sessionId: string,
  events: readonly DeskEvent[],
): { readonly told: Told; readonly events: readonly DeskEvent[] } {
  const marked = events.map((event) => ({ event, mark: hasEffect(event.kind) ? fingerprint(sessionId, event) : "" }));
  const counting = marked.filter(({ mark }) => mark !== "");
  if (counting.length === 0) return { told: { recent: told.recent, repeats: told.repeats }, events };
  const known = told.recent.match(/.{6}/gs) ?? [];
  const run = told.repeats === null ? null : longestRun(known, told.repeats, counting);
  // Who announces itself only, and is not remembered as long as repeats may follow.
  if (told.repeats !== null && run === null && announcedIn(counting) === counting.length)
    return { told: { recent: told.recent, repeats: told.repeats }, events };
  const dropped = new Set(run === null ? [] : counting.slice(run.dropFrom, run.end).map(({ event }) => event));
  const fresh = counting.filter(({ event }) => !dropped.has(event));
  // An answer that ends inside the known goes on in the next one, at that very place.
  const repeats = run !== null && run.next < known.length ? { from: run.next, to: run.next } : null;
  const recent = [...known, ...fresh.map(({ mark }) => mark)].slice(-remembered).join("");
  return { told: { recent, repeats }, events: events.filter((event) => !dropped.has(event)) };
}

interface Marked {
  readonly event: DeskEvent;
  readonly mark: string;
}

/** Events from `dropFrom` to `end` are known; the next one to come again stands at `next` among the known. */
interface Run {
  readonly dropFrom: number;
  readonly end: number;
  readonly next: number;
  readonly length: number;
  readonly sure: boolean;
}

function longestRun(known: readonly string[], repeats: Repeats, answer: readonly Marked[]): Run | null {
  const runs: Run[] = [];
  const lastStart = known.length === remembered ? answer.length - remembered : 0;
  for (let start = 0; start <= Math.max(announcedIn(answer), lastStart, 0); start++)
    for (let at = 0; at < known.length; at++) {
      const run = runAt(known, answer, { start, at, repeats });
      if (run !== null) runs.push(run);
    }
  return runs.reduce<Run | null>((best, run) => (best === null || isBetter(run, best) ? run : best), null);
}

function runAt(
  known: readonly string[],
  answer: readonly Marked[],
  { start, at, repeats }: { readonly start: number; readonly at: number; readonly repeats: Repeats },
): Run | null {
  const most = Math.min(answer.length - start, known.length - at);
  let length = 0;
  while (length < most && answer[start + length]?.mark === known[at + length]) length += 1;
  // A run that breaks off before either ends is chance: the desk repeats in order.
  if (length < most || length === 0) return null;
  const whole = length === remembered;
  const announced = announcedIn(answer);
  // What stands before the first words may be told again as well, or be announced anew: it decides nothing.
  const sure = at <= repeats.to && at + Math.max(0, announced - start) >= repeats.from;
  if (!sure && length < surelyRepeated && at + length < known.length) return null;
  if (start > announced && !whole) return null;
  return { dropFrom: whole ? 0 : start, end: start + length, next: at + length, length, sure };
}

/** What was not acknowledged before what only looks alike; then the longer; then the one that leaves less to come again. */
function isBetter(run: Run, than: Run): boolean {
  if (run.sure !== than.sure) return run.sure;
  return run.length === than.length ? run.next > than.next : run.length > than.length;
}

/** How many events at the start say nothing to the user. */
function announcedIn(answer: readonly Marked[]): number {
  const at = answer.findIndex(({ event: { kind } }) => kind === "said" || kind === "ended" || kind === "refused");
  return at === -1 ? answer.length : at;
}

/** Short, and of no use outside its session. Numbers are left out: they are what changes. */
function fingerprint(sessionId: string, { kind, text, agentName, reason, detail }: DeskEvent): string {
  const content = JSON.stringify([sessionId, kind, text, agentName, reason, detail]);
  return createHash("sha256").update(content).digest("base64url").slice(0, fingerprintChars);
}
