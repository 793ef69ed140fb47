// Redis by Sentinel, for real: a master, a replica that follows it and a Sentinel that watches both, as processes of the test that asks. For tests
// of the levels that need services.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { onTestFinished } from "vitest";

import { startChild, type Child } from "../../sandbox/services/child.ts";
import { findRedis } from "../../sandbox/services/local-redis.ts";
import { choosePorts } from "../../sandbox/services/ports.ts";
import { programEnvironment } from "../../sandbox/services/program-environment.ts";
import { createRunDirectory } from "../../sandbox/services/run-directory.ts";

/** Processes that run, and where. */
export interface SentinelCluster {
  readonly masterProcess: Child;
  readonly ports: { readonly master: number; readonly replica: number; readonly sentinel: number };
}

/** A master and the replica that follows it, with nobody who watches them. */
export interface ReplicatedRedis {
  readonly masterProcess: Child;
  readonly ports: { readonly master: number; readonly replica: number };
  /** Starts another Redis beside them with these lines of configuration. */
  start(name: string, port: number, lines: readonly string[], mode?: readonly string[]): Promise<Child>;
}

/** Starts them; they end with the test. */
export async function startReplicatedRedis(password: string): Promise<ReplicatedRedis> {
  const [master = 0, replica = 0] = await choosePorts([undefined, undefined]);
  const run = createRunDirectory();
  const command = await findRedis({ env: process.env, say: () => undefined, signal: new AbortController().signal });
  const start = async (
    name: string,
    port: number,
    lines: readonly string[],
    mode: readonly string[] = [],
  ): Promise<Child> => {
    const cwd = join(run.path, name);
    await mkdir(cwd, { recursive: true });
    const file = join(cwd, "redis.conf");
    await writeFile(file, [`port ${String(port)}`, "bind 127.0.0.1", `dir ${cwd}`, ...lines, ""].join("\n"));
    const child = await startChild({ name, command, args: [file, ...mode], env: programEnvironment(), cwd, run });
    onTestFinished(async () => {
      await child.kill();
    });
    return child;
  };
  onTestFinished(() => run.remove());
  const server = [`requirepass ${password}`, `masterauth ${password}`, 'save ""', "appendonly no"];
  const masterProcess = await start("master", master, server);
  await start("replica", replica, [...server, `replicaof 127.0.0.1 ${String(master)}`]);
  return { masterProcess, ports: { master, replica }, start };
}

/** Starts them; they end with the test. The master's name is `mymaster`. */
export async function startSentinelCluster(password: string): Promise<SentinelCluster> {
  const { masterProcess, ports, start } = await startReplicatedRedis(password);
  const { master, replica } = ports;
  const [sentinel = 0] = await choosePorts([undefined]);
  const watch = [
    `sentinel monitor mymaster 127.0.0.1 ${String(master)} 1`,
    `sentinel auth-pass mymaster ${password}`,
    "sentinel down-after-milliseconds mymaster 500",
    "sentinel failover-timeout mymaster 5000",
  ];
  await start("sentinel", sentinel, watch, ["--sentinel"]);
  return { masterProcess, ports: { master, replica, sentinel } };
}
