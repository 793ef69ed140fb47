// Owns finding a Java that can run Kafka and the registry. Called by local.ts. Installs nothing.
import { execFile } from "node:child_process";
import { readdir, realpath } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

/** Class file 65: what the registry is compiled for. */
export const MINIMUM_JAVA = 21;

const ASK_TIMEOUT_MS = 10_000;

/** A Java virtual machine that was asked for its version. */
export interface Java {
  /** Path of the `java` executable. */
  readonly path: string;
  /** 21 for 21.0.3, 8 for 1.8.0_302. */
  readonly major: number;
  /** All that `java -version` says: tells one build from another. */
  readonly build: string;
}

/** Major version in the output of `java -version`; undefined when it is not one. */
export function parseJavaVersion(output: string): number | undefined {
  const found = /\bversion "(?:1\.)?(\d+)/.exec(output)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** The newest of those that are new enough; the first of equals. */
export function newestJava(found: readonly Java[], minimum = MINIMUM_JAVA): Java | undefined {
  return found
    .filter((java) => java.major >= minimum)
    .reduce<Java | undefined>((best, java) => (best === undefined || java.major > best.major ? java : best), undefined);
}

/** Every Java in JAVA_HOME, on the PATH and in the usual places of Linux, macOS, Homebrew and SDKMAN, in that order. */
export async function findJavas(env: NodeJS.ProcessEnv): Promise<Java[]> {
  const candidates = [
    ...(env["JAVA_HOME"] ? [join(env["JAVA_HOME"], "bin", "java")] : []),
    ...(env["PATH"] ?? "")
      .split(delimiter)
      .filter(Boolean)
      .map((folder) => join(folder, "java")),
    ...(await inEach("/usr/lib/jvm", "bin/java")),
    ...(await inEach("/Library/Java/JavaVirtualMachines", "Contents/Home/bin/java")),
    ...(await inEach("/opt/homebrew/opt", "bin/java", /openjdk/)),
    ...(await inEach("/usr/local/opt", "bin/java", /openjdk/)),
    ...(await inEach(join(homedir(), ".sdkman", "candidates", "java"), "bin/java")),
  ];
  const real = await Promise.all(candidates.map(realPathIfThere));
  const paths = [...new Set(real.filter((path) => path !== undefined))];
  const asked = await Promise.all(paths.map(askVersion));
  return asked.filter((java) => java !== undefined);
}

async function inEach(folder: string, inside: string, name = /./): Promise<string[]> {
  try {
    return (await readdir(folder))
      .filter((entry) => name.test(entry))
      .sort()
      .map((entry) => join(folder, entry, inside));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function realPathIfThere(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

const MISSING = new Set(["ENOENT", "ENOTDIR", "EACCES", "ELOOP"]);

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string" && MISSING.has(error.code);
}

/** What does not run, or does not say a version (macOS has such a stub), is no Java. */
function askVersion(path: string): Promise<Java | undefined> {
  return new Promise((resolve) => {
    execFile(path, ["-version"], { timeout: ASK_TIMEOUT_MS }, (error, stdout, stderr) => {
      const build = `${stderr}${stdout}`;
      const major = error === null ? parseJavaVersion(build) : undefined;
      resolve(major === undefined ? undefined : { path, major, build });
    });
  });
}
