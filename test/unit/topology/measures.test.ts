// The gauges when somebody looks: at once what this process knows, and the lag when the broker tells it.
import { expect, it } from "vitest";

import type { Metrics } from "../../../src/topology/ports.ts";
import { createGraphWorld } from "../../support/graph-world.ts";

function gaugesOf(): { readonly metrics: Metrics; readonly shown: Map<string, number> } {
  const shown = new Map<string, number>();
  const metrics: Metrics = {
    count: () => undefined,
    observeMs: () => undefined,
    gauge: (name, value, labels = {}) => void shown.set([name, ...Object.values(labels)].join(" "), value),
  };
  return { metrics, shown };
}

/** A world whose broker takes so long for each question, and one instance that owns its one index. */
async function ownedBehind({ queryMs }: { readonly queryMs: number }) {
  const { metrics, shown } = gaugesOf();
  const slow = { ms: 0 };
  const world = createGraphWorld({ metrics, delayMs: (step) => (step === "query" ? slow.ms : 0) });
  const { runtime } = world.start();
  await world.openChat("ana");
  slow.ms = queryMs;
  let done = 0;
  const look = async (): Promise<void> => {
    await runtime.measure();
    done += 1;
  };
  return { world, runtime, shown, look, done: () => done };
}

it("are there within a second while the broker is slow, the lag with a later look", async () => {
  const { world, shown, look, done } = await ownedBehind({ queryMs: 9_500 });
  void look();
  await world.advance(1_000);
  expect([done(), shown.get("open_chats 0 ACTIVE"), shown.has("consumer_lag chat-requests 0")]).toEqual([1, 1, false]);
  await world.advance(8_000);
  void look();
  await world.advance(500);
  expect([done(), shown.get("consumer_lag chat-requests 0")]).toEqual([2, 0]);
});

it("ask the broker once however many look meanwhile", async () => {
  const asked: string[] = [];
  const { metrics } = gaugesOf();
  const watch = () => ({
    executed: ({ name }: { readonly name: string }) => {
      if (name === "consumer.bounds") asked.push(name);
    },
  });
  const world = createGraphWorld({ metrics, watch, delayMs: (step) => (step === "query" ? 5_000 : 0) });
  const { runtime } = world.start();
  await world.advance(60_000);
  asked.length = 0;
  for (let i = 0; i < 4; i++) void runtime.measure();
  await world.advance(20_000);
  expect(asked).toHaveLength(3);
});

it("show no lag of an index that was lost before the broker answered", async () => {
  const { world, runtime, shown, look } = await ownedBehind({ queryMs: 9_500 });
  void look();
  await world.advance(1_000);
  void runtime.stop(1_000);
  await world.advance(20_000);
  expect([...shown.keys()].filter((name) => name.startsWith("consumer_lag"))).toEqual([]);
});
