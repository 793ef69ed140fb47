// A failover behind a plain address, for real: the master is demoted, the address leads to the one that took over, and the connection follows
// although nobody cut it. With Sentinels: redis-sentinel.test.ts.
import { Redis } from "ioredis";
import { expect, it, onTestFinished, vi } from "vitest";

import { createRedisConnection } from "../../src/clients/redis/connection.ts";
import { startReplicatedRedis } from "../support/redis-sentinel.ts";
import { silent } from "../support/stores.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";

const password = "failover-test";

it(
  "R15: leaves a master that was demoted under it, and goes where its address leads now",
  { timeout: 60_000 },
  async () => {
    const { ports } = await startReplicatedRedis(password);
    const link = await startTcpProxy();
    onTestFinished(() => link.close());
    link.leadTo(`127.0.0.1:${String(ports.master)}`);
    const settings = { address: link.address, password, commandTimeoutMs: 1_000 };
    const connection = createRedisConnection(settings, { log: silent, random: { next: () => 0.5 } });
    onTestFinished(() => connection.close());
    await connection.ready(10_000);
    expect(await connection.redis.call("CONFIG", "GET", "port")).toEqual(["port", String(ports.master)]);

    const admin = (port: number): Redis => {
      const redis = new Redis({ host: "127.0.0.1", port, password, protocol: 2 });
      onTestFinished(() => redis.disconnect());
      return redis;
    };
    await admin(ports.replica).replicaof("NO", "ONE");
    await admin(ports.master).replicaof("127.0.0.1", ports.replica);
    link.leadTo(`127.0.0.1:${String(ports.replica)}`);

    // As every write of the service: a script.
    const write = (): Promise<unknown> => connection.redis.eval("return redis.call('SET', KEYS[1], '1')", 1, "after");
    await expect(write(), "its connection was left alone").rejects.toThrow("READONLY");
    await vi.waitFor(async () => expect(await write()).toBe("OK"), { timeout: 10_000, interval: 100 });
    expect(await connection.redis.call("CONFIG", "GET", "port")).toEqual(["port", String(ports.replica)]);
  },
);
