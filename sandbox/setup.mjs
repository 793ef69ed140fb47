// Owns what must be there before any TypeScript runs: dependencies as locked, Node 24, and the hand-over to it. Plain JavaScript for
// Node 18+ without dependencies, because it runs on a bare clone. Called by sandbox/start.mjs and test/run.mjs. Starts no services.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join, resolve, sep } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { isSameProcess, startedAt } from "./process-identity.mjs";

/** Folder of the repository. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/** Exit code for "this machine lacks something or a setting is wrong" (EX_CONFIG of sysexits). */
const EXIT_CONFIG = 78;

/** A set-up that cannot go on; the message says what to do. Exit with `exitCode`. */
export class SetupError extends Error {
  /**
   * @param {string} message
   * @param {number} exitCode
   */
  constructor(message, exitCode = EXIT_CONFIG) {
    super(message);
    this.name = "SetupError";
    this.exitCode = exitCode;
  }
}

const MINIMUM_NODE_MAJOR = 24;
const INSTALL_WAIT_MS = 15 * 60_000;
const PROGRESS_EVERY_MS = 5_000;
const PARENT_LOOK_EVERY_MS = 300;

/** @param {string} line */
const sayOnStderr = (line) => void process.stderr.write(`${line}\n`);

/**
 * Makes dependencies and Node 24 available. Repeat-safe, cheap when nothing is to be done, safe when two commands start at once.
 *
 * @param {{ root?: string, say?: (line: string) => void }} [options] `say` gets progress, a line at a time (default: standard error).
 * @returns {Promise<{ node: string }>} path of a Node >= 24.
 * @throws {SetupError} when `npm ci` fails or no Node 24 is found.
 */
export async function prepare(options = {}) {
  const { root: folder = root, say = sayOnStderr } = options;
  await ensureDependencies(folder, say);
  return { node: findNode(folder) };
}

/**
 * Path of a Node >= 24: the one among the dependencies, else the running one.
 *
 * @param {string} [folder]
 * @throws {SetupError} with what to install.
 */
function findNode(folder = root) {
  const local = join(folder, "node_modules", ".bin", "node");
  if (existsSync(local)) {
    const asked = spawnSync(local, ["--version"], { encoding: "utf8" });
    if (asked.status === 0 && nodeMajor(asked.stdout) >= MINIMUM_NODE_MAJOR) return local;
  }
  if (nodeMajor(process.version) >= MINIMUM_NODE_MAJOR) return process.execPath;
  throw new SetupError(
    `Node ${MINIMUM_NODE_MAJOR} is needed. This is ${process.version}, and there is no packaged Node for ${process.platform}-${process.arch} ` +
      `among the dependencies. Install Node ${MINIMUM_NODE_MAJOR} (https://nodejs.org) and run the command again.`,
  );
}

/**
 * Major version in `v24.1.0`; 0 when it is not one.
 *
 * @param {string} version
 */
export function nodeMajor(version) {
  return Number(/^v?(\d+)\./.exec(version.trim())?.[1] ?? 0);
}

/**
 * Whether what npm noted as installed (node_modules/.package-lock.json) is what the lock file asks for. Optional packages may be missing
 * (other platforms); nothing may be there that the lock file does not name.
 *
 * @param {{ packages?: Record<string, { version?: string, resolved?: string, optional?: boolean, peer?: boolean }> }} locked
 * @param {{ packages?: Record<string, { version?: string }> }} installed
 */
export function matchesLock(locked, installed) {
  const wanted = Object.entries(locked.packages ?? {}).filter(([name]) => name !== "");
  const present = installed.packages ?? {};
  const wantedNames = new Set(wanted.map(([name]) => name));
  return (
    wanted.every(([name, entry]) =>
      present[name] ? present[name].version === entry.version : entry.optional === true,
    ) && Object.keys(present).every((name) => wantedNames.has(name))
  );
}

/**
 * @param {string} folder
 * @param {(line: string) => void} say
 */
