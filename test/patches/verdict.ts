// What a run of the named test says of a patch: caught only when exactly that test ran and a statement of it failed. Pure. A test
// that died of something else, such as code that no longer loads, has seen nothing.

/** A test that ran. */
export interface RanTest {
  /** From the root of the tree, with slashes. */
  readonly file: string;
  /** With the titles of its groups, joined by ` > `. */
  readonly title: string;
  readonly passed: boolean;
  /** What it failed with: name and words of each error, and behind them a line for each cause. */
  readonly failures: readonly string[];
}

/** What one run of vitest brought. */
export interface RunReport {
  readonly tests: readonly RanTest[];
  /** What kept a file from being run, such as an import that fails, or failed outside any test. */
  readonly broken: readonly string[];
}

/** What became of a patch. */
export interface Verdict {
  readonly kind: "caught" | "survived" | "wrong" | "stale";
  /** The words of the failure, or what is wrong. */
  readonly detail: string;
}

/** Judges the run of one patch. */
export function judge(report: RunReport, named: { readonly title: string }): Verdict {
  const [broken] = report.broken;
  if (broken !== undefined) return { kind: "wrong", detail: `the file did not run: ${firstLine(broken)}` };
  const [test, ...others] = report.tests.filter(({ title }) => title === named.title);
  if (test === undefined) return { kind: "wrong", detail: "the named test did not run" };
  if (others.length > 0) return { kind: "wrong", detail: `${String(others.length + 1)} tests have that title` };
  if (test.passed) return { kind: "survived", detail: "the named test stayed green" };
  const failed = test.failures.flatMap((words) => words.split("\n")).find(isStatement);
  if (failed !== undefined) return { kind: "caught", detail: firstLine(failed) };
  return { kind: "wrong", detail: `it fell by no statement of its own: ${firstLine(test.failures[0] ?? "no words")}` };
}

/** A failed expectation, also one that is behind what was thrown, as in a property. */
function isStatement(line: string): boolean {
  return /^(?:caused by )?AssertionError/.test(line);
}

function firstLine(words: string): string {
  return words.split("\n", 1)[0]?.slice(0, 160) ?? "";
}
