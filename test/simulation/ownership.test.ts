// Several instances over one log and one store: takeover, clean hand-over, and owners that slept through their replacement.
import { describe, expect, it } from "vitest";

import type { CallOrder, PortCall, Route } from "../../src/topology/in-memory/instance-gate.ts";
import { createGraphWorld, type GraphWorld } from "../support/graph-world.ts";

const ownerOf = (world: GraphWorld): number =>
  world.instances.findIndex(
    ({ dead, held, runtime }) => !dead && !held && runtime.owned().some(({ running }) => running),
  );

describe("a clean stop", () => {
  it("hands over so that the next owner need not wait, and nothing is produced or said twice", async () => {
    const world = createGraphWorld();
    const first = world.start();
    const chat = await world.openChat("ana");
    await world.say("ana", "one");
    await world.advance(1_000);
    const records = (): number[] =>
      (["chat-events", "dead-letters", "agent-events"] as const).map((topic) => world.read(topic).length);
    const before = records();
    let stopped = false;
    void first.stop().then(() => {
      stopped = true;
    });
    expect(await world.until(() => stopped, 2_000)).toBe(true);
    world.start();
    const startedAt = world.clock.now();
    expect(await world.until(() => ownerOf(world) === 1, 5_000)).toBe(true);
    expect(world.clock.now() - startedAt).toBeLessThan(500);
    await world.advance(2_000);
    expect(records()).toEqual(before);
    chat.say("uno");
    await world.say("ana", "two");
    await world.advance(2_000);
    expect(chat.seen.slice(-2)).toEqual(["one", "two"]);
    expect(world.shown("ana").slice(1)).toEqual(["uno"]);
    expect(chat.pollsAtOnce).toBe(1);
  });

  it("waits for the command in hand, leaves the rest to the next owner, and commits what was applied", async () => {
    const world = createGraphWorld();
    const first = world.start();
    const chat = await world.openChat("ana");
    for (let i = 0; i < 5; i++) await world.say("ana", `text ${String(i)}`);
    await first.stop();
    expect(first.fatal).toBeNull();
    world.start();
    await world.advance(5_000);
    expect(chat.seen.slice(2)).toEqual(["text 0", "text 1", "text 2", "text 3", "text 4"]);
  });

  it("ends at its deadline though an outside call does not", async () => {
    const world = createGraphWorld();
    const first = world.start();
    await world.openChat("ana");
    world.store.faults.away(true);
    await world.say("ana", "one");
    await world.advance(1_000);
    let stopped = false;
    void first.stop(3_000).then(() => {
      stopped = true;
    });
    expect(await world.until(() => stopped, 3_100)).toBe(true);
  });
});

describe("a stop that comes while the owner reads who is live", () => {
  it("is over as fast as any other", async () => {
    const slow: Route = { requestMs: 600, replyMs: 0, late: null };
    const asked: string[] = [];
    const route = ({ name }: PortCall): Route | null => {
      if (name !== "store.liveUsers") return null;
      asked.push(name);
      return slow;
    };
    const world = createGraphWorld({ watch: () => ({ route }) });
    const first = world.start();
    expect(await world.until(() => asked.length > 0, 10_000)).toBe(true);
    let stopped = false;
    void first.stop(10_000).then(() => {
      stopped = true;
    });
    expect(await world.until(() => stopped, 2_000)).toBe(true);
  });
});

describe("a claim that takes long to stand", () => {
  it("is followed by the whole wait: until then the owner before could see its right confirmed", async () => {
    const at = { claimed: 0, polled: 0 };
    const world: GraphWorld = createGraphWorld({
      sessionTimeoutMs: 6_000,
      watch: (instanceId) => ({
        route: ({ name }) =>
          name === "producer.produce" && instanceId === world.instances[1]?.id && at.claimed === 0
            ? { requestMs: 1_450, replyMs: 0, late: null }
            : null,
        executed({ name }) {
          if (instanceId !== world.instances[1]?.id) return;
          if (name === "store.claim") at.claimed = world.clock.now();
          if (name === "desk.poll" && at.polled === 0) at.polled = world.clock.now();
        },
      }),
    });
    const first = world.start();
    const chat = await world.openChat("ana");
    first.crash();
    world.start();
    await world.until(() => at.claimed > 0, 30_000);
    chat.say("here");
    expect(await world.until(() => at.polled > 0, 10_000)).toBe(true);
    expect(at.polled - at.claimed).toBeGreaterThanOrEqual(1_500);
  });
});

describe("a killed owner", () => {
  it("is replaced after its session, and the next one waits until its right to act has run out", async () => {
    const world = createGraphWorld({ sessionTimeoutMs: 6_000 });
    world.start();
    world.start();
    const chat = await world.openChat("ana");
    const owner = ownerOf(world);
    world.instances[owner]?.crash();
    const killedAt = world.clock.now();
    expect(await world.until(() => ownerOf(world) === 1 - owner, 20_000)).toBe(true);
    const tookMs = world.clock.now() - killedAt;
    expect(tookMs).toBeGreaterThanOrEqual(6_000 + 1_500);
    expect(tookMs).toBeLessThan(6_000 + 2_500);
    await world.say("ana", "hello");
    await world.advance(2_000);
    expect(chat.seen.at(-1)).toBe("hello");
    expect(chat.pollsAtOnce).toBe(1);
  });
});

