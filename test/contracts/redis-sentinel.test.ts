// Redis by Sentinel, for real: the master is found, a replica that is behind takes over, and the connection comes back to it with what
// is left. That owners fetch again what a Redis has lost is redis-loss.test.ts's.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { Redis } from "ioredis";
import { expect, it, onTestFinished, vi } from "vitest";

import { findRedis } from "../../sandbox/services/local-redis.ts";
import { startChild, type Child } from "../../sandbox/services/child.ts";
import { choosePorts } from "../../sandbox/services/ports.ts";
import { programEnvironment } from "../../sandbox/services/program-environment.ts";
import { createRunDirectory } from "../../sandbox/services/run-directory.ts";
import { createRedisConnection } from "../../src/clients/redis/connection.ts";
import { silent } from "../support/stores.ts";

const password = "sentinel-test";

async function cluster() {
  const [master = 0, replica = 0, sentinel = 0] = await choosePorts([undefined, undefined, undefined]);
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
  const watch = [
    `sentinel monitor mymaster 127.0.0.1 ${String(master)} 1`,
    `sentinel auth-pass mymaster ${password}`,
    "sentinel down-after-milliseconds mymaster 500",
    "sentinel failover-timeout mymaster 5000",
  ];
  await start("sentinel", sentinel, watch, ["--sentinel"]);
  return { masterProcess, ports: { master, replica, sentinel } };
}

function client(port: number, more: object = {}): Redis {
  const redis = new Redis({ host: "127.0.0.1", port, protocol: 2, ...more });
  // Until the server is up.
  redis.on("error", () => undefined);
  onTestFinished(() => redis.disconnect());
  return redis;
}

it("follows the Sentinels from a master that dies to a replica that was behind", { timeout: 60_000 }, async () => {
  const { masterProcess, ports } = await cluster();
  const replica = client(ports.replica, { password });
  const sentinel = client(ports.sentinel);
  await vi.waitFor(async () => expect(await replica.info("replication")).toContain("master_link_status:up"), {
    timeout: 15_000,
    interval: 200,
  });
  await vi.waitFor(async () => expect(await sentinel.call("SENTINEL", "REPLICAS", "mymaster")).toHaveLength(1), {
    timeout: 25_000,
    interval: 200,
  });

  // The first Sentinel of the list is not there.
  const [nobody = 0] = await choosePorts([undefined]);
  const addresses = [`127.0.0.1:${String(nobody)}`, `127.0.0.1:${String(ports.sentinel)}`];
  const settings = { address: null, sentinel: { master: "mymaster", addresses }, password, commandTimeoutMs: 1_000 };
  const connection = createRedisConnection(settings, { log: silent, random: { next: () => 0.5 } });
  onTestFinished(() => connection.close());
  await connection.ready(10_000);
  const { redis } = connection;
  expect(await redis.call("CONFIG", "GET", "port")).toEqual(["port", String(ports.master)]);
  await redis.set("early", "1");
  expect(await redis.wait(1, 5_000)).toBe(1);

  // The replica follows nobody from here on: what the master acknowledges now, only the master has.
  await replica.replicaof("127.0.0.1", nobody);
  await redis.set("late", "1");
  await masterProcess.kill();

  await vi.waitFor(
    async () => {
      await connection.ready(1_000);
      expect(await redis.call("CONFIG", "GET", "port")).toEqual(["port", String(ports.replica)]);
      expect(await redis.set("after", "1")).toBe("OK");
    },
    { timeout: 30_000, interval: 200 },
  );
  expect(await redis.mget("early", "late", "after")).toEqual(["1", null, "1"]);
});
