// A short chaos run on services of its own: three instances, users who talk both ways, files, connects by HTTP and by the topic, and the first
// faults of a plan. Nothing is lost, doubled, out of order or stuck; it is void, and fails, where too little happened. `npm run chaos` is the long one.
import { expect, it } from "vitest";

import { describeRun, standingOf } from "../chaos/report.ts";
import { runChaos } from "../chaos/run.ts";

/** By day: each day's run is another, and both of a day are the same. */
const seed = Number(process.env["TEST_SEED"] ?? new Date().toISOString().slice(0, 10).replaceAll("-", ""));

it("keeps every promise while faults strike", { timeout: 280_000 }, async ({ signal }) => {
  const result = await runChaos({
    seed,
    lengthMs: 35_000,
    warmUpMs: 6_000,
    users: 40,
    thinkMs: [200, 1_600],
    everyMs: [3_000, 6_000],
    longestMs: 10_000,
    file: import.meta.url,
    say: (line) => console.log(line),
    stopped: signal,
  });
  const report = describeRun(result);
  console.log(`seed ${String(seed)}\n${report}`);
  expect(standingOf(result), report).toBe("kept");
});
