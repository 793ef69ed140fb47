// An index that stands still without a known reason is seen: an alarm once, and not ready as long as it lasts.
import { expect, it } from "vitest";

import { createProgressWatch, type Watched } from "../../../src/topology/progress-watch.ts";
import { createGraphWorld } from "../../support/graph-world.ts";
import { createOwnerParts } from "../../support/owner-parts.ts";

const owner = (over: { done?: number; queued?: number; waitingFor?: string | null; running?: boolean }): Watched => {
  const { done = 5, queued = 1, waitingFor = null, running = true } = over;
  const next = { "agent-events": done, "chat-requests": 0, "channel-messages": 0 };
  return { partition: 3, queued, waitingFor, committable: () => (running ? next : null) };
};

it("stands still when records wait for 30 s and no turn ends, and says so once", async () => {
  const parts = createOwnerParts();
  const watch = createProgressWatch(parts);
  for (let second = 0; second <= 60; second++) {
    watch.look([owner({})]);
    expect(watch.standing, String(second)).toBe(second >= 30);
    await parts.clock.advance(1_000);
  }
  expect(parts.alarms).toEqual(["no_progress"]);
  watch.look([owner({ done: 6 })]);
  expect(watch.standing).toBe(false);
});

it.each([
  ["turns end", (second: number) => owner({ done: second })],
  ["nothing is queued", () => owner({ queued: 0 })],
  ["what it waits for has a name", () => owner({ waitingFor: "redis" })],
  ["it is being taken over", () => owner({ running: false })],
])("does not stand still while %s", async (_name, at) => {
  const parts = createOwnerParts();
  const watch = createProgressWatch(parts);
  for (let second = 0; second < 90; second++) {
    watch.look([at(second)]);
    await parts.clock.advance(1_000);
  }
  expect([watch.standing, parts.alarms]).toEqual([false, []]);
});

it("is told by the runtime: a call of ours that never ends makes the instance not ready", async () => {
  const alarms: string[] = [];
  const metrics = {
    count(name: string, labels?: Readonly<Record<string, string>>) {
      if (name === "alarms") alarms.push(labels?.["alarm"] ?? "");
    },
    observeMs: () => undefined,
    gauge: () => undefined,
  };
  const world = createGraphWorld({ metrics });
  const instance = world.start();
  await world.openChat("ana");
  expect(instance.runtime.missing()).toEqual([]);
  Object.assign(world.store.store, { load: () => new Promise(() => undefined) });
  await world.say("eva", "nobody decides this");
  await world.advance(40_000);
  expect(instance.runtime.missing()).toEqual(["progress"]);
  expect(alarms).toEqual(["no_progress"]);
});
