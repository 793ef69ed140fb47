// Erasing a user: during a chat and after it, across crashes; nothing of him is in the store or comes back on a rebuild.
import { expect, it } from "vitest";

import type { ChatRequest } from "../../src/processors/messages/generated.ts";
import { createGraphWorld, type GraphWorld } from "../support/graph-world.ts";

async function erase(world: GraphWorld, userId: string): Promise<void> {
  const body = { type: "OperatorRequest", action: "erase_user", requestedBy: null } as const;
  const occurredAt = world.clock.now();
  const record: ChatRequest = {
    ...{ requestId: "erase-1", client: "test", userId, occurredAt, expiresAt: null },
    body,
  };
  await world.send("chat-requests", record);
}

/** Everything that the store holds of a user and has not ended. */
function kept(world: GraphWorld, userId: string): readonly unknown[] {
  const { users, indexes } = world.store.faults.snapshot();
  const user = users.get(userId);
  const states = [user?.connecting, user?.interconnection].filter(
    (value) => value !== null && value !== undefined && (value.endsAt === null || value.endsAt > world.clock.now()),
  );
  const live = [...indexes.values()].filter((index) => index.live.has(userId));
  return [...states, ...(user?.history ?? []), ...(user?.seen ?? []), ...(user?.marks ?? []), ...live];
}

const tombstoned = (world: GraphWorld, userId: string): boolean =>
  world
    .read("interconnections")
    .filter(({ key }) => key === `test:${userId}`)
    .at(-1)?.value === null;

it.each(["stays", "is killed"])(
  "during a chat: it ends on both sides, and then nothing is left (the instance %s)",
  async (fate) => {
    const world = createGraphWorld({ sessionTimeoutMs: 3_000 });
    world.start();
    await world.say("ana", "before");
    const chat = await world.openChat("ana");
    await world.openChat("bea");
    await world.say("ana", "one");
    await world.advance(1_000);
    await erase(world, "ana");
    await world.advance(200);
    if (fate === "is killed") {
      world.instances[0]?.crash();
      world.start();
    }
    await world.advance(40_000);
    expect(chat.ended).toBe("visitor");
    expect(world.phone.handedBack.map(({ userId }) => userId)).toEqual(["ana"]);
    expect(kept(world, "ana")).toEqual([]);
    expect(tombstoned(world, "ana")).toBe(true);
    expect(world.facts("ana").filter(({ kind }) => kind === "operator_done")).toHaveLength(1);
    expect(world.state("bea").interconnection?.status).toBe("ACTIVE");
  },
);

it("after a chat, and of who never had one: context and ids are gone at once", async () => {
  const world = createGraphWorld();
  world.start();
  (await world.openChat("ana")).end();
  await world.say("ana", "later");
  await world.say("eva", "only context");
  await world.advance(20_000);
  expect(kept(world, "eva").length).toBeGreaterThan(0);
  await erase(world, "ana");
  await erase(world, "eva");
  await world.advance(2_000);
  expect([...kept(world, "ana"), ...kept(world, "eva")]).toEqual([]);
  // What the owner had in memory is gone as well: a new chat knows nothing of before.
  await world.openChat("ana");
  await world.advance(1_000);
  expect(world.chat("ana").seen.join(" ")).not.toContain("later");
});

it("an erased user does not come back on a rebuild, nor when the store goes back in time", async () => {
  const world = createGraphWorld({ sessionTimeoutMs: 3_000 });
  world.start();
  (await world.openChat("ana")).end();
  await world.advance(10_000);
  const past = world.store.faults.snapshot();
  await erase(world, "ana");
  await world.advance(10_000);
  for (const back of [(): void => world.store.faults.flush(), (): void => world.store.faults.goBack(past)]) {
    world.instances.forEach((instance) => instance.crash());
    back();
    world.start();
    await world.advance(20_000);
    expect(world.state("ana").interconnection).toBeNull();
  }
});
