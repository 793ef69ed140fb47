// Owns the folders that runs keep under the temporary folder: data, output and the note of every process started. Recognises what a
// killed run left behind by owner and process start time, stops it and removes it. Called by both implementations of the driver.
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { isSameProcess, startedAt, type NotedProcess } from "../process-identity.mjs";

const OWNER_FILE = "owner.json";
const PROCESS_SUFFIX = ".pid.json";
const LOOK_EVERY_MS = 20;

/** One run's folder. */
export interface RunDirectory {
  readonly path: string;
  /** Makes a sub-folder. */
  folder(name: string): string;
  /** Notes a process down, so that a later run can recognise and stop it. */
  note(name: string, pid: number): void;
  /** Forgets a process that has ended. */
  forget(name: string): void;
  /** Removes the folder and all data in it. */
  remove(): Promise<void>;
}

/** A process that a killed run left running. */
export interface Leftover extends NotedProcess {
  readonly name: string;
}

/** Folder of all runs of this user. One's own by user id: the temporary folder is shared on most machines. */
export function runsFolder(): string {
  const user = userInfo();
  const path = join(tmpdir(), `salesforce-integration-${String(user.uid)}`);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const found = lstatSync(path);
  if (!found.isDirectory() || (user.uid >= 0 && found.uid !== user.uid)) {
    throw new Error(`${path} belongs to somebody else; remove it, or set TMPDIR to a folder of your own`);
  }
  chmodSync(path, 0o700);
  return path;
}

/** Makes a run's folder, owned by this process. */
export function createRunDirectory(runs: string = runsFolder()): RunDirectory {
  const path = mkdtempSync(join(runs, "run-"));
  writeNote(join(path, OWNER_FILE), process.pid);
  return {
    path,
    folder(name) {
      const folder = join(path, name);
      mkdirSync(folder, { recursive: true });
      return folder;
    },
    note(name, pid) {
      writeNote(join(path, `${name}${PROCESS_SUFFIX}`), pid);
    },
    forget(name) {
      rmSync(join(path, `${name}${PROCESS_SUFFIX}`), { force: true });
    },
    async remove() {
      await rm(path, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/**
 * Stops the processes of runs whose owner is gone, and removes their folders. A pid that belongs to another process by now is left
 * alone. Two runs may sweep at once.
 *
 * @param before called for each abandoned run's folder before it is removed
 * @returns what was stopped
 */
export async function sweepLeftovers(
  runs: string = runsFolder(),
  before: (runPath: string) => Promise<void> = () => Promise.resolve(),
): Promise<Leftover[]> {
  const stopped: Leftover[] = [];
  for (const entry of await readdir(runs)) {
    if (!entry.startsWith("run-")) continue;
    const path = join(runs, entry);
    const owner = await readNote(join(path, OWNER_FILE));
    // A folder without a note is either being made right now or was left in that instant: nothing was started in it yet.
    if (owner === undefined || isSameProcess(owner)) continue;
    const left = await runningIn(path);
    await Promise.all(left.map(end));
    await before(path);
    await rm(path, { recursive: true, force: true, maxRetries: 5 });
    stopped.push(...left);
  }
  return stopped;
}

async function runningIn(path: string): Promise<Leftover[]> {
  const left: Leftover[] = [];
  for (const entry of await entriesOf(path)) {
    if (!entry.endsWith(PROCESS_SUFFIX)) continue;
    const noted = await readNote(join(path, entry));
    if (noted !== undefined && isSameProcess(noted))
      left.push({ ...noted, name: entry.slice(0, -PROCESS_SUFFIX.length) });
  }
  return left;
}

async function entriesOf(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

/** Its data is thrown away with its folder, so there is nothing to be ended in order. SIGKILL ends a frozen process too. */
async function end(noted: NotedProcess): Promise<void> {
  signal(noted, "SIGKILL");
  while (isSameProcess(noted)) await delay(LOOK_EVERY_MS);
}

function signal(noted: NotedProcess, name: NodeJS.Signals): void {
  if (!isSameProcess(noted)) return;
  try {
    process.kill(noted.pid, name);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

function writeNote(file: string, pid: number): void {
  const started = startedAt(pid);
  // It ended before it could be noted: whoever started it hears of that by its own event.
  if (started === undefined) return;
  const noted: NotedProcess = { pid, startedAt: started };
  writeFileSync(`${file}.new`, JSON.stringify(noted));
  renameSync(`${file}.new`, file);
}

async function readNote(file: string): Promise<NotedProcess | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
  return parseNote(text);
}

/** The process in a note; undefined when it is not a note. */
function parseNote(text: string): NotedProcess | undefined {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || !("pid" in value) || !("startedAt" in value)) return undefined;
  return typeof value.pid === "number" && typeof value.startedAt === "string"
    ? { pid: value.pid, startedAt: value.startedAt }
    : undefined;
}

/** The note in a file that is read at once; undefined when there is none. */
export function readNoteSync(file: string): NotedProcess | undefined {
  try {
    return parseNote(readFileSync(file, "utf8"));
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
