// Appends to the changelog that come late: of the owner before, and of a try that was given up. Compaction goes by offset, so what stands
// behind them must not be missed by a fold after the loss of the store.
import { describe, expect, it } from "vitest";

import type { ConsumedRecord } from "../../src/topology/ports.ts";
import { createGraphWorld, type GraphWorld } from "../support/graph-world.ts";

const compactionLagMs = 300_000;
const changelog = (world: GraphWorld): readonly ConsumedRecord[] => world.log.records("interconnections", 0);

async function appendLate(world: GraphWorld, records: readonly ConsumedRecord[]): Promise<void> {
  for (const { key, value, headers } of records)
    await world.sendRaw({ topic: "interconnections", partition: 0, key, value, headers });
}

/** Long idle, compacted, and then the store is lost. */
async function compactAndLose(world: GraphWorld): Promise<void> {
  await world.advance(20 * 60_000);
  world.log.compact("interconnections", 0, compactionLagMs);
  world.store.faults.flush();
  await world.advance(60_000);
}

describe("a late append", () => {
  it("of the owner before, whose last turn had forgotten a user, costs no other user his chat", async () => {
    const world = createGraphWorld();
    const first = world.start();
    (await world.openChat("ana")).end();
    await world.advance(24 * 3_600_000 - 600_000);
    await world.openChat("bea");
    await world.advance(300_000);
    const known = changelog(world).length;
    await world.until(() => changelog(world).length > known, 3_600_000);
    const last = changelog(world).slice(known);
    expect(last[0]?.value, "ana is forgotten").toBeNull();
    first.crash();
    world.start();
    await world.advance(14_000);
    await appendLate(world, last);
    const before = world.state("bea");
    await compactAndLose(world);
    expect(world.state("bea").interconnection?.status).toBe(before.interconnection?.status);
  });

  it("of a try that its producer gave up neither turns a state back nor hands the user back twice", async () => {
    const world = createGraphWorld();
    world.start();
    const chat = await world.openChat("ana");
    await world.advance(3_000);
    const isChangelog = (topic: string): boolean => topic === "interconnections";
    world.log.failNext("not-stored", (records) => records.some(({ topic }) => isChangelog(topic)));
    const known = changelog(world).length;
    chat.say("hola");
    await world.until(() => world.shown("ana").includes("hola"));
    const givenUp = changelog(world).slice(known, known + 2);
    chat.end();
    await world.advance(10_000);
    const before = world.state("ana");
    await appendLate(world, givenUp);
    await compactAndLose(world);
    expect(world.state("ana").interconnection?.status).toBe(before.interconnection?.status);
    expect(world.phone.handedBack).toHaveLength(1);
  });
});
