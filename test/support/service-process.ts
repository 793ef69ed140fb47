// The service as a process under a test's control: `node src/main.ts`, or another entry, with a whole environment, on ports that
// stay the same over restarts. Its whole output is kept for the scan at the end of the run. Leaves no process behind: what a killed
// test run leaves is swept by the next one. Called by stage.ts and by tests of start and stop.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { outputFile, startChild, type Child, type ChildOptions, type Ending } from "../../sandbox/services/child.ts";
import { choosePorts } from "../../sandbox/services/ports.ts";
import { waitUntil } from "../../sandbox/services/probes.ts";
import { programEnvironment } from "../../sandbox/services/program-environment.ts";
import { createRunDirectory } from "../../sandbox/services/run-directory.ts";
import { promiseOutput, type PromisedOutput } from "./outputs.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Two cores are shared by Kafka, the registry, the world and us. */
const readyWithinMs = 45_000;
/** Longer than the 15 s that the service has for its drain. */
const drainGraceMs = 20_000;
const askTimeoutMs = 2_000;
const logName = "service";

/** What to run. */
export interface ServiceProcessOptions {
  /** Names its kept output. */
  readonly name: string;
  /** The whole environment on these ports; PATH and the like are added. */
  readonly environment: (ports: { readonly port: number; readonly metricsPort: number }) => Record<string, string>;
  /** Entry file, from the root of the repository. Default: src/main.ts. */
  readonly entry?: string;
  /** Limit of open descriptors that it is started with. Default: ours. */
  readonly descriptors?: number;
}

/** An end that was asked for, and how long it took, milliseconds. */
export interface TimedEnding extends Ending {
  readonly tookMs: number;
}

/** The service; at most one process of it runs. */
export interface ServiceProcess {
  /** Base URL of its routes. */
  readonly url: string;
  /** Base URL of /live, /ready and /metrics. */
  readonly metricsUrl: string;
  /** Starts it, with `more` added to the environment. Resolves when the process runs, ready or not. */
  spawn(more?: Readonly<Record<string, string>>): Promise<void>;
  /** Resolves when /ready says yes; rejects with its last words when it ends or is too late. */
  ready(timeoutMs?: number): Promise<void>;
  /** spawn and ready. */
  start(more?: Readonly<Record<string, string>>): Promise<void>;
  isRunning(): boolean;
  /** Of the present or the last process; throws before the first. */
  pid(): number;
  /** Resolves when the present process has ended. */
  ended(): Promise<Ending>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with how it ended (SIGKILL after 20 s). */
  terminate(): Promise<TimedEnding>;
  /** Sends a signal and does not wait. */
  signal(name: NodeJS.Signals): void;
  /** Kills it where it runs, starts it on the same ports, waits until it is ready. */
  restart(more?: Readonly<Record<string, string>>): Promise<void>;
  /** All that its processes have written so far. */
  output(): Promise<string>;
  /** What the present process has written so far. */
  latestOutput(): Promise<string>;
  /** Ends it and keeps its output. Repeat-safe. */
  close(): Promise<void>;
}

/** Chooses its ports; starts nothing yet. */
export async function createServiceProcess(options: ServiceProcessOptions): Promise<ServiceProcess> {
  const [port = 0, metricsPort = 0] = await choosePorts([undefined, undefined]);
  const run = createRunDirectory();
  const environment = options.environment({ port, metricsPort });
  const metricsUrl = `http://127.0.0.1:${String(metricsPort)}`;
  const state: { child?: Child; kept?: PromisedOutput; closed: boolean } = { closed: false };

  const present = (): Child => {
    if (state.child === undefined) throw new Error("the service was not started");
    return state.child;
  };
  const output = (): Promise<string> => readFile(outputFile(run, logName), "utf8");
  const service: ServiceProcess = {
    url: `http://127.0.0.1:${String(port)}`,
    metricsUrl,
    output,
    async latestOutput() {
      const bytes = await readFile(outputFile(run, logName));
      return bytes.subarray(present().outputFromByte).toString("utf8");
    },
    async spawn(more = {}) {
      if (service.isRunning()) throw new Error("the service runs already");
      state.kept ??= await promiseOutput(options.name);
      state.child = await startChild({
        name: logName,
        ...commandOf(options),
        env: { ...programEnvironment(), ...environment, ...more },
        cwd: root,
        run,
      });
    },
    async ready(timeoutMs = readyWithinMs) {
      const child = present();
      if (await waitUntil(() => saysReady(metricsUrl), timeoutMs, child.ended)) return;
      const why = child.isRunning() ? `is not ready within ${String(timeoutMs)} ms` : "has ended";
      const words = (await service.latestOutput()).trimEnd().split("\n").slice(-20).join("\n");
      throw new Error(`The service ${why}. It last said:\n${words}`);
    },
    async start(more) {
      await service.spawn(more);
      await service.ready();
    },
    isRunning: () => state.child?.isRunning() ?? false,
    pid: () => present().pid,
    ended: () => present().ended,
    async kill() {
      await state.child?.kill();
    },
    async terminate() {
      const startedMs = performance.now();
      const ending = await present().stop(drainGraceMs);
      return { ...ending, tookMs: performance.now() - startedMs };
    },
    signal(name) {
      const child = present();
      if (child.isRunning()) process.kill(child.pid, name);
    },
    async restart(more) {
      await service.kill();
      await service.start(more);
    },
    async close() {
      if (state.closed) return;
      state.closed = true;
      await state.child?.kill();
      if (state.child !== undefined) await state.kept?.keep(outputFile(run, logName));
      await run.remove();
    },
  };
  return service;
}

/** What to run, through a shell where a limit is to be set. */
function commandOf({
  entry = "src/main.ts",
  descriptors,
}: ServiceProcessOptions): Pick<ChildOptions, "command" | "args"> {
  if (descriptors === undefined) return { command: process.execPath, args: [entry] };
  const script = `ulimit -n ${String(descriptors)} && exec "$0" "$1"`;
  return { command: "/bin/sh", args: ["-c", script, process.execPath, entry] };
}

/** One look at /ready; not there yet is no. */
async function saysReady(metricsUrl: string): Promise<boolean> {
  try {
    const response = await fetch(`${metricsUrl}/ready`, { signal: AbortSignal.timeout(askTimeoutMs) });
    await response.arrayBuffer();
    return response.ok;
  } catch (error) {
    if (error instanceof TypeError || error instanceof DOMException) return false;
    throw error;
  }
}
