// Seeds: in each, two or three instances of the real runtime, gateways and poller live on in-memory Kafka, Redis and Salesforce that fail as
// the real ones were seen to fail, and the seed alone chooses every interleaving. The history checker judges all that is seen from
// outside. First the seeds that once found something, then a fixed row of others, in threads of their own.
import { describe, expect, it } from "vitest";

import { regressions } from "./seeds/regressions.ts";
import { describeFailure, describeRun, runSeeds, type RunOutcome } from "./seeds/run-seeds.ts";
import { rareThings } from "./seeds/sometimes.ts";

/** The same in every run and on every machine, so that a failure is of the change at hand; the night plays others (`npm run simulate`). */
const fixed = Array.from({ length: 120 }, (_, i) => 1_000 + i);
const patienceMs = 220_000;

const neverIn = ({ rare }: RunOutcome) => rareThings.filter((what) => (rare.get(what) ?? 0) === 0);
const failuresOf = ({ failed }: RunOutcome): string => failed.slice(0, 3).map(describeFailure).join("\n\n");

describe("whatever fails, nothing accepted is lost, doubled or reordered, and every user is handed back", () => {
  it("in the seeds that found something once", async () => {
    const run = await runSeeds({ seeds: regressions.map(({ seed }) => seed), withinMs: Number.POSITIVE_INFINITY });
    expect(failuresOf(run)).toBe("");
    expect(run.counted).toBe(regressions.length);
  });

  it(
    "in 120 seeds; each counts, one in fifty is the same run twice, and no rare thing is missing",
    async () => {
      const run = await runSeeds({ seeds: fixed, withinMs: Number.POSITIVE_INFINITY });
      console.log(describeRun(run));
      expect(failuresOf(run)).toBe("");
      expect(run.counted).toBe(fixed.length);
      expect(run.playedTwice).toBeGreaterThan(0);
      expect(run.differed).toEqual([]);
      expect(neverIn(run)).toEqual([]);
    },
    patienceMs,
  );
});
