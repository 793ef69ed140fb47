// The rows of the reliability catalogue about the desk and the bot that no other file of the simulation shows, one test a row, by its id:
// bursts of 503, sessions that end while nobody looks, lost answers to posts, repeated webhooks, a bot that is away for a day.
import { describe, expect, it } from "vitest";

import type { Metrics } from "../../src/topology/ports.ts";
import { createGraphWorld, type GraphWorld } from "../support/graph-world.ts";

const hourMs = 3_600_000;
const retry = (effect: "none" | "after") => ({ kind: "retry", effect }) as const;

function statusOf(world: GraphWorld): string | undefined {
  return world.state("ana").interconnection?.status;
}
const toAgent = (world: GraphWorld): readonly string[] => world.chat("ana").seen.slice(2);

describe("R19 a desk that answers 503 to polls and posts", () => {
  it("for a second: the chat survives, and every text comes once and in order", async () => {
    const world = createGraphWorld();
    world.start();
    const chat = await world.openChat("ana");
    world.desk.answerPolls({ kind: "moved" });
    world.desk.fail("reconnect", retry("none"), retry("none"));
    world.desk.fail("say", retry("none"), retry("none"));
    await world.say("ana", "one");
    chat.say("uno");
    await world.advance(1_000);
    world.desk.answerPolls(null);
    await world.say("ana", "two");
    chat.say("dos");
    await world.advance(15_000);
    expect(statusOf(world)).toBe("ACTIVE");
    expect(toAgent(world)).toEqual(["one", "two"]);
    expect(world.shown("ana").slice(1)).toEqual(["uno", "dos"]);
  });

  it("for 90 s: the chat ends on both sides once, and the user is handed back", async () => {
    const world = createGraphWorld();
    world.start();
    await world.openChat("ana");
    world.desk.answerPolls({ kind: "moved" });
    await world.advance(90_000);
    world.desk.answerPolls(null);
    await world.advance(20_000);
    expect(statusOf(world)).toBe("CLOSED");
    expect(world.phone.handedBack).toHaveLength(1);
    expect(world.facts("ana").filter(({ kind }) => kind === "ended")).toHaveLength(1);
  });
});

it("R21 a session that expired while its owner was down: closed once, the user handed back", async () => {
  const world = createGraphWorld({ sessionTimeoutMs: 3_000 });
  const first = world.start();
  const chat = await world.openChat("ana");
  first.crash();
  await world.advance(160_000);
  chat.drop();
  world.start();
  await world.until(() => world.phone.handedBack.length > 0);
  await world.advance(10_000);
  expect(statusOf(world)).toBe("CLOSED");
  expect(world.phone.handedBack).toHaveLength(1);
  expect(world.facts("ana").filter(({ kind }) => kind === "ended")).toMatchObject([{ reason: "session_lost" }]);
});

it.each([true, false])(
  "R23 posts whose answers are lost: each once at the agent, the lane goes on (numbers honoured: %s)",
  async (honoursNumbers) => {
    const world = createGraphWorld({ desk: { honoursNumbers } });
    world.start();
    await world.openChat("ana");
    world.desk.fail("say", retry("after"), retry("none"), retry("after"));
    for (const text of ["one", "two", "three"]) await world.say("ana", text);
    await world.advance(30_000);
    expect([...new Set(toAgent(world))]).toEqual(["one", "two", "three"]);
    // A desk that honours no number shows the repeat: what protects from it is the desk's.
    if (honoursNumbers) expect(toAgent(world)).toHaveLength(3);
    expect(world.state("ana").pending).toEqual([]);
  },
);

/** Nobody runs the service for so long, as far as the world's clock goes; then the next instance takes over. */
async function sleepFor(world: GraphWorld, ms: number): Promise<void> {
  for (const instance of world.instances) if (!instance.dead) instance.crash();
  await world.advance(ms);
  world.start();
  await world.advance(15_000);
}

it("R24 a webhook repeated at once, after 25 h and after 6 days is one message; a day beyond DEDUPE_WINDOW it is a new one", async () => {
  const world = createGraphWorld({ sessionTimeoutMs: 3_000 });
  world.start();
  await world.openChat("ana");
  const again = { messageId: "wamid.1" };
  await world.say("ana", "one", again);
  await world.say("ana", "one", again);
  await world.say("ana", "late", { occurredAt: world.clock.now() - hourMs });
  await world.advance(1_000);
  expect(toAgent(world), "one out of order keeps the place in which it came").toEqual(["one", "late"]);
  world.chat("ana").end();
  await world.advance(5_000);
  const seenBy = async (): Promise<string> => {
    const chat = await world.openChat("ana");
    await world.advance(1_000);
    chat.end();
    await world.advance(5_000);
    return chat.seen.join();
  };
  for (const [afterMs, isKnown] of [
    [25 * hourMs, true],
    [5 * 24 * hourMs, true],
    [2 * 24 * hourMs, false],
  ] as const) {
    await sleepFor(world, afterMs);
    await world.say("ana", "one", again);
    await world.advance(1_000);
    expect((await seenBy()).includes("one")).toBe(!isKnown);
  }
});

