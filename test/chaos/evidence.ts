// What the witnesses of an arena have seen, as entries of a history: phones, screens, calls, sessions, hand-backs, facts, dead letters, contacts,
// cases, files, every topic, and the states in Redis. Collected when all is quiet; what senders were told was noted while it happened (words.ts, users.ts).
import type { JournalEntry } from "../../sandbox/world/journal.ts";
import type { FactReader } from "../support/chat-facts.ts";
import type { DeadLetterLab } from "../support/dead-letter-lab.ts";
import type { CallBegan, Entry } from "../support/history/entries.ts";
import { isHistory, tokensIn } from "../support/tokens.ts";
import type { Arena } from "./arena.ts";
import { creations } from "./creations.ts";
import { doublesInFlight, isBlurred, otherDoubts, type Circumstances } from "./in-flight.ts";
import type { StruckFault } from "./nemesis.ts";
import type { TopicReader } from "./topics.ts";
import type { Users } from "./users.ts";
import type { Words } from "./words.ts";

/** Who tells. */
export interface Witnesses {
  readonly arena: Arena;
  readonly users: Users;
  readonly facts: FactReader;
  readonly lab: DeadLetterLab;
  readonly topics: TopicReader;
  readonly words: Pick<Words, "wereEnding">;
  readonly struck: readonly StruckFault[];
}

const allOf = { limit: Number.MAX_SAFE_INTEGER } as const;

/** All that was seen; to be put in order with what the arena noted. */
export async function collectEvidence(witnesses: Witnesses): Promise<readonly Entry[]> {
  return [
    ...shown(witnesses),
    ...calls(witnesses),
    ...chats(witnesses),
    ...handBacks(witnesses),
    ...waysBack(witnesses),
    ...outcomes(witnesses),
    ...letters(witnesses),
    ...contacts(witnesses),
    ...casesAndFiles(witnesses),
    ...inFlight(witnesses),
    ...(await topicsAndStates(witnesses)),
  ];
}

/** Reason of a dead letter of words that were under way as their chat ended, or was forgotten by the desk: where those may end. */
export const chatWasEnding = "the chat was ending";

const historyHead = "Contexto:";

function shown({ arena, users }: Witnesses): readonly Entry[] {
  const { desk, phones } = arena.stage.world.parts;
  const user = (id: string | null): string => users.aliasOf(id) ?? "somebody";
  const inHistory = new Map<string, string>();
  /** What was said before a chat is told to the agents of all chats of the next 24 h: each of them reads it once. */
  const told = (text: string, session: string): string => {
    if (!text.startsWith(historyHead)) return text;
    const fresh = tokensIn(text).filter((id) => (inHistory.get(id) ?? session) === session);
    for (const id of fresh) inHistory.set(id, session);
    return fresh.join(" ");
  };
  return [
    ...desk.screens
      .read(allOf)
      .entries.filter(({ from }) => from === "visitor")
      .map((line): Entry => ({
        ...{ at: line.atMs, kind: "shown", witness: "agent", user: user(line.user) },
        text: told(line.text, line.sessionId),
      })),
    ...phones.log
      .read(allOf)
      .entries.filter((line) => line.from === "service" && line.shown)
      .map((line): Entry => ({
        ...{ at: line.atMs, kind: "shown", witness: "user", user: user(line.userId), text: line.text },
      })),
  ];
}

/**
 * Calls that must be one at a time: of a session its polls and its posts, of a user those to the phone (decision 72). Of a call over a link at fault, or of an instance that stood still or was killed,
 * the simulator sees when it arrived and when its connection ended, not when its caller gave it up: those are left out.
 */
function calls({ arena, users, struck }: Witnesses): readonly Entry[] {
  const { journal } = arena.stage.world.parts;
  return journal.log.read(allOf).entries.flatMap((call): readonly Entry[] => {
    const lane = laneOf(call);
    const caller = arena.callerOf(call.host);
    if (lane === null || caller === undefined || isBlurred(call, caller, struck)) return [];
    const subject = lane === "channel" ? users.aliasOf(call.user) : call.session;
    if (subject === undefined) return [];
    const name = `${call.operation} ${String(call.call)}`;
    return [
      { at: call.arrivedMs, kind: "call began", call: name, lane, subject, actor: caller.name, epoch: null },
      { at: call.endedMs, kind: "call ended", call: name },
    ];
  });
}

const deskLane = new Set(["ChasitorInit", "ChatMessage", "ChatEnd", "SessionId"]);

function laneOf({ operation }: JournalEntry): CallBegan["lane"] | null {
  if (operation === "Messages") return "poll";
  if (deskLane.has(operation)) return "desk";
  return operation === "messages" || operation === "send-to" || operation === "trigger" ? "channel" : null;
}

/** Sessions, facts and records of the org keep the time of day; all else is on the monotonic clock. */
function monotonicFrom({ stage }: Arena): number {
  const { clock } = stage.world.parts;
  return clock.monotonicMs() - clock.nowMs();
}

function chats({ arena, users }: Witnesses): readonly Entry[] {
  const { desk } = arena.stage.world.parts;
  return [...desk.byId.values()].flatMap((session): readonly Entry[] => {
    const user = users.aliasOf(session.user);
    if (user === undefined) return [];
    const step = (at: number, what: "requested" | "accepted" | "ended"): Entry => ({
      ...{ at, kind: "chat", user, session: session.id, step: what },
    });
    const { engagedAtMs, overAtMs } = session;
    return [
      step(session.createdAt + monotonicFrom(arena), "requested"),
      ...(engagedAtMs === undefined ? [] : [step(engagedAtMs, "accepted")]),
      ...(overAtMs === undefined ? [] : [step(overAtMs, "ended")]),
    ];
  });
}

