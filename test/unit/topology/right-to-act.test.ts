// The right to act: seen in the store, a second ago at most.
import { describe, expect, it } from "vitest";

import type { SaveRequest } from "../../../src/topology/ports.ts";
import { createRightToAct } from "../../../src/topology/right-to-act.ts";
import { createOwnerParts } from "../../support/owner-parts.ts";

function turnOf(nextTurn: number): SaveRequest {
  const applied = { "agent-events": -1, "chat-requests": -1, "channel-messages": nextTurn };
  const rest = { applied, outbox: null, changelogPosition: 0, changes: [] };
  return { partition: 3, epoch: 7, expectedTurn: nextTurn - 1, nextTurn, ...rest };
}

async function watching(): Promise<
  ReturnType<typeof createOwnerParts> & {
    ask(): Promise<string>;
    replaced(): number;
    saved(turn: number): void;
    unwatch(epoch: number): void;
    stop(): void;
  }
> {
  const parts = createOwnerParts();
  const { store } = parts.store;
  await store.claim(3, 7, "me");
  const right = createRightToAct({ ...parts, store });
  let replaced = 0;
  let turn = 0;
  right.watch(3, { epoch: 7, savedTurn: () => turn }, () => (replaced += 1));
  return {
    ...parts,
    ask: () => right.check(3),
    replaced: () => replaced,
    saved: (last) => void (turn = last),
    unwatch: (epoch) => right.unwatch(3, epoch),
    stop: () => right.stop(),
  };
}

describe("the right to act", () => {
  it("is mine while the store shows my epoch", async () => {
    const { ask, clock, replaced } = await watching();
    expect(await ask()).toBe("mine");
    await clock.advance(10_000);
    expect(await ask()).toBe("mine");
    expect(replaced()).toBe(0);
  });

  it("is not taken from who claimed later by a claim of before whose answer came late", async () => {
    const { clock, store, log } = createOwnerParts();
    await store.store.claim(3, 9, "me");
    const right = createRightToAct({ clock, log, store: store.store });
    const replaced: number[] = [];
    for (const epoch of [9, 7]) right.watch(3, { epoch, savedTurn: () => 0 }, () => replaced.push(epoch));
    expect(replaced).toEqual([7]);
    await clock.advance(2_000);
    expect(await right.check(3)).toBe("mine");
    right.unwatch(3, 7);
    expect([await right.check(3), replaced]).toEqual(["mine", [7]]);
    right.stop();
  });

  it("is not taken from the claim: the first question goes to the store", async () => {
    const { ask, store } = await watching();
    store.faults.away(true);
    expect(await ask()).toBe("blind");
  });

  it("lasts a second without the store, and then nobody can tell", async () => {
    const { ask, clock, store, replaced } = await watching();
    await ask();
    store.faults.away(true);
    await clock.advance(900);
    expect(await ask()).toBe("mine");
    await clock.advance(600);
    expect(await ask()).toBe("blind");
    expect(replaced()).toBe(0);
    store.faults.away(false);
    expect(await ask()).toBe("mine");
  });

  it.each(["another claims", "the store is empty"])("is gone when %s, and the owner hears it once", async (what) => {
    const { ask, clock, store, replaced } = await watching();
    await ask();
    if (what === "another claims") await store.store.claim(3, 8, "other");
    else store.faults.flush();
    await clock.advance(600);
    expect(replaced()).toBe(1);
    expect(await ask()).toBe("gone");
    await clock.advance(5_000);
    expect(replaced()).toBe(1);
  });

  it("is gone when the store shows a turn before one that it had confirmed, and not when it is ahead", async () => {
    const { ask, clock, store, saved, replaced } = await watching();
    const save = (nextTurn: number): Promise<unknown> => store.store.save(turnOf(nextTurn));
    const before = store.faults.snapshot();
    await save(1);
    // The answer of the save is still under way.
    await clock.advance(2_000);
    expect([await ask(), replaced()]).toEqual(["mine", 0]);
    saved(1);
    await clock.advance(2_000);
    expect([await ask(), replaced()]).toEqual(["mine", 0]);
    store.faults.goBack(before);
    await clock.advance(600);
    expect([await ask(), replaced()]).toEqual(["gone", 1]);
  });

  it("is not ended by an owner of before that ends late in the same instance", async () => {
    const { ask, unwatch } = await watching();
    unwatch(6);
    expect(await ask()).toBe("mine");
    unwatch(7);
    expect(await ask()).toBe("gone");
  });

  it("asks no more once it is stopped", async () => {
    const { clock, stop } = await watching();
    stop();
    await clock.advance(1_000);
    expect(clock.nextDueAt()).toBeNull();
  });
});
