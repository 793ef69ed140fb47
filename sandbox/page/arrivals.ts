// Owns telling, from what was seen outside the service, which text of a user has come to the agent's screen and which text of an agent to
// the user's phone, and counts what came twice, out of order or not at all. Pure. Called by world-watch.ts with every line of both sides.
import type { Arrival, PhoneLine, ScreenLine, Tally } from "./protocol.ts";

/** What the service keeps of a user's words for the bot. */
export interface Kept {
  readonly text: string;
  /** When the user said it, epoch milliseconds. */
  readonly at: number;
}

/** What is waited for, and what came. */
export interface Arrivals {
  /** A user said something that an agent is to see. */
  saidByUser(line: Pick<PhoneLine, "n" | "at" | "user" | "id" | "text">): void;
  saidByAgent(line: Pick<ScreenLine, "n" | "at" | "user" | "text">): void;
  /** The service has taken a user's text, or for good has not: then its sender knows. */
  delivered(id: string, at: number, isAccepted: boolean): void;
  /** A line came to a phone from the service: the texts that it brought. */
  seenOnPhone(line: Pick<PhoneLine, "at" | "user" | "text">): readonly Arrival[];
  seenOnScreen(line: Pick<ScreenLine, "at" | "user" | "text">): readonly Arrival[];
  /**
   * The bot has the user again: the chat is over for the service too. Texts to the user come before that or not at all; one to the agent
   * is lost unless it belongs to the bot now, which `settle` tells.
   */
  handedBack(user: string, at: number): void;
  /** Users of whom `settle` is to be told. */
  toSettle(now: number): readonly string[];
  /** What the bot was given of the user's words; undefined when that could not be learned: it is asked for again. */
  settle(user: string, now: number, kept: readonly Kept[] | undefined): void;
  tally(): Tally;
}

/** Words with which the service tells that it gave texts up (its setting MESSAGES): to the user, to the agent. */
export const REFUSALS = {
  phone: [
    "Tu mensaje no se pudo entregar al agente",
    "Recibimos demasiados mensajes a la vez; los últimos no se entregaron al agente",
  ],
  screen: [
    "**Un mensaje no se pudo entregar al usuario**",
    "**Demasiados mensajes a la vez: los últimos no se entregaron al usuario**",
  ],
} as const;

type Fate = "open" | "refused" | "lost";

interface Said {
  readonly n: number;
  readonly at: number;
  readonly id: string;
  readonly text: string;
  /** What of it has not come yet: a long text comes in pieces. */
  rest: string;
  fate: Fate;
  deliveredAt: number | undefined;
  overAt: number | undefined;
  /** Not settled before this. */
  settleAt: number;
}

interface Direction {
  readonly from: Arrival["from"];
  readonly queues: Map<string, Said[]>;
  /** Texts that came, per user, the newest last: what comes again is known by them. */
  readonly came: Map<string, { readonly texts: string[]; newest: number }>;
}

const REMEMBERED_TEXTS = 50;
const MEASURED = 200;
/** First line of what the agent is told of the talk before: it quotes texts among other words. */
const CONTEXT = "Contexto:";
/** Shorter texts come whole: the narrowest channel takes so much. */
const WHOLE_CHARS = 2_000;
/** A service that was killed has its partitions again, and has decided what lay there. */
const SETTLE_AFTER_MS = 15_000;
const ASK_AGAIN_MS = 5_000;
/** What is lost is asked for again for so long: it may only have been late. */
const DOUBT_MS = 120_000;

