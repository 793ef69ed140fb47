// npm run simulate: seeds by the thousand, or one of them with its trace.
//
//   npm run simulate -- --seeds 200000 --from 1     a night's run; ends with 1 when a seed failed, with 2 when the run shows too little:
//                                                   a seed that does not count, or a rare thing that never happened
//   npm run simulate -- --seed 17 --trace           that run again, exactly, with its last 200 events
import { parseArgs } from "node:util";

import { describeFailure, describeRun, runSeeds } from "./seeds/run-seeds.ts";
import { rareThings } from "./seeds/sometimes.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "2000" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    trace: { type: "boolean", default: false },
  },
});
const from = Number(values.seed ?? values.from);
const count = values.seed === undefined ? Number(values.seeds) : 1;
if (!Number.isSafeInteger(from) || !Number.isSafeInteger(count) || count < 1)
  throw new Error("usage: npm run simulate -- [--seeds N] [--from S] | --seed S [--trace]");

const run = await runSeeds({
  seeds: Array.from({ length: count }, (_, i) => from + i),
  withinMs: Number.POSITIVE_INFINITY,
  ...(count === 1 ? { threads: 1 } : {}),
  played(outcome) {
    if (values.trace) console.log(outcome.trace.join("\n"));
    if (outcome.breaches.length > 0) console.log(describeFailure(outcome));
    if (count === 1)
      console.log(
        `seed ${String(outcome.seed)}: ${outcome.breaches.length === 0 ? "ok" : "FAILED"}, hash ${outcome.hash}`,
      );
  },
});
if (count > 1) console.log(describeRun(run));
const isVoid = run.counted < run.played || (count > 1 && rareThings.some((what) => (run.rare.get(what) ?? 0) === 0));
const hasFailed = run.failed.length > 0 || run.differed.length > 0;
if (isVoid) console.log("void: a seed does not count, or a rare thing never happened; play more seeds");
if (run.differed.length > 0) console.log(`not the same run twice: seeds ${run.differed.join(", ")}`);
process.exitCode = hasFailed ? 1 : isVoid ? 2 : 0;
