// I5, the user is never ownerless: when a chat has ended the bot is given the user, within the time allowed, once (I2), and not while an
// agent goes on with them.
import { tokensIn } from "../tokens.ts";
import type { ChatStep, Offered, Shown } from "./entries.ts";
import { listOf, nothing, type Check, type Finding } from "./finding.ts";

interface Owned {
  /** Steps of the user's chats that have not ended, by session. */
  readonly open: Map<string, ChatStep["step"]>;
  /** When a chat ended whose user is not handed back yet. */
  endedAt: number | null;
  /** Since the last chat was requested. */
  handedBack: boolean;
  /** Words of both sides that were said since then. */
  readonly saidSince: Set<string>;
  /** Chats whose user the bot gets, and how often it was given him. */
  readonly over: Set<string>;
  timesGiven: number;
}

/** What else the check tells. */
export interface OwnershipCheck extends Check {
  /** Longest time between the end of a chat and the hand-back, milliseconds. */
  longestMs(): number;
}

/** A check of who has the users. How often they are handed back is judged where ways back are told. */
export function createOwnershipCheck(handBackWithinMs: number): OwnershipCheck {
  const users = new Map<string, Owned>();
  const permits = new Map<string, true[]>();
  let longest = 0;
  let waysAreTold = false;

  const of = (user: string): Owned => {
    const known = users.get(user);
    if (known !== undefined) return known;
    const made: Owned = {
      ...{ open: new Map<string, ChatStep["step"]>(), endedAt: null, handedBack: false, timesGiven: 0 },
      ...{ saidSince: new Set<string>(), over: new Set<string>() },
    };
    users.set(user, made);
    return made;
  };

  function step({ user, session, step }: ChatStep, at: number): void {
    const owned = of(user);
    if (step === "ended") {
      if (!owned.open.delete(session)) return;
      if (!owned.handedBack) owned.endedAt ??= at;
      return;
    }
    if (step === "requested") begin(owned);
    owned.open.set(session, step);
  }

  function begin(owned: Owned): void {
    owned.handedBack = false;
    owned.saidSince.clear();
  }

  function handBack(user: string, at: number): readonly Finding[] {
    const owned = of(user);
    const ms = at - (owned.endedAt ?? at);
    longest = Math.max(longest, ms);
    owned.endedAt = null;
    owned.handedBack = true;
    owned.timesGiven += 1;
    if (ms <= handBackWithinMs) return nothing;
    return [{ invariant: "I5", what: "ownerless", subject: user, detail: `handed back after ${String(ms)} ms`, at }];
  }

  /**
   * More often given than chats were over, and shown to be begun and not done before: its repeat. Where the network has held the call for long, that comes
   * behind the beginning of the next chat, and nobody can call it back.
   */
  const isRepeat = (user: string, { over, timesGiven }: Owned): boolean =>
    waysAreTold && timesGiven > over.size && timesGiven <= timesAllowed(user, over.size);

  const timesAllowed = (user: string, chatsOver: number): number =>
    chatsOver + (permits.get(`hand-back ${user}`)?.length ?? 0);

  function offer({ id, user }: Offered): void {
    const owned = users.get(user);
    if (owned?.handedBack === true) owned.saidSince.add(id);
  }

  /** What was said before the hand-back may come behind it; what is said later and comes shows that agent and bot both have the user. */
  function show({ user, text }: Shown, at: number): readonly Finding[] {
    const owned = users.get(user);
    const withAgent = owned === undefined ? undefined : sessionOf(owned);
    if (owned?.handedBack !== true || withAgent === undefined) return nothing;
    const said = tokensIn(text).find((id) => owned.saidSince.has(id));
    if (said === undefined) return nothing;
    owned.saidSince.clear();
    if (isRepeat(user, owned)) {
      owned.handedBack = false;
      return nothing;
    }
    const detail = `handed back, and ${said} was said later in ${withAgent}`;
    return [{ invariant: "I5", what: "two owners", subject: user, detail, at }];
  }

  function given(user: string, { over, timesGiven }: Owned): readonly Finding[] {
    const times = timesAllowed(user, over.size);
    if (!waysAreTold || timesGiven <= times) return nothing;
    const detail = `given ${String(timesGiven)} times, ${String(over.size)} chats were over, ${String(times)} times allowed`;
    return [{ invariant: "I2", what: "doubled", subject: `hand-back ${user}`, detail, at: null }];
  }

  return {
    see(entry) {
      if (entry.kind === "chat") step(entry, entry.at);
      if (entry.kind === "offered") offer(entry);
      if (entry.kind === "in flight") for (const id of entry.ids) listOf(permits, id).push(true);
      if (entry.kind === "way back") {
        waysAreTold = true;
        of(entry.user).over.add(entry.chat);
      }
      if (entry.kind === "shown") return show(entry, entry.at);
      return entry.kind === "handed back" ? handBack(entry.user, entry.at) : nothing;
    },
    end() {
      return [...users].flatMap(([subject, owned]): readonly Finding[] => {
        const withAgent = sessionOf(owned);
        const found = (what: string, detail: string): readonly Finding[] => [
          { invariant: "I5", what, subject, detail, at: null },
        ];
        const twice = given(subject, owned);
        if (withAgent === undefined && owned.endedAt !== null)
          return [...twice, ...found("ownerless", "a chat ended and nobody was given the user")];
        if (withAgent !== undefined && owned.handedBack && !isRepeat(subject, owned))
          return [...twice, ...found("two owners", `handed back, and ${withAgent} is open`)];
        return twice;
      });
    },
    longestMs: () => longest,
  };
}

/** The open chat in which an agent has the user. */
function sessionOf({ open }: Owned): string | undefined {
  return [...open].find(([, step]) => step === "accepted")?.[0];
}
