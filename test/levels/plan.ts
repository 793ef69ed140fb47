// Reads the arguments of `npm test` into what is to run. Pure but for looking which levels have files. Called by main.ts.
import { globSync } from "node:fs";

import { filesOf, type Level, levels } from "./levels.ts";

/** What one run does, in this order. */
export interface Plan {
  readonly check: boolean;
  readonly levels: readonly Level[];
  /** Every level of it once per variant of matrix.ts whose name holds this; null: once. */
  readonly matrix: string | null;
  /** Handed to vitest as they are: `-t name`, part of a file's path, … */
  readonly vitestArgs: readonly string[];
}

/** What to say instead of running, and the exit code that goes with it. */
export interface Answer {
  readonly text: string;
  readonly exitCode: number;
}

const usageExitCode = 64;
const helpText = (existing: readonly Level[]): string => `npm test [-- LEVEL] [vitest's own arguments]

Runs every level of test, or one:
  check        types, lint, import rules, dead code, format, generated files, schema evolution
${existing.map((level) => `  ${level.name.padEnd(12)} test/${level.name}${level.needsServices ? " (starts Kafka, a schema registry and Redis)" : ""}`).join("\n")}

  npm test -- unit                    one level
  npm test -- integration -t 'agent'  of one level, the tests whose name matches
  npm test -- unit outbox             of one level, the files whose path matches
  npm test -- integration --matrix    of one level that starts services, all of it on both broker generations and in every
                                      security mode, with a table at the end; --matrix=3.9 or --matrix=SCRAM for a part of it
`;

/**
 * Reads the arguments. With no level named it is all of them; `check` is left out where arguments for vitest narrow the run.
 *
 * @param isThere says whether a level has test files; one without does not exist yet.
 */
export function readPlan(args: readonly string[], isThere: (level: Level) => boolean = hasFiles): Plan | Answer {
  const existing = levels.filter(isThere);
  if (args.includes("--help") || args.includes("-h")) return { text: helpText(existing), exitCode: 0 };
  const [first, ...rest] = args;
  const matrix = matrixOf(args);
  if (matrix !== null && levels.find(({ name }) => name === first)?.needsServices !== true)
    return {
      text: `--matrix needs a level that starts services, as in: npm test -- integration --matrix`,
      exitCode: usageExitCode,
    };
  if (first === undefined) return { check: true, levels: existing, matrix, vitestArgs: [] };
  if (first.startsWith("-")) return { check: false, levels: existing, matrix, vitestArgs: args };
  if (first === "check") {
    if (rest.length > 0) return { text: `check takes no arguments, got: ${rest.join(" ")}`, exitCode: usageExitCode };
    return { check: true, levels: [], matrix, vitestArgs: [] };
  }
  const level = levels.find(({ name }) => name === first);
  if (level === undefined)
    return { text: `There is no level ${first}.\n\n${helpText(existing)}`, exitCode: usageExitCode };
  if (!isThere(level)) return { text: `The level ${first} has no tests yet.`, exitCode: usageExitCode };
  return { check: false, levels: [level], matrix, vitestArgs: rest.filter((arg) => !isMatrix(arg)) };
}

const isMatrix = (arg: string): boolean => arg === "--matrix" || arg.startsWith("--matrix=");

/** What stands behind `--matrix=`, empty for all of it; null without. */
function matrixOf(args: readonly string[]): string | null {
  return args.find(isMatrix)?.slice("--matrix=".length) ?? null;
}

function hasFiles(level: Level): boolean {
  return globSync(filesOf(level)).length > 0;
}
