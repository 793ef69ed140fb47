// A thread that plays seeds, one at a time, as it is told. Time and chance of the machine are closed to it.
import { parentPort } from "node:worker_threads";

import { forbidImpurity } from "./purity.ts";

if (parentPort === null) throw new Error("started as a thread by run-seeds.ts only");
const port = parentPort;
const { playSeed } = await import("./play-seed.ts");
forbidImpurity();
port.on("message", (seed: number) => {
  playSeed(seed).then(
    (outcome) => port.postMessage({ outcome }),
    (error: unknown) => port.postMessage({ seed, failed: error instanceof Error ? String(error.stack) : "no error" }),
  );
});
port.postMessage({ ready: true });
