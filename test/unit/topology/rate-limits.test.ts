// The limits of texts a second: what passes at once, how fast the rest follows, that users take turns, that a lane which has waited
// looks anew at its right and at the time, and what of the commands is limited.
import { describe, expect, it } from "vitest";

import type { Effect } from "../../../src/processors/effect.ts";
import type { Command } from "../../../src/processors/interconnection/commands.ts";
import { createVirtualClock } from "../../../src/topology/in-memory/clock.ts";
import { createLanes, type LaneTools, type Lanes } from "../../../src/topology/lanes.ts";
import { bridge, policyOf, withTextTries } from "../../../src/topology/bridge.ts";
import { createRateLimits } from "../../../src/topology/rate-limits.ts";
import { settle } from "../../support/graph-world.ts";
import { createOwnerParts, sayToAgent, session, stateWith, type OwnerParts } from "../../support/owner-parts.ts";

const never = new AbortController().signal;
const epochMs = 1_000_000;

describe("a limit", () => {
  it("lets its integer part and one pass at once, then one after the other in the order in which they came", async () => {
    const clock = createVirtualClock(0, settle);
    const limits = createRateLimits({ desk: 4, channel: 1 }, clock);
    const passed: string[] = [];
    for (let i = 0; i < 9; i++) {
      const turn = limits.take("desk", never);
      if (turn === null) passed.push(`${String(i)} at once`);
      else void turn.then(() => passed.push(`${String(i)} at ${String(clock.monotonicMs())}`));
    }
    await clock.advance(2_000);
    const atOnce = [0, 1, 2, 3, 4].map((i) => `${String(i)} at once`);
    expect(passed).toEqual([...atOnce, "5 at 250", "6 at 500", "7 at 750", "8 at 1000"]);
  });

  it("of one direction is not used up by the other", () => {
    const limits = createRateLimits({ desk: 0.5, channel: 0.5 }, createVirtualClock(0, settle));
    expect(limits.take("desk", never)).toBeNull();
    expect(limits.take("desk", never)).not.toBeNull();
    expect(limits.take("channel", never)).toBeNull();
  });

  it("costs nothing to who leaves: the next one comes instead", async () => {
    const clock = createVirtualClock(0, settle);
    const limits = createRateLimits({ desk: 1, channel: 1 }, clock);
    while (limits.take("desk", never) === null);
    const leaver = new AbortController();
    const passed: number[] = [];
    void limits.take("desk", never)?.then(() => passed.push(1));
    const left = limits.take("desk", leaver.signal)?.then(() => passed.push(2));
    void limits.take("desk", never)?.then(() => passed.push(3));
    leaver.abort();
    await left;
    // One of the waiters before them, then the two who stayed.
    await clock.advance(3_000);
    expect(passed).toEqual([2, 1, 3]);
  });
});

interface Limited extends OwnerParts {
  readonly lanes: Lanes;
  readonly made: string[];
}

async function limitedLanes(over: Partial<LaneTools> = {}): Promise<Limited> {
  const parts = createOwnerParts();
  await parts.store.store.claim(0, 5, "me");
  const made: string[] = [];
  const tools: LaneTools = {
    ...parts,
    store: parts.store.store,
    limits: createRateLimits({ desk: 1, channel: 1 }, parts.clock),
    perform(command, { userId, postSequence }): Promise<Effect> {
      made.push(`${userId} ${String(command.seq)}`);
      return Promise.resolve({ kind: "finished", outcome: "done", reason: null, postSequence, data: null });
    },
    policyOf: (command) => policyOf(bridge, command),
    posts: (command) => "session" in command,
    brings: () => false,
    ...over,
  };
  const fenced = (): void => undefined;
  const lanes = createLanes(tools, { partition: 0, epoch: 5, marksLost: false, fenced }, never, never);
  return { ...parts, lanes, made };
}

describe("lanes with a limit", () => {
  it("take their users in turn, each user's texts in order", async () => {
    const t = await limitedLanes();
    t.lanes.update("loud", stateWith([1, 2, 3, 4, 5].map((seq) => sayToAgent(seq))));
    await t.clock.settle();
    expect(t.made).toEqual(["loud 1", "loud 2"]);
    t.lanes.update("quiet", stateWith([sayToAgent(1)]));
    await t.clock.advance(4_500);
    expect(t.made.slice(2)).toEqual(["loud 3", "quiet 1", "loud 4", "loud 5"]);
  });

  it("say history, welcome and the end of a chat at once", async () => {
    const t = await limitedLanes();
    const end: Command = { lane: "desk", kind: "EndChat", seq: 5, chatId: "chat", session, giveUpAt: epochMs + 60_000 };
    const context = [1, 2, 3, 4].map((seq) => sayToAgent(seq, { about: "context" }));
    t.lanes.update("ana", stateWith([...context, end]));
    await t.clock.settle();
    expect(t.made).toHaveLength(5);
  });

  it("make no call that has become too late or unlawful while it waited", async () => {
    const t = await limitedLanes();
    const brief = { giveUpAt: epochMs + 500 };
    t.lanes.update("ana", stateWith([sayToAgent(1), sayToAgent(2), sayToAgent(3, brief), sayToAgent(4)]));
    await t.clock.settle();
    await t.clock.advance(1_100);
    expect(t.made).toEqual(["ana 1", "ana 2"]);
    expect(t.events.at(-1)?.body).toMatchObject({ seq: 3, outcome: "given_up", attempts: 0 });
    t.rightIs("gone");
    await t.clock.advance(5_000);
    expect(t.made).toHaveLength(2);
  });
});

describe("MAX_RETRIES", () => {
  it("bounds the tries of texts, and of nothing else", () => {
    const graph = withTextTries(bridge, 12);
    const handBack = { lane: "channel", kind: "HandBack", seq: 1, chatId: "c", giveUpAt: 1 } as const;
    const back: Command = { ...handBack, channel: "whatsapp", botSlug: "bot", botState: "s" };
    expect([sayToAgent(1), back].map((command) => policyOf(graph, command).maxTries)).toEqual([12, null]);
    expect(policyOf(graph, sayToAgent(1)).firstDelayMs).toBe(1_000);
    expect(policyOf(withTextTries(bridge, null), sayToAgent(1)).maxTries).toBeNull();
  });
});
