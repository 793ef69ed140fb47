// Owns one child process: its output in a file, its note in the run's folder, signals to it, and that it never outlives us by an
// ordinary exit. Knows nothing about what the program is. Called by the local services and by the sandbox's supervisor.
import { execFile, spawn } from "node:child_process";
import { closeSync, fstatSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

import type { RunDirectory } from "./run-directory.ts";

const TAIL_LINES = 30;

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What to run. */
export interface ChildOptions {
  /** Name of its note and of its output file in the run's folder. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly run: RunDirectory;
}

/** A child process that was started. */
export interface Child {
  readonly pid: number;
  /** Where its output begins in the file, which earlier ones of the same name have written to. */
  readonly outputFromByte: number;
  /** Resolves when it has ended, by whomever. */
  readonly ended: Promise<Ending>;
  isRunning(): boolean;
  /** Asks it to end (SIGTERM), and ends it after `graceMs`. Resolves when it has ended. */
  stop(graceMs: number): Promise<Ending>;
  /** SIGKILL. Resolves when it has ended. */
  kill(): Promise<Ending>;
  /** SIGSTOP. Resolves when it stands still: a program of many threads on a busy machine runs on for a moment. */
  pause(): Promise<void>;
  /** SIGCONT. */
  resume(): void;
}

/** File that a child's output is added to. */
export function outputFile(run: RunDirectory, name: string): string {
  return join(run.path, `${name}.log`);
}

/** Last lines of a child's output, for telling why it did not start. */
export async function outputTail(run: RunDirectory, name: string, fromByte = 0): Promise<string> {
  const bytes = await readFile(outputFile(run, name));
  return bytes.subarray(fromByte).toString("utf8").trimEnd().split("\n").slice(-TAIL_LINES).join("\n");
}

/**
 * Starts a program in a process group of its own: a Ctrl-C in the terminal is for us, and we stop what we started in order.
 *
 * @throws when the program cannot be run at all.
 */
export async function startChild(options: ChildOptions): Promise<Child> {
  const output = openSync(outputFile(options.run, options.name), "a", 0o600);
  const outputFromByte = fstatSync(output).size;
  const child = spawn(options.command, [...options.args], {
    cwd: options.cwd,
    env: options.env,
    detached: true,
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${options.name} has no process id`);
  options.run.note(options.name, pid);

  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const killWithUs = (): void => {
    if (isRunning()) child.kill("SIGKILL");
  };
  process.once("exit", killWithUs);
  const ended = new Promise<Ending>((resolve) => {
    const finish = (code: number | null, signal: NodeJS.Signals | null): void => {
      process.off("exit", killWithUs);
      options.run.forget(options.name);
      resolve({ code, signal });
    };
    if (isRunning()) child.once("exit", finish);
    else finish(child.exitCode, child.signalCode);
  });

  return {
    pid,
    outputFromByte,
    ended,
    isRunning,
    async stop(graceMs) {
      if (!isRunning()) return ended;
      child.kill("SIGCONT");
      child.kill("SIGTERM");
      const hurry = setTimeout(() => child.kill("SIGKILL"), graceMs);
      try {
        return await ended;
      } finally {
        clearTimeout(hurry);
      }
    },
    async kill() {
      if (isRunning()) child.kill("SIGKILL");
      return ended;
    },
    async pause() {
      if (isRunning()) child.kill("SIGSTOP");
      while (isRunning() && !(await isStopped(pid))) await delay(10);
    },
    resume() {
      if (isRunning()) child.kill("SIGCONT");
    },
  };
}

/** As `ps` has it, on Linux and macOS: T is stopped by a signal. */
async function isStopped(pid: number): Promise<boolean> {
  const { stdout } = await promisify(execFile)("ps", ["-o", "stat=", "-p", String(pid)]);
  return stdout.trim().startsWith("T");
}
