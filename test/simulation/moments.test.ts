// Moments that a state waits for: they come once, also when the instance that armed them is gone.
import { describe, expect, it } from "vitest";

import { createGraphWorld, type GraphWorldOptions } from "../support/graph-world.ts";

const dueRecords = (world: ReturnType<typeof createGraphWorld>, kind: string): number =>
  world.read("agent-events").filter(({ value }) => (value as { body: { kind?: string } }).body.kind === kind).length;

describe.each(["stays", "is killed", "is stopped"])("moments, when the instance %s", (fate) => {
  async function after(options: GraphWorldOptions, ms: number): Promise<ReturnType<typeof createGraphWorld>> {
    const world = createGraphWorld({ sessionTimeoutMs: 3_000, ...options });
    world.start();
    await world.connect("ana");
    await world.until(() => world.desk.chats.length === 1);
    await world.advance(1_000);
    if (fate === "is killed") world.instances[0]?.crash();
    if (fate === "is stopped") void world.instances[0]?.stop();
    await world.advance(100);
    if (fate !== "stays") world.start();
    await world.advance(ms);
    return world;
  }

  it("no agent accepts in time: the user is told and handed back", async () => {
    const world = await after({ decide: { acceptTimeoutMs: 30_000 } }, 40_000);
    expect(world.shown("ana")).toEqual(["Esperando un agente", "Por ahora no hay agentes disponibles"]);
    expect(world.phone.handedBack.map(({ botState }) => botState)).toEqual(["from-sf-timeout"]);
    expect(world.chat("ana").ended).toBe("visitor");
    expect(dueRecords(world, "accept_limit")).toBe(1);
    expect(dueRecords(world, "hand_back")).toBe(1);
  });

  it("the user does not answer the agent: the desk is told, then the chat ends and he is handed back", async () => {
    const world = createGraphWorld({
      sessionTimeoutMs: 3_000,
      desk: { idle: { idleLimitSeconds: 60, idleWarningSeconds: 30 } },
    });
    world.start();
    const chat = await world.openChat("ana");
    chat.say("Which order?");
    await world.advance(2_000);
    if (fate === "is killed") world.instances[0]?.crash();
    if (fate === "is stopped") void world.instances[0]?.stop();
    await world.advance(100);
    if (fate !== "stays") world.start();
    await world.advance(40_000);
    expect([chat.reports, chat.ended]).toEqual([[{ kind: "user_silent" }], null]);
    await world.advance(40_000);
    expect([chat.reports.length, chat.ended]).toEqual([1, "idle visitor"]);
    expect([dueRecords(world, "idle_warning"), dueRecords(world, "idle_limit")]).toEqual([1, 1]);
    expect(world.phone.handedBack.map(({ botState }) => botState)).toEqual(["from-sf-timeout"]);
    expect(world.shown("ana")).toEqual(["Esperando un agente", "Which order?"]);
  });

  it("a moment that fell while nobody was there comes at once", async () => {
    const world = await after({ decide: { acceptTimeoutMs: 1_050 } }, 20_000);
    expect(world.phone.handedBack).toHaveLength(1);
    expect(dueRecords(world, "accept_limit")).toBe(1);
  });

  it("an ended chat is forgotten a day later, in the store and on the changelog", async () => {
    const world = await after({ decide: { acceptTimeoutMs: 5_000 } }, 26 * 3_600_000);
    expect(world.state("ana")).toMatchObject({ interconnection: null, pending: [], due: [] });
    const user = world.store.faults.snapshot().users.get("ana");
    const ends = [user?.connecting?.endsAt, user?.interconnection?.endsAt];
    expect(ends.every((at) => at === undefined || (at !== null && at < world.clock.now()))).toBe(true);
    const own = world.read("interconnections").filter(({ key }) => key === "test:ana");
    expect(own.at(-1)?.value).toBeNull();
    expect(world.store.faults.snapshot().indexes.get(0)?.live.size).toBe(0);
  });
});

describe("the outbox that a takeover inherits", () => {
  it("has its users written once more a minute later, by the new owner", async () => {
    const world = createGraphWorld({ sessionTimeoutMs: 3_000 });
    let ready = false;
    world.start(({ name }) => (ready && name === "producer.produce" ? "die before" : "go on"));
    await world.openChat("ana");
    ready = true;
    await world.say("ana", "one");
    await world.advance(100);
    world.start();
    await world.advance(8_000);
    const written = (): number => world.read("interconnections").filter(({ key }) => key === "test:ana").length;
    const before = written();
    await world.advance(60_000);
    expect(written()).toBe(before + 1);
  });
});
