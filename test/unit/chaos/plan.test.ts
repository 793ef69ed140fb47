// The faults of a chaos run repeat with their seed, all kinds come, and no plan puts both copies of an acknowledged write at risk at once.
import { describe, expect, it } from "vitest";

import { faultKinds, planFaults, type PlannedFault } from "../../chaos/plan.ts";

const options = { lengthMs: 600_000, instances: 3, everyMs: [5_000, 12_000], longestMs: 40_000 } as const;
const seeds = Array.from({ length: 50 }, (_, i) => i * 7_919 + 1);
const plans = seeds.map((seed) => planFaults({ ...options, seed }));

function during(plan: readonly PlannedFault[], one: PlannedFault): readonly PlannedFault[] {
  const end = one.atMs + one.lengthMs;
  return plan.filter((other) => other !== one && other.atMs <= end && other.atMs + other.lengthMs >= one.atMs);
}

describe("a plan", () => {
  it("is the same for the same seed, and another for another", () => {
    expect(planFaults({ ...options, seed: 5 })).toEqual(planFaults({ ...options, seed: 5 }));
    expect(planFaults({ ...options, seed: 5 })).not.toEqual(planFaults({ ...options, seed: 6 }));
  });

  it("of ten minutes has every kind, and begins a fault every few seconds", () => {
    for (const plan of plans) {
      expect(new Set(plan.map(({ kind }) => kind)).size).toBe(faultKinds.length);
      expect(plan.length).toBeGreaterThan(50);
    }
  });

  it("ends every fault in time", () => {
    for (const { atMs, lengthMs } of plans.flat()) expect(atMs + lengthMs).toBeLessThanOrEqual(options.lengthMs);
  });

  it("often has two faults at once", () => {
    for (const plan of plans) expect(plan.filter((one) => during(plan, one).length > 0).length).toBeGreaterThan(10);
  });

  it("empties Redis only while nothing else is on", () => {
    const flushes = plans.flatMap((plan) =>
      plan.filter(({ kind }) => kind === "redis flush").map((one) => during(plan, one)),
    );
    expect(flushes.length).toBeGreaterThan(50);
    expect(flushes.flat()).toEqual([]);
  });

  it("never has two stores away, nor two instances, at once", () => {
    for (const plan of plans)
      for (const one of plan)
        for (const group of [/^(redis|broker) /, /^(kill|stop|freeze)$/])
          if (group.test(one.kind)) expect(during(plan, one).filter(({ kind }) => group.test(kind))).toEqual([]);
  });

  it("of a short run has at least five faults of five kinds", () => {
    for (const seed of seeds) {
      const plan = planFaults({ seed, lengthMs: 40_000, instances: 3, everyMs: [3_000, 6_000], longestMs: 10_000 });
      expect(new Set(plan.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(5);
    }
  });
});
