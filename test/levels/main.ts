// `npm test` after the set-up: runs the levels in their order, each whatever the ones before it came to, lists what was skipped,
// and ends with the closing line. Started by test/run.mjs. Services start before the first level that needs them and stop at
// the end, also at Ctrl-C.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { passedFileVariable } from "../support/closing-line.ts";
import { levelsBeforeVariable } from "../support/outputs.ts";
import { check } from "./check.ts";
import type { Level } from "./levels.ts";
import { describeMatrix, nameOf, sumOf, type Variant, type VariantResult, variants } from "./matrix.ts";
import { type Plan, readPlan } from "./plan.ts";
import { runVitest } from "./run-vitest.ts";
import { createRunServices, type RunServices } from "./services.ts";
import { add, closingLine, exitCode, judgeSkips, nothing, type Tally } from "./tally.ts";

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Runs the plan to its end. Rejects only where the runner itself is broken. */
async function runPlan(plan: Plan, services: RunServices, signal: AbortSignal): Promise<Tally> {
  const before: string[] = [];
  const folder = await mkdtemp(join(tmpdir(), "test-run-"));
  const passed = { [passedFileVariable]: join(folder, "passed") };
  const runLevel = async (level: Level): Promise<Tally> => {
    const env = level.needsServices ? await services.environment() : {};
    if (env !== undefined) {
      const told = { ...env, ...passed, [levelsBeforeVariable]: before.join(",") };
      if (plan.vitestArgs.length === 0) before.push(level.name);
      return runVitest(level, { args: plan.vitestArgs, env: told, signal, say });
    }
    say(`${level.name}: not run, because the services did not start`);
    return { ...nothing, failed: 1 };
  };
  const runs = [
    ...(plan.check ? [{ name: "check", start: () => check(signal, say) }] : []),
    ...plan.levels.map((level) => ({ name: level.name, start: () => runLevel(level) })),
  ];
  let sum = nothing;
  try {
    for (const { name, start } of runs) {
      if (signal.aborted) break;
      say(`\n${name}`);
      const startedMs = performance.now();
      const tally = await start();
      sum = add(sum, tally);
      say(`${name}: ${closingLine(tally)} in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
    }
  } finally {
    await services.stop();
    await rm(folder, { recursive: true, force: true });
  }
  return sum;
}

/** What a run came to; `lacking` is set where this machine lacks what it needs. */
interface Outcome {
  readonly tally: Tally;
  readonly lacking: number | undefined;
}

async function runOnce(plan: Plan, signal: AbortSignal, variant?: Variant): Promise<Outcome> {
  const services = createRunServices(say, variant);
  const tally = await runPlan(plan, services, signal);
  return { tally, lacking: services.lackingExitCode() };
}

/** The plan once per variant, each with services of its own. */
async function runMatrix(plan: Plan, signal: AbortSignal): Promise<Outcome> {
  const results: VariantResult[] = [];
  let lacking: number | undefined;
  for (const variant of variants.filter((one) => nameOf(one).includes(plan.matrix ?? ""))) {
    if (signal.aborted || lacking !== undefined) break;
    say(`\n${nameOf(variant)}`);
    const startedMs = performance.now();
    const outcome = await runOnce(plan, signal, variant);
    lacking = outcome.lacking;
    results.push({ variant, tally: outcome.tally, tookMs: performance.now() - startedMs });
  }
  say(`\n${describeMatrix(results)}`);
  return { tally: sumOf(results), lacking };
}

function isCi(): boolean {
  const value = process.env["CI"] ?? "";
  return value !== "" && value !== "0" && value.toLowerCase() !== "false";
}

/** Lists what was skipped and prints the closing line; gives the exit code. */
function report(tally: Tally): number {
  if (tally.skipped.length > 0) {
    say(`\nSkipped${isCi() ? ", which counts as failed here (CI)" : ""}:`);
    for (const name of tally.skipped) say(`  ${name}`);
  }
  const judged = judgeSkips(tally, isCi());
  say(`\n${closingLine(judged)}`);
  return exitCode(judged);
}

/** Runs what the arguments ask for; gives the exit code. The first signal ends it in order, the second at once. */
async function main(args: readonly string[]): Promise<number> {
  const plan = readPlan(args);
  if ("text" in plan) {
    say(plan.text);
    return plan.exitCode;
  }
  const interrupted = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (interrupted.signal.aborted) process.exit(130);
      say("\nInterrupted: stopping what was started …");
      interrupted.abort();
    });
  }
  const run = plan.matrix === null ? runOnce : runMatrix;
  const { tally, lacking } = await run(plan, interrupted.signal);
  const code = report(interrupted.signal.aborted ? { ...tally, failed: tally.failed + 1 } : tally);
  return interrupted.signal.aborted ? 130 : (lacking ?? code);
}

process.exitCode = await main(process.argv.slice(2));
