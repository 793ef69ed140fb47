// Owns the cache of what Maven brings: class paths and programs, kept between runs. Called by local.ts. Starts nothing.
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { neitherDockerNorJava } from "./missing-prerequisite.ts";

const ABANDONED_AFTER_MS = 24 * 60 * 60_000;
const PROGRESS_EVERY_MS = 3_000;
const TAIL_LINES = 20;

/** Something to be had from Maven. */
export interface Artefact {
  /** Name of its folder in the cache; holds the version. */
  readonly name: string;
  /** For people, with the size. */
  readonly title: string;
  /** Name of a file in poms/. */
  readonly pom: string;
  /** Goal and properties; the folder to fill is added as `-DoutputDirectory`. */
  readonly args: readonly string[];
}

/** What is needed to fill the cache. */
export interface CacheAccess {
  readonly env: NodeJS.ProcessEnv;
  /** Gets progress, a line at a time. */
  readonly say: (line: string) => void;
  /** Ends a download. */
  readonly signal: AbortSignal;
}

/** Where artefacts are kept: `$XDG_CACHE_HOME/salesforce-integration`, `~/.cache/salesforce-integration` without it. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  const base = env["XDG_CACHE_HOME"];
  return join(base !== undefined && isAbsolute(base) ? base : join(homedir(), ".cache"), "salesforce-integration");
}

/**
 * Folder with the artefact, brought by Maven when the cache does not have it yet. Two processes may ask at once: each fills a folder of
 * its own, and the first to rename it wins.
 *
 * @throws {MissingPrerequisite} when Maven is needed and is not there.
 */
export async function obtain(artefact: Artefact, access: CacheAccess): Promise<string> {
  const { env, say } = access;
  const cache = cacheFolder(env);
  const folder = join(cache, artefact.name);
  if (await exists(folder)) return folder;
  await mkdir(cache, { recursive: true });
  await removeAbandoned(cache);
  const filling = await mkdtemp(join(cache, `.filling-${artefact.name}-`));
  const whole = join(filling, "whole");
  try {
    await mkdir(whole);
    say(`Downloading ${artefact.title} with Maven …`);
    await maven(artefact, filling, access);
    if ((await readdir(whole)).length === 0) throw new Error(`Maven brought nothing for ${artefact.title}`);
    await renameUnlessThere(whole, folder);
  } finally {
    await rm(filling, { recursive: true, force: true });
  }
  return folder;
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

async function renameUnlessThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (codeOf(error) !== "ENOTEMPTY" && codeOf(error) !== "EEXIST") throw error;
  }
}

async function removeAbandoned(cache: string): Promise<void> {
  for (const entry of await readdir(cache)) {
    if (!entry.startsWith(".filling-")) continue;
    const path = join(cache, entry);
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > ABANDONED_AFTER_MS) await rm(path, { recursive: true, force: true });
  }
}

/** Fills the folder `whole` in `folder`. Maven reads the user's settings and MAVEN_OPTS itself. */
function maven(artefact: Artefact, folder: string, { env, say, signal }: CacheAccess): Promise<void> {
  const pom = fileURLToPath(new URL(`./poms/${artefact.pom}`, import.meta.url));
  const args = [
    "-B",
    "-f",
    pom,
    ...artefact.args,
    `-DoutputDirectory=${join(folder, "whole")}`,
    `-Dwork.folder=${join(folder, "work")}`,
  ];
  return new Promise((resolve, reject) => {
    const child = spawn("mvn", args, { env, cwd: folder, signal, stdio: ["ignore", "pipe", "pipe"] });
    const killWithUs = (): void => void child.kill();
    process.once("exit", killWithUs);
    const tail: string[] = [];
    let files = 0;
    let saidAt = Date.now();
    const note = (line: string): void => {
      tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
      if (/^\[INFO\] Downloaded from/.test(line)) files += 1;
      if (Date.now() - saidAt < PROGRESS_EVERY_MS) return;
      saidAt = Date.now();
      say(`  … ${String(files)} files`);
    };
    createInterface({ input: child.stdout }).on("line", note);
    createInterface({ input: child.stderr }).on("line", note);
    child.once("error", (error) => {
      reject(codeOf(error) === "ENOENT" ? neitherDockerNorJava("Maven (mvn) is not on the PATH") : error);
    });
    child.once("close", (code) => {
      process.off("exit", killWithUs);
      if (code === 0) resolve();
      else reject(new Error(`Maven could not bring ${artefact.title} (exit ${String(code)}):\n${tail.join("\n")}`));
    });
  });
}
