// `npm run chaos -- --minutes M --seed S`: users talk while seeded faults strike, on services of its own. The seed is the first line. The
// report is printed and stays in .cache/chaos with the history and the output of the services. Exit code 0: kept; 1: something was not; 2: the
// run says nothing, because too little happened in it. Started by run.mjs.
import { mkdirSync, writeFileSync } from "node:fs";
import { randomInt } from "node:crypto";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { outputsVariable } from "../support/outputs.ts";
import { describeRun, standingOf } from "./report.ts";
import { runChaos } from "./run.ts";

const exitCodes = { kept: 0, broken: 1, void: 2 } as const;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** The first signal ends the run in order, the second at once. */
function stopAtSignals(): AbortSignal {
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(130);
      say("Interrupted: healing and stopping what was started …");
      stop.abort(new Error("interrupted"));
    });
  return stop.signal;
}

/** A folder of its own for what a run leaves. */
function makeFolder(name: string): string {
  const folder = join(".cache", "chaos", `${name}-${new Date().toISOString().replaceAll(/[:.]/g, "-")}`);
  mkdirSync(folder, { recursive: true });
  process.env[outputsVariable] = join(folder, "output");
  return folder;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "10" },
      seed: { type: "string", default: String(randomInt(2 ** 31)) },
      users: { type: "string", default: "60" },
    },
  });
  const seed = Number(values.seed);
  say(`seed ${String(seed)}`);
  const folder = makeFolder(`seed-${String(seed)}`);
  const result = await runChaos({
    seed,
    lengthMs: Number(values.minutes) * 60_000,
    warmUpMs: 20_000,
    users: Number(values.users),
    thinkMs: [300, 2_500],
    everyMs: [4_000, 12_000],
    longestMs: 40_000,
    // Names topics and kept output.
    file: new URL("chaos", import.meta.url).href,
    say,
    stopped: stopAtSignals(),
  });
  const report = describeRun(result);
  writeFileSync(join(folder, "report.txt"), `${report}\n`);
  writeFileSync(join(folder, "history.jsonl"), result.entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
  say(`\n${report}\n\nreport, history and output: ${folder}`);
  return exitCodes[standingOf(result)];
}

try {
  process.exit(await main());
} catch (error) {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exit(1);
}
