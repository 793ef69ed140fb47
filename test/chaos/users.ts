// The users of a chaos run: each asks for an agent by HTTP or by the topic, talks both ways, sends files, repeats itself, ends the chat
// in one of four ways, and begins again. What a user does comes from a generator of its own, not from time; what was promised and what came
// of it is told to the history. Called by run.ts.
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

import { endByAgent, say as agentSays } from "../../sandbox/world/live-agent/agents.ts";
import { loseSession } from "../../sandbox/world/live-agent/events.ts";
import { leave } from "../../sandbox/world/live-agent/queue.ts";
import { isOver, type Session } from "../../sandbox/world/live-agent/session.ts";
import type { Person } from "../../sandbox/world/people.ts";
import type { Delivery } from "../../sandbox/world/webhooks.ts";
import type { FactReader } from "../support/chat-facts.ts";
import type { Outcome } from "../support/history/entries.ts";
import { seededRandom } from "../support/seeded-random.ts";
import type { Stored, TopicProducer } from "../support/topic-producer.ts";
import type { Arena } from "./arena.ts";
import type { Words } from "./words.ts";

/** What users work with. */
export interface UserParts {
  readonly arena: Arena;
  readonly words: Words;
  readonly facts: FactReader;
  readonly upstream: TopicProducer;
}

/** How users behave. */
export interface Manner {
  readonly seed: number;
  /** Between two acts of a user, milliseconds. */
  readonly thinkMs: readonly [number, number];
  /** Acts of a chat. */
  readonly acts: readonly [number, number];
}

/** One user. */
export interface User {
  readonly alias: string;
  readonly person: Person;
  /** Asks for an agent until there is one, or until stopped; null then. */
  connect(how: "http" | "topic", stopped: AbortSignal): Promise<Session | null>;
  /** A text of the user. */
  says(): void;
  /** The same message twice, as a platform sends it that has not heard. */
  saysTwice(): void;
  /** A picture, with words. */
  sendsFile(): void;
  /** A text of the agent. */
  hears(session: Session): void;
  /** Resolves when all that was promised has come, or when stopped. */
  settled(stopped: AbortSignal): Promise<void>;
  /** Ends the chat and waits until the bot has the user. */
  end(how: Ending, session: Session, stopped: AbortSignal): Promise<void>;
  /** Chats in which it has talked. */
  readonly chats: number;
}

/** How a chat ends: by the agent, by the bot's call, by a request on the topic, by a word of the user, or because the desk knows it no more (403). */
export type Ending = "agent" | "finish" | "finish by topic" | "keyword" | "desk forgets";

/** All users of a run. */
export interface Users {
  /** One more. */
  add(alias: string, channel: Person["channel"]): User;
  /** Lets them all live their lives; resolves when all have stopped. */
  live(users: readonly User[], stopped: AbortSignal): Promise<void>;
  /** Newest session of a user. */
  sessionOf(person: Person): Session | undefined;
  /** The desk knows a chat in the middle of it no more: what the agent had said and nobody has fetched is gone with it. */
  forget(session: Session): void;
  /** Whether the service has said something to the agent of that session. */
  isGreeted(session: Session): boolean;
  /** Sessions that ended because the desk was told to forget them. */
  readonly forgotten: ReadonlySet<string>;
  /** Whether one of them was of that user. */
  hasForgotten(userId: string): boolean;
  aliasOf(userId: string | null | undefined): string | undefined;
  /** Connects that were refused, in words. */
  readonly refusals: string[];
}

const lookEveryMs = 25;
const askAgainMs = 3_000;
/** One of the service's own, where ENVIRONMENT is dev. */
const restartKeyword = "regresar";
/** A little picture, as a phone would send it. */
const picture = Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), Buffer.alloc(20_000, "pixel")]);

