// The state store fails, forgets everything, or goes back in time: a chat goes on, and the states are what they were.
import { describe, expect, it } from "vitest";

import type { UserState } from "../../src/processors/interconnection/state.ts";
import type { Store } from "../../src/topology/ports.ts";
import { createGraphWorld, type GraphWorld } from "../support/graph-world.ts";
import { describeVerdict } from "../support/tokens.ts";
import { playChat } from "./scripted-chat.ts";

const storeCalls: readonly (keyof Store)[] = ["load", "save", "begin", "finish", "publishReplies", "standings"];

describe("a store whose calls end without an answer", () => {
  it.each(storeCalls.flatMap((call) => [true, false].map((executed) => ({ call, executed }))))(
    "$call (done: $executed) is repeated without harm",
    async ({ call, executed }) => {
      const { verdict, faults } = await playChat(
        () => "go on",
        {},
        (world) => {
          for (let i = 0; i < 3; i++) world.store.faults.failNext(executed, call);
        },
      );
      expect([describeVerdict(verdict), faults]).toEqual([
        expect.stringMatching(/lost 0, doubled 0, reordered 0/u),
        [],
      ]);
    },
  );

  it.each(["claim", "catchUp", "liveUsers"] as const)(
    "is waited for while an index is taken over (%s)",
    async (call) => {
      const world = createGraphWorld();
      for (let i = 0; i < 3; i++) world.store.faults.failNext(false, call);
      world.start();
      await world.advance(5_000);
      expect(world.instances.map(({ fatal, runtime }) => [fatal, runtime.missing()])).toEqual([[null, []]]);
      const chat = await world.openChat("ana");
      await world.say("ana", "hola");
      expect(await world.until(() => chat.seen.includes("hola"))).toBe(true);
    },
  );

  it("is waited for, with the polls going on while the group counts on us", async () => {
    const world = createGraphWorld();
    world.start();
    const chat = await world.openChat("ana");
    world.store.faults.away(true);
    const pollsBefore = chat.polls;
    await world.advance(50_000);
    expect(world.instances[0]?.runtime.missing()).toEqual([]);
    await world.say("ana", "while it was away");
    await world.advance(45_000);
    expect(world.instances[0]?.runtime.missing()).toEqual(["redis"]);
    expect(chat.polls).toBeGreaterThan(pollsBefore + 2);
    expect(chat.seen).not.toContain("while it was away");
    world.store.faults.away(false);
    await world.advance(5_000);
    expect(world.instances[0]?.runtime.missing()).toEqual([]);
    expect(chat.seen.filter((text) => text === "while it was away")).toHaveLength(1);
  });
});

const users = ["waiting", "talking", "opening", "ended"];

/** Chats in every stage, with texts on their way. */
async function chatsInEveryStage(): Promise<GraphWorld> {
  const world = createGraphWorld({ decide: { openBudgetMs: 60_000 } });
  world.start();
  await world.openChat("talking");
  await world.say("waiting", "before the chat");
  await world.connect("waiting");
  await world.until(() => world.desk.chats.length === 2);
  await world.say("waiting", "while waiting");
  const ended = await world.openChat("ended");
  ended.end();
  await world.until(() => world.phone.handedBack.length === 1);
  world.chat("talking").say("from the agent");
  await world.say("talking", "from the user");
  world.desk.fail("ensureCase", { kind: "hangs" }, { kind: "hangs" });
  await world.connect("opening");
  await world.advance(300);
  return world;
}

const statesOf = (world: GraphWorld): UserState[] => users.map((user) => world.state(user));

async function goesOn(world: GraphWorld): Promise<void> {
  const talking = world.chat("talking");
  world.chat("waiting").accept();
  await world.say("talking", "still there?");
  talking.say("still here");
  await world.advance(8_000);
  expect(world.chat("waiting").seen[0]).toContain("while waiting");
  expect(talking.seen.slice(-2)).toEqual(["from the user", "still there?"]);
  expect(world.shown("talking")).toEqual(["Esperando un agente", "from the agent", "still here"]);
  expect(talking.pollsAtOnce).toBe(1);
}

