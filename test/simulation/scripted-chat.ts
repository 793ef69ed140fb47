// One conversation that goes on whatever becomes of the instances: what people do is fixed, an instance that died is replaced,
// and at the end every text is accounted for. Shared by the simulation's tests.
import type { LaneMark } from "../../src/topology/ports.ts";
import type { CallOrder, PortCall } from "../../src/topology/in-memory/instance-gate.ts";
import { createGraphWorld, type GraphWorld, type GraphWorldOptions } from "../support/graph-world.ts";
import {
  checkTokens,
  token,
  tokensIn,
  type InFlight,
  type Promised,
  type Seen,
  type Verdict,
} from "../support/tokens.ts";

/** A call that was made, when, and whether it took effect. */
interface Made extends PortCall {
  readonly atMs: number;
  readonly executed: boolean;
}

/** What came of a conversation. */
export interface ChatOutcome {
  readonly world: GraphWorld;
  readonly verdict: Verdict;
  /** Calls of the first instance. */
  readonly calls: readonly Made[];
  /** What went wrong beside lost, doubled and reordered texts. */
  readonly faults: readonly string[];
}

const user = "ana";
const patience = 120_000;
const sessionTimeoutMs = 3_000;
/** Long enough for the group to miss it and for another to claim. */
const heldMs = 2 * sessionTimeoutMs;

/**
 * Plays it. `order` is asked at each call of the first instance; the next instances are left alone. `disturb` is called once
 * the chat is under way.
 */
export async function playChat(
  order: (call: PortCall) => CallOrder,
  options: GraphWorldOptions = {},
  disturb: (world: GraphWorld, step: number) => Promise<void> | void = () => undefined,
): Promise<ChatOutcome> {
  const world = createGraphWorld({
    sessionTimeoutMs,
    ...options,
    decide: { openBudgetMs: 60_000, ...options.decide },
  });
  const calls: Made[] = [];
  const faults: string[] = [];
  const first = world.start((call) => {
    const what = order(call);
    calls.push({ ...call, atMs: world.clock.monotonicMs(), executed: what !== "die before" });
    if (what.startsWith("hold")) world.clock.after(0, standIn);
    return what;
  });
  /** What is held is missed by the group, and comes back when another has gone on. */
  const standIn = (): void => {
    world.start();
    world.clock.after(heldMs, () => first.release());
  };
  const until = async (what: string, condition: () => boolean | Promise<boolean>): Promise<void> => {
    const met = await world.until(() => {
      if (world.instances.every(({ dead }) => dead)) world.start();
      return condition();
    }, patience);
    if (!met) faults.push(`never: ${what}`);
  };
  const promised: Promised[] = [];
  const next = (direction: "user-to-agent" | "agent-to-user" | "bot-to-agent"): string => {
    const text = token(user, direction, promised.length);
    promised.push({ token: text, outcome: "ok" });
    return text;
  };
  const userSays = (): Promise<string> => world.say(user, next("user-to-agent"));

  await userSays();
  await world.say(user, next("bot-to-agent"), { author: "bot" });
  await world.connect(user);
  await userSays();
  await until("a chat request", () => world.desk.chats.length > 0);
  await userSays();
  await disturb(world, 1);
  const [chat] = world.desk.chats;
  if (chat === undefined) return { world, verdict: judge(), calls, faults };
  chat.accept();
  await until("the history at the agent", () => chat.seen.length > 0);
  for (let i = 2; i < 5; i++) {
    await userSays();
    chat.say(next("agent-to-user"));
    if (i === 3) await world.sendFile(user, next("user-to-agent"));
    await userSays();
    await disturb(world, i);
    chat.say(next("agent-to-user"));
    const direction = "agent-to-user";
    const said = promised.filter((each) => each.token.includes(direction)).length;
    await until(`${String(said)} texts of the agent`, () => tokensIn(world.shown(user).join(" ")).length >= said);
  }
  await until("all texts at the agent", () => toAgent().every((each) => chat.seen.some((text) => text.includes(each))));
  chat.end();
  await until("the hand-back", () => world.phone.handedBack.length > 0);
  await until("nothing pending", () => world.state(user).pending.length === 0);
  await world.advance(5_000);
  return { world, verdict: judge(), calls, faults: [...faults, ...breaches()] };

  function toAgent(): readonly string[] {
    return promised.map((each) => each.token).filter((each) => each.includes("to-agent"));
  }

  function judge(): Verdict {
    const seen: Seen[] = [
      ...world.desk.chats.flatMap((each) => each.seen.map((text): Seen => ({ witness: "agent", user, text }))),
      ...world.shown(user).map((text): Seen => ({ witness: "user", user, text })),
    ];
    return checkTokens({ promised, seen, inFlight: inFlightAtDeath(calls) });
  }

  function breaches(): readonly string[] {
    const { desk, phone, instances } = world;
    const states = new Set(phone.handedBack.map(({ botState }) => botState));
    return [
      ...(desk.chats.length === 1 ? [] : [`${String(desk.chats.length)} chats`]),
      ...(desk.created.length === 1 ? [] : [`${String(desk.created.length)} cases`]),
      ...(desk.files.length === 1 ? [] : [`${String(desk.files.length)} files at the case`]),
      ...(desk.contacts.size === 1 ? [] : [`${String(desk.contacts.size)} contacts`]),
      ...(desk.chats.every(({ pollsAtOnce }) => pollsAtOnce === 1) ? [] : ["two polls at once"]),
      ...(states.size === 1 && states.has("from-sf-success") ? [] : [`handed back as ${[...states].join()}`]),
      ...world.deadLetters().map(({ reason, detail }) => `dead letter: ${reason} ${String(detail)}`),
      ...instances.flatMap(({ id, fatal }) => (fatal === null ? [] : [`${id} failed: ${String(fatal.stack)}`])),
      ...sequenceGaps(world),
    ];
  }
}

/** Facts of a chat count from 1 without gaps; a repeat has the number of the fact that it repeats. */
function sequenceGaps(world: GraphWorld): readonly string[] {
  const byId = new Map(world.facts(user).map(({ eventId, sequence }) => [eventId, sequence]));
  const numbers = [...byId.values()].sort((a, b) => a - b);
  return numbers.every((number, i) => number === i + 1) ? [] : [`facts are numbered ${numbers.join()}`];
}

/** The command of the desk lane that was begun and not done when the instance died, if it was a text. */
function inFlightAtDeath(calls: readonly Made[]): readonly InFlight[] {
  const marks = calls.filter(({ name, args, executed }) => executed && isMark(name) && laneOf(args) === "desk");
  const begun = marks.findLast(({ name }) => name === "store.begin");
  const finished = marks.findLast(({ name }) => name === "store.finish");
  const said = calls.findLast(({ name, executed }) => executed && name === "desk.say");
  if (begun === undefined || said === undefined || said.number < begun.number) return [];
  if (finished !== undefined && finished.number > said.number) return [];
  const [, text] = said.args;
  return [{ lane: "desk", seq: seqOf(begun.args), kill: 1, tokens: tokensIn(String(text)) }];
}

const isMark = (name: string): boolean => name === "store.begin" || name === "store.finish";
const laneOf = ([mark]: readonly unknown[]): string => (mark as LaneMark).lane;
const seqOf = ([mark]: readonly unknown[]): number => (mark as LaneMark).seq;
