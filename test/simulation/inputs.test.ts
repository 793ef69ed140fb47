// Records that are not as they should be, and more of them than fit: each ends somewhere, and those beside it go on.
import { describe, expect, it } from "vitest";

import { partitionOf } from "../../src/topology/partitioner.ts";
import type { Metrics } from "../../src/topology/ports.ts";
import { createGraphWorld, type GraphWorld } from "../support/graph-world.ts";

/** A user whose partition among `partitions` is this one. */
function userOn(partition: number, partitions: number): string {
  for (let i = 0; ; i++) {
    const user = `user-${String(i)}`;
    if (partitionOf(Buffer.from(user), partitions) === partition) return user;
  }
}

function messageBytes(world: GraphWorld, over: Record<string, unknown> = {}): Buffer {
  const at = world.clock.now();
  return world.codec.codec.encode("channel-messages", {
    ...{ messageId: "m-1", client: "test", userId: "ana", channel: "whatsapp", author: "user", occurredAt: at },
    ...{ receivedAt: at, type: "text", text: "hi", media: null, ...over },
  });
}

describe("records that can't be decided", () => {
  it("end in the dead letters with their bytes and reason; those beside them go on", async () => {
    const world = createGraphWorld();
    world.start();
    const chat = await world.openChat("ana");
    const key = Buffer.from("ana");
    const poison = [
      { value: Buffer.from("not avro"), reason: "undecodable" },
      { value: null, reason: "undecodable" },
      { value: Buffer.concat([Buffer.from([0, 0, 0, 3, 231]), Buffer.from("x")]), reason: "unknown_schema" },
      { value: messageBytes(world).subarray(0, 9), reason: "undecodable" },
      { value: messageBytes(world, { userId: "" }), reason: "invalid" },
      { value: messageBytes(world, { userId: "somebody else" }), reason: "invalid" },
    ];
    for (const { value } of poison) {
      await world.sendRaw({ topic: "channel-messages", partition: 0, key, value, headers: [] });
      await world.say("ana", "between");
    }
    await world.advance(3_000);
    const letters = world.deadLetters();
    expect(letters.map(({ reason }) => reason)).toEqual(poison.map(({ reason }) => reason));
    expect(letters.map(({ value }) => value)).toEqual(poison.map(({ value }) => value));
    expect(letters[0]).toMatchObject({ topic: "driver.channel-messages", partition: 0, key, attempts: 1 });
    expect(chat.seen.filter((text) => text.includes("between"))).toHaveLength(6);
  });

  it("of another client are passed over without a trace, and counted", async () => {
    const counted: unknown[] = [];
    const count: Metrics["count"] = (name, labels) => {
      if (name === "records_skipped") counted.push(labels);
    };
    const world = createGraphWorld({ metrics: { count, observeMs: () => undefined, gauge: () => undefined } });
    world.start();
    const chat = await world.openChat("ana");
    const value = messageBytes(world, { client: "other", text: "not ours" });
    await world.sendRaw({ topic: "channel-messages", partition: 0, key: Buffer.from("ana"), value });
    await world.say("ana", "ours");
    await world.advance(2_000);
    expect(chat.seen.slice(2)).toEqual(["ours"]);
    expect(world.deadLetters()).toEqual([]);
    expect(counted).toEqual([{ topic: "channel-messages", reason: "foreign" }]);
  });

  it("on the wrong partition are moved once to the right one, and decided there", async () => {
    const partitions = 4;
    const world = createGraphWorld({ partitions });
    world.start();
    const user = userOn(2, partitions);
    const chat = await world.openChat(user);
    const value = messageBytes(world, { userId: user, text: "misplaced" });
    await world.sendRaw({ topic: "channel-messages", partition: 1, key: Buffer.from(user), value });
    await world.advance(2_000);
    expect(chat.seen.at(-1)).toBe("misplaced");
    expect(world.deadLetters()).toEqual([]);
    const headers = [{ name: "moved", value: Buffer.from("1") }];
    await world.sendRaw({ topic: "channel-messages", partition: 1, key: Buffer.from(user), value, headers });
    await world.advance(2_000);
    expect(world.deadLetters().map(({ reason }) => reason)).toEqual(["wrong_partition"]);
  });
});

