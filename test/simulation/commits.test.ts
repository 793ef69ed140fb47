// What is committed to the group: only what was saved and produced, only by who owns the index. A commit is a hint, but a takeover
// goes on behind it, so one that is too high would lose what it passes over.
import { describe, expect, it } from "vitest";

import type { Consumer } from "../../src/topology/ports.ts";
import type { PortCall } from "../../src/topology/in-memory/instance-gate.ts";
import { createGraphWorld } from "../support/graph-world.ts";

type Committed = Parameters<Consumer["commit"]>[0][number];

/** Collects the commits of an instance, and what `told` says at the moment of each. */
function commitsTo(list: Committed[], before: (offset: Committed) => void = () => undefined) {
  return (call: PortCall): "go on" => {
    if (call.name === "consumer.commit") {
      const offsets = call.args[0] as readonly Committed[];
      offsets.forEach(before);
      list.push(...offsets);
    }
    return "go on";
  };
}

describe("a commit", () => {
  it("comes neither while the store does not save nor while the broker does not take what was saved", async () => {
    const commits: Committed[] = [];
    const messages = (): number =>
      Math.max(0, ...commits.map((one) => (one.topic === "channel-messages" ? one.nextOffset : 0)));
    const world = createGraphWorld();
    world.start(commitsTo(commits));
    const chat = await world.openChat("ana");
    await world.say("ana", "uno");
    expect(await world.until(() => messages() === 1)).toBe(true);
    world.store.faults.away(true);
    await world.say("ana", "dos");
    await world.advance(3_000);
    expect(messages()).toBe(1);
    for (let i = 0; i < 6; i += 1) world.log.failNext("not-stored", ([first]) => first?.topic === "interconnections");
    world.store.faults.away(false);
    expect(await world.until(() => world.state("ana").pending.length > 0)).toBe(true);
    await world.advance(600);
    expect([messages(), chat.seen.includes("dos")]).toEqual([1, false]);
    expect(await world.until(() => messages() === 2)).toBe(true);
    expect(chat.seen.filter((text) => text === "dos")).toHaveLength(1);
  });

  it("is never of an index that the group has given to somebody else", async () => {
    const world = createGraphWorld({ partitions: 6 });
    const owned = (instance: string): readonly number[] =>
      [...world.log.assignment("in-memory")].find(([member]) => member.startsWith(`${instance}-`))?.[1] ?? [];
    const strange: Committed[] = [];
    const of = (instance: string) =>
      commitsTo([], (one) => {
        if (!owned(instance).includes(one.partition)) strange.push(one);
      });
    world.start(of("instance-1"));
    for (let i = 0; i < 12; i += 1) await world.say(`user ${String(i)}`, "hola");
    await world.advance(2_000);
    world.start(of("instance-2"));
    for (let i = 0; i < 12; i += 1) await world.say(`user ${String(i)}`, "otra");
    expect(await world.until(() => owned("instance-2").length === 3)).toBe(true);
    for (let i = 0; i < 12; i += 1) await world.say(`user ${String(i)}`, "más");
    await world.advance(5_000);
    expect(strange).toEqual([]);
  });
});
