// A bare loop as a process of its own, spoken to over Node's channel between processes, so that its cost is its own and not the bench's.
// Called by ingest.ts and stream.ts.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

import type { Sample } from "./figures.ts";

/** What a bare loop is told. */
export interface BareTask {
  /** `host:port`. */
  readonly brokers: string;
  /** Avro schema of the input's value, JSON. */
  readonly schema: string;
  readonly schemaId: number;
  /** Full name of the topic that it reads, or that it writes to where it reads none. */
  readonly topic: string;
  /** Where the loop writes to. */
  readonly outputTopic: string;
  /** Records that it writes for each that it reads, and the size of each, bytes. */
  readonly outputsEach: number;
  readonly outputBytes: number;
}

/** A running one. */
export interface BareProcess {
  /** What it said when it was ready: the port it listens on, 0 where on none. */
  readonly port: number;
  sample(): Promise<Sample>;
  stop(): Promise<void>;
}

/** Starts it; resolves when it says that it is ready. */
export async function startBare(file: string, task: BareTask): Promise<BareProcess> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = fork(path, [JSON.stringify(task)], { execPath: process.execPath });
  const gone = new Promise<never>((_resolve, reject) => {
    child.once("exit", (code) => {
      reject(new Error(`${file} ended with ${String(code)}`));
    });
  });
  const next = (): Promise<unknown> => Promise.race([gone, new Promise((resolve) => child.once("message", resolve))]);
  const { port } = (await next()) as { readonly port: number };
  return {
    port,
    async sample() {
      const answer = next();
      child.send("sample");
      const { count, cpuUs } = (await answer) as Pick<Sample, "count" | "cpuUs">;
      return { atMs: performance.now(), count, cpuUs };
    },
    async stop() {
      child.disconnect();
      await gone.catch((error: unknown) => String(error));
    },
  };
}

/** The other side of the channel: says that it is ready, answers samples, ends when the bench lets go. */
export function serveSamples(port: number, count: () => number, end: () => Promise<void>): void {
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ count: count(), cpuUs: user + system });
  });
  process.once("disconnect", () => {
    void end().then(() => process.exit(0));
  });
  process.send?.({ port });
}
