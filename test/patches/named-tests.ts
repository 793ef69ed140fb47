// Runs tests of one copy of the repository by vitest and brings back what each came to. Called by run-patches.ts.
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import { run } from "../levels/child.ts";
import { reportFileVariable } from "./outcome-reporter.ts";
import type { RunReport } from "./verdict.ts";

/** Which tests of a tree are run. */
export interface TestRun {
  readonly root: string;
  /** Level, which is vitest's project. */
  readonly level: string;
  readonly files: readonly string[];
  /** Only the test of that title; all of the files when left out. */
  readonly title?: string;
  /** Handed to the tests, for example where the services are. */
  readonly env: Readonly<Record<string, string>>;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** The original's, not the copy's: it is no part of what is broken. */
const reporter = join(import.meta.dirname, "outcome-reporter.ts");

/** Runs them. What keeps vitest from reporting comes back as a broken run. */
export async function runTests({ root, level, files, title, env, deadlineMs, signal }: TestRun): Promise<RunReport> {
  const output = join(root, `report-${level}.json`);
  await rm(output, { force: true });
  const narrowed = title === undefined ? [] : ["-t", `^${title.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&")}$`];
  const ended = await run({
    program: process.execPath,
    args: [
      join(root, "node_modules/vitest/vitest.mjs"),
      "run",
      `--root=${root}`,
      "--project",
      level,
      `--reporter=${reporter}`,
      ...narrowed,
      ...files,
    ],
    env: { VITEST: "", ...env, [reportFileVariable]: output },
    cwd: root,
    deadlineMs,
    capture: true,
    signal,
  });
  try {
    return JSON.parse(await readFile(output, "utf8")) as RunReport;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    const why = ended.timedOut ? `stopped after ${String(deadlineMs / 1000)} s` : ended.output.slice(-2_000).trim();
    return { tests: [], broken: [`vitest left no report: ${why}`] };
  }
}
