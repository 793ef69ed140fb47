// The case of a chat that failed, in virtual time: the next connect takes it, or it is closed a day later, whatever becomes of
// the instance meanwhile; lost replies to the creates leave one contact and one case.
import { describe, expect, it } from "vitest";

import { createGraphWorld, type GraphWorld } from "../support/graph-world.ts";

const dayMs = 86_400_000;

/** A chat that was requested and refused by the desk. */
async function refusedChat(): Promise<GraphWorld> {
  const world = createGraphWorld({ sessionTimeoutMs: 3_000 });
  world.start();
  await world.connect("ana");
  expect(await world.until(() => world.desk.chats.length === 1)).toBe(true);
  world.chat("ana").event("refused", { reason: "Unavailable" });
  expect(await world.until(() => world.phone.handedBack.length === 1)).toBe(true);
  expect(world.state("ana").interconnection?.status).toBe("FAILED");
  return world;
}

const kinds = (world: GraphWorld): string[] => world.facts("ana").map(({ kind }) => kind);

/** A day passes without an instance, for which virtual time is cheap; then another one takes over. */
async function aDayWithoutInstance(world: GraphWorld): Promise<void> {
  world.instances[0]?.crash();
  await world.advance(dayMs);
  expect(world.desk.closed.size).toBe(0);
  world.start();
}

describe("the case of a chat that failed", () => {
  it("is taken by the next connect, and then not closed", async () => {
    const world = await refusedChat();
    await world.advance(60_000);
    await world.connect("ana");
    expect(await world.until(() => world.desk.chats.length === 2)).toBe(true);
    expect(world.chat("ana").caseId).toBe(world.desk.chats[0]?.caseId);
    expect(world.desk.created).toHaveLength(1);
    expect(world.state("ana").due.map(({ kind }) => kind)).not.toContain("close_case");
  });

  it("is closed once after a day, also by another instance", async () => {
    const world = await refusedChat();
    expect(world.state("ana").due.find(({ kind }) => kind === "close_case")?.at).toBeGreaterThan(
      world.clock.now() + dayMs - 60_000,
    );
    await aDayWithoutInstance(world);
    expect(await world.until(() => kinds(world).includes("case_closed"), 120_000)).toBe(true);
    expect([...world.desk.closed]).toEqual([world.desk.chats[0]?.caseId]);
    expect(world.desk.calls.filter((call) => call === "closeCase")).toHaveLength(1);
    await world.advance(60_000);
    expect([world.state("ana").pending, world.deadLetters()]).toEqual([[], []]);
  });

  it("that can't be closed is a dead letter after five minutes", async () => {
    const world = await refusedChat();
    world.desk.fail("closeCase", ...Array.from({ length: 200 }, () => ({ kind: "retry", effect: "none" }) as const));
    await aDayWithoutInstance(world);
    expect(await world.until(() => world.deadLetters().length > 0, 600_000)).toBe(true);
    expect(world.deadLetters()).toMatchObject([
      { reason: "undeliverable", detail: "CloseCase given_up: 503 fault", holds: "cause" },
    ]);
    expect(world.state("ana").pending).toEqual([]);
  });
});

it("a case whose create was answered to nobody is found by the next connect, and told as created", async () => {
  const world = createGraphWorld();
  world.start();
  world.desk.fail("ensureCase", ...Array.from({ length: 3 }, () => ({ kind: "retry", effect: "after" }) as const));
  const requestId = await world.connect("ana");
  await world.until(() => world.phone.handedBack.length === 1);
  expect(await world.reply(requestId)).toMatchObject({ reason: "case_failed" });
  await world.advance(60_000);
  await world.connect("ana");
  expect(await world.until(() => world.desk.chats.length === 1)).toBe(true);
  expect(world.desk.created).toHaveLength(1);
  expect(kinds(world)).toContain("case_created");
  world.chat("ana").accept();
  await world.advance(1_000);
  world.chat("ana").end();
  await world.advance(5_000);
  await world.connect("ana");
  expect(await world.until(() => world.desk.chats.length === 2)).toBe(true);
  expect(world.desk.created).toHaveLength(2);
});

