// Whatever of a run can be seen from outside, as entries of a history, judged while it happens: agents' screens, users' phones, the bot, the
// calls that reach desk and channel, and the topics as a consumer of all of them sees them. It asks nothing of the service.
import type { ChatEvent, DeadLetter, InterconnectionChange } from "../../../src/processors/messages/generated.ts";
import type { DriverInstance } from "../../../src/topology/in-memory/driver.ts";
import type { CallerState, CallOutcome, PortCall } from "../../../src/topology/in-memory/instance-gate.ts";
import type { ConsumedRecord, LaneMark } from "../../../src/topology/ports.ts";
import { partitionOf } from "../../../src/topology/partitioner.ts";
import { topics, type TopicSuffix } from "../../../src/topology/topics.ts";
import { createHistoryChecker, type HistoryRules, type HistoryVerdict } from "../../support/history/check-history.ts";
import { changelogEntry } from "../../support/history/changelog-entry.ts";
import type { Entry, Untimed } from "../../support/history/entries.ts";
import type { DeskChat } from "../../support/fake-desk-types.ts";
import type { GraphWorld } from "../../support/graph-world.ts";
import { isHistory, tokensIn } from "../../support/tokens.ts";
import { createHeard } from "./heard.ts";
import { inShort } from "./in-short.ts";
import {
  creationOf,
  idOf,
  isClaimed,
  isDone,
  isGivenUp,
  isInDoubt,
  isSaved,
  rememberedBy,
  subjectOf,
  saidBy,
  type Said,
} from "./port-calls.ts";
import type { Trace } from "./trace.ts";
import { createUnderWay } from "./under-way.ts";

/** The witness of one run. */
export interface Witness {
  /** Tells what somebody else has done: offered, accepted, killed. */
  note(entry: Untimed): void;
  /** Something hard has happened that explains a repeat. `marksLost`: the store has forgotten what lanes had begun. */
  disturbed(marksLost?: boolean): void;
  arrived(instance: DriverInstance, call: PortCall, caller: CallerState): void;
  executed(instance: DriverInstance, call: PortCall, outcome: CallOutcome, caller: CallerState): void;
  /** Takes over what screens, phones and topics show since the last look. */
  look(): void;
  /** Somebody has ended the user's chat: what is decided from now on comes too late for it. */
  chatOver(user: string): void;
  /** The desk has lost the user's session, and in it what the agent said and nobody fetched. */
  sessionForgotten(user: string): void;
  /** The word came with a file of a Facebook user: behind the end of the chat it leaves no context (parity sheet 2.2). */
  leavesNoContext(id: string): void;
  /** Whether the service has told that the user has a chat, and not yet that it is over: what is said then must arrive. */
  serves(user: string): boolean;
  /** What has begun and not come to its end: words not seen, requests without outcome, users on their way back to the bot. */
  unfinished(): readonly string[];
  /** Accepted words that nobody has seen yet. */
  unseen(user?: string): readonly string[];
  /** Broken so far. */
  readonly broken: boolean;
  /** Looks at what is stored and judges the whole; of a broken run only what broke it. */
  end(): HistoryVerdict;
}

interface ToUser {
  readonly channel: string;
  readonly userId: string;
  readonly messageId: string;
  readonly text: string;
}

interface Disturbance {
  readonly atMs: number;
  /** What lanes had begun is forgotten: one call in hand per lane may be made again (docs/guarantees.md). */
  readonly marksLost: boolean;
}

/** A call may be in hand for so long before it arrives. */
const inHandMs = 1_500;
/** After a hold the first calls go out as they stood: whoever slept can't know better. */
const wakingMs = 500;

/** What a witness looks at, and what it tells. */
export interface WitnessTools {
  readonly world: () => GraphWorld;
  readonly users: readonly string[];
  readonly partitions: number;
  readonly rules: HistoryRules;
  readonly trace: Trace;
}

