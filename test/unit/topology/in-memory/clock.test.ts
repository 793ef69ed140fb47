// Virtual time and seeded chance: in order, and the same every time.
import { describe, expect, it } from "vitest";

import { createSeededRandom, createVirtualClock } from "../../../../src/topology/in-memory/clock.ts";

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("virtual clock", () => {
  it("stands still until it is moved, and runs timers in order of their time", async () => {
    const clock = createVirtualClock(1_000, settle);
    const ran: string[] = [];
    const note = (name: string) => () => void ran.push(`${name} at ${String(clock.now())}`);
    clock.after(20, note("b"));
    clock.after(10, note("a"));
    clock.after(20, note("c"));
    clock.after(21, note("d"));
    await clock.settle();
    expect(ran).toEqual([]);
    expect(clock.nextDueAt()).toBe(1_010);
    await clock.advance(20);
    expect(ran).toEqual(["a at 1010", "b at 1020", "c at 1020"]);
    expect([clock.now(), clock.monotonicMs()]).toEqual([1_020, 20]);
    await clock.advance(1);
    expect(ran).toHaveLength(4);
    expect(clock.nextDueAt()).toBeNull();
  });

  it("lets what a timer starts settle before the next, and runs timers set on the way", async () => {
    const clock = createVirtualClock(0, settle);
    const ran: string[] = [];
    clock.after(10, () => {
      void (async () => {
        for (let i = 0; i < 50; i += 1) await Promise.resolve();
        ran.push(`first at ${String(clock.now())}`);
        clock.after(5, () => ran.push(`on the way at ${String(clock.now())}`));
      })();
    });
    clock.after(16, () => ran.push(`last at ${String(clock.now())}`));
    await clock.advance(100);
    expect(ran).toEqual(["first at 10", "on the way at 15", "last at 16"]);
    expect(clock.now()).toBe(100);
  });

  it("does not run what was cancelled", async () => {
    const clock = createVirtualClock(0, settle);
    let runs = 0;
    const cancel = clock.after(10, () => (runs += 1));
    clock.after(5, cancel);
    clock.after(-1, () => (runs += 10));
    await clock.advance(50);
    expect(runs).toBe(10);
  });
});

describe("seeded random", () => {
  const draw = (seed: number, count: number): readonly number[] => {
    const random = createSeededRandom(seed);
    return Array.from({ length: count }, () => random.next());
  };

  it("repeats for the same seed and differs for another", () => {
    expect(draw(7, 20)).toEqual(draw(7, 20));
    expect(draw(7, 20)).not.toEqual(draw(8, 20));
  });

  it("is spread over [0, 1)", () => {
    const numbers = draw(1, 10_000);
    expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
    const tenths = Array.from({ length: 10 }, (_, i) => numbers.filter((n) => Math.floor(n * 10) === i).length);
    expect(Math.min(...tenths)).toBeGreaterThan(900);
    expect(Math.max(...tenths)).toBeLessThan(1_100);
  });
});