interface Alarmed {
  readonly world: GraphWorld;
  readonly alarms: readonly string[];
}

function alarmed(): Alarmed {
  const alarms: string[] = [];
  const metrics: Metrics = {
    count(name, labels) {
      if (name === "alarms") alarms.push(labels?.["alarm"] ?? "");
    },
    observeMs: () => undefined,
    gauge: () => undefined,
  };
  return { world: createGraphWorld({ metrics, sessionTimeoutMs: 3_000 }), alarms };
}

it("an end that the desk does not take is repeated for minutes, then a dead letter and an alarm; the user is handed back at once", async () => {
  const { world, alarms } = alarmed();
  world.start();
  await world.openChat("ana");
  world.desk.fail("end", ...Array.from({ length: 1_000 }, () => retry("none")));
  const requestId = await world.finish("ana");
  await world.advance(5_000);
  expect(await world.reply(requestId)).toMatchObject({ outcome: "done", reason: "chat_finished" });
  expect(world.phone.handedBack).toHaveLength(1);
  await world.advance(4 * 60_000);
  const calls = world.desk.calls.filter((call) => call === "end").length;
  expect([calls > 5, alarms, world.deadLetters()]).toEqual([true, [], []]);
  await world.advance(2 * 60_000);
  expect(world.deadLetters()).toMatchObject([{ reason: "undeliverable", detail: expect.stringContaining("EndChat") }]);
  expect(alarms).toEqual(["command_given_up"]);
});

describe("R26 a bot that can't be told", () => {
  it("for ten minutes gets the user once, and what he writes meanwhile is not lost", async () => {
    const { world, alarms } = alarmed();
    world.start();
    const chat = await world.openChat("ana");
    world.phone.fail("handBack", ...Array.from({ length: 16 }, () => "not done" as const));
    chat.end();
    await world.advance(5 * 60_000);
    expect(world.phone.handedBack).toEqual([]);
    await world.say("ana", "¿y ahora?");
    await world.until(() => world.phone.handedBack.length > 0, 20 * 60_000);
    await world.advance(60_000);
    expect(world.phone.handedBack).toHaveLength(1);
    expect(alarms).toEqual([]);
    const next = await world.openChat("ana");
    expect(next.seen[0]).toContain("¿y ahora?");
  });

  it("that refuses is asked again until it takes the user, and a person hears of it at once", async () => {
    const { world, alarms } = alarmed();
    world.start();
    const chat = await world.openChat("ana");
    world.phone.fail("handBack", ...Array.from({ length: 30 }, () => "refused" as const));
    chat.end();
    await world.advance(5_000);
    expect(alarms).toEqual(["hand_back_refused"]);
    await world.until(() => world.phone.handedBack.length > 0, 60 * 60_000);
    await world.advance(60_000);
    expect(world.phone.handedBack).toHaveLength(1);
    expect(world.deadLetters()).toEqual([]);
    expect(alarms).toEqual(["hand_back_refused"]);
    expect(world.facts("ana").at(-1)).toMatchObject({ kind: "handed_back" });
  });

  it("does not wait for words that can't be delivered: the user is handed back within a minute or so", async () => {
    const { world } = alarmed();
    world.start();
    const chat = await world.openChat("ana");
    world.phone.fail("say", ...Array.from({ length: 500 }, () => "not done" as const));
    chat.say("uno");
    chat.say("dos");
    await world.advance(1_000);
    chat.end();
    await world.until(() => world.phone.handedBack.length > 0, 90_000);
    expect(world.phone.handedBack).toHaveLength(1);
    await world.advance(60_000);
    expect(world.deadLetters().map(({ reason }) => reason)).toEqual(["undeliverable", "undeliverable"]);
    expect(world.facts("ana").filter(({ kind }) => kind === "message_failed")).toHaveLength(2);
  });

  it("for a day is given up: dead letter, fact and alarm, for a person to see to it", async () => {
    const { world, alarms } = alarmed();
    world.start();
    const chat = await world.openChat("ana");
    world.phone.fail("handBack", ...Array.from({ length: 5_000 }, () => "not done" as const));
    chat.end();
    await world.advance(10 * 60_000);
    await sleepFor(world, 23 * hourMs);
    await world.advance(5 * 60_000);
    expect(world.deadLetters()).toEqual([]);
    await sleepFor(world, hourMs);
    expect(world.deadLetters()).toMatchObject([
      { reason: "undeliverable", detail: expect.stringContaining("HandBack") },
    ]);
    expect(alarms).toEqual(["command_given_up"]);
    expect(world.facts("ana").at(-1)).toMatchObject({ kind: "hand_back_failed", reason: "gave_up" });
    expect(world.phone.handedBack).toEqual([]);
  });
});