async function ensureDependencies(folder, say) {
  if (isInstalled(folder)) return;
  const release = await lock(join(folder, ".cache", "setup.lock"), say);
  try {
    if (isInstalled(folder)) return;
    await install(folder, say);
    writeStamp(folder);
  } finally {
    release();
  }
}

/** @param {string} folder */
function isInstalled(folder) {
  const lockText = readFileSync(join(folder, "package-lock.json"), "utf8");
  if (readIfThere(stampFile(folder)) === stampOf(lockText)) return true;
  // No stamp of ours, but a developer may have installed by hand: do not throw that away under their running programs.
  const installed = readIfThere(join(folder, "node_modules", ".package-lock.json"));
  if (installed === undefined || !matchesLock(JSON.parse(lockText), JSON.parse(installed))) return false;
  writeStamp(folder);
  return true;
}

/** @param {string} folder */
const stampFile = (folder) => join(folder, "node_modules", ".setup-stamp");

/** @param {string} lockText */
const stampOf = (lockText) =>
  `${createHash("sha256").update(lockText).digest("hex")} ${process.platform}-${process.arch}\n`;

/** @param {string} folder */
function writeStamp(folder) {
  const temporary = `${stampFile(folder)}.${process.pid}`;
  mkdirSync(dirname(temporary), { recursive: true });
  writeFileSync(temporary, stampOf(readFileSync(join(folder, "package-lock.json"), "utf8")));
  renameSync(temporary, stampFile(folder));
}

/** @param {string} file */
function readIfThere(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error?.code === "ENOENT" || error?.code === "ENOTDIR") return undefined;
    throw error;
  }
}

/**
 * @param {string} folder
 * @param {(line: string) => void} say
 */
async function install(folder, say) {
  const started = Date.now();
  say("Installing dependencies as locked (npm ci) …");
  const ticking = setInterval(
    () => say(`  … still installing, ${Math.round((Date.now() - started) / 1000)} s`),
    PROGRESS_EVERY_MS,
  );
  try {
    // npm writes its result to standard output, which belongs to the command that asked for the set-up.
    const { command, prefix, env } = npmCommand(folder);
    const args = [
      ...prefix,
      "ci",
      "--include=dev",
      "--include=optional",
      "--no-audit",
      "--no-fund",
      "--loglevel=error",
    ];
    const code = await run(command, args, {
      cwd: folder,
      env,
      stdio: ["ignore", 2, 2],
    });
    if (code !== 0)
      throw new SetupError(`npm ci ended with ${code}; what it said is above. Mend that and run the command again.`, 1);
  } catch (error) {
    if (error?.code !== "ENOENT") throw error;
    throw new SetupError(
      "npm is needed to install the dependencies and is not on the PATH. It comes with Node (https://nodejs.org).",
    );
  } finally {
    clearInterval(ticking);
  }
  say(`Dependencies installed in ${Math.round((Date.now() - started) / 1000)} s.`);
}

/**
 * How to call npm: the one that called us, else the one on the PATH, never by a Node that the installation itself is about to replace.
 *
 * @param {string} folder
 */
function npmCommand(folder) {
  const modules = join(folder, "node_modules") + sep;
  const path = (process.env.PATH ?? "").split(delimiter).filter((entry) => !resolve(entry).startsWith(modules));
  const env = { ...process.env, PATH: path.join(delimiter) };
  const cli = process.env.npm_execpath;
  const node = process.env.npm_node_execpath ?? process.execPath;
  if (cli && /npm-cli\.[cm]?js$/.test(cli) && !resolve(node).startsWith(modules))
    return { command: node, prefix: [cli], env };
  return { command: "npm", prefix: [], env };
}

/**
 * @param {string} file
 * @param {(line: string) => void} say
 * @returns {Promise<() => void>} releases the lock.
 */
