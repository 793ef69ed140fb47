// The level `check`: everything that is found by reading the code, not by running it. Owns the steps, their order and their
// report; what each tool demands is in its own configuration. Called by main.ts.
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";

import { run } from "./child.ts";
import { judgeImportReport, type Verdict } from "./import-rules.ts";
import { nothing, type Tally } from "./tally.ts";

interface Step {
  readonly name: string;
  /** Arguments of Node. */
  readonly args: readonly string[];
  /** Reads the tool's output where its exit code says too little. */
  readonly judge?: (output: string) => Verdict;
}

const deadlineMs = 3 * 60_000;
const tool = (path: string): string => `node_modules/${path}`;

/** Longest first: two or three run at a time. */
const steps: readonly Step[] = [
  { name: "lint", args: [tool("eslint/bin/eslint.js"), "--max-warnings=0", "."] },
  { name: "types", args: [tool("typescript/bin/tsc"), "--noEmit", "-p", "."] },
  { name: "types of the page", args: [tool("typescript/bin/tsc"), "--noEmit", "-p", "sandbox/page/client"] },
  { name: "format", args: [tool("prettier/bin/prettier.cjs"), "--check", "--log-level=warn", "."] },
  {
    name: "import rules",
    args: [tool("dependency-cruiser/bin/dependency-cruiser.mjs"), "--output-type=json", ...foldersThatExist()],
    judge: judgeImportReport,
  },
  { name: "dead code", args: [tool("knip/bin/knip.js"), "--no-progress"] },
  { name: "dependencies", args: ["test/levels/dependencies.ts"] },
  { name: "generated files", args: ["schemas/generate.ts", "--check"] },
  { name: "schema evolution", args: ["schemas/released.ts", "check"] },
];

function foldersThatExist(): string[] {
  return ["src", "sandbox", "test", "schemas", "bench", "examples"].filter((folder) => existsSync(folder));
}

/** Runs all steps, as many at a time as there are cores, each to its end. One step is one test. */
export async function check(signal: AbortSignal, say: (text: string) => void): Promise<Tally> {
  const waiting = [...steps];
  const tallies: Tally[] = [];
  const work = async (): Promise<void> => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      tallies.push(await runStep(step, signal, say));
    }
  };
  await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, work));
  return tallies.reduce(
    (sum, tally) => ({ ...sum, passed: sum.passed + tally.passed, failed: sum.failed + tally.failed }),
    nothing,
  );
}

async function runStep(step: Step, signal: AbortSignal, say: (text: string) => void): Promise<Tally> {
  const ended = await run({ program: process.execPath, args: step.args, deadlineMs, capture: true, signal });
  const verdict = step.judge?.(ended.output) ?? { passed: ended.code === 0, note: "", details: ended.output };
  const passed = verdict.passed && !ended.timedOut;
  const note = [verdict.note, ended.timedOut ? "stopped, it took too long" : ""]
    .filter((part) => part !== "")
    .join(", ");
  const seconds = (ended.tookMs / 1000).toFixed(1);
  say(
    `  ${passed ? "ok    " : "FAILED"} ${step.name.padEnd(16)} ${seconds.padStart(5)} s${note === "" ? "" : `  ${note}`}`,
  );
  if (!passed) say(`${indent(verdict.details.trim())}\n`);
  return passed ? { ...nothing, passed: 1 } : { ...nothing, failed: 1 };
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, "         ");
}
