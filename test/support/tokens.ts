/**
 * The token checker: every text of an end-to-end test carries tokens ⟨user.direction.n⟩; from what was promised to the senders and what the
 * witnesses saw it tells lost, doubled, reordered and phantom. Knows nothing of HTTP, Kafka or time: callers collect, this decides.
 * Used by integration and chaos tests.
 */

/** Who speaks to whom; `bot-to-agent` is what the bot said before, shown to the agent as history. */
export type Direction = "user-to-agent" | "bot-to-agent" | "agent-to-user";

/** Whose eyes saw a text: the agent's screen (history included), or the user's phone. */
export type Witness = "agent" | "user";

/**
 * What a sender was told: `ok` accepted (must arrive once), `fail` certainly refused (must not arrive),
 * `info` nothing certain (may arrive once, at any later time).
 */
export type Outcome = "ok" | "fail" | "info";

/** A token that a sender sent, in the order of sending within its user and direction. */
export interface Promised {
  readonly token: string;
  readonly outcome: Outcome;
}

/** A text that a witness saw, in the order of seeing. `user` is the alias of the user in whose chat or on whose phone it was. */
export interface Seen {
  readonly witness: Witness;
  readonly user: string;
  readonly text: string;
}

/**
 * A command that was shown to be begun and not done at a kill: its tokens may be seen once more.
 * At most one command per lane and kill; two of them are an error of the caller's evidence.
 */
export interface InFlight {
  readonly lane: string;
  readonly seq: number;
  readonly kill: number;
  readonly tokens: readonly string[];
}

/** The parts of a token. */
export interface Parsed {
  readonly user: string;
  readonly direction: Direction;
  readonly n: number;
}

/** What to judge. */
export interface History {
  readonly promised: readonly Promised[];
  readonly seen: readonly Seen[];
  readonly inFlight?: readonly InFlight[];
}

/** A token that was seen more often than it may be. */
export interface Doubled {
  readonly token: string;
  readonly times: number;
}

/** A token seen although it may not be, and why. */
export interface Phantom {
  readonly token: string;
  readonly reason: "never promised" | "refused to its sender" | "wrong witness" | "wrong user";
}

/** A token first seen after one that was sent later. */
export interface Reordered {
  readonly token: string;
  readonly after: string;
}

/** A permitted double: what was seen again, and by which command. */
export interface InFlightDouble {
  readonly token: string;
  readonly lane: string;
  readonly seq: number;
  readonly kill: number;
}

/** The verdict. Only `inFlightDoubles` may be non-empty in a history that keeps all promises. */
export interface Verdict {
  readonly ok: boolean;
  /** Promised as `ok` and seen; for showing that anything flowed. */
  readonly delivered: number;
  readonly lost: readonly string[];
  readonly doubled: readonly Doubled[];
  readonly reordered: readonly Reordered[];
  readonly phantom: readonly Phantom[];
  readonly inFlightDoubles: readonly InFlightDouble[];
}

const DIRECTIONS: readonly Direction[] = ["user-to-agent", "bot-to-agent", "agent-to-user"];
const TOKEN = /⟨([A-Za-z0-9_-]+)\.(user-to-agent|bot-to-agent|agent-to-user)\.(\d+)⟩/gu;

/** The token of a text. `user` is an alias of letters, digits, `_` and `-`, never a phone number; `n` a whole number. */
export function token(user: string, direction: Direction, n: number): string {
  if (!/^[A-Za-z0-9_-]+$/.test(user) || !DIRECTIONS.includes(direction) || !Number.isSafeInteger(n) || n < 0) {
    throw new RangeError("a token needs an alias, a direction and a whole number");
  }
  return `⟨${user}.${direction}.${n}⟩`;
}

/** All tokens inside a text, in their order there. */
export function tokensIn(text: string): readonly string[] {
  return [...text.matchAll(TOKEN)].map((match) => match[0]);
}

/** Whether a text, or the piece of one that was too long, tells an agent what was said before his chat: `Cliente [time]:words` and so on. */
export function isHistory(text: string): boolean {
  return text.includes("]:");
}

/** The parts of a text that is one token and nothing else; null for any other. */
export function parseToken(text: string): Parsed | null {
  const [match] = text.matchAll(TOKEN);
  const direction = DIRECTIONS.find((known) => known === match?.[2]);
  if (match?.[1] === undefined || direction === undefined || match[0] !== text) return null;
  return { user: match[1], direction, n: Number(match[3]) };
}

/** Whose eyes a word of this direction is for. */
export function witnessOf(direction: Direction): Witness {
  return direction === "agent-to-user" ? "user" : "agent";
}

