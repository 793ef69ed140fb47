// Owns the life of one local service: started, answering, frozen, killed, started again on the same port with the same data. What the
// program is and how it is asked comes in as a LocalProgram. Called by local.ts.
import { rm } from "node:fs/promises";

import { outputTail, startChild, type Child } from "./child.ts";
import type { ServiceControl, ServiceName } from "./services.ts";
import { isPortTaken } from "./ports.ts";
import { waitUntil, type Probe } from "./probes.ts";
import type { RunDirectory } from "./run-directory.ts";

const START_TIMEOUT_MS = 60_000;
const STOP_GRACE_MS = 10_000;

/** A service did not come up; `portTaken` when another program took its port. */
export class StartFailed extends Error {
  override readonly name = "StartFailed";
  readonly portTaken: boolean;
  constructor(message: string, portTaken: boolean) {
    super(message);
    this.portTaken = portTaken;
  }
}

/** How to run and ask one program, its ports already chosen. */
export interface LocalProgram {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly answers: Probe;
  /** Folder of its data; removed by `wipe`. */
  readonly dataFolder: string;
  /** Called when it has ended in order. */
  afterStop?(): Promise<void>;
  /** Fills an empty data folder; called before each start. Repeat-safe. */
  prepare(): Promise<void>;
}

/** Control of one local program in a run. */
export function createLocalService(name: ServiceName, program: LocalProgram, run: RunDirectory): ServiceControl {
  let child: Child | undefined;

  const start = async (): Promise<void> => {
    if (child?.isRunning()) return;
    await program.prepare();
    const { command, args, env } = program;
    child = await startChild({ name, command, args, env, cwd: run.path, run });
    // Another program may have taken the port and answer in its place: ours must be alive too.
    if ((await waitUntil(program.answers, START_TIMEOUT_MS, child.ended)) && child.isRunning()) return;
    const tail = await outputTail(run, name, child.outputFromByte);
    const why = child.isRunning()
      ? `does not answer after ${String(START_TIMEOUT_MS / 1000)} s`
      : "ended while starting";
    await child.kill();
    throw new StartFailed(`${name} ${why}. The end of its output:\n${tail}`, isPortTaken(tail));
  };
  const stop = async (): Promise<void> => {
    const ending = child?.isRunning() ? await child.stop(STOP_GRACE_MS) : undefined;
    if (ending?.signal === null) await program.afterStop?.();
  };

  return {
    start,
    stop,
    async kill() {
      await child?.kill();
    },
    async pause() {
      await child?.pause();
    },
    resume() {
      child?.resume();
      return Promise.resolve();
    },
    async wipe() {
      const ran = child?.isRunning() ?? false;
      // What is to be thrown away need not be written in order first.
      await child?.kill();
      await rm(program.dataFolder, { recursive: true, force: true, maxRetries: 5 });
      if (ran) await start();
    },
  };
}
