// I5, the user is never ownerless: when a chat has ended the bot is given the user, within the time allowed, and not while an
// agent has them.
import type { ChatStep } from "./entries.ts";
import { nothing, type Check, type Finding } from "./finding.ts";

interface Owned {
  /** Steps of the user's chats that have not ended, by session. */
  readonly open: Map<string, ChatStep["step"]>;
  /** When a chat ended whose user is not handed back yet. */
  endedAt: number | null;
  handedBack: boolean;
}

/** What else the check tells. */
export interface OwnershipCheck extends Check {
  /** Longest time between the end of a chat and the hand-back, milliseconds. */
  longestMs(): number;
}

/** A check of who has the users. */
export function createOwnershipCheck(handBackWithinMs: number): OwnershipCheck {
  const users = new Map<string, Owned>();
  let longest = 0;

  const of = (user: string): Owned => {
    const known = users.get(user);
    if (known !== undefined) return known;
    const made: Owned = { open: new Map(), endedAt: null, handedBack: false };
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
    if (step === "requested") owned.handedBack = false;
    owned.open.set(session, step);
  }

  function handBack(user: string, at: number): readonly Finding[] {
    const owned = of(user);
    const ms = at - (owned.endedAt ?? at);
    longest = Math.max(longest, ms);
    owned.endedAt = null;
    owned.handedBack = true;
    if (ms <= handBackWithinMs) return nothing;
    return [{ invariant: "I5", what: "ownerless", subject: user, detail: `handed back after ${String(ms)} ms`, at }];
  }

  return {
    see(entry) {
      if (entry.kind === "chat") step(entry, entry.at);
      return entry.kind === "handed back" ? handBack(entry.user, entry.at) : nothing;
    },
    end() {
      return [...users].flatMap(([subject, { open, endedAt, handedBack }]): readonly Finding[] => {
        const withAgent = [...open].find(([, step]) => step === "accepted");
        const found = (what: string, detail: string): readonly Finding[] => [
          { invariant: "I5", what, subject, detail, at: null },
        ];
        if (withAgent === undefined && endedAt !== null)
          return found("ownerless", "a chat ended and nobody was given the user");
        if (withAgent !== undefined && handedBack)
          return found("two owners", `handed back, and ${withAgent[0]} is open`);
        return nothing;
      });
    },
    longestMs: () => longest,
  };
}
