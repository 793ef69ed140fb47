// Redis by Sentinel, for real: the master is found, a replica that is behind takes over, and the connection comes back to it with what
// is left. That owners fetch again what a Redis has lost is redis-loss.test.ts's.
import { Redis } from "ioredis";
import { expect, it, onTestFinished, vi } from "vitest";

import { choosePorts } from "../../sandbox/services/ports.ts";
import { createRedisConnection } from "../../src/clients/redis/connection.ts";
import { startSentinelCluster } from "../support/redis-sentinel.ts";
import { silent } from "../support/stores.ts";

const password = "sentinel-test";

function client(port: number, more: object = {}): Redis {
  const redis = new Redis({ host: "127.0.0.1", port, protocol: 2, ...more });
  // Until the server is up.
  redis.on("error", () => undefined);
  onTestFinished(() => redis.disconnect());
  return redis;
}

it("R15: follows the Sentinels from a master that dies to a replica that was behind", { timeout: 60_000 }, async () => {
  const { masterProcess, ports } = await startSentinelCluster(password);
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
