// What people and other systems do in a seed, one thing at a time: users, their bot, agents, upstream services, and strangers who write what
// nobody can read. Each thing is an input of one of the three topics (an agent's reaches it through the desk), and is told to the witness.
import { isProduceFailure } from "../../../src/topology/produce-failure.ts";
import { inputTopics, type InputTopic } from "../../../src/topology/topics.ts";
import type { DeskChat } from "../../support/fake-desk-types.ts";
import type { GraphWorld } from "../../support/graph-world.ts";
import { token, type Direction } from "../../support/tokens.ts";
import type { Dice } from "./dice.ts";
import type { Swarm, SwarmUser } from "./swarm.ts";
import type { Witness } from "./witness.ts";

/** The people of one run. */
export interface People {
  /** Somebody does something that can be done now; answers what. */
  act(): Promise<string>;
  /** Inputs so far, by topic. */
  readonly inputs: Readonly<Record<InputTopic, number>>;
  /** The user's chat at the desk, if it has not ended. */
  chatOf(user: SwarmUser): DeskChat | null;
  /** The session is gone: the chat is over on both sides. */
  sessionForgotten(user: SwarmUser): void;
  /** No more of it: agents accept who waits, and end each chat when all was said. Answers what is not done yet. */
  wrapUp(): readonly string[];
  /** Users who are with the bot ask for an agent, and again when that was refused; answers who has none yet. */
  reconnect(): readonly string[];
  /** One word each way in the user's chat. */
  exchange(user: SwarmUser): Promise<void>;
}

/** One user as people know them. */
interface Known {
  readonly user: SwarmUser;
  readonly accepted: Set<DeskChat>;
  /** Chats that somebody has ended, or that were asked to end. */
  readonly over: Set<DeskChat>;
  /** The last few messages of the chat that is open, for senders who repeat themselves. */
  recent: { readonly text: string; readonly messageId: string; readonly occurredAt: number; readonly chat: DeskChat }[];
  connectAskedAtMs: number;
  lastCut: DeskChat | null;
}

/** After so long without a chat a user asks again. */
const patienceMs = 15_000;
/** Ends a chat like a finish: the setting that the world has. */
export const keyword = "salir";

