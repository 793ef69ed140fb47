// What a run came to: how many tests passed, which failed to, which were skipped, and the closing line made of it. Pure.
// Filled by check.ts (one per step) and test/support/closing-line.ts (one per test); printed by main.ts.

/** Counts of one level, or of several added up. Skipped ones by name, so that they can be listed. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly string[];
}

/** Nothing has run. */
export const nothing: Tally = { passed: 0, failed: 0, skipped: [] };

/** Both together; skipped names keep their order. */
export function add(one: Tally, other: Tally): Tally {
  return {
    passed: one.passed + other.passed,
    failed: one.failed + other.failed,
    skipped: [...one.skipped, ...other.skipped],
  };
}

/** With `CI=true` a skip is a failure: nobody is there to notice it. */
export function judgeSkips(tally: Tally, isCi: boolean): Tally {
  return isCi ? { passed: tally.passed, failed: tally.failed + tally.skipped.length, skipped: [] } : tally;
}

/** Exactly `N passed, N failed`, with `, N skipped` behind it only where something was. */
export function closingLine(tally: Tally): string {
  const skipped = tally.skipped.length > 0 ? `, ${tally.skipped.length} skipped` : "";
  return `${tally.passed} passed, ${tally.failed} failed${skipped}`;
}

/** 0 only where something ran and nothing failed. */
export function exitCode(tally: Tally): 0 | 1 {
  return tally.failed === 0 && tally.passed > 0 ? 0 : 1;
}

/** Reads what `JSON.stringify` made of a tally. Throws where the text is anything else. */
export function parseTally(text: string): Tally {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) throw new Error("a tally is an object");
  const { passed, failed, skipped } = value as Partial<Record<keyof Tally, unknown>>;
  if (typeof passed !== "number" || typeof failed !== "number" || !Array.isArray(skipped)) {
    throw new Error("a tally has passed, failed and skipped");
  }
  return { passed, failed, skipped: skipped.map(String) };
}
