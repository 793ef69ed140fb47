// Where the output of every service process of a test run is kept, so that its last test can look through all of it. The runner
// makes the folder and removes it at the end of the run. Called by service-process.ts and the scan for canaries.
import { randomBytes } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Name of the environment variable that carries the folder. */
export const outputsVariable = "TEST_OUTPUTS";

/** One kept file. */
export interface KeptOutput {
  readonly file: string;
  readonly bytes: Buffer;
}

/** The folder of this run. Throws outside a run that made one. */
export function outputsFolder(env: NodeJS.ProcessEnv = process.env): string {
  const folder = env[outputsVariable];
  if (folder === undefined) throw new Error("This test keeps output: run it by `npm test -- LEVEL FILE`.");
  return folder;
}

/** Adds a copy of a process's output; `name` says which process it was. */
export async function keepOutput(name: string, path: string): Promise<void> {
  const folder = outputsFolder();
  await mkdir(folder, { recursive: true });
  await copyFile(path, join(folder, `${name}-${randomBytes(4).toString("hex")}.log`));
}

/** Adds something else that a process has told, such as its metrics. */
export async function keepText(name: string, text: string): Promise<void> {
  await writeFile(join(outputsFolder(), `${name}-${randomBytes(4).toString("hex")}.log`), text);
}

/** Adds secrets that came up while a test ran, one per line, so that the scan looks for them too. */
export async function keepSecrets(name: string, secrets: readonly string[]): Promise<void> {
  const folder = outputsFolder();
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}-${randomBytes(4).toString("hex")}.secrets`), secrets.join("\n"));
}

/** All kept files whose name ends so. */
export async function keptOutputs(ending: ".log" | ".secrets"): Promise<readonly KeptOutput[]> {
  const folder = outputsFolder();
  const files = (await readdir(folder)).filter((file) => file.endsWith(ending)).sort();
  return Promise.all(files.map(async (file) => ({ file, bytes: await readFile(join(folder, file)) })));
}
