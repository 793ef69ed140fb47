// Random schedules, one per seed. A failing seed is in the test's name; `npx vitest run --project simulation -t "seed 17"`
// plays it again. SIMULATION_SEEDS=from-to plays others.
import { describe, expect, it } from "vitest";

import { playSeed } from "./random-schedule.ts";

const [from = 1, to = 100] = (process.env["SIMULATION_SEEDS"] ?? "1-100").split("-").map(Number);
const seeds = Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe("whatever fails, no text is lost, doubled or reordered, and every user is handed back", () => {
  it.each(seeds)("seed %i", async (seed) => {
    const { breaches, trace } = await playSeed(seed);
    expect(breaches, trace.join("\n")).toEqual([]);
  });

  it("the same seed plays the same run", async () => {
    expect((await playSeed(7)).trace).toEqual((await playSeed(7)).trace);
  });
});
