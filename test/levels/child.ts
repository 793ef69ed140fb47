// Starts a child process in a process group of its own and sees it to its end: deadline, signal, no grandchild left behind.
// Used by check.ts (output kept) and run-vitest.ts (output shown). Knows nothing of tests.
import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as after } from "node:timers/promises";

/** How a child ended. */
export interface Ended {
  /** 0 is success; 128 + signal where one ended it. */
  readonly code: number;
  readonly output: string;
  readonly tookMs: number;
  readonly timedOut: boolean;
}

/** What to start. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Folder in which it runs; this process's own when left out. */
  readonly cwd?: string;
  /** Killed, with all its children, after this long. */
  readonly deadlineMs: number;
  /** Keep the output and give it back, instead of showing it as it comes. */
  readonly capture: boolean;
  /** Aborting it ends the child. */
  readonly signal: AbortSignal;
}

const graceMs = 15_000;

/** Runs a command to its end. Never rejects: what cannot be started ends with code 127 and the reason as its output. */
export async function run(command: Command): Promise<Ended> {
  const startedMs = performance.now();
  const child = spawn(command.program, command.args, {
    detached: true, // a group of its own, so that it can be ended whole
    stdio: command.capture ? ["ignore", "pipe", "pipe"] : ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...command.env },
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
  });
  const chunks: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => chunks.push(chunk));

  const closed = new Promise<number>((resolve) => {
    child.once("error", (error) => {
      chunks.push(Buffer.from(`${error.message}\n`));
      resolve(127);
    });
    child.once("close", (code, signal) => resolve(code ?? (signal === "SIGKILL" ? 137 : 143)));
  });
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), command.deadlineMs);
  const stop = AbortSignal.any([command.signal, deadline.signal]);
  const end = (): void => void endGroup(child, closed);
  if (stop.aborted) end();
  else stop.addEventListener("abort", end, { once: true });

  const code = await closed;
  clearTimeout(timer);
  stop.removeEventListener("abort", end);
  signalGroup(child, "SIGKILL"); // whatever it left behind
  return {
    code,
    output: Buffer.concat(chunks).toString("utf8"),
    tookMs: performance.now() - startedMs,
    timedOut: deadline.signal.aborted,
  };
}

async function endGroup(child: ChildProcess, closed: Promise<number>): Promise<void> {
  signalGroup(child, "SIGTERM");
  const grace = new AbortController();
  await Promise.race([
    closed,
    after(graceMs, undefined, { signal: grace.signal, ref: false }).then(() => signalGroup(child, "SIGKILL")),
  ]);
  grace.abort();
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // ESRCH: the group is gone, which is what we want
  }
}