async function lock(file, say) {
  mkdirSync(dirname(file), { recursive: true });
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, JSON.stringify({ pid: process.pid, startedAt: startedAt(process.pid) }));
  try {
    const giveUpAt = Date.now() + INSTALL_WAIT_MS;
    for (let tries = 0; !tryLink(mine, file); tries += 1) {
      const owner = readIfThere(file);
      if (owner !== undefined && !isSameProcess(JSON.parse(owner))) breakLock(file, owner);
      if (Date.now() > giveUpAt)
        throw new SetupError(`Another set-up holds ${file} for too long. End it, or remove that file.`, 1);
      if (tries === 0) say("Another command is setting up this folder: waiting for it …");
      await delay(100);
    }
  } finally {
    rmSync(mine, { force: true });
  }
  return () => rmSync(file, { force: true });
}

/**
 * A link appears with its whole content or not at all, so that nobody reads half an owner.
 *
 * @param {string} from
 * @param {string} to
 */
function tryLink(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error?.code === "EEXIST") return false;
    throw error;
  }
}

/**
 * Removes a dead owner's lock. Moved aside and looked at first: somebody else may have done the same and taken the lock since.
 *
 * @param {string} file
 * @param {string} seen
 */
function breakLock(file, seen) {
  const aside = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (error?.code === "ENOENT") return;
    throw error;
  }
  if (readFileSync(aside, "utf8") !== seen) tryLink(aside, file);
  rmSync(aside, { force: true });
}

/**
 * Runs a TypeScript file with Node 24, its standard streams ours; signals sent to us reach it, so that it is never left behind.
 *
 * @param {string} node from `prepare`
 * @param {string} file absolute, or relative to the repository
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string }} [options]
 * @returns {Promise<number>} its exit code; 128 + number when a signal ended it.
 */
export async function runTypeScript(node, file, args, options = {}) {
  return run(node, [resolve(root, file), ...args], {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: "inherit",
  });
}

/**
 * Runs any program like that: signals sent to us are passed on.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} options
 * @returns {Promise<number>}
 */
function run(command, args, options) {
  return new Promise((done, failed) => {
    const child = spawn(command, args, options);
    // A terminal's Ctrl-C goes to the whole group: the child has it already, and twice would read as "hurry".
    const listeners = /** @type {const} */ ([
      ["SIGINT", () => void (process.stdin.isTTY || child.kill("SIGINT"))],
      ["SIGTERM", () => void child.kill("SIGTERM")],
      ["SIGHUP", () => void child.kill("SIGHUP")],
    ]);
    for (const [signal, pass] of listeners) process.on(signal, pass);
    const stopWatching = watchParent(() => child.kill("SIGTERM"));
    const stopListening = () => {
      stopWatching();
      for (const [signal, pass] of listeners) process.off(signal, pass);
    };
    child.once("error", (error) => {
      stopListening();
      failed(error);
    });
    child.once("exit", (code, signal) => {
      stopListening();
      done(code ?? 128 + (constants.signals[signal ?? "SIGTERM"] ?? 15));
    });
  });
}

/**
 * npm gives a signal to the shell between it and us, and that shell dies without passing it on: then our parent changes. There is no
 * event for it, so we look.
 *
 * @param {() => void} onOrphaned
 * @returns {() => void} stops looking.
 */
function watchParent(onOrphaned) {
  if (process.env.npm_lifecycle_event === undefined) return () => {};
  const parent = process.ppid;
  const looking = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(looking);
    onOrphaned();
  }, PARENT_LOOK_EVERY_MS);
  return () => clearInterval(looking);
}

/**
 * For a command's first file: sets up, then runs the TypeScript file to its end. Sets the exit code; prints a SetupError as one message.
 *
 * @param {string} file
 * @param {readonly string[]} args
 */
export async function main(file, args) {
  try {
    const { node } = await prepare();
    process.exitCode = await runTypeScript(node, file, args);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    sayOnStderr(error.message);
    process.exitCode = error.exitCode;
  }
}
