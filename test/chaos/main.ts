// `npm run chaos -- --minutes M --seed S`: users talk while seeded faults strike, on services of its own. `--outage broker|redis|registry
// [--seconds 60]`: one of them away. `--takeover 500`: that many chats of a killed owner. `npm run soak -- --minutes 30`: no faults, nothing grows.
// The seed is the first line. The report is printed and stays in .cache/chaos with the history and the output of the services. Exit code 0: kept;
// 1: something was not; 2: the run says nothing, because too little happened in it. Started by run.mjs.
import { mkdirSync, writeFileSync } from "node:fs";
import { randomInt } from "node:crypto";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { outputsVariable } from "../support/outputs.ts";
import type { FaultKind, PlannedFault } from "./plan.ts";
import { describeRun, standingOf } from "./report.ts";
import { runChaos } from "./run.ts";
import { soak } from "./soak.ts";
import { measureTakeover } from "./takeover.ts";

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

interface Values {
  readonly minutes: string;
  readonly seconds: string;
  readonly seed: string;
  readonly users: string;
  readonly outage?: string;
  readonly takeover?: string;
  readonly soak?: boolean;
}

// Names topics and kept output.
const file = new URL("chaos", import.meta.url).href;

/** Kinds of fault that take one service away. */
const outages: Readonly<Record<string, FaultKind>> = {
  broker: "broker kill",
  redis: "redis kill",
  registry: "registry away",
};

async function main(values: Values): Promise<number> {
  const stopped = stopAtSignals();
  const seed = Number(values.seed);
  say(`seed ${String(seed)}`);
  const users = Number(values.users);
  if (values.takeover !== undefined) return takeover(Number(values.takeover));
  if (values.soak === true) {
    const folder = makeFolder("soak");
    const lengthMs = Number(values.minutes) * 60_000;
    const result = await soak({ lengthMs, users, seed, file, say, stopped });
    writeFileSync(join(folder, "report.txt"), `${result.text}\n`);
    say(`\n${result.text}\n\n${result.standing}; report: ${folder}`);
    return exitCodes[result.standing];
  }
  const kind = values.outage === undefined ? undefined : outages[values.outage];
  if (values.outage !== undefined && kind === undefined)
    throw new Error(`--outage is one of ${Object.keys(outages).join(", ")}`);
  const awayMs = Number(values.seconds) * 1_000;
  const one: PlannedFault = {
    n: 0,
    kind: kind ?? "broker kill",
    atMs: 1_000,
    lengthMs: awayMs,
    instance: 0,
    link: "kafka",
    draw: 0,
  };
  const folder = makeFolder(values.outage ?? `seed-${String(seed)}`);
  const result = await runChaos({
    ...{ seed, users, file, say, stopped, warmUpMs: 20_000 },
    lengthMs: kind === undefined ? Number(values.minutes) * 60_000 : awayMs,
    thinkMs: [300, 2_500],
    everyMs: [4_000, 12_000],
    longestMs: 40_000,
    ...(kind === undefined ? {} : { plan: [one], wantedKinds: 1, wantedWords: 300 }),
  });
  const report = describeRun(result);
  const lines = (all: readonly unknown[]): string => all.map((entry) => `${JSON.stringify(entry)}\n`).join("");
  writeFileSync(join(folder, "report.txt"), `${report}\n`);
  writeFileSync(join(folder, "history.jsonl"), lines(result.entries));
  writeFileSync(join(folder, "calls.jsonl"), lines(result.calls));
  say(`\n${report}\n\nreport, history and output: ${folder}`);
  return exitCodes[standingOf(result)];
}

async function takeover(chats: number): Promise<number> {
  makeFolder("takeover");
  const { taken, medianMs, worstMs, boundMs, lost, overlaps } = await measureTakeover({ chats, file, say });
  const isKept = taken >= chats && worstMs <= boundMs && lost === 0 && overlaps === 0;
  say(
    `${String(taken)} chats of a killed owner polled by another ${(medianMs / 1_000).toFixed(1)} s (median) and ${(worstMs / 1_000).toFixed(1)} s (worst) after the kill, bound ${(boundMs / 1_000).toFixed(0)} s, chats lost ${String(lost)}, two polls at once ${String(overlaps)}: ${isKept ? "kept" : "broken"}`,
  );
  return isKept ? 0 : 1;
}

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: String(randomInt(2 ** 31)) },
    users: { type: "string", default: "60" },
    outage: { type: "string" },
    takeover: { type: "string" },
    soak: { type: "boolean" },
  },
});
try {
  process.exit(await main(values));
} catch (error) {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exit(1);
}
