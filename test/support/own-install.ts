// Programs of this repository that stand alone: installed in their own folder from their own lock file, and run there as anybody would.
// Called by the tests of examples/.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { programEnvironment } from "../../sandbox/services/program-environment.ts";

const runFile = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const installWithinMs = 90_000;
const runWithinMs = 60_000;

/** How a program ended, and what it said. */
export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program in a folder of its own. */
export interface OwnProgram {
  /** Runs a file of the folder under the Node of the tests; resolves however it ends, rejects when it takes longer than a minute. */
  run(file: string, args: readonly string[]): Promise<Said>;
}

/**
 * Installs a folder (`examples/producer`) by `npm ci`, unless that was done before from the same lock file. Safe to repeat; test files
 * run one at a time.
 */
export async function installed(folder: string): Promise<OwnProgram> {
  const cwd = `${root}${folder}`;
  const lock = createHash("sha256")
    .update(await readFile(`${cwd}/package-lock.json`))
    .digest("hex");
  const stamp = `${cwd}/node_modules/.installed-from`;
  if ((await contentOf(stamp)) !== lock) {
    const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
    await runFile("npm", args, { cwd, timeout: installWithinMs });
    await writeFile(stamp, lock);
  }
  return {
    async run(file, args) {
      const environment = { cwd, timeout: runWithinMs, env: programEnvironment() };
      try {
        return { code: 0, ...(await runFile(process.execPath, [file, ...args], environment)) };
      } catch (error) {
        if (!isEnding(error) || typeof error.code !== "number") throw error;
        return { code: error.code, stdout: error.stdout, stderr: error.stderr };
      }
    },
  };
}

async function contentOf(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

function isEnding(error: unknown): error is Error & Omit<Said, "code"> & { readonly code: unknown } {
  return error instanceof Error && "code" in error && "stdout" in error && "stderr" in error;
}
