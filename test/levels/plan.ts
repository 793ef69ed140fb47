// Reads the arguments of `npm test` into what is to run. Pure but for looking which levels have files. Called by main.ts.
import { globSync } from "node:fs";

import { filesOf, type Level, levels } from "./levels.ts";

/** What one run does, in this order. */
export interface Plan {
  readonly check: boolean;
  readonly levels: readonly Level[];
  /** Handed to vitest as they are: `-t name`, part of a file's path, … */
  readonly vitestArgs: readonly string[];
}

/** What to say instead of running, and the exit code that goes with it. */
export interface Answer {
  readonly text: string;
  readonly exitCode: number;
}

const usageExitCode = 64;
const helpText = `npm test [-- LEVEL] [vitest's own arguments]

Runs every level of test, or one:
  check        types, lint, import rules, dead code, format, generated files, schema evolution
${levels.map((level) => `  ${level.name.padEnd(12)} test/${level.name}${level.needsServices ? " (starts Kafka, a schema registry and Redis)" : ""}`).join("\n")}

  npm test -- unit                    one level
  npm test -- integration -t 'agent'  of one level, the tests whose name matches
  npm test -- unit outbox             of one level, the files whose path matches
`;

/**
 * Reads the arguments. With no level named it is all of them; `check` is left out where arguments for vitest narrow the run.
 *
 * @param isThere says whether a level has test files; one without does not exist yet.
 */
export function readPlan(args: readonly string[], isThere: (level: Level) => boolean = hasFiles): Plan | Answer {
  if (args.includes("--help") || args.includes("-h")) return { text: helpText, exitCode: 0 };
  const [first, ...rest] = args;
  const existing = levels.filter(isThere);
  if (first === undefined) return { check: true, levels: existing, vitestArgs: [] };
  if (first.startsWith("-")) return { check: false, levels: existing, vitestArgs: args };
  if (first === "check") {
    if (rest.length > 0) return { text: `check takes no arguments, got: ${rest.join(" ")}`, exitCode: usageExitCode };
    return { check: true, levels: [], vitestArgs: [] };
  }
  const level = levels.find(({ name }) => name === first);
  if (level === undefined) return { text: `There is no level ${first}.\n\n${helpText}`, exitCode: usageExitCode };
  if (!isThere(level)) return { text: `The level ${first} has no tests yet.`, exitCode: usageExitCode };
  return { check: false, levels: [level], vitestArgs: rest };
}

function hasFiles(level: Level): boolean {
  return globSync(filesOf(level)).length > 0;
}
