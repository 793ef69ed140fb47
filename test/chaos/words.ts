// The words of a chaos run while it goes on: what was offered and answered, and which tokens phones, screens and dead letters have shown,
// so that users know when to go on and a fault finds work in flight. Reads the witnesses' logs from where it stopped. Judges nothing.
import type { DeadLetterLab } from "../support/dead-letter-lab.ts";
import type { Outcome } from "../support/history/entries.ts";
import { token, tokensIn, type Direction } from "../support/tokens.ts";
import type { Arena } from "./arena.ts";

/** One word on its way. */
export interface Word {
  readonly id: string;
  readonly user: string;
  readonly direction: Direction;
  readonly offeredMs: number;
  /** Null until its sender has heard. */
  outcome: Outcome | null;
  /** When a witness first saw it, or it stood in a dead letter. */
  seenMs: number | null;
}

/** All words of a run. */
export interface Words {
  /** The next token of a user in a direction, offered now. */
  offer(user: string, direction: Direction): Word;
  answer(word: Word, outcome: Outcome): void;
  /**
   * What is under way of a user in that direction is promised no more: it may be shown or not. What a user says while his chat ends may stand in the
   * context, which Redis alone has; what his agent says while we end the chat may stay at the desk.
   */
  letGo(user: string, direction: Direction): void;
  /** The user's chat is being ended, by whomever. */
  ending(user: string): void;
  /**
   * Whether these words, all of them, were said in a chat of the user that was being ended by then, not long ago: a dead letter of them is none that was lost
   * in the middle of a chat. Of none, whether there is such a chat.
   */
  wereEnding(user: string, ids: readonly string[], atMs: number): boolean;
  /** It came to another rightful end: it stands in the context, where the next agent reads it. */
  settle(word: Word): void;
  /** Of a user; those that nobody need ever see left out: not answered, or accepted and not seen. */
  openOf(user: string): readonly Word[];
  open(): readonly Word[];
  all(): readonly Word[];
}

/** Behind the end of a chat: last texts are tried for a minute, and an outage may hold up what is decided of them. */
const givenUpWithinMs = 300_000;

/** No words yet. */
export function createWords(arena: Arena, lab: Pick<DeadLetterLab, "letters">): Words {
  const { phones, desk } = arena.stage.world.parts;
  const words = new Map<string, Word>();
  const unpromised = new Set<Word>();
  const endings = new Map<string, number[]>();
  const openByUser = new Map<string, Set<Word>>();
  const counts = new Map<string, number>();
  const at = { screens: 0, phones: 0, letters: 0, lookedMs: -1 };

  const seen = (text: string, atMs: number): void => {
    for (const id of tokensIn(text)) {
      const word = words.get(id);
      if (word === undefined) continue;
      word.seenMs ??= atMs;
      if (word.outcome !== null) openByUser.get(word.user)?.delete(word);
    }
  };
  /** Reads on; at most once in a few milliseconds, since everybody asks all the time. */
  const look = (): void => {
    const nowMs = arena.now();
    if (nowMs - at.lookedMs < 10) return;
    at.lookedMs = nowMs;
    const screens = desk.screens.read({ since: at.screens });
    at.screens = screens.next;
    for (const { from, text, atMs } of screens.entries) if (from === "visitor") seen(text, atMs);
    const lines = phones.log.read({ since: at.phones });
    at.phones = lines.next;
    for (const { from, shown, text, atMs } of lines.entries) if (from === "service" && shown) seen(text, atMs);
    const letters = lab.letters();
    for (const { value } of letters.slice(at.letters)) seen(value?.toString("utf8") ?? "", nowMs);
    at.letters = letters.length;
  };

  return {
    offer(user, direction) {
      const n = (counts.get(`${user}.${direction}`) ?? 0) + 1;
      counts.set(`${user}.${direction}`, n);
      const id = token(user, direction, n);
      const word: Word = { id, user, direction, offeredMs: arena.now(), outcome: null, seenMs: null };
      words.set(id, word);
      const open = openByUser.get(user) ?? new Set();
      openByUser.set(user, open.add(word));
      arena.note({ kind: "offered", id, user });
      return word;
    },
    answer(word, given) {
      const outcome = given === "ok" && unpromised.has(word) ? "info" : given;
      word.outcome = outcome;
      arena.note({ kind: "answered", id: word.id, outcome });
      if (outcome !== "ok" || word.seenMs !== null) openByUser.get(word.user)?.delete(word);
    },
    letGo(user, direction) {
      look();
      for (const word of openByUser.get(user) ?? []) {
        if (word.direction !== direction) continue;
        unpromised.add(word);
        if (word.outcome !== null) this.answer(word, "info");
      }
    },
    ending: (user) => void endings.set(user, [...(endings.get(user) ?? []), arena.now()]),
    wereEnding(user, ids, atMs) {
      const some = ids.flatMap((id) => words.get(id) ?? []);
      return (endings.get(user) ?? []).some((endMs) => {
        const isNow = endMs <= atMs && atMs - endMs < givenUpWithinMs;
        return isNow && some.every(({ offeredMs, outcome }) => offeredMs <= endMs || outcome !== "ok");
      });
    },
    settle(word) {
      openByUser.get(word.user)?.delete(word);
      arena.note({ kind: "settled", id: word.id, as: "context" });
    },
    openOf(user) {
      look();
      return [...(openByUser.get(user) ?? [])];
    },
    open() {
      look();
      return [...openByUser.values()].flatMap((some) => [...some]);
    },
    all() {
      look();
      return [...words.values()];
    },
  };
}
