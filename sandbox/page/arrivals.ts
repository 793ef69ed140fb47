// Owns telling, from what was seen outside the service, which text of a user has come to the agent's screen and which text of an agent to
// the user's phone, and counts what came twice or out of order. Pure. Called by world-watch.ts with every line of both sides.
import type { Arrival, PhoneLine, ScreenLine, Tally } from "./protocol.ts";

/** What is waited for, and what came. */
export interface Arrivals {
  /** A user said something that an agent is to see. */
  saidByUser(line: Pick<PhoneLine, "n" | "at" | "user" | "text">): void;
  saidByAgent(line: Pick<ScreenLine, "n" | "at" | "user" | "text">): void;
  /** A line came to a phone from the service: the texts that it brought. */
  seenOnPhone(line: Pick<PhoneLine, "at" | "user" | "text">): readonly Arrival[];
  seenOnScreen(line: Pick<ScreenLine, "at" | "user" | "text">): readonly Arrival[];
  /** The chat is over: what was still on its way to the agent is waited for no longer. What the agent said last may still come. */
  ended(user: string): void;
  tally(): Tally;
}

interface Said {
  readonly n: number;
  readonly at: number;
  readonly text: string;
}

interface Direction {
  readonly from: Arrival["from"];
  /** A line may quote texts among other words: what was said right before the accept comes with the context. */
  readonly mayQuote: boolean;
  readonly waiting: Map<string, Said[]>;
  /** Texts that came, per user, the newest last: what comes again is known by them. */
  readonly came: Map<string, { readonly texts: string[]; newest: number }>;
}

const REMEMBERED_TEXTS = 50;
const MEASURED = 200;

/** Nothing said yet. */
export function createArrivals(): Arrivals {
  const toAgent: Direction = { from: "phone", mayQuote: true, waiting: new Map(), came: new Map() };
  const toUser: Direction = { from: "screen", mayQuote: false, waiting: new Map(), came: new Map() };
  const counts = { sent: 0, arrived: 0, doubled: 0, reordered: 0 };
  let times: number[] = [];

  const said = (
    { waiting }: Direction,
    { n, at, user, text }: Pick<ScreenLine, "n" | "at" | "user" | "text">,
  ): void => {
    counts.sent += 1;
    const queue = waiting.get(user) ?? [];
    queue.push({ n, at, text });
    waiting.set(user, queue);
  };

  const seen = (direction: Direction, line: Pick<ScreenLine, "at" | "user" | "text">): Arrival[] => {
    const { user, text, at } = line;
    const queue = direction.waiting.get(user) ?? [];
    const came = direction.came.get(user) ?? { texts: [], newest: -1 };
    const brought = matching(queue, text, direction.mayQuote);
    for (const one of brought) {
      queue.splice(queue.indexOf(one), 1);
      if (one.n < came.newest) counts.reordered += 1;
      came.newest = Math.max(came.newest, one.n);
      counts.arrived += 1;
      times = [...times.slice(1 - MEASURED), at - one.at];
    }
    if (brought.length === 0 && came.texts.includes(text)) counts.doubled += 1;
    if (brought.length > 0) came.texts.push(text);
    if (came.texts.length > REMEMBERED_TEXTS) came.texts.shift();
    direction.came.set(user, came);
    return brought.map((one) => ({ from: direction.from, n: one.n, ms: at - one.at }));
  };

  return {
    saidByUser: (line) => said(toAgent, line),
    saidByAgent: (line) => said(toUser, line),
    seenOnPhone: (line) => seen(toUser, line),
    seenOnScreen: (line) => seen(toAgent, line),
    ended(user) {
      counts.sent -= toAgent.waiting.get(user)?.length ?? 0;
      toAgent.waiting.delete(user);
    },
    tally() {
      const sorted = times.toSorted((one, other) => one - other);
      return {
        ...counts,
        medianMs: sorted[Math.floor((sorted.length - 1) / 2)] ?? null,
        slowestMs: sorted.at(-1) ?? null,
      };
    },
  };
}

/** The texts that a line brought: the whole line, or each text that is a part of it, for texts in a row may be merged. */
function matching(queue: readonly Said[], line: string, mayQuote: boolean): Said[] {
  const whole = queue.find(({ text }) => text === line);
  if (whole !== undefined) return [whole];
  const parts: Said[] = [];
  let rest = line;
  for (const one of queue) {
    const at = one.text === "" ? -1 : rest.indexOf(one.text);
    if (at < 0) continue;
    rest = rest.slice(at + one.text.length);
    parts.push(one);
  }
  return mayQuote || isMadeOf(line, parts) ? parts : [];
}

/** Merged texts are lines of their own: what is in between is white space. A notice that quotes a text is no delivery of it. */
function isMadeOf(line: string, parts: readonly Said[]): boolean {
  let rest = line;
  for (const { text } of parts) rest = rest.replace(text, "");
  return parts.length > 0 && rest.trim() === "";
}
