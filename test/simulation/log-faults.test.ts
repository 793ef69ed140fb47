// The broker fails, or the log is not what it was: outputs go out again whole, inputs are neither taken twice nor passed over
// in silence.
import { describe, expect, it } from "vitest";

import type { ProduceFault } from "../../src/topology/in-memory/log.ts";
import type { Metrics } from "../../src/topology/ports.ts";
import { createGraphWorld } from "../support/graph-world.ts";
import { describeVerdict } from "../support/tokens.ts";
import { playChat } from "./scripted-chat.ts";

function alarmsOf(alarms: string[]): Metrics {
  return {
    count(name, labels) {
      if (name === "alarms") alarms.push(labels?.["alarm"] ?? "");
    },
    observeMs: () => undefined,
    gauge: () => undefined,
  };
}

describe("produce calls that fail", () => {
  it.each(["ack-lost", "not-stored", "half-stored"] as const satisfies readonly ProduceFault[])(
    "(%s) go out again, of turns and of effects alike",
    async (fault) => {
      const { verdict, faults, world } = await playChat(
        () => "go on",
        {},
        ({ log }) => {
          for (const topic of ["interconnections", "chat-events", "agent-events"])
            log.failNext(fault, (records) => records[0]?.topic === topic);
        },
      );
      expect([describeVerdict(verdict), faults]).toEqual([
        expect.stringMatching(/lost 0, doubled 0, reordered 0/u),
        [],
      ]);
      expect(world.instances).toHaveLength(1);
    },
  );

  it("and are refused for good raise an alarm and hold the partition index, which is told", async () => {
    const alarms: string[] = [];
    const world = createGraphWorld({ metrics: alarmsOf(alarms) });
    const instance = world.start();
    const chat = await world.openChat("ana");
    for (let i = 0; i < 20; i++) world.log.failNext("refused", (records) => records[0]?.topic === "interconnections");
    await world.say("ana", "one");
    await world.advance(1_000);
    expect(alarms).toContain("produce_refused");
    expect(instance.runtime.missing()).toEqual(["kafka"]);
    await world.advance(60_000);
    expect(instance.runtime.missing()).toEqual([]);
    expect(chat.seen.at(-1)).toBe("one");
  });
});

describe("a broker that is away", () => {
  it("is waited for, with the sessions at the desk kept alive, and then everything goes on once", async () => {
    const world = createGraphWorld();
    world.start();
    const chat = await world.openChat("ana");
    world.log.setDown(true);
    chat.say("uno");
    await world.advance(70_000);
    expect(world.shown("ana")).toEqual(["Esperando un agente"]);
    const pollsWhileAway = chat.polls;
    expect(pollsWhileAway).toBeGreaterThan(4);
    world.log.setDown(false);
    await world.say("ana", "one");
    await world.advance(10_000);
    expect(world.shown("ana")).toEqual(["Esperando un agente", "uno"]);
    expect(chat.seen.filter((text) => text === "one")).toHaveLength(1);
    expect(chat.pollsAtOnce).toBe(1);
    expect(world.state("ana").interconnection?.status).toBe("ACTIVE");
  });
});

describe("an input topic that lost its past", () => {
  it.each(["running", "down"])("with the service %s raises an alarm and is read from its start", async (service) => {
    const alarms: string[] = [];
    const world = createGraphWorld({ metrics: alarmsOf(alarms) });
    world.start();
    const chat = await world.openChat("ana");
    for (let i = 0; i < 5; i++) await world.say("ana", `old ${String(i)}`);
    await world.advance(2_000);
    if (service === "down") world.instances[0]?.crash();
    world.log.recreate("channel-messages");
    await world.say("ana", "new");
    if (service === "down") world.start();
    await world.advance(20_000);
    expect(alarms).toContain("log_recreated");
    expect(chat.seen.slice(-2)).toEqual(["old 4", "new"]);
    await world.say("ana", "newer");
    await world.advance(2_000);
    expect(chat.seen.at(-1)).toBe("newer");
  });

  it("a changelog that ends before the stored epoch leaves the index unowned, with one alarm and no new claims", async () => {
    const alarms: string[] = [];
    const world = createGraphWorld({ metrics: alarmsOf(alarms) });
    world.start();
    await world.openChat("ana");
    await world.say("ana", "one");
    await world.advance(1_000);
    world.instances[0]?.crash();
    await world.advance(20_000);
    world.start();
    await world.advance(5_000);
    world.instances[1]?.crash();
    world.log.recreate("interconnections");
    const next = world.start();
    await world.advance(120_000);
    expect(alarms.filter((alarm) => alarm === "changelog_recreated")).toHaveLength(1);
    expect(world.log.records("interconnections", 0).length).toBeLessThan(5);
    expect(next.runtime.missing()).toEqual(["takeover"]);
  });
});

describe("offsets without records", () => {
  it("do not stop an input or a takeover", async () => {
    const world = createGraphWorld();
    world.start();
    const chat = await world.openChat("ana");
    for (const topic of ["agent-events", "channel-messages", "chat-requests"] as const) world.log.appendHole(topic, 0);
    await world.say("ana", "one");
    await world.advance(1_000);
    world.log.appendHole("agent-events", 0);
    world.log.appendHole("interconnections", 0);
    world.instances[0]?.crash();
    world.start();
    await world.say("ana", "two");
    await world.advance(20_000);
    expect(chat.seen.slice(-2)).toEqual(["one", "two"]);
  });

  it("compaction leaves what is younger than its lag as it is", async () => {
    const world = createGraphWorld();
    world.start();
    await world.openChat("ana");
    await world.advance(170_000);
    const keys = () => world.log.records("interconnections", 0).map(({ key }) => key?.toString());
    const all = keys().length;
    await world.say("ana", "young");
    await world.say("ana", "younger");
    await world.advance(1_000);
    const young = keys().length - all;
    world.log.compact("interconnections", 0, 75_000);
    expect(keys().slice(-young)).toHaveLength(young);
    expect(new Set(keys().slice(0, -young)).size).toBe(keys().length - young);
    expect(keys().length).toBeLessThan(all + young);
  });

  it("left by compaction are no gap: the states are rebuilt from what is left", async () => {
    const world = createGraphWorld();
    world.start();
    const chat = await world.openChat("ana");
    for (let i = 0; i < 5; i++) await world.say("ana", `text ${String(i)}`);
    await world.advance(2_000);
    world.instances[0]?.crash();
    world.log.compact("interconnections", 0);
    const before = world.state("ana");
    world.store.faults.flush();
    world.start();
    await world.until(() => world.state("ana").interconnection !== null);
    expect(world.state("ana")).toEqual(before);
    await world.say("ana", "after");
    await world.advance(5_000);
    expect(chat.seen.at(-1)).toBe("after");
  });
});