/** A witness of the world; give its `arrived` and `executed` to the driver. */
export function createWitness({ world, users, partitions, rules, trace }: WitnessTools): Witness {
  const checker = createHistoryChecker(rules);
  const epochs = new Map<string, number>();
  const wokeAt = new Map<string, number>();
  const userOfSession = new Map<string, string>();
  /** Session of the last chat that a user has. */
  const newest = new Map<string, string>();
  /** The last chat that a user has asked for. */
  const newestChat = new Map<string, string>();
  const live = new Set<DeskChat>();
  /** How much of each chat was seen: the desk takes texts also behind the end that its agent gave. */
  const seenOf = new Map<DeskChat, number>();
  const underWay = createUnderWay((entry) => note(entry));
  const served = new Set<string>();
  const onTheWayBack = new Set<string>();
  const requests = new Set<string>();
  const facts = new Set<string>();
  const heard = createHeard(
    (entry) => note(entry),
    () => now(),
  );
  const places = new Map<string, number>();
  const firstDone = new Map<string, number>();
  const used = new Set<string>();
  /** Users whose last chat is over for the service. */
  const handedBack = new Set<string>();
  const seen = { chats: 0, shown: 0, handedBack: 0, created: 0, files: 0 };
  const disturbances: Disturbance[] = [];
  let broken = false;

  const now = (): number => world().clock.monotonicMs();

  function note(entry: Untimed): void {
    const timed = { ...entry, at: now() } as Entry;
    const found = checker.see(timed);
    const told = inShort(timed);
    if (told !== null) trace.add(timed.at, told);
    for (const { what, subject } of found) trace.add(timed.at, `BROKEN: ${what}, ${subject}`);
    if (found.length > 0) broken = true;
    if (entry.kind === "answered" && entry.outcome === "ok") answered(entry.id);
    if (entry.kind === "offered") userOfWord.set(entry.id, entry.user);
    if (entry.kind === "replied") requests.delete(entry.id);
    if (entry.kind === "shown") underWay.ended(tokensIn(entry.text));
    if (entry.kind === "dead letter") underWay.ended(entry.about);
    if (entry.kind !== "process") return;
    disturbed(false);
    if (entry.step === "killed" || entry.step === "held") heard.stopped(entry.actor);
    if (entry.step === "released") wokeAt.set(entry.actor, now());
  }

  const userOfWord = new Map<string, string>();
  function answered(id: string): void {
    const user = userOfWord.get(id);
    if (user === undefined) return;
    if (tokensIn(id).length === 0) {
      requests.add(id);
      return;
    }
    underWay.accepted(id, user);
  }

  /** True for a caller that is gone, or has just woken: what it had decided to do happens all the same. */
  const isLate = ({ id }: DriverInstance, caller: CallerState): boolean =>
    caller !== "alive" || now() - (wokeAt.get(id) ?? Number.NEGATIVE_INFINITY) < wakingMs;

  function arrived(instance: DriverInstance, { name, number, args }: PortCall, caller: CallerState): void {
    const subject = subjectOf(name, args);
    if (subject === null || isLate(instance, caller) || isGivenUp(args)) return;
    const user = userOfSession.get(subject) ?? (users.includes(subject) ? subject : undefined);
    const partition = user === undefined ? -1 : partitionOf(Buffer.from(user), partitions);
    const lane = name === "desk.poll" ? "poll" : name === "channel.say" ? "channel" : "desk";
    const epoch = epochs.get(`${instance.id} ${String(partition)}`) ?? null;
    note({ kind: "call began", call: `${instance.id}#${String(number)}`, lane, subject, actor: instance.id, epoch });
  }

  function executed(instance: DriverInstance, call: PortCall, outcome: CallOutcome, caller: CallerState): void {
    const { name, args, number } = call;
    if (subjectOf(name, args) !== null) note({ kind: "call ended", call: `${instance.id}#${String(number)}` });
    if (name === "store.claim" && isClaimed(outcome)) epochs.set(`${instance.id} ${String(args[0])}`, Number(args[1]));
    const said = saidBy(name, args);
    if (said !== null) told({ ...said, instance: instance.id }, isInDoubt(outcome, caller));
    if (name === "store.finish" && "value" in outcome) heard.noted({ ...(args[0] as LaneMark), instance: instance.id });
    if (name === "store.begin") heard.begun(args[0] as LaneMark);
    if (name === "store.save" && isSaved(outcome)) underWay.remembered(tokensIn(rememberedBy(args)));
    if (name === "channel.say") saidToUser(args[0] as ToUser, outcome);
    if (name === "desk.say") saidToAgent(idOf(args), String(args[1]));
    // What was first, a new chat or a late hand-back, shows at once alone.
    if (name === "bot.handBack" || name === "desk.requestChat") look();
    if (name === "bot.handBack") givenToBot((args[0] as { readonly userId: string }).userId, outcome);
    const made = creationOf(name, args);
    if (made !== null) repeated(made, made, [made], (one) => one.marksLost);
    if (made !== null && isLate(instance, caller)) permit(`late ${String(now())}`, [made]);
  }

  /**
   * A chat that is over is polled by nobody, so nobody hears there what the desk has: a text that was in doubt then may come once more where
   * its session moves (docs/guarantees.md).
   */
  function saidToAgent(sessionId: string, text: string): void {
    const what = `${sessionId} ${text}`;
    const user = userOfSession.get(sessionId) ?? "";
    const isOver = handedBack.has(user) || newest.get(user) !== sessionId;
    if (firstDone.has(what) && isOver) permit("chat over", tokensIn(text));
    else repeated(what, sessionId, tokensIn(text), (one) => one.marksLost);
  }

  function disturbed(marksLost: boolean): void {
    disturbances.push({ atMs: now(), marksLost });
  }

  /** Whether the store has forgotten since then that a lane had told a word. */
  const isForgotten = (id: string): boolean => {
    const atMs = heard.lastAt(id) ?? Number.POSITIVE_INFINITY;
    return disturbances.some((one) => one.marksLost && one.atMs >= atMs);
  };

  function told({ instance, lane, subject, text }: Said & { readonly instance: string }, inDoubt: boolean): void {
    heard.told({ instance, lane, userId: userOfSession.get(subject) ?? subject }, tokensIn(text), inDoubt);
  }

  /** The bot knows no repeats (docs/guarantees.md): a hand-back whose answer never reached its sender, or whose sender has died, may come once more. */
  function givenToBot(userId: string, outcome: CallOutcome): void {
    handedBack.add(userId);
    repeated(`hand-back ${heard.lastBegun(userId)}`, userId, [`hand-back ${userId}`], () => true);
    if (!isDone(outcome)) disturbed(false);
  }

  /** Facebook's form has no id: a text whose answer never reached its sender, or whose sender has died, may come once more. */
  function saidToUser({ channel, userId, messageId, text }: ToUser, outcome: CallOutcome): void {
    if (channel === "facebook") repeated(messageId, userId, tokensIn(text), () => true);
    if (!isDone(outcome)) disturbed(false);
  }

  /** Once per lane and disturbance what was in hand then may be done again. */
  function repeated(what: string, lane: string, ids: readonly string[], explains: (one: Disturbance) => boolean): void {
    const before = firstDone.get(what);
    firstDone.set(what, now());
    if (before === undefined) return;
    const isFree = (one: Disturbance, i: number): boolean =>
      one.atMs >= before - inHandMs && explains(one) && !used.has(`${lane} ${String(i)}`);
    const at = disturbances.findIndex(isFree);
    if (at < 0) return;
    used.add(`${lane} ${String(at)}`);
    permit(`disturbance ${String(at)}`, ids);
  }

  function permit(stop: string, ids: readonly string[]): void {
    note({ kind: "in flight", lane: ids.join(" "), stop, ids });
    // Whoever may do it again can't know that it was done.
    note({ kind: "unheard", ids });
  }

  function lookAtDesk(): void {
    const { desk } = world();
    for (; seen.chats < desk.chats.length; seen.chats++) {
      const chat = desk.chats[seen.chats];
      if (chat === undefined) return;
      live.add(chat);
      seenOf.set(chat, 0);
      userOfSession.set(chat.sessionId, chat.visitorName);
      newest.set(chat.visitorName, chat.sessionId);
      handedBack.delete(chat.visitorName);
      note({ kind: "chat", user: chat.visitorName, session: chat.sessionId, step: "requested" });
    }
    for (const [chat, from] of seenOf) {
      const user = chat.visitorName;
      for (const text of chat.seen.slice(from))
        note({ kind: "shown", witness: "agent", user, text, session: chat.sessionId });
      seenOf.set(chat, chat.seen.length);
      if (chat.ended === null || !live.delete(chat)) continue;
      note({ kind: "chat", user, session: chat.sessionId, step: "ended" });
    }
    for (; seen.created < desk.created.length; seen.created++)
      note({ kind: "created", what: "case", of: desk.created[seen.created] ?? "" });
    for (; seen.files < desk.files.length; seen.files++)
      note({ kind: "created", what: "file", of: desk.files[seen.files]?.reference ?? "" });
  }

  function lookAtPhones(): void {
    const { phone } = world();
    for (const { userId, text } of phone.shown.slice(seen.shown))
      note({ kind: "shown", witness: "user", user: userId, text });
    seen.shown = phone.shown.length;
    for (const { userId } of phone.handedBack.slice(seen.handedBack)) note({ kind: "handed back", user: userId });
    seen.handedBack = phone.handedBack.length;
  }

  function lookAtTopics(): void {
    for (const { suffix } of topics) {
      for (let partition = 0; partition < partitions; partition++) {
        const place = `${suffix} ${String(partition)}`;
        const from = places.get(place) ?? 0;
        const records = world().log.since(suffix, partition, from);
        places.set(place, (records.at(-1)?.offset ?? from - 1) + 1);
        for (const record of records) read(suffix, partition, record.offset, record);
      }
    }
  }

  function read(topic: TopicSuffix, partition: number, offset: number, record: ConsumedRecord): void {
    if (record.value === null && topic !== "interconnections") return;
    if (topic === "interconnections") {
      const header = (name: string): string => record.headers.find((one) => one.name === name)?.value?.toString() ?? "";
      const change = record.value === null ? null : (valueOf(topic, record.value) as InterconnectionChange);
      note(changelogEntry({ ...record, partition, header }, change?.body ?? null));
    }
    if (record.value === null) return;
    if (topic === "agent-events") underWay.fetched(tokensIn(record.value.toString()));
    if (topic === "chat-events") fact(partition, offset, valueOf(topic, record.value) as ChatEvent);
    if (topic === "dead-letters") letter(valueOf(topic, record.value) as DeadLetter);
  }

  function valueOf(topic: TopicSuffix, bytes: Buffer): unknown {
    const decoded = world().codec.codec.decode(topic, bytes);
    if (decoded instanceof Promise || decoded.kind !== "value")
      throw new Error(`a record of ${topic} is not of its schema`);
    return decoded.value;
  }

  function fact(partition: number, offset: number, told: ChatEvent): void {
    const { eventId: id, chatId, sequence, kind, reason, requestId } = told;
    const chat = chatId === null ? {} : { chat: { id: chatId, sequence } };
    // Decided anew where the store has lost it, it says when: the rest must be the same.
    const content = JSON.stringify({ ...told, producedAt: undefined });
    note({ kind: "record", topic: "chat-events", partition, offset, id, content, ...chat });
    // Facts are at least once (docs/contracts.md): an old one told again says nothing about now.
    if (facts.has(id)) return;
    facts.add(id);
    if (kind === "requested" && chatId !== null) newestChat.set(told.userId, chatId);
    if (kind === "waiting") served.add(told.userId);
    if (chatId !== null && (kind === "ended" || kind === "refused")) {
      note({ kind: "way back", user: told.userId, chat: chatId });
      served.delete(told.userId);
      onTheWayBack.add(told.userId);
      underWay.chatOver(told.userId);
      // An agent who ends his chat has said before it what the desk hands out with the end. Any other end stops the polls.
      if (reason !== "agent") underWay.leaveAtDesk(told.userId);
    }
    if (kind === "handed_back" || kind === "hand_back_failed") onTheWayBack.delete(told.userId);
    if (requestId !== null && outcomes.has(kind))
      note({ kind: "replied", id: requestId, says: kind === "refused" ? `refused ${reason}` : kind });
  }

  /**
   * A record of the desk that was stored twice is known by its numbers while its chat is the user's last. Later what it tells counts as
   * written too late, though the user has it (docs/guarantees.md).
   */
  const isOfEarlierChat = ({ userId, chatId }: DeadLetter): boolean =>
    chatId !== null && userId !== null && (newestChat.get(userId) ?? chatId) !== chatId;

  function letter(given: DeadLetter): void {
    const { topic, partition, offset, value, detail, reason } = given;
    const about = tokensIn(`${value?.toString() ?? ""} ${detail ?? ""}`);
    const tooLate =
      (reason === "undeliverable" || reason === "chat_over") && !about.some((id) => underWay.isOfOpenChat(id));
    note({ kind: "unheard", ids: about.filter(isForgotten) });
    const of = `${topic}-${String(partition)}@${String(offset)}`;
    note({
      kind: "dead letter",
      of,
      reason: tooLate ? "undeliverable, the chat was over" : `${reason} ${String(detail)}`,
      about,
      isCopy:
        (detail ?? "").startsWith("AttachFile ") ||
        isHistory(value?.toString() ?? "") ||
        (tooLate && isOfEarlierChat(given)),
    });
  }

  function look(): void {
    lookAtDesk();
    lookAtPhones();
    lookAtTopics();
  }

  return {
    note,
    arrived,
    executed,
    look,
    disturbed: (marksLost = false) => disturbed(marksLost),
    chatOver: (user) => underWay.chatOver(user),
    sessionForgotten: (user) => underWay.leaveAtDesk(user),
    leavesNoContext: (id) => underWay.leavesNoContext(id),
    serves: (user) => served.has(user),
    unfinished: () => [
      ...underWay.open(),
      ...requests,
      ...[...served].map((user) => `${user} has a chat`),
      ...[...onTheWayBack].map((user) => `${user} is not handed back`),
      ...[...live].map(({ sessionId }) => `${sessionId} is open at the desk`),
    ],
    unseen: (user) => underWay.open(user),
    get broken() {
      return broken;
    },
    end() {
      if (broken) return checker.soFar();
      look();
      underWay.end();
      const stored = world().store.faults.snapshot().users;
      for (const user of users) {
        const { connecting, interconnection } = stored.get(user) ?? {};
        note({ kind: "stored", user, state: connecting?.json ?? interconnection?.json ?? null });
      }
      return checker.end();
    },
  };
}

/** Facts that end a request. */
const outcomes: ReadonlySet<string> = new Set(["waiting", "refused", "finish_done", "operator_done"]);