describe("a record on the wrong partition that can't be moved", () => {
  it("is a dead letter, and its index goes on: beside the cursor of its turn it fits into no record", async () => {
    const partitions = 4;
    const world = createGraphWorld({ partitions });
    world.start();
    const chat = await world.openChat(userOn(1, partitions));
    const user = userOn(2, partitions);
    const value = messageBytes(world, { userId: user, text: "x".repeat(1_048_000) });
    await world.sendRaw({ topic: "channel-messages", partition: 1, key: Buffer.from(user), value });
    await world.advance(2_000);
    expect(world.deadLetters().map(({ reason }) => reason)).toEqual(["too_large"]);
    await world.say(userOn(1, partitions), "still here");
    await world.advance(2_000);
    expect(chat.seen.at(-1)).toBe("still here");
  });
});

describe("a registry that does not answer", () => {
  it("holds only the topic whose schema is not known, and nothing of it goes to the dead letters", async () => {
    const world = createGraphWorld();
    const instance = world.start();
    const chat = await world.openChat("ana");
    world.codec.away(true);
    const known = messageBytes(world, { text: "from a newer writer" });
    const value = Buffer.concat([Buffer.from([0, 0, 0, 0, 77]), known.subarray(5)]);
    await world.sendRaw({ topic: "channel-messages", partition: 0, key: Buffer.from("ana"), value });
    await world.say("ana", "behind it", { messageId: "m-2" });
    chat.say("uno");
    await world.advance(10_000);
    expect(world.shown("ana")).toContain("uno");
    expect(chat.seen).not.toContain("behind it");
    expect(instance.runtime.missing()).toEqual(["schema registry"]);
    world.codec.away(false);
    const { loadTopicTypes } = await import("../../src/clients/schema-registry/topic-types.ts");
    world.codec.learn(77, JSON.parse(loadTopicTypes()["channel-messages"].schemaText) as object);
    await world.advance(2_000);
    expect(chat.seen.slice(-2)).toEqual(["from a newer writer", "behind it"]);
    expect(world.deadLetters()).toEqual([]);
    expect(instance.runtime.missing()).toEqual([]);
  });

  it("but hangs holds only that topic, and what it answers at last is taken", async () => {
    const world = createGraphWorld();
    world.start();
    const chat = await world.openChat("ana");
    const hanging = Promise.withResolvers<undefined>();
    world.codec.hang(hanging.promise);
    const value = Buffer.concat([Buffer.from([0, 0, 0, 0, 77]), Buffer.from("x")]);
    await world.sendRaw({ topic: "channel-messages", partition: 0, key: Buffer.from("ana"), value });
    await world.say("ana", "behind it", { messageId: "m-2" });
    await world.advance(1_000);
    chat.say("uno");
    await world.advance(2_000);
    expect(world.shown("ana")).toContain("uno");
    expect(chat.seen).not.toContain("behind it");
    hanging.resolve(undefined);
    await world.advance(1_000);
    expect(chat.seen.at(-1)).toBe("behind it");
    expect(world.deadLetters().map(({ reason }) => reason)).toEqual(["unknown_schema"]);
  });

  it("is waited for by nobody any more once the record is gone with its topic, and the index taken over again", async () => {
    const world = createGraphWorld();
    const instance = world.start();
    await world.openChat("ana");
    world.codec.away(true);
    const known = messageBytes(world, { text: "from a newer writer" });
    const value = Buffer.concat([Buffer.from([0, 0, 0, 0, 77]), known.subarray(5)]);
    await world.sendRaw({ topic: "channel-messages", partition: 0, key: Buffer.from("ana"), value });
    await world.advance(2_000);
    expect(instance.runtime.missing()).toEqual(["schema registry"]);
    world.log.recreate("channel-messages");
    world.store.faults.flush();
    await world.advance(20_000);
    expect(instance.runtime.missing()).toEqual([]);
  });
});

describe("many records behind one of a schema that the registry is asked for in vain", () => {
  it("do not keep the other topics of their index out, and arrive once in order when it answers", async () => {
    const world = createGraphWorld();
    world.start();
    const chat = await world.openChat("ana");
    world.codec.away(true);
    const known = messageBytes(world, { text: "first" });
    const value = Buffer.concat([Buffer.from([0, 0, 0, 0, 77]), known.subarray(5)]);
    await world.sendRaw({ topic: "channel-messages", partition: 0, key: Buffer.from("ana"), value });
    for (let i = 0; i < 1_200; i++) await world.say("bea", `text ${String(i)}`);
    await world.say("ana", "last", { messageId: "m-last" });
    await world.advance(5_000);
    chat.say("from the agent");
    await world.advance(5_000);
    expect(world.shown("ana")).toContain("from the agent");
    expect(chat.seen).not.toContain("last");
    world.codec.away(false);
    const { loadTopicTypes } = await import("../../src/clients/schema-registry/topic-types.ts");
    world.codec.learn(77, JSON.parse(loadTopicTypes()["channel-messages"].schemaText) as object);
    await world.advance(5_000);
    expect(chat.seen.slice(-2)).toEqual(["first", "last"]);
  });
});

