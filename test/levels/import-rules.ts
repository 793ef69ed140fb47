// Reads dependency-cruiser's report: which import goes where it must not, and whether the tool saw the code at all (with a compiler
// it cannot use it reports no violations in no modules, and succeeds). The rules are in .dependency-cruiser.js. Called by check.ts.
import { globSync } from "node:fs";

/** What a tool's output came to. */
export interface Verdict {
  readonly passed: boolean;
  /** Goes onto the step's line. */
  readonly note: string;
  /** What is wrong and what to do instead; printed only where it did not pass. */
  readonly details: string;
}

interface Report {
  readonly modules: readonly { readonly source: string }[];
  readonly summary: {
    readonly violations: readonly Violation[];
    readonly ruleSetUsed: { readonly forbidden: readonly { readonly name?: string; readonly comment?: string }[] };
  };
}

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
  readonly cycle?: readonly { readonly name: string }[];
}

/** Judges a report in JSON against the TypeScript files that are there. Anything but a report does not pass. */
export function judgeImportReport(output: string, sources: readonly string[] = globSync("src/**/*.ts")): Verdict {
  const report = readReport(output);
  if (report === undefined) return { passed: false, note: "no report", details: output };
  const seen = new Set(report.modules.map(({ source }) => source));
  const unseen = sources.filter((source) => !seen.has(source));
  const own = [...seen].filter((source) => !/(^|\/)node_modules\//.test(source) && /\.(tsx?|js|mjs)$/.test(source));
  const complaints = report.summary.violations.map((violation) => describe(violation, report));
  if (own.length === 0)
    complaints.push("No module was seen: the tool cannot read TypeScript with the compiler installed.");
  if (sources.length === 0) complaints.push("There is no TypeScript file under src/.");
  for (const source of unseen) complaints.push(`${source} was not seen by the import check.`);
  return { passed: complaints.length === 0, note: `${own.length} modules`, details: complaints.join("\n") };
}

function describe({ from, to, rule, cycle }: Violation, report: Report): string {
  const advice = report.summary.ruleSetUsed.forbidden.find(({ name }) => name === rule.name)?.comment ?? "";
  const path = cycle === undefined ? to : cycle.map(({ name }) => name).join(" -> ");
  return `${rule.name}: ${from} -> ${path}\n  ${advice}`;
}

function readReport(output: string): Report | undefined {
  try {
    return JSON.parse(output) as Report;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
