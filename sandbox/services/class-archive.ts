// Owns the class-data archives that halve the start of a Java program: written by the JVM itself when the first run ends in order, kept in the
// cache, used by later ones. Called by the local Java programs. https://docs.oracle.com/en/java/javase/21/vm/class-data-sharing.html
import { createHash } from "node:crypto";
import { copyFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";

import { cacheFolder } from "./artefacts.ts";
import type { Java } from "./java.ts";
import type { RunDirectory } from "./run-directory.ts";

/** An archive to be used, or to be made. */
export interface ClassArchive {
  /** Arguments of the JVM. */
  readonly args: readonly string[];
  /** Puts an archive that was just made into the cache. To be called when the program has ended in order; repeat-safe. */
  keep(): Promise<void>;
}

/**
 * The archive of a program; `name` holds its version. One per build of Java. The JVM checks that it fits, and starts without it when not.
 */
export async function classArchive(
  name: string,
  java: Java,
  env: NodeJS.ProcessEnv,
  run: RunDirectory,
): Promise<ClassArchive> {
  const build = createHash("sha256").update(`${java.path}\n${java.build}`).digest("hex").slice(0, 12);
  const file = join(cacheFolder(env), `${name}-${build}.jsa`);
  if (await isThere(file))
    return { args: ["-Xshare:auto", `-XX:SharedArchiveFile=${file}`], keep: () => Promise.resolve() };
  const made = join(run.path, `${name}.jsa`);
  return {
    args: [`-XX:ArchiveClassesAtExit=${made}`],
    async keep() {
      if (!(await isThere(made)) || (await isThere(file))) return;
      // The temporary folder may be another file system; a rename inside the cache shows the whole file or none.
      const whole = `${file}.${String(process.pid)}`;
      await copyFile(made, whole);
      await rename(whole, file);
    },
  };
}

async function isThere(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
}
