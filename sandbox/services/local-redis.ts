// Owns how Redis runs as a local process: which program, which settings. Called by local.ts.
import { execFile } from "node:child_process";
import { access, chmod, constants, mkdir } from "node:fs/promises";
import { delimiter, join } from "node:path";

import { obtain, type CacheAccess } from "./artefacts.ts";
import type { LocalProgram } from "./local-service.ts";
import { MissingPrerequisite } from "./missing-prerequisite.ts";
import { redisAnswers } from "./probes.ts";
import { programEnvironment } from "./program-environment.ts";
import type { RunDirectory } from "./run-directory.ts";

/** Oldest version that the service under test accepts. */
const MINIMUM_VERSION: readonly [number, number] = [6, 2];
const ASK_TIMEOUT_MS = 5_000;

/** Programs inside the embedded-redis jar, by `platform-arch` of Node. */
const PACKAGED: ReadonlyMap<string, string> = new Map([
  ["linux-x64", "redis-server-6.2.6-v5-linux-amd64"],
  ["linux-arm64", "redis-server-6.2.7-linux-arm64"],
  ["darwin-x64", "redis-server-6.2.6-v5-darwin-amd64"],
  ["darwin-arm64", "redis-server-6.2.6-v5-darwin-arm64"],
]);

/** Major and minor version in the output of `redis-server --version` or `valkey-server --version`; undefined when it is neither. */
export function parseRedisVersion(output: string): readonly [number, number] | undefined {
  const found = /\b(?:Redis|Valkey) server v=(\d+)\.(\d+)/i.exec(output);
  return found === null ? undefined : [Number(found[1]), Number(found[2])];
}

/** Whether a version is at least 6.2. */
export function isNewEnough([major, minor]: readonly [number, number]): boolean {
  return major > MINIMUM_VERSION[0] || (major === MINIMUM_VERSION[0] && minor >= MINIMUM_VERSION[1]);
}

/**
 * Path of a Redis or Valkey server that runs here: one on the PATH, else the one that Maven brings.
 *
 * @throws {MissingPrerequisite} when there is neither.
 */
export async function findRedis(cache: CacheAccess): Promise<string> {
  for (const name of ["redis-server", "valkey-server"]) {
    const path = await onPath(name, cache.env);
    const version = path === undefined ? undefined : await askVersion(path);
    if (path !== undefined && version !== undefined && isNewEnough(version)) return path;
  }
  const platform = `${process.platform}-${process.arch}`;
  const program = PACKAGED.get(platform);
  if (program === undefined)
    throw new MissingPrerequisite(
      `Install Redis 6.2 or newer: there is none on the PATH, and none is packaged for ${platform}.`,
    );
  const folder = await obtain(
    {
      name: `embedded-redis-1.4.3-${platform}`,
      title: "Redis 6.2 (10 MB)",
      pom: "unpack.xml",
      args: [
        "dependency:unpack",
        "-Dartifact=com.github.codemonstur:embedded-redis:1.4.3",
        `-Dmdep.unpack.includes=${program}`,
      ],
    },
    cache,
  );
  const path = join(folder, program);
  // A jar need not say what may be executed.
  await chmod(path, 0o755);
  if ((await askVersion(path)) === undefined) {
    throw new MissingPrerequisite(
      "Install Redis 6.2 or newer: there is none on the PATH, and the packaged one does not run here (it needs libssl 3).",
    );
  }
  return path;
}

/** Redis on a port, its data in the run's folder: every write in the append-only file, nothing evicted. */
export function redisProgram(path: string, port: number, run: RunDirectory): LocalProgram {
  const dataFolder = run.folder("redis");
  const settings: Readonly<Record<string, string>> = {
    port: String(port),
    bind: "127.0.0.1",
    dir: dataFolder,
    appendonly: "yes",
    appendfsync: "everysec",
    save: "",
    "maxmemory-policy": "noeviction",
    daemonize: "no",
  };
  return {
    command: path,
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    env: programEnvironment(),
    answers: redisAnswers(port),
    dataFolder,
    async prepare() {
      await mkdir(dataFolder, { recursive: true });
    },
  };
}

async function onPath(name: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of (env["PATH"] ?? "").split(delimiter).filter(Boolean)) {
    const path = join(folder, name);
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function askVersion(path: string): Promise<readonly [number, number] | undefined> {
  return new Promise((resolve) => {
    execFile(path, ["--version"], { timeout: ASK_TIMEOUT_MS }, (error, stdout) => {
      resolve(error === null ? parseRedisVersion(stdout) : undefined);
    });
  });
}