/** Nothing said yet. */
export function createArrivals(): Arrivals {
  const toAgent: Direction = { from: "phone", queues: new Map(), came: new Map() };
  const toUser: Direction = { from: "screen", queues: new Map(), came: new Map() };
  const counts = { sent: 0, arrived: 0, refused: 0, lost: 0, doubled: 0, reordered: 0 };
  let times: number[] = [];

  const said = (
    { queues }: Direction,
    { n, at, user, id, text }: Pick<PhoneLine, "n" | "at" | "user" | "id" | "text">,
  ): void => {
    // Of blanks there is nothing to be seen.
    if (text.trim() === "") return;
    counts.sent += 1;
    const one = {
      n,
      at,
      id,
      text,
      rest: text,
      fate: "open",
      deliveredAt: undefined,
      overAt: undefined,
      settleAt: 0,
    } as const;
    const queue = [...(queues.get(user) ?? []), { ...one }];
    const oldest = queue.length > REMEMBERED_TEXTS ? queue.find(({ fate }) => fate !== "open") : undefined;
    queues.set(
      user,
      queue.filter((known) => known !== oldest),
    );
  };
  const become = (one: Said, fate: Fate): void => {
    if (one.fate !== "open") counts[one.fate] -= 1;
    if (fate !== "open") counts[fate] += 1;
    one.fate = fate;
  };
  const refuse = ({ queues }: Direction, user: string): void => {
    for (const one of queues.get(user) ?? []) become(one, "refused");
  };
  const drop = ({ queues }: Direction, user: string, dropped: readonly Said[]): void => {
    for (const one of dropped) become(one, "open");
    queues.set(
      user,
      (queues.get(user) ?? []).filter((one) => !dropped.includes(one)),
    );
  };

  const seen = (direction: Direction, line: Pick<ScreenLine, "at" | "user" | "text">): Arrival[] => {
    const { user, text, at } = line;
    const queue = direction.queues.get(user) ?? [];
    const came = direction.came.get(user) ?? { texts: [], newest: -1 };
    const brought = broughtBy(direction.from, queue, text);
    drop(direction, user, brought);
    for (const one of brought) {
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
  const isDue = (one: Said, now: number): boolean =>
    one.fate !== "refused" &&
    one.overAt !== undefined &&
    one.deliveredAt !== undefined &&
    now >= Math.max(one.settleAt, one.overAt + SETTLE_AFTER_MS, one.deliveredAt + SETTLE_AFTER_MS) &&
    (one.fate === "open" || now < one.overAt + DOUBT_MS);

  return {
    saidByUser: (line) => said(toAgent, line),
    saidByAgent: (line) => said(toUser, { ...line, id: "" }),
    delivered(id, at, isAccepted) {
      const one = [...toAgent.queues.values()].flat().find((known) => known.id === id);
      if (one === undefined) return;
      one.deliveredAt = at;
      if (!isAccepted) become(one, "refused");
    },
    seenOnPhone(line) {
      if (REFUSALS.phone.some((words) => line.text.includes(words))) refuse(toAgent, line.user);
      return seen(toUser, line);
    },
    seenOnScreen(line) {
      if (REFUSALS.screen.some((words) => line.text.includes(words))) refuse(toUser, line.user);
      return seen(toAgent, line);
    },
    handedBack(user, at) {
      for (const one of toUser.queues.get(user) ?? []) if (one.fate === "open") become(one, "lost");
      for (const one of toAgent.queues.get(user) ?? []) one.overAt ??= at;
    },
    toSettle: (now) =>
      [...toAgent.queues].filter(([, queue]) => queue.some((one) => isDue(one, now))).map(([user]) => user),
    settle(user, now, kept) {
      const due = (toAgent.queues.get(user) ?? []).filter((one) => isDue(one, now));
      for (const one of due) one.settleAt = now + ASK_AGAIN_MS;
      if (kept === undefined) return;
      const ofTheBot = due.filter((one) => kept.some((known) => isSame(known, one)));
      counts.sent -= ofTheBot.length;
      drop(toAgent, user, ofTheBot);
      for (const one of due) if (!ofTheBot.includes(one)) become(one, "lost");
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

/** Webhooks of one user have times of their own, a little later where two texts are of one moment. */
function isSame(kept: Kept, said: Said): boolean {
  return kept.text === said.text && kept.at >= said.at && kept.at < said.at + 1_000;
}

/** The texts that a line brought to its end; those that nobody has given up come first. */
function broughtBy(from: Direction["from"], queue: readonly Said[], line: string): readonly Said[] {
  const inOrder = [...queue.filter(({ fate }) => fate === "open"), ...queue.filter(({ fate }) => fate !== "open")];
  const whole = inOrder.find(({ text }) => text === line);
  if (whole !== undefined) return [whole];
  const piece = line.trim();
  const long = inOrder.find(({ text, rest }) => text.length > WHOLE_CHARS && rest.trimStart().startsWith(piece));
  if (long !== undefined && piece !== "") {
    long.rest = long.rest.trimStart().slice(piece.length);
    return long.rest.trim() === "" ? [long] : [];
  }
  return from === "phone" && line.startsWith(CONTEXT) ? quotedIn(queue, line) : mergedIn(queue, line);
}

/** What was said right before the accept comes with the context. */
function quotedIn(queue: readonly Said[], line: string): Said[] {
  const quoted: Said[] = [];
  let rest = line;
  for (const one of queue) {
    const at = rest.indexOf(one.text);
    if (at < 0) continue;
    rest = rest.slice(at + one.text.length);
    quoted.push(one);
  }
  return quoted;
}

/** Texts in a row may be merged: what is in between is white space. A notice that quotes a text is no delivery of it. */
function mergedIn(queue: readonly Said[], line: string): Said[] {
  const parts = quotedIn(queue, line);
  let rest = line;
  for (const { text } of parts) rest = rest.replace(text, () => "");
  return rest.trim() === "" ? parts : [];
}
