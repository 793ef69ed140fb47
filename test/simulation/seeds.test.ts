// Seeds: in each, two or three instances of the real runtime, gateways and poller live on in-memory Kafka, Redis and Salesforce that fail as
// the real ones were seen to fail, and the seed alone chooses every interleaving. The history checker judges all that is seen from
// outside. First the seeds that once found something, then as many fresh ones as the time allows, in threads of their own.
import { describe, expect, it } from "vitest";

import { regressions } from "./seeds/regressions.ts";
import { describeFailure, describeRun, runSeeds, type RunOutcome } from "./seeds/run-seeds.ts";
import { rareThings } from "./seeds/sometimes.ts";

/** Fresh seeds: the commit's own where the build says which it is. */
const freshFrom = Number(process.env["SIMULATION_FROM"] ?? 1_000);
const freshMs = 60_000;
/** Fewer would show too little; how many there are on idle cores is in docs/guarantees.md. */
const leastFresh = 100;
/** On a machine that is busy with something else the run goes on until it has shown what it must. */
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
    "in fresh seeds, of which each counts, one in fifty twice with the same run, and no rare thing never",
    async () => {
      const seeds = (function* () {
        for (let seed = freshFrom; ; seed++) yield seed;
      })();
      const missing = (soFar: RunOutcome): boolean =>
        soFar.tookMs < patienceMs - 30_000 && (soFar.played < leastFresh || neverIn(soFar).length > 0);
      const run = await runSeeds({ seeds, withinMs: freshMs, missing });
      console.log(describeRun(run));
      expect(failuresOf(run)).toBe("");
      expect(run.counted).toBe(run.played);
      expect(run.played).toBeGreaterThanOrEqual(leastFresh);
      expect(run.playedTwice).toBeGreaterThan(0);
      expect(run.differed).toEqual([]);
      expect(neverIn(run)).toEqual([]);
    },
    patienceMs,
  );
});