describe("a store that lost everything", () => {
  it("while the service runs is filled again from the changelog, field by field", async () => {
    const world = await chatsInEveryStage();
    const before = statesOf(world);
    expect(before.map((state) => state.interconnection?.status)).toEqual(["ON_HOLD", "ACTIVE", "CONNECTING", "CLOSED"]);
    world.store.faults.flush();
    const rebuilt = (): boolean =>
      world.state("talking").interconnection !== null && world.instances[0]?.runtime.missing().length === 0;
    expect(await world.until(rebuilt)).toBe(true);
    expect(statesOf(world)).toEqual(before);
    await goesOn(world);
  });

  it("as an instance dies between the changelog and the facts of a turn tells each fact once", async () => {
    const world = createGraphWorld();
    let armed = false;
    const dying = world.start((call) => (armed && call.name === "producer.produce" ? "die after" : "go on"));
    await world.say("ana", "hola");
    await world.advance(3_000);
    armed = true;
    await world.connect("ana");
    expect(await world.until(() => dying.dead)).toBe(true);
    world.store.faults.flush();
    world.start();
    expect(await world.until(() => world.desk.chats.length > 0)).toBe(true);
    await world.advance(2_000);
    const told = world.facts("ana").map(({ eventId }) => eventId);
    expect([new Set(told).size, world.facts("ana")[0]?.kind]).toEqual([told.length, "requested"]);
    expect(world.desk.chats).toHaveLength(1);
  });

  it("has lost what lanes had begun: a case that was made before is looked for, and found", async () => {
    const world = createGraphWorld();
    world.start();
    world.desk.fail("ensureCase", { kind: "retry", effect: "after" }, { kind: "hangs" });
    await world.connect("ana");
    expect(await world.until(() => world.desk.created.length === 1)).toBe(true);
    world.store.faults.flush();
    expect(await world.until(() => world.desk.chats.length === 1)).toBe(true);
    expect(world.desk.created).toHaveLength(1);
  });

  it("is another thing than a store that is new: there nothing is looked for", async () => {
    const looked: unknown[] = [];
    const world = createGraphWorld({
      watch: () => ({
        route: () => null,
        arrived: () => undefined,
        executed: ({ name, args }) => {
          if (name === "desk.ensureCase") looked.push(args[1]);
        },
      }),
    });
    world.start();
    await world.openChat("ana");
    expect(looked).toEqual([false]);
  });

  it("while the service is down is filled again, and nothing is taken twice", async () => {
    const world = await chatsInEveryStage();
    const before = statesOf(world);
    world.instances[0]?.crash();
    world.store.faults.flush();
    world.start();
    await world.until(() => world.state("talking").interconnection !== null);
    expect(statesOf(world)).toEqual(before);
    await goesOn(world);
    expect(await world.until(() => world.desk.chats.length === 4)).toBe(true);
    await world.advance(10_000);
    expect(world.desk.chats).toHaveLength(4);
  });
});

describe("a store that goes back in time", () => {
  it.each(["running", "down"])("with the service %s is brought up to the changelog", async (service) => {
    const world = createGraphWorld();
    world.start();
    const chat = await world.openChat("ana");
    const gone = await world.openChat("bea");
    const past = world.store.faults.snapshot();
    await world.say("ana", "one");
    chat.say("uno");
    gone.end();
    await world.advance(2_000);
    const now = [world.state("ana"), world.state("bea")];
    if (service === "down") world.instances[0]?.crash();
    world.store.faults.goBack(past);
    expect(world.state("bea").interconnection?.status).toBe("ACTIVE");
    if (service === "down") world.start();
    await world.say("ana", "two");
    chat.say("dos");
    await world.advance(20_000);
    expect(chat.seen.slice(-2)).toEqual(["one", "two"]);
    expect(world.shown("ana")).toEqual(["Esperando un agente", "uno", "dos"]);
    expect(world.state("bea")).toEqual(now[1]);
    expect(world.phone.handedBack).toHaveLength(1);
    const after = world.state("ana").interconnection;
    expect(after).toMatchObject({ status: "ACTIVE", chatId: now[0]?.interconnection?.chatId });
  });

  it("is noticed by an owner who has nothing to do, so that nobody reads old states for long", async () => {
    const world = createGraphWorld();
    world.start();
    const chat = await world.openChat("ana");
    const past = world.store.faults.snapshot();
    await world.say("ana", "one");
    chat.end();
    await world.advance(10_000);
    const now = world.state("ana");
    expect(now.interconnection?.status).toBe("CLOSED");
    world.store.faults.goBack(past);
    expect(world.state("ana").interconnection?.status).toBe("ACTIVE");
    await world.advance(5_000);
    expect(world.state("ana")).toEqual(now);
    expect(chat.seen.filter((text) => text === "one")).toHaveLength(1);
    expect(world.phone.handedBack).toHaveLength(1);
  });

  it("to before another's claim does not let the owner of before go on: the changelog knows the claim", async () => {
    const world = createGraphWorld();
    const first = world.start();
    const chat = await world.openChat("ana");
    const past = world.store.faults.snapshot();
    first.hold();
    const second = world.start();
    expect(await world.until(() => second.runtime.owned().some(({ running }) => running))).toBe(true);
    second.crash();
    // Until the group has missed it.
    await world.advance(30_000);
    world.store.faults.goBack(past);
    first.release();
    await world.say("ana", "one");
    chat.say("uno");
    await world.advance(30_000);
    expect([chat.seen.at(-1), world.shown("ana").at(-1)]).toEqual(["one", "uno"]);
    const now = world.state("ana");
    world.store.faults.goBack(past);
    await world.advance(20_000);
    expect(world.state("ana").interconnection).toEqual(now.interconnection);
  });

  it("does not bring back a user who was forgotten since", async () => {
    const world = createGraphWorld();
    world.start();
    (await world.openChat("ana")).end();
    await world.advance(10_000);
    const past = world.store.faults.snapshot();
    await world.advance(25 * 3_600_000);
    expect(world.state("ana").interconnection).toBeNull();
    world.instances[0]?.crash();
    world.store.faults.goBack(past);
    world.start();
    await world.advance(20_000);
    expect(world.state("ana").interconnection).toBeNull();
  });
});