/** Holds the first instance at a call of that name once `ready`. */
function holding(
  name: string,
  when: "hold before" | "hold after",
): { ready: boolean; order: (c: PortCall) => CallOrder } {
  const plan = {
    ready: false,
    order(call: PortCall): CallOrder {
      if (!plan.ready || call.name !== name) return "go on";
      plan.ready = false;
      return when;
    },
  };
  return plan;
}

describe("an owner that sleeps through its replacement", () => {
  it.each([
    { name: "store.save", when: "hold before" },
    { name: "store.save", when: "hold after" },
    { name: "producer.produce", when: "hold before" },
    { name: "producer.produce", when: "hold after" },
    { name: "consumer.commit", when: "hold before" },
    { name: "consumer.commit", when: "hold after" },
    { name: "store.begin", when: "hold before" },
    { name: "store.begin", when: "hold after" },
    { name: "desk.say", when: "hold before" },
    { name: "desk.say", when: "hold after" },
    { name: "store.finish", when: "hold before" },
    { name: "store.finish", when: "hold after" },
    { name: "effects.produce", when: "hold before" },
    { name: "effects.produce", when: "hold after" },
  ] as const)("does no harm when it wakes ($name, $when)", async ({ name, when }) => {
    const world = createGraphWorld({ sessionTimeoutMs: 6_000 });
    const plan = holding(name, when);
    const first = world.start(plan.order);
    const chat = await world.openChat("ana");
    plan.ready = true;
    await world.say("ana", "one");
    await world.advance(500);
    expect(first.held).toBe(true);
    world.start();
    expect(await world.until(() => ownerOf(world) === 1, 30_000)).toBe(true);
    await world.say("ana", "two");
    chat.say("uno");
    await world.advance(3_000);
    const changelogBefore = world.state("ana");
    first.release();
    await world.advance(2_000);
    await world.say("ana", "three");
    await world.advance(70_000);
    expect(chat.seen.slice(2)).toEqual(["one", "two", "three"]);
    expect(world.shown("ana").slice(1)).toEqual(["uno"]);
    expect(chat.pollsAtOnce).toBe(1);
    expect(changelogBefore.interconnection?.chatId).toBe(world.state("ana").interconnection?.chatId);
    expect(world.instances.map(({ fatal }) => fatal)).toEqual([null, null]);
    // What it appended late is void: a rebuild gives the state that the present owner has.
    const before = world.state("ana");
    world.instances.forEach((instance) => instance.crash());
    world.store.faults.flush();
    world.start();
    await world.until(() => world.state("ana").interconnection !== null);
    expect(world.state("ana")).toEqual(before);
  });

  it("appends what it saved behind the fence of the next owner, and that is void", async () => {
    const world = createGraphWorld({ sessionTimeoutMs: 6_000 });
    const plan = holding("producer.produce", "hold before");
    const first = world.start(plan.order);
    await world.openChat("ana");
    plan.ready = true;
    await world.say("ana", "one");
    await world.advance(500);
    expect(first.held).toBe(true);
    world.start();
    expect(await world.until(() => ownerOf(world) === 1, 30_000)).toBe(true);
    await world.say("ana", "two");
    await world.advance(3_000);
    const endBefore = world.log.records("interconnections", 0).length;
    first.release();
    await world.advance(0);
    const late = world.log.records("interconnections", 0).slice(endBefore);
    expect(late.map(({ key }) => key?.toString())).toEqual(["test:ana", "#cursor:test"]);
    const before = world.state("ana");
    world.instances.forEach((instance) => instance.crash());
    world.store.faults.flush();
    world.start();
    await world.until(() => world.state("ana").interconnection !== null);
    expect(world.state("ana")).toEqual(before);
  });
});

describe("three instances over six partition indexes", () => {
  it("share them, and a leaving and a dying one are replaced without a text lost", async () => {
    const world = createGraphWorld({ partitions: 6, sessionTimeoutMs: 6_000 });
    for (let i = 0; i < 3; i++) world.start();
    const users = Array.from({ length: 12 }, (_, i) => `user-${String(i)}`);
    for (const user of users) await world.openChat(user);
    const speak = async (text: string): Promise<void> => {
      for (const user of users) {
        await world.say(user, text);
        world.chat(user).say(text);
      }
    };
    await speak("one");
    void world.instances[0]?.stop();
    await speak("two");
    await world.advance(3_000);
    await speak("three");
    world.instances[1]?.crash();
    await speak("four");
    await world.advance(15_000);
    for (const user of users) {
      expect(world.chat(user).seen.slice(2)).toEqual(["one", "two", "three", "four"]);
      expect(world.shown(user).slice(1)).toEqual(["one", "two", "three", "four"]);
      expect(world.chat(user).pollsAtOnce).toBe(1);
    }
    expect(world.instances[2]?.runtime.owned().filter(({ running }) => running)).toHaveLength(6);
  });
});
