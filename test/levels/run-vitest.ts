// Runs one level's tests in a vitest process of its own and brings back its counts. Called by main.ts. The counting itself is
// done inside that process, by test/support/closing-line.ts.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { tallyFileVariable } from "../support/closing-line.ts";
import { run } from "./child.ts";
import type { Level } from "./levels.ts";
import { nothing, parseTally, type Tally } from "./tally.ts";

/** What a level's run needs beside the level. */
export interface VitestRun {
  readonly args: readonly string[];
  /** Handed to the tests, for example where the services are. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/**
 * Runs the tests of a level. Never less than one failure where vitest died, hung, or ended badly without naming a failed test,
 * and where an unfiltered level ran nothing.
 */
export async function runVitest(level: Level, { args, env, signal, say }: VitestRun): Promise<Tally> {
  const folder = await mkdtemp(join(tmpdir(), "tally-"));
  const file = join(folder, "tally.json");
  try {
    const narrowing = args.length > 0 ? ["--passWithNoTests", ...args] : [];
    const ended = await run({
      program: process.execPath,
      args: ["node_modules/vitest/vitest.mjs", "run", "--project", level.name, ...narrowing],
      env: { ...env, [tallyFileVariable]: file },
      deadlineMs: level.deadlineMs,
      capture: false,
      signal,
    });
    const tally = await readTally(file);
    const complaint = complaintAbout({ tally, ended, isNarrowed: narrowing.length > 0, deadlineMs: level.deadlineMs });
    if (complaint === undefined) return tally ?? nothing;
    say(`${level.name}: ${complaint}`);
    return { ...(tally ?? nothing), failed: (tally?.failed ?? 0) + 1 };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Outcome {
  readonly tally: Tally | undefined;
  readonly ended: { readonly code: number; readonly timedOut: boolean };
  readonly isNarrowed: boolean;
  readonly deadlineMs: number;
}

function complaintAbout({ tally, ended, isNarrowed, deadlineMs }: Outcome): string | undefined {
  if (ended.timedOut) return `stopped, because it took longer than ${deadlineMs / 1000} s`;
  if (tally === undefined) {
    return isNarrowed && ended.code === 0 ? undefined : `vitest ended with code ${ended.code} and left no result`;
  }
  if (ended.code !== 0 && tally.failed === 0) return `vitest ended with code ${ended.code} though no test failed`;
  if (!isNarrowed && tally.passed + tally.failed + tally.skipped.length === 0) return "no test ran";
  return undefined;
}

async function readTally(file: string): Promise<Tally | undefined> {
  try {
    return parseTally(await readFile(file, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