it("a case whose create was answered to nobody is found by the next connect of another subject, also after another such one", async () => {
  const provider = { whatsapp: { buttonId: "573x", ownerId: "" } };
  const sourceFlows = Object.fromEntries(
    ["Help", "Sales", "Returns"].map((subject) => [subject, { subject, providers: provider }]),
  );
  const world = createGraphWorld({ decide: { sourceFlows } });
  world.start();
  const fails = (effect: "none" | "after"): void =>
    world.desk.fail("ensureCase", ...Array.from({ length: 3 }, () => ({ kind: "retry", effect }) as const));
  for (const [i, [subject, effect]] of (
    [
      ["Help", "after"],
      ["Sales", "none"],
    ] as const
  ).entries()) {
    fails(effect);
    await world.connect("ana", { extraData: { source_flow_bot: subject } });
    expect(await world.until(() => world.phone.handedBack.length === i + 1)).toBe(true);
    await world.advance(60_000);
  }
  await world.connect("ana", { extraData: { source_flow_bot: "Returns" } });
  expect(await world.until(() => world.desk.chats.length === 1)).toBe(true);
  expect([world.desk.created.length, world.chat("ana").caseId]).toEqual([1, "case-1"]);
  expect(world.state("ana").doubtfulCase).toBeNull();
});

describe("the case of a chat that never came to an agent", () => {
  it.each<[string, (world: GraphWorld) => unknown, number]>([
    ["because its session was lost", (world) => world.chat("ana").drop(), 1],
    ["because the desk ended it", (world) => world.chat("ana").event("ended", { reason: "agentsUnavailable" }), 1],
    ["because it was finished", (world) => world.finish("ana"), 2],
  ])("%s: cases made with the next connect", async (_why, end, made) => {
    const world = createGraphWorld();
    world.start();
    await world.connect("ana");
    expect(await world.until(() => world.desk.chats.length === 1)).toBe(true);
    await end(world);
    expect(await world.until(() => world.phone.handedBack.length === 1)).toBe(true);
    await world.advance(5_000);
    await world.connect("ana");
    expect(await world.until(() => world.desk.chats.length === 2)).toBe(true);
    expect(world.desk.created).toHaveLength(made);
  });
});

it("lost replies to both creates leave one contact and one case", async () => {
  const world = createGraphWorld();
  world.start();
  world.desk.fail("ensureContact", { kind: "retry", effect: "after" });
  world.desk.fail("ensureCase", { kind: "retry", effect: "after" });
  const requestId = await world.connect("ana");
  expect(await world.until(() => world.desk.chats.length === 1)).toBe(true);
  await world.advance(1_000);
  expect(await world.reply(requestId)).toMatchObject({ reason: "chat_created" });
  expect([world.desk.contacts.size, world.desk.created.length]).toEqual([1, 1]);
  expect(kinds(world).slice(0, 4)).toEqual(["requested", "contact_created", "case_created", "waiting"]);
});

it("a create that an org takes six seconds for, with the default wait, is found when it has come: one case, and the chat opens", async () => {
  const world = createGraphWorld();
  world.start();
  world.desk.fail("ensureCase", { kind: "slow", ms: 6_000 });
  const requestId = await world.connect("ana");
  expect(await world.until(() => world.desk.chats.length === 1, 9_000)).toBe(true);
  await world.advance(1_000);
  expect(await world.reply(requestId)).toMatchObject({ reason: "chat_created" });
  expect(world.desk.created).toHaveLength(1);
});

it("a create that hangs is made anew in time", async () => {
  const world = createGraphWorld();
  world.start();
  world.desk.fail("ensureCase", { kind: "hangs" });
  await world.connect("ana");
  expect(await world.until(() => world.desk.chats.length === 1, 9_000)).toBe(true);
  expect(world.desk.created).toHaveLength(1);
});

it("a blocked contact goes back in the state for the blocked, after the delay, and nothing is made for them", async () => {
  const world = createGraphWorld({ desk: { blocked: ["ana@example.org"] } });
  world.start();
  const requestId = await world.connect("ana");
  await world.advance(3_000);
  expect(await world.reply(requestId)).toMatchObject({ outcome: "refused", reason: "contact_blocked" });
  expect(world.phone.handedBack).toEqual([]);
  await world.advance(3_000);
  expect(world.phone.handedBack).toEqual([{ userId: "ana", botSlug: "bot", botState: "from-sf-blocked" }]);
  expect([world.desk.created.length, world.desk.sessions]).toEqual([0, 0]);
});