/** Nobody yet. */
export function createUsers({ arena, words, facts, upstream }: UserParts, manner: Manner): Users {
  const { parts } = arena.stage.world;
  const aliases = new Map<string, string>();
  const forgotten = new Set<string>();
  const forgottenUsers = new Set<string>();
  const refusals: string[] = [];
  const newest = { sessions: new Map<string, Session>(), atMs: -1 };
  const greeted = new Set<string>();
  let screensRead = 0;
  /** The service has said something to its agent: it knows that there is one. What the desk knows before may still be refused. */
  const isGreeted = (session: Session): boolean => {
    const { entries, next } = parts.desk.screens.read({ since: screensRead });
    screensRead = next;
    for (const { from, sessionId } of entries) if (from === "visitor") greeted.add(sessionId);
    return greeted.has(session.id);
  };

  const sessionOf = ({ userId }: Person): Session | undefined => {
    if (arena.now() - newest.atMs > lookEveryMs) {
      newest.atMs = arena.now();
      for (const session of parts.desk.byId.values())
        if (session.user !== undefined) newest.sessions.set(session.user, session);
    }
    return newest.sessions.get(userId);
  };
  const until = async (stopped: AbortSignal, holds: () => boolean): Promise<boolean> => {
    for (;;) {
      if (holds()) return true;
      if (stopped.aborted) return false;
      await delay(lookEveryMs);
    }
  };

  /** Repeats until the broker has it; the request's id makes one of many. */
  const produce = async (
    id: string,
    alias: string,
    stopped: AbortSignal,
    send: () => Promise<Stored>,
  ): Promise<void> => {
    arena.note({ kind: "offered", id, user: alias });
    while (!stopped.aborted) {
      try {
        arena.note({ kind: "answered", id, outcome: "ok", stored: await send() });
        return;
      } catch {
        // The broker is away: nothing certain until the next try.
        await delay(500);
      }
    }
  };

  const makeUser = (alias: string, person: Person): User => {
    const { userId } = person;
    const state = { chats: 0, files: 0 };
    const mine = { matching: (one: { readonly userId: string }) => one.userId === userId };
    const given = (): number =>
      parts.botrunner.states.read(mine).entries.length + parts.studioNg.states.read(mine).entries.length;

    /** What is said to a desk that has forgotten the chat goes to the context, which Redis alone has: no agent need ever see it. */
    const promiseOf = (outcome: Delivery["outcome"]): Outcome => {
      if (outcome === "refused") return "fail";
      const isForgotten = forgotten.has(sessionOf(person)?.id ?? "");
      return outcome === "accepted" && !isForgotten ? "ok" : "info";
    };
    const says = (): void => {
      const word = words.offer(alias, "user-to-agent");
      void parts.bot.sent(userId, word.id).then(({ outcome }) => {
        words.answer(word, promiseOf(outcome));
      });
    };
    /** Until it was taken: the phone repeats what was not. */
    const saysKeyword = async (stopped: AbortSignal): Promise<void> => {
      while (!stopped.aborted) {
        const { outcome } = await parts.bot.sent(userId, restartKeyword);
        if (outcome === "accepted") return;
        await delay(askAgainMs);
      }
    };
    const saysTwice = (): void => {
      const word = words.offer(alias, "user-to-agent");
      const id = `${person.channel === "whatsapp" ? "wamid." : "m_"}${alias}.${word.id.replaceAll(/\D/g, "")}`;
      void Promise.all([parts.bot.sent(userId, word.id, id), parts.bot.sent(userId, word.id, id)]).then((both) => {
        const isTaken = both.some(({ outcome }) => outcome === "accepted");
        words.answer(word, promiseOf(isTaken ? "accepted" : "given-up"));
      });
    };
    const sendsFile = (): void => {
      const word = words.offer(alias, "user-to-agent");
      state.files += 1;
      const url = parts.media.put(`${alias}-${String(state.files)}`, { bytes: picture, mimeType: "image/png" });
      // On Facebook an attachment has no caption: the words go beside it, as a message before it.
      const file = { type: "image", url, mimeType: "image/png", caption: word.id };
      void parts.bot.sentFile(userId, file).then(({ outcome }) => {
        words.answer(word, promiseOf(outcome));
      });
    };
    const hears = (session: Session): void => {
      if (session.state !== "ENGAGED") return;
      const word = words.offer(alias, "agent-to-user");
      agentSays(parts.desk, session, word.id);
      words.answer(word, "ok");
    };
    const engaged = (before: string | undefined): Session | undefined => {
      const session = sessionOf(person);
      if (session === undefined || session.id === before || session.state !== "ENGAGED") return undefined;
      return isGreeted(session) ? session : undefined;
    };
    const askByHttp = async (before: string | undefined, stopped: AbortSignal): Promise<void> => {
      void parts.bot.typed(userId, "Ayuda");
      const askedMs = arena.now();
      await until(stopped, () => {
        const isRefused = parts.bot.holder(userId) === "bot" && arena.now() - askedMs > askAgainMs;
        return engaged(before) !== undefined || isRefused;
      });
      const result = parts.bot.lastConnect(userId);
      if (engaged(before) === undefined && result?.kind === "refused")
        refusals.push(`${String(result.status)} ${result.reason}`);
    };
    const askByTopic = async (before: string | undefined, stopped: AbortSignal): Promise<void> => {
      const requestId = randomUUID();
      await produce(requestId, alias, stopped, () => upstream.connect(person, requestId));
      const outcome = (): string | undefined =>
        facts.of(userId).find((fact) => fact.requestId === requestId && ["waiting", "refused"].includes(fact.kind))
          ?.kind;
      await until(stopped, () => engaged(before) !== undefined || outcome() === "refused");
      if (engaged(before) === undefined && outcome() === "refused") refusals.push("by the topic");
    };

    const finish = async (stopped: AbortSignal): Promise<void> => {
      while (!stopped.aborted) {
        try {
          const { status } = await arena.stage.call("DELETE", `/v1/chat/finish/${userId}`);
          if (status < 500) return;
        } catch (error) {
          // Nobody answered, or not in time: asked again, for a finish that is repeated does no harm.
          if (!(error instanceof Error)) throw error;
        }
        if (isGone(sessionOf(person))) return;
        await delay(500);
      }
    };
    return {
      alias,
      person,
      get chats() {
        return state.chats;
      },
      async connect(how, stopped) {
        const before = sessionOf(person)?.id;
        while (!stopped.aborted && engaged(before) === undefined)
          await (how === "http" ? askByHttp(before, stopped) : askByTopic(before, stopped));
        const session = engaged(before);
        if (session !== undefined) state.chats += 1;
        return session ?? null;
      },
      says,
      saysTwice,
      sendsFile,
      hears,
      async settled(stopped) {
        await until(stopped, () => words.openOf(alias).length === 0);
      },
      async end(how, session, stopped) {
        const before = given();
        words.ending(alias);
        words.letGo(alias, "user-to-agent");
        // What an agent has said before he ends his chat arrives.
        if (how !== "agent") words.letGo(alias, "agent-to-user");
        if (how === "agent" && session.state === "ENGAGED") endByAgent(parts.desk, session);
        if (how === "desk forgets" && !isOver(session)) users.forget(session);
        if (how === "finish") await finish(stopped);
        if (how === "finish by topic") {
          const requestId = randomUUID();
          await produce(requestId, alias, stopped, () => upstream.finish(person, requestId));
        }
        if (how === "keyword") await saysKeyword(stopped);
        await until(stopped, () => given() > before);
      },
    };
  };

  const live = async (user: User, random: () => number, stopped: AbortSignal): Promise<void> => {
    const between = ([from, to]: readonly [number, number]): number => from + random() * (to - from);
    while (!stopped.aborted) {
      const session = await user.connect(random() < 0.7 ? "http" : "topic", stopped);
      const acts = Math.round(between(manner.acts));
      const how = endingOf(random());
      for (let act = 0; act < acts; act += 1) {
        const what = random();
        const thinkMs = between(manner.thinkMs);
        if (session === null || isOverFor(stopped) || isOver(session)) continue;
        await delay(thinkMs);
        perform(user, what, session);
      }
      if (session === null) return;
      // Half of the chats end in the middle of the talk. What a chat did not carry that the desk forgot, the next one shows: nothing more comes in this one.
      if (session.state !== "LOST" && random() < 0.5) await user.settled(stopped);
      if (isOverFor(stopped)) return;
      await user.end(how, session, stopped);
    }
  };

  const users: Users = {
    forgotten,
    hasForgotten: (userId) => forgottenUsers.has(userId),
    refusals,
    sessionOf,
    isGreeted,
    add(alias, channel) {
      const known = arena.stage.user(alias);
      const person: Person =
        channel === "whatsapp" ? known : { ...known, userId: `6543${known.userId}`, channel: "facebook" };
      parts.people.put(person);
      aliases.set(person.userId, alias);
      return makeUser(alias, person);
    },
    async live(all, stopped) {
      await Promise.all(all.map((user, i) => live(user, seededRandom(manner.seed + 7_919 * (i + 1)), stopped)));
    },
    forget(session) {
      forgotten.add(session.id);
      if (session.user !== undefined) forgottenUsers.add(session.user);
      const alias = aliases.get(session.user ?? "");
      // What the agent has said and the service has not fetched was the desk's to keep; what the user says from now on is promised to nobody.
      if (alias !== undefined) {
        words.ending(alias);
        words.letGo(alias, "agent-to-user");
      }
      leave(parts.desk, session);
      loseSession(parts.desk, session, "the desk forgot it");
    },
    aliasOf: (userId) => aliases.get(userId ?? ""),
  };
  return users;
}

function perform(user: User, what: number, session: Session): void {
  if (what < 0.47) user.says();
  else if (what < 0.93) user.hears(session);
  else if (what < 0.95) user.saysTwice();
  else user.sendsFile();
}

function endingOf(draw: number): Ending {
  if (draw < 0.45) return "agent";
  if (draw < 0.65) return "finish";
  if (draw < 0.8) return "finish by topic";
  return draw < 0.9 ? "keyword" : "desk forgets";
}

function isGone(session: Session | undefined): boolean {
  return session === undefined || isOver(session);
}

/** Asked anew each time: it changes while one waits. */
function isOverFor({ aborted }: AbortSignal): boolean {
  return aborted;
}
