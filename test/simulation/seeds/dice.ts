// Chance with a seed, in the words that schedules need.
import { createSeededRandom } from "../../../src/topology/in-memory/clock.ts";
import type { Random } from "../../../src/topology/ports.ts";

/** One stream of chance; the same seed and name give the same stream, whatever other streams were asked. */
export interface Dice extends Random {
  /** A whole number from 0 to n - 1. */
  below(n: number): number;
  /** True in that share of the throws. */
  chance(share: number): boolean;
  one<Value>(values: readonly Value[]): Value;
  /** One of them, by weight. At least one weight must be above 0. */
  weighted<Value extends { readonly weight: number }>(values: readonly Value[]): Value;
}

/** A stream of its own for each purpose: to change one leaves the others as they were. */
export function createDice(seed: number, purpose: string): Dice {
  const random = createSeededRandom(
    Buffer.from(purpose).reduce((mixed, byte) => Math.imul(mixed, 31) + byte, seed * 2_654_435_761),
  );
  const dice: Dice = {
    next: () => random.next(),
    below: (n) => Math.floor(random.next() * n),
    chance: (share) => random.next() < share,
    one(values) {
      const value = values[dice.below(values.length)];
      if (value === undefined) throw new Error("nothing to choose from");
      return value;
    },
    weighted(values) {
      let left = random.next() * values.reduce((sum, { weight }) => sum + weight, 0);
      const value = values.find(({ weight }) => (left -= weight) < 0) ?? values.findLast(({ weight }) => weight > 0);
      if (value === undefined) throw new Error("nothing to choose from");
      return value;
    },
  };
  return dice;
}
