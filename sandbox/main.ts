// Owns the command `npm run sandbox` under Node 24: reads the flags, finds or starts a sandbox, plays if asked, stops what it started.
// Run by start.mjs. The parts are in instance/, play/, services/ and world/.
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { openInBrowser } from "./browser/open.ts";
import { EXIT_USAGE, HELP, parseCommand, productionVariable } from "./instance/command-line.ts";
import { claimInstance, instanceFile, runningInstance, type InstanceAddresses } from "./instance/instance-file.ts";
import { startSandbox } from "./instance/sandbox.ts";
import { whereToLook } from "./instance/where-to-look.ts";
import { play } from "./play/play.ts";
import { MissingPrerequisite } from "./services/missing-prerequisite.ts";
import { runsFolder } from "./services/run-directory.ts";

const EXIT_CONFIG = 78;
const EXIT_INTERRUPTED = 130;
const OTHER_STARTS_MS = 180_000;
const LOOK_EVERY_MS = 100;

/** Somebody asked us to stop. */
class Interrupted extends Error {
  override readonly name = "Interrupted";
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** Runs one command line; the exit code. */
async function main(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const command = parseCommand(args);
  if (command.kind === "help") {
    print(HELP);
    return 0;
  }
  if (command.kind === "wrong") {
    process.stderr.write(`${command.message}\nnpm run sandbox -- --help tells what there is.\n`);
    return EXIT_USAGE;
  }
  const production = productionVariable(env);
  if (production !== undefined) {
    process.stderr.write(`The sandbox does not start in a production environment: ${production} says this is one.\n`);
    return EXIT_CONFIG;
  }
  const interrupted = listenForSignals();
  try {
    return await (command.kind === "play" ? playSomewhere(env, interrupted) : run(env, interrupted, command.opens));
  } catch (error) {
    if (error instanceof Interrupted) return command.kind === "play" ? EXIT_INTERRUPTED : 0;
    if (!(error instanceof Error)) throw error;
    process.stderr.write(`${error.message}\n`);
    return error instanceof MissingPrerequisite ? error.exitCode : 1;
  }
}

/** The first signal stops in order; the second one at once (children are killed with us). */
function listenForSignals(): AbortSignal {
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (interrupted.signal.aborted) process.exit(EXIT_INTERRUPTED);
      print("Stopping … (once more stops at once)");
      interrupted.abort(new Interrupted(signal));
    });
  }
  return interrupted.signal;
}

/** Runs until a signal comes. */
async function run(env: NodeJS.ProcessEnv, interrupted: AbortSignal, opens: boolean): Promise<number> {
  return withSandbox(env, interrupted, async (addresses, isOurs) => {
    print(whereToLook(addresses));
    if (opens && !(await openInBrowser(addresses.page))) print(`No browser could be opened: go to ${addresses.page}`);
    if (!isOurs) {
      print("It was running already; nothing was started.");
      return 0;
    }
    print("Ctrl-C stops all of it.");
    await untilAborted(interrupted);
    return 0;
  });
}

async function playSomewhere(env: NodeJS.ProcessEnv, interrupted: AbortSignal): Promise<number> {
  return withSandbox(env, interrupted, async ({ control, metrics }, isOurs) => {
    print(
      isOurs ? "Playing a conversation …\n" : `Playing a conversation against the running sandbox (${control}) …\n`,
    );
    return (await play({ controlUrl: control, metricsUrl: metrics, print, signal: interrupted })) ? 0 : 1;
  });
}

/** Uses the sandbox that runs for this copy of the repository, or one of our own that is stopped afterwards. */
async function withSandbox(
  env: NodeJS.ProcessEnv,
  interrupted: AbortSignal,
  use: (addresses: InstanceAddresses, isOurs: boolean) => Promise<number>,
): Promise<number> {
  const file = instanceFile(runsFolder(), fileURLToPath(new URL("..", import.meta.url)));
  for (;;) {
    const claimed = claimInstance(file);
    if ("running" in claimed) {
      const addresses = await untilUp(file, interrupted);
      if (addresses === undefined) continue;
      return use(addresses, false);
    }
    try {
      const sandbox = await startSandbox({ say: print, env, signal: interrupted });
      try {
        claimed.claim.publish(sandbox.addresses);
        return await use(sandbox.addresses, true);
      } finally {
        await sandbox.stop();
      }
    } finally {
      claimed.claim.release();
    }
  }
}

/** Where the sandbox of another process is, once it is up; undefined when that process has ended. */
async function untilUp(file: string, interrupted: AbortSignal): Promise<InstanceAddresses | undefined> {
  const giveUpAt = performance.now() + OTHER_STARTS_MS;
  for (let looks = 0; ; looks += 1) {
    const other = runningInstance(file);
    if (other === undefined) return undefined;
    if (other.addresses !== undefined) return other.addresses;
    if (looks === 0) print(`A sandbox is being started (process ${String(other.owner.pid)}): waiting for it …`);
    if (performance.now() > giveUpAt) throw new Error("the other sandbox does not come up");
    await delay(LOOK_EVERY_MS);
    interrupted.throwIfAborted();
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

process.exitCode = await main(process.argv.slice(2), process.env);
