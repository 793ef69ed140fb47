// Where the output of every service process of a test run is kept, so that its last test can look through all of it. The runner
// makes the folder and removes it at the end of the run. Called by service-process.ts and the scan for canaries.
import { randomBytes } from "node:crypto";
import { copyFile, link, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Name of the environment variable that carries the folder. */
export const outputsVariable = "TEST_OUTPUTS";

/** Name of the environment variable that carries the levels which have run whole before this one, with commas. */
export const levelsBeforeVariable = "TEST_LEVELS_BEFORE";

/** One kept file. */
export interface KeptOutput {
  readonly file: string;
  readonly bytes: Buffer;
}

/** The folder of this run. Throws outside a run that made one. */
function outputsFolder(env: NodeJS.ProcessEnv = process.env): string {
  const folder = env[outputsVariable];
  if (folder === undefined) throw new Error("This test keeps output: run it by `npm test -- LEVEL FILE`.");
  return folder;
}

/** A process's output whose keeping was promised. */
export interface PromisedOutput {
  /** Adds a copy of what it has written. */
  keep(path: string): Promise<void>;
  /** Adds what it writes to this file from now on as well, also when the file is removed later. */
  follow(path: string): Promise<void>;
}

/** Promises the output of a process that starts; `name` says which. A promise that is not kept fails the scan. */
export async function promiseOutput(name: string): Promise<PromisedOutput> {
  const folder = outputsFolder();
  const base = join(folder, `${name}-${randomBytes(4).toString("hex")}`);
  await mkdir(folder, { recursive: true });
  await writeFile(`${base}.promised`, "");
  return {
    keep: (path) => copyFile(path, `${base}.log`),
    follow: (path) => link(path, `${base}.log`),
  };
}

/** Adds something else that a process has told, such as its metrics. */
export async function keepText(name: string, text: string): Promise<void> {
  await mkdir(outputsFolder(), { recursive: true });
  await writeFile(join(outputsFolder(), `${name}-${randomBytes(4).toString("hex")}.log`), text);
}

/** Adds secrets that came up while a test ran, one per line, so that the scan looks for them too. */
export async function keepSecrets(name: string, secrets: readonly string[]): Promise<void> {
  const folder = outputsFolder();
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}-${randomBytes(4).toString("hex")}.secrets`), secrets.join("\n"));
}

/** All kept files whose name ends so. */
export async function keptOutputs(ending: ".log" | ".promised" | ".secrets"): Promise<readonly KeptOutput[]> {
  const folder = outputsFolder();
  const files = (await readdir(folder)).filter((file) => file.endsWith(ending)).sort();
  return Promise.all(files.map(async (file) => ({ file, bytes: await readFile(join(folder, file)) })));
}