function handBacks({ arena, users }: Witnesses): readonly Entry[] {
  const { botrunner, studioNg } = arena.stage.world.parts;
  const given = [...botrunner.states.read(allOf).entries, ...studioNg.states.read(allOf).entries];
  return given.flatMap(({ userId, atMs }): readonly Entry[] => {
    const user = users.aliasOf(userId);
    return user === undefined ? [] : [{ at: atMs, kind: "handed back", user }];
  });
}

/** Chats and refused connects that are over for the service: the bot gets their user. */
function waysBack({ arena, users, facts }: Witnesses): readonly Entry[] {
  return facts.all().flatMap(({ kind, userId, chatId, occurredAt }): readonly Entry[] => {
    const user = users.aliasOf(userId);
    if (user === undefined || chatId === null || (kind !== "ended" && kind !== "refused")) return [];
    return [{ at: occurredAt + monotonicFrom(arena), kind: "way back", user, chat: chatId }];
  });
}

const outcomeKinds = new Set(["waiting", "refused", "finish_done"]);

/** Ends of requests, from the facts; a request of which we do not know came over HTTP, and its caller was told there. */
function outcomes({ arena, facts }: Witnesses): readonly Entry[] {
  const offered = new Set(arena.entries.flatMap((entry) => (entry.kind === "offered" ? [entry.id] : [])));
  const at = arena.now();
  return facts
    .all()
    .flatMap(({ requestId, kind, reason }): readonly Entry[] =>
      requestId !== null && outcomeKinds.has(kind) && offered.has(requestId)
        ? [{ at, kind: "replied", id: requestId, says: kind === "waiting" ? kind : `${kind} ${reason}` }]
        : [],
    );
}

function letters({ arena, lab, facts, words, users }: Witnesses): readonly Entry[] {
  /** What a record that was stored twice tells once the next chat has begun counts as too late, though the user has it (docs/guarantees.md). */
  const isOfEarlierChat = (userId: string | null, chatId: string | null, at: number): boolean => {
    const before = facts
      .all()
      .filter((one) => one.userId === userId && one.kind === "requested" && one.occurredAt <= at);
    const newest = before.sort((one, other) => one.occurredAt - other.occurredAt).at(-1);
    return newest !== undefined && newest.chatId !== chatId;
  };
  return lab.letters().map((letter): Entry => {
    const { topic, partition, offset, reason, detail, value, holds, occurredAt, userId, chatId } = letter;
    const text = value?.toString("utf8") ?? "";
    const about = tokensIn(text);
    const at = occurredAt + monotonicFrom(arena);
    // The history holds words of earlier chats, of which this says nothing.
    const own = isHistory(text) ? [] : about;
    const isOfEnd =
      (reason === "undeliverable" || reason === "chat_over") && words.wereEnding(users.aliasOf(userId) ?? "", own, at);
    return {
      ...{ at, kind: "dead letter", about },
      reason: isOfEnd ? chatWasEnding : reason,
      of: holds === "text" ? `text ${text}` : placeOf(topic, partition, offset),
      isCopy:
        (detail ?? "").startsWith("AttachFile ") ||
        isHistory(text) ||
        (reason === "chat_over" && isOfEarlierChat(userId, chatId, occurredAt)),
    };
  });
}

/** Where a record stands, as dead letters and poison are named. */
export function placeOf(topic: string, partition: number, offset: number): string {
  return `${topic.slice(topic.lastIndexOf(".") + 1)}-${String(partition)}@${String(offset)}`;
}

/** One contact a user: whoever opens a chat again is found. */
function contacts({ arena }: Witnesses): readonly Entry[] {
  const at = arena.now();
  return [...arena.stage.world.parts.desk.records.all("Contact")].map(({ Email }): Entry => ({
    ...{ at, kind: "created", what: "contact", of: String(Email) },
  }));
}

function casesAndFiles({ arena, users, facts, struck }: Witnesses): readonly Entry[] {
  const { desk, people } = arena.stage.world.parts;
  const cases = [...desk.records.all("Case")].flatMap(({ Id, ContactId, CreatedDate }) => {
    const email = desk.records.get("Contact", String(ContactId))?.["Email"];
    const userId = people.find(String(email));
    return users.aliasOf(userId) === undefined ? [] : [{ id: Id, userId, at: Date.parse(String(CreatedDate)) }];
  });
  const files = [...desk.records.all("ContentVersion")].map(({ Description, CreatedDate }) => ({
    reference: String(Description),
    at: Date.parse(String(CreatedDate)),
  }));
  return creations({ cases, files }, { facts: facts.all(), struck, monotonicFrom: monotonicFrom(arena) });
}

/** What the independent consumer has read, in the order of each partition, and the states in Redis. */
async function topicsAndStates({ arena, users, topics }: Witnesses): Promise<readonly Entry[]> {
  const userIds = arena.stage.world.parts.people.list().map(({ userId }) => userId);
  const aliasOf = (userId: string): string => users.aliasOf(userId) ?? "somebody";
  const known = userIds.filter((userId) => users.aliasOf(userId) !== undefined);
  const states = await topics.states(known, aliasOf);
  const at = arena.now();
  return [...topics.entries(aliasOf), ...states].map((entry) => ({ ...entry, at }));
}

function inFlight({ arena, users, struck }: Witnesses): readonly Entry[] {
  const { journal, people } = arena.stage.world.parts;
  const calls = journal.log.read(allOf).entries;
  const circumstances: Circumstances = {
    struck,
    callerOf: (host) => arena.callerOf(host),
    channelOf: (userId) => people.get(userId).channel,
    aliasOf: (userId) => users.aliasOf(userId),
  };
  return [...doublesInFlight(calls, circumstances), ...otherDoubts(calls, circumstances)];
}
