// The command `npm run page-load`: the sandbox's page in a Chromium under 50 conversations and 100 texts a second, for five minutes or
// `--minutes N`; prints script per frame and heap. Against a sandbox of its own. Exit code 1 when that was too much for the page.
import { parseArgs } from "node:util";

import { startSandbox } from "../instance/sandbox.ts";
import { findChromium, startChromium } from "./chromium.ts";
import { measurePageLoad, shortfalls } from "./page-load.ts";

const USERS = 50;
const PER_SECOND = 100;
const WARM_UP_S = 90;

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const { values } = parseArgs({ options: { minutes: { type: "string", default: "5" } } });
const found = await findChromium(process.env);
if (typeof found === "string") throw new Error(found);
const stopping = new AbortController();
process.once("SIGINT", () => stopping.abort(new Error("stopped")));
const sandbox = await startSandbox({ say: print, env: process.env, signal: stopping.signal });
const browser = await startChromium(found);
try {
  print(
    `${String(USERS)} conversations, ${String(PER_SECOND)} texts a second; ${String(WARM_UP_S)} s until the lists are full …`,
  );
  const result = await measurePageLoad(browser, {
    url: sandbox.addresses.page,
    users: USERS,
    perSecond: PER_SECOND,
    warmUpS: WARM_UP_S,
    seconds: Number(values.minutes) * 60,
    onSample: ({ atS, heapMb }) => print(`${atS.toFixed(0).padStart(4)} s  heap ${heapMb.toFixed(1)} MB`),
  });
  const [first, last] = [result.heap.at(0)?.heapMb ?? 0, result.heap.at(-1)?.heapMb ?? 0];
  print(
    `${String(result.frames)} frames with script: median ${result.medianScriptMs.toFixed(2)} ms, p95 ${result.p95ScriptMs.toFixed(2)} ms.`,
  );
  print(
    `Heap ${first.toFixed(1)} MB at first, ${last.toFixed(1)} MB at last; ${result.arrivedPerSecond.toFixed(0)} texts a second arrived.`,
  );
  const short = shortfalls(result, PER_SECOND);
  for (const sentence of short) print(sentence);
  if (short.length > 0) process.exitCode = 1;
} finally {
  await browser.close();
  await sandbox.stop();
}