/** People who have done nothing yet. `poison` takes the names of records that must become dead letters. */
export function createPeople(world: GraphWorld, swarm: Swarm, witness: Witness, dice: Dice): People {
  const known = swarm.users.map((user): Known => ({
    user,
    accepted: new Set(),
    over: new Set(),
    recent: [],
    connectAskedAtMs: -patienceMs,
    lastCut: null,
  }));
  const inputs: Record<InputTopic, number> = { "agent-events": 0, "chat-requests": 0, "channel-messages": 0 };
  const chats = new Map<string, DeskChat>();
  let seenChats = 0;
  let words = 0;
  let requests = 0;
  let strangers = 0;

  const now = (): number => world.clock.monotonicMs();

  function openChat({ user, over }: Known): DeskChat | null {
    for (; seenChats < world.desk.chats.length; seenChats++) {
      const chat = world.desk.chats[seenChats];
      if (chat !== undefined) chats.set(chat.visitorName, chat);
    }
    const chat = chats.get(user.id);
    return chat?.ended !== null || over.has(chat) ? null : chat;
  }

  /** Also a chat that was asked to end, and has not. */
  function atDesk(who: Known): DeskChat | null {
    openChat(who);
    const chat = chats.get(who.user.id);
    return chat?.ended === null ? chat : null;
  }

  const isServed = (who: Known): boolean => openChat(who) !== null && witness.serves(who.user.id);

  const knownOf = (user: SwarmUser): Known => {
    const one = known.find((each) => each.user.id === user.id);
    if (one === undefined) throw new Error(`nobody is called ${user.id}`);
    return one;
  };

  const word = (user: SwarmUser, direction: Direction): string => token(user.id, direction, words++);

  /** Sends a word; it must arrive when a chat is open that takes it. */
  async function send(who: Known, id: string, isPromised: boolean, sending: () => Promise<string>): Promise<string> {
    inputs["channel-messages"] += 1;
    witness.note({ kind: "offered", id, user: who.user.id });
    try {
      const messageId = await sending();
      witness.note({ kind: "answered", id, outcome: isPromised && isServed(who) ? "ok" : "info" });
      return messageId;
    } catch (error) {
      if (!isProduceFailure(error)) throw error;
      witness.note({ kind: "answered", id, outcome: "fail" });
      return "";
    }
  }

  async function userSays(who: Known): Promise<void> {
    const chat = openChat(who);
    const id = word(who.user, "user-to-agent");
    const occurredAt = world.clock.now();
    const messageId = await send(who, id, chat !== null, () =>
      world.say(who.user.id, id, { channel: who.user.channel }),
    );
    if (chat !== null && messageId !== "")
      who.recent = [...who.recent.filter((one) => one.chat === chat), { text: id, messageId, occurredAt, chat }].slice(
        -5,
      );
  }

  async function botSays(who: Known): Promise<void> {
    const id = word(who.user, "bot-to-agent");
    await send(who, id, false, () => world.say(who.user.id, id, { channel: who.user.channel, author: "bot" }));
  }

  async function userSends(who: Known): Promise<void> {
    const id = word(who.user, "user-to-agent");
    if (who.user.channel === "facebook") witness.leavesNoContext(id);
    await send(who, id, true, () => world.sendFile(who.user.id, id, dice.chance(0.2) ? "slow" : "plain"));
  }

  async function userRepeats(who: Known): Promise<void> {
    const { text, messageId, occurredAt } = dice.one(who.recent);
    await quietly("channel-messages", () =>
      world.say(who.user.id, text, { channel: who.user.channel, messageId, occurredAt }),
    );
  }

  function agentSays(who: Known, chat: DeskChat): void {
    inputs["agent-events"] += 1;
    const id = word(who.user, "agent-to-user");
    witness.note({ kind: "offered", id, user: who.user.id });
    chat.say(id);
    witness.note({ kind: "answered", id, outcome: isServed(who) ? "ok" : "info" });
  }

  function agentAccepts(who: Known, chat: DeskChat): void {
    inputs["agent-events"] += 1;
    who.accepted.add(chat);
    chat.accept();
    witness.note({ kind: "chat", user: who.user.id, session: chat.sessionId, step: "accepted" });
  }

  function agentEnds(who: Known, chat: DeskChat): void {
    inputs["agent-events"] += 1;
    chat.end();
    over(who, chat);
  }

  /** What is under way may end as context now. */
  function over(who: Known, chat: DeskChat): void {
    who.over.add(chat);
    who.recent = [];
    witness.look();
    witness.chatOver(who.user.id);
  }

  async function asks(who: Known, what: (requestId: string) => Promise<string>): Promise<boolean> {
    const id = `request-${String(++requests)}`;
    inputs["chat-requests"] += 1;
    witness.note({ kind: "offered", id, user: who.user.id });
    try {
      await what(id);
      witness.note({ kind: "answered", id, outcome: "ok" });
      return true;
    } catch (error) {
      if (!isProduceFailure(error)) throw error;
      witness.note({ kind: "answered", id, outcome: "fail" });
      return false;
    }
  }

  async function connect(who: Known): Promise<void> {
    who.connectAskedAtMs = now();
    await asks(who, (id) => world.connect(who.user.id, { channel: who.user.channel }, id));
  }

  async function finishes(who: Known, chat: DeskChat): Promise<void> {
    if (await asks(who, (id) => world.finish(who.user.id, id))) over(who, chat);
  }

  async function saysKeyword(who: Known, chat: DeskChat): Promise<void> {
    await quietly("channel-messages", () => world.say(who.user.id, keyword, { channel: who.user.channel }));
    over(who, chat);
  }

  /** For what no token tells of: when the broker does not take it, nothing has happened. */
  async function quietly(topic: InputTopic, sending: () => Promise<unknown>): Promise<boolean> {
    inputs[topic] += 1;
    try {
      await sending();
      return true;
    } catch (error) {
      if (!isProduceFailure(error)) throw error;
      return false;
    }
  }

  async function strangerWrites(): Promise<void> {
    const topic = dice.one(inputTopics);
    const partition = dice.below(swarm.partitions);
    const key = Buffer.from(dice.one(swarm.users).id);
    strangers += 1;
    const value = Buffer.from(`stranger ${String(strangers)}`);
    await quietly(topic, () => world.sendRaw({ topic, partition, key, value }));
    // What counts is what stands there: a stranger may be told otherwise.
    const stored = world.log.records(topic, partition).findLast((record) => record.value?.equals(value));
    if (stored === undefined) return;
    witness.note({ kind: "poison", of: `driver.${topic}-${String(partition)}@${String(stored.offset)}` });
  }

  async function foreignerWrites(): Promise<void> {
    await quietly("channel-messages", () =>
      world.say(dice.one(swarm.users).id, "nothing of ours", { client: "another" }),
    );
  }

  interface Thing {
    readonly name: string;
    readonly weight: number;
    readonly act: () => Promise<void> | void;
  }

  /** What this user, their bot and their agent can do now. */
  function things(who: Known): readonly Thing[] {
    const chat = openChat(who);
    const anytime: readonly Thing[] = [
      { name: "user says", weight: 24, act: () => userSays(who) },
      { name: "bot says", weight: 3, act: () => botSays(who) },
      { name: "stranger writes", weight: 1, act: strangerWrites },
      { name: "foreigner writes", weight: 0.5, act: foreignerWrites },
    ];
    if (chat === null) {
      const mayAsk = now() - who.connectAskedAtMs > patienceMs;
      return [...anytime, { name: "connect", weight: mayAsk ? 30 : 0.3, act: () => connect(who) }];
    }
    const waiting: readonly Thing[] = [
      ...anytime,
      { name: "finish", weight: 0.4, act: () => finishes(who, chat) },
      { name: "keyword", weight: 0.3, act: () => saysKeyword(who, chat) },
      { name: "connect again", weight: 0.3, act: () => connect(who) },
      ...(who.recent.length > 0 ? [{ name: "user repeats", weight: 2, act: () => userRepeats(who) }] : []),
    ];
    if (!who.accepted.has(chat))
      return [
        ...waiting,
        { name: "queue", weight: 2, act: () => queue(chat) },
        { name: "accept", weight: 30, act: () => agentAccepts(who, chat) },
      ];
    return [
      ...waiting,
      { name: "agent says", weight: 24, act: () => agentSays(who, chat) },
      { name: "user sends", weight: 3, act: () => userSends(who) },
      { name: "agent ends", weight: 0.8, act: () => agentEnds(who, chat) },
    ];
  }

  function queue(chat: DeskChat): void {
    inputs["agent-events"] += 1;
    chat.queue(dice.below(9));
  }

  return {
    inputs,
    chatOf: (user) => openChat(knownOf(user)),
    async act() {
      const who = dice.one(known);
      const thing = dice.weighted(things(who));
      await thing.act();
      return `${who.user.id}: ${thing.name}`;
    },
    sessionForgotten(user) {
      const who = knownOf(user);
      const chat = openChat(who);
      if (chat === null) return;
      chat.drop();
      over(who, chat);
      witness.sessionForgotten(user.id);
    },
    wrapUp() {
      for (const who of known) {
        const chat = atDesk(who);
        if (chat === null) continue;
        if (!who.accepted.has(chat)) agentAccepts(who, chat);
        else if (witness.unseen(who.user.id).length === 0) agentEnds(who, chat);
      }
      return witness.unfinished();
    },
    reconnect() {
      const alone = known.filter((who) => !isServed(who));
      for (const who of alone) if (now() - who.connectAskedAtMs > patienceMs) void connect(who);
      return alone.map(({ user }) => `no chat for ${user.id}`);
    },
    async exchange(user) {
      const who = knownOf(user);
      const chat = openChat(who);
      if (chat === null) return;
      await userSays(who);
      agentSays(who, chat);
    },
  };
}