describe("outputs that are too large", () => {
  it("make a dead letter of their input, and the user's chat goes on", async () => {
    const world = createGraphWorld({ maxRecordBytes: 20_000 });
    const instance = world.start();
    const chat = await world.openChat("ana");
    await world.say("ana", "x".repeat(30_000));
    await world.say("ana", "small");
    await world.advance(3_000);
    expect(world.deadLetters().map(({ reason, value }) => [reason, value])).toEqual([["too_large", null]]);
    expect(chat.seen.at(-1)).toBe("small");
    expect(instance.fatal).toBeNull();
    for (const { key, value } of world.log.records("interconnections", 0))
      expect((key?.length ?? 0) + (value?.length ?? 0)).toBeLessThanOrEqual(20_000);
  });

  it("of many inputs are spread over several turns", async () => {
    const world = createGraphWorld({ maxRecordBytes: 20_000 });
    world.start();
    const users = Array.from({ length: 40 }, (_, i) => `user-${String(i)}`);
    for (const user of users) await world.connect(user);
    expect(await world.until(() => world.desk.chats.length === 40)).toBe(true);
    expect(world.deadLetters()).toEqual([]);
    for (const { value } of world.log.records("interconnections", 0))
      expect(value?.length ?? 0).toBeLessThanOrEqual(20_000);
  });
});

describe("more records than an index may hold", () => {
  it("hold the consumer back until they are decided, and all of them are", async () => {
    const world = createGraphWorld();
    const instance = world.start();
    await world.openChat("ana");
    world.store.faults.away(true);
    const loud = Array.from({ length: 3_000 }, (_, i) => `loud-${String(i % 50)}`);
    for (const user of loud) await world.say(user, "noise");
    await world.advance(5_000);
    const held = instance.runtime.owned()[0]?.counts().inbox ?? 0;
    expect(held).toBeGreaterThan(1_000);
    expect(held).toBeLessThan(2_000);
    world.store.faults.away(false);
    const done = (): boolean =>
      world.store.faults.snapshot().indexes.get(0)?.cursor?.applied["channel-messages"] === loud.length - 1;
    expect(await world.until(done)).toBe(true);
    expect(world.deadLetters()).toEqual([]);
  });
});

describe("a user who writes more than others", () => {
  it("has his records decided few at a time, so that no turn holds the process up for long", async () => {
    const world = createGraphWorld();
    world.start();
    await world.openChat("ana");
    const turn = (): number => world.store.faults.snapshot().indexes.get(0)?.cursor?.turn ?? 0;
    const isDecided = (): boolean =>
      world.store.faults.snapshot().indexes.get(0)?.cursor?.applied["channel-messages"] === 639;
    world.store.faults.away(true);
    for (let i = 0; i < 640; i += 1) await world.say("loud", "noise");
    await world.advance(5_000);
    const before = turn();
    world.store.faults.away(false);
    expect(await world.until(isDecided)).toBe(true);
    expect(turn() - before).toBeGreaterThanOrEqual(20);
    expect(world.deadLetters()).toEqual([]);
  });

  it.each([
    { who: "one user", users: 1, saveMs: 10, apartMs: 20 },
    { who: "one user, whose turns are long", users: 1, saveMs: 80, apartMs: 130 },
    { who: "many, each of them little", users: 40, saveMs: 10, apartMs: 10 },
  ])("leaves the process as much time as his turn took, 50 ms at most: $who", async ({ users, saveMs, apartMs }) => {
    const savedMs: number[] = [];
    const world = createGraphWorld({
      watch: () => ({
        route: ({ name }) => (name === "store.save" ? { requestMs: saveMs, replyMs: 0, late: null } : null),
        executed({ name }) {
          if (name === "store.save") savedMs.push(world.clock.monotonicMs());
        },
      }),
    });
    // All of them are there before their owner, so that from its first turn to the last it waits for nothing but its store.
    for (let i = 0; i < 640; i += 1) await world.say(`user-${String(i % users)}`, "noise");
    world.start();
    const isDecided = (): boolean =>
      world.store.faults.snapshot().indexes.get(0)?.cursor?.applied["channel-messages"] === 639;
    expect(await world.until(isDecided)).toBe(true);
    expect(savedMs.length).toBeGreaterThanOrEqual(4);
    const apart = savedMs.slice(1).map((ms, i) => ms - (savedMs[i] ?? 0));
    expect(new Set(apart)).toEqual(new Set([apartMs]));
  });
});
