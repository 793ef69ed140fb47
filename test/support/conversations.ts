// Who said what on a stage, for the token checker: users and agents say numbered tokens through it, and it knows what each sender
// was promised and what phones and agents' screens have shown. Called by the end-to-end tests.
import type { Person } from "../../sandbox/world/people.ts";
import { say as agentSays } from "../../sandbox/world/live-agent/agents.ts";
import { eventually } from "./eventually.ts";
import type { Stage } from "./stage.ts";
import {
  checkTokens,
  describeVerdict,
  token,
  tokensIn,
  type History,
  type InFlight,
  type Promised,
  type Seen,
  type Verdict,
} from "./tokens.ts";

const drainMs = 60_000;

/** Latencies of one direction, milliseconds from the sender's word to the witness. */
export type Latencies = readonly number[];

/** The words of all users of a stage. */
export interface Conversations {
  /** The user writes the next token; resolves when the webhook was accepted or for good refused. */
  userSays(alias: string, words?: string): Promise<void>;
  /** The agent of the user's newest session writes the next token. */
  agentSays(alias: string, words?: string): void;
  /** Resolves when no webhook is under way and every promised token was seen; rejects with what is missing. `only`: of these users. */
  drained(only?: readonly string[]): Promise<void>;
  history(inFlight?: readonly InFlight[]): History;
  /** The checker's verdict; `text` says it in a line. */
  judge(inFlight?: readonly InFlight[]): Verdict & { readonly text: string };
  /** Of all words that were seen, or of these users' that were said in a stretch of the world's monotonic clock. */
  latencies(of?: SomeWords): { readonly userToAgent: Latencies; readonly agentToUser: Latencies };
}

/** Words of some users, said in a stretch of time: milliseconds of a monotonic clock, the end not part of it. */
export interface SomeWords {
  readonly aliases: readonly string[];
  readonly fromMs: number;
  readonly untilMs: number;
}

interface Sent {
  readonly token: string;
  readonly alias: string;
  readonly sentMs: number;
  outcome: Promised["outcome"] | "under way";
}

/** Conversations of these users, by alias. */
export function createConversations(stage: Stage, people: Readonly<Record<string, Person>>): Conversations {
  const { parts } = stage.world;
  const aliases = new Map(Object.entries(people).map(([alias, { userId }]) => [userId, alias]));
  const sent: Sent[] = [];
  const counts = new Map<string, number>();

  const next = (alias: string, direction: "user-to-agent" | "agent-to-user"): Sent => {
    const n = (counts.get(`${alias}.${direction}`) ?? 0) + 1;
    counts.set(`${alias}.${direction}`, n);
    const one: Sent = {
      token: token(alias, direction, n),
      alias,
      sentMs: parts.clock.monotonicMs(),
      outcome: "under way",
    };
    sent.push(one);
    return one;
  };
  const personOf = (alias: string): Person => {
    const person = people[alias];
    if (person === undefined) throw new Error(`nobody is called ${alias}`);
    return person;
  };

  /** What was seen so far; the logs are read on from where they were left, all pages of them. */
  const witnessed: (Seen & { readonly atMs: number })[] = [];
  const read = { screens: 0, phones: 0 };
  const sightings = (): readonly (Seen & { readonly atMs: number })[] => {
    const whole = { limit: Number.MAX_SAFE_INTEGER };
    const screens = parts.desk.screens.read({ ...whole, since: read.screens });
    read.screens = screens.next;
    for (const { from, user, text, atMs } of screens.entries)
      if (from === "visitor") witnessed.push({ witness: "agent", user: aliases.get(user ?? "") ?? "?", text, atMs });
    const phones = parts.phones.log.read({ ...whole, since: read.phones });
    read.phones = phones.next;
    for (const { from, shown, userId, text, atMs } of phones.entries)
      if (from === "service" && shown)
        witnessed.push({ witness: "user", user: aliases.get(userId) ?? "?", text, atMs });
    return witnessed;
  };

  const history = (inFlight: readonly InFlight[] = []): History => ({
    promised: sent.map((one) => ({ token: one.token, outcome: one.outcome === "under way" ? "info" : one.outcome })),
    seen: sightings(),
    inFlight,
  });

  const missing = (): readonly string[] => {
    const seen = new Set(sightings().flatMap(({ text }) => tokensIn(text)));
    return sent
      .filter(({ token: one, outcome }) => outcome === "under way" || (outcome === "ok" && !seen.has(one)))
      .map(({ token: one }) => one);
  };

  return {
    history,
    async userSays(alias, words = "") {
      const one = next(alias, "user-to-agent");
      const { outcome } = await parts.bot.sent(personOf(alias).userId, `${words}${one.token}`);
      one.outcome = outcome === "accepted" ? "ok" : outcome === "refused" ? "fail" : "info";
    },
    agentSays(alias, words = "") {
      const session = stage.session(personOf(alias));
      if (session === undefined) throw new Error(`no agent has ${alias}`);
      const one = next(alias, "agent-to-user");
      agentSays(parts.desk, session, `${words}${one.token}`);
      one.outcome = "ok";
    },
    async drained(only = Object.keys(people)) {
      const open = (): readonly string[] => missing().filter((one) => only.some((alias) => one.includes(`⟨${alias}.`)));
      const why = (): unknown => open().slice(0, 10);
      await eventually("every promised token is seen", () => open().length === 0, { timeoutMs: drainMs, why });
    },
    judge(inFlight) {
      const verdict = checkTokens(history(inFlight));
      return { ...verdict, text: describeVerdict(verdict) };
    },
    latencies(only) {
      const firstSeen = new Map<string, number>();
      for (const { text, atMs } of sightings())
        for (const one of tokensIn(text)) if (!firstSeen.has(one)) firstSeen.set(one, atMs);
      const isMeant = ({ alias, sentMs }: Sent): boolean =>
        only === undefined || (only.aliases.includes(alias) && sentMs >= only.fromMs && sentMs < only.untilMs);
      const of = (direction: string): Latencies =>
        sent.filter(isMeant).flatMap(({ token: one, sentMs }) => {
          const seenMs = firstSeen.get(one);
          return seenMs === undefined || !one.includes(`.${direction}.`) ? [] : [seenMs - sentMs];
        });
      return { userToAgent: of("user-to-agent"), agentToUser: of("agent-to-user") };
    },
  };
}

/** Middle and 99th percentile in words, for printing. */
export function describeLatencies(name: string, latencies: Latencies): string {
  return `${name}: p50 ${percentile(latencies, 0.5).toFixed(1)} ms, p99 ${percentile(latencies, 0.99).toFixed(1)} ms of ${String(latencies.length)}`;
}

/** The value below which that share lies; NaN of nothing. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