/** Judges a history. Throws when the evidence itself is impossible: a token promised twice, a text that is no token, two commands in flight on one lane at one kill. */
export function checkTokens(history: History): Verdict {
  const promises = promisesByToken(history.promised);
  const sightings = new Map<string, number>();
  const phantom: Phantom[] = [];
  const firstSeen = new Map<string, string[]>();
  for (const seen of history.seen) {
    for (const one of tokensIn(seen.text)) {
      const reason = phantomReason(one, seen, promises.get(one)?.outcome);
      if (reason !== undefined) {
        phantom.push({ token: one, reason });
        continue;
      }
      const times = (sightings.get(one) ?? 0) + 1;
      sightings.set(one, times);
      if (times === 1) {
        listOf(firstSeen, laneOf(one)).push(one);
      }
    }
  }
  const lost = history.promised.filter((one) => one.outcome === "ok" && !sightings.has(one.token));
  const { doubled, inFlightDoubles } = doubles(sightings, history.inFlight ?? []);
  const reordered = [...firstSeen.values()].flatMap((tokens) => reorderedIn(tokens, promises));
  return {
    ok: lost.length + doubled.length + reordered.length + phantom.length === 0,
    delivered: history.promised.filter((one) => one.outcome === "ok" && sightings.has(one.token)).length,
    lost: lost.map((one) => one.token),
    doubled,
    reordered,
    phantom,
    inFlightDoubles,
  };
}

/** A verdict in one line, with the first few tokens of each kind of breach. */
export function describeVerdict(verdict: Verdict): string {
  const some = (items: readonly unknown[]): string =>
    items.length === 0
      ? "0"
      : `${items.length} (${items
          .slice(0, 5)
          .map((item) => JSON.stringify(item))
          .join(", ")})`;
  const { delivered, lost, doubled, reordered, phantom, inFlightDoubles } = verdict;
  return `${delivered} delivered, lost ${some(lost)}, doubled ${some(doubled)}, reordered ${some(reordered)}, phantom ${some(phantom)}, in-flight doubles ${some(inFlightDoubles)}`;
}

interface Placed {
  readonly outcome: Outcome;
  readonly place: number;
}

function promisesByToken(promised: readonly Promised[]): ReadonlyMap<string, Placed> {
  const byToken = new Map<string, Placed>();
  for (const [place, { token: one, outcome }] of promised.entries()) {
    if (byToken.has(one)) {
      throw new Error(`promised twice: ${one}`);
    }
    parse(one);
    byToken.set(one, { outcome, place });
  }
  return byToken;
}

function parse(one: string): Parsed {
  const parsed = parseToken(one);
  if (parsed === null) throw new Error(`not a token: ${one}`);
  return parsed;
}

function phantomReason(one: string, seen: Seen, outcome: Outcome | undefined): Phantom["reason"] | undefined {
  if (outcome === undefined) {
    return "never promised";
  }
  const { user, direction } = parse(one);
  if (witnessOf(direction) !== seen.witness) {
    return "wrong witness";
  }
  if (user !== seen.user) {
    return "wrong user";
  }
  return outcome === "fail" ? "refused to its sender" : undefined;
}

function laneOf(one: string): string {
  const { user, direction } = parse(one);
  return `${user}.${direction}`;
}

function listOf(lists: Map<string, string[]>, name: string): string[] {
  const list = lists.get(name) ?? [];
  lists.set(name, list);
  return list;
}

/** What surplus sightings are covered by commands in flight; each covers one more sighting of each of its tokens. */
function doubles(
  sightings: ReadonlyMap<string, number>,
  inFlight: readonly InFlight[],
): Pick<Verdict, "doubled" | "inFlightDoubles"> {
  const permitted = permits(inFlight);
  const doubled: Doubled[] = [];
  const inFlightDoubles: InFlightDouble[] = [];
  for (const [one, times] of sightings) {
    const covers = permitted.get(one) ?? [];
    const surplus = times - 1;
    for (const { lane, seq, kill } of covers.slice(0, surplus)) {
      inFlightDoubles.push({ token: one, lane, seq, kill });
    }
    if (surplus > covers.length) {
      doubled.push({ token: one, times });
    }
  }
  return { doubled, inFlightDoubles };
}

function permits(inFlight: readonly InFlight[]): ReadonlyMap<string, readonly InFlight[]> {
  const byToken = new Map<string, InFlight[]>();
  const taken = new Set<string>();
  for (const command of inFlight) {
    const place = `${command.kill} ${command.lane}`;
    if (taken.has(place)) {
      throw new Error(`two commands in flight on lane ${command.lane} at kill ${command.kill}`);
    }
    taken.add(place);
    for (const one of command.tokens) {
      const covers = byToken.get(one) ?? [];
      covers.push(command);
      byToken.set(one, covers);
    }
  }
  return byToken;
}

/** An `info` token may surface at any later time, so only the others have a place to keep. */
function reorderedIn(seen: readonly string[], promises: ReadonlyMap<string, Placed>): readonly Reordered[] {
  const found: Reordered[] = [];
  let latest: { readonly token: string; readonly place: number } | undefined;
  for (const one of seen) {
    const promise = promises.get(one);
    if (promise?.outcome !== "ok") {
      continue;
    }
    if (latest !== undefined && promise.place < latest.place) {
      found.push({ token: one, after: latest.token });
    } else {
      latest = { token: one, place: promise.place };
    }
  }
  return found;
}
