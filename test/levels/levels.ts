// The levels of test in the order they run, and what each needs. vitest.config.ts makes a project of each; plan.ts picks from
// the list, run-vitest.ts runs one. `check` is not in the list: it is no vitest project (check.ts).

/** One level of test: the folder test/NAME, run as the vitest project NAME. */
export interface Level {
  readonly name: string;
  /** Kafka, registry and Redis run while it does, and its files run one after the other. */
  readonly needsServices: boolean;
  /** Run once before its files, in the process that starts them: what they share. They then run one after the other. */
  readonly globalSetup?: string;
  /** A single test is stopped and failed after this long. */
  readonly testTimeoutMs: number;
  /** The whole level is killed and counted as failed after this long: a net for what hangs, not its budget (docs/decisions.md). */
  readonly deadlineMs: number;
}

const minuteMs = 60_000;

/** All levels but `check`. A level without test files does not exist yet: it is neither run nor skipped. */
export const levels: readonly Level[] = [
  { name: "unit", needsServices: false, testTimeoutMs: 10_000, deadlineMs: 5 * minuteMs },
  { name: "simulation", needsServices: false, testTimeoutMs: 2 * minuteMs, deadlineMs: 4 * minuteMs },
  { name: "contracts", needsServices: true, testTimeoutMs: 60_000, deadlineMs: 10 * minuteMs },
  { name: "integration", needsServices: true, testTimeoutMs: 3 * minuteMs, deadlineMs: 30 * minuteMs },
  { name: "chaos", needsServices: true, testTimeoutMs: 5 * minuteMs, deadlineMs: 8 * minuteMs },
  // Its sandbox has Kafka, registry and Redis of its own: it freezes and empties them.
  {
    name: "browser",
    needsServices: false,
    globalSetup: "test/support/browser-sandbox.ts",
    testTimeoutMs: 2 * minuteMs,
    deadlineMs: 6 * minuteMs,
  },
  { name: "bench", needsServices: true, testTimeoutMs: 3 * minuteMs, deadlineMs: 6 * minuteMs },
  // Last: what only the whole run can show, such as what its services have written and which tests have passed.
  { name: "whole", needsServices: true, testTimeoutMs: 3 * minuteMs, deadlineMs: 5 * minuteMs },
];

/** Where the test files of a level are, as a glob from the repository's root. */
export function filesOf(level: Pick<Level, "name">): string {
  return `test/${level.name}/**/*.test.ts`;
}
