// A Redis where a Sentinel is named, for real: known by its answer, and never by a silence.
import { expect, it, vi } from "vitest";

import { choosePorts } from "../../sandbox/services/ports.ts";
import type { RedisSettings } from "../../src/clients/redis/connection.ts";
import { settleWhereabouts } from "../../src/clients/redis/sentinels.ts";
import { startSentinelCluster } from "../support/redis-sentinel.ts";
import { serviceAddresses } from "../support/services.ts";

const named = (addresses: readonly string[], otherwise: string | null, password: string | null): RedisSettings => ({
  address: null,
  sentinel: { master: "mymaster", addresses, otherwise },
  password,
});

it("a Redis that is named as a Sentinel gives way to the plain address, or is refused by name", async () => {
  const { redis: plain } = serviceAddresses();
  expect(await settleWhereabouts(named([plain], plain, null))).toEqual({
    settings: { address: plain, sentinel: null, password: null },
    warning: "REDIS_SENTINEL_ADDRESS names a Redis, not a Sentinel: REDIS_ADDRESS holds.",
  });
  expect(await settleWhereabouts(named([plain], null, null))).toEqual({
    mistake: "REDIS_SENTINEL_ADDRESS names a Redis, not a Sentinel: name the Sentinels, or give REDIS_ADDRESS alone.",
  });
  const [nobody = 0] = await choosePorts([undefined]);
  const silence = settleWhereabouts(named([plain, `127.0.0.1:${String(nobody)}`], plain, null));
  await expect(silence).rejects.toMatchObject({ name: "StoreUnavailable", detail: "ECONNREFUSED" });
});

it(
  "Sentinels hold whatever else is named, with a password of Redis too; a Redis with a password is known as one",
  { timeout: 30_000 },
  async () => {
    const password = "named-sentinel";
    const { ports } = await startSentinelCluster(password);
    const [sentinel, master] = [`127.0.0.1:${String(ports.sentinel)}`, `127.0.0.1:${String(ports.master)}`];
    for (const addresses of [[sentinel], [master, sentinel]]) {
      const settings = named(addresses, master, password);
      // Until it is up.
      const found = await vi.waitFor(() => settleWhereabouts(settings), { timeout: 15_000, interval: 200 });
      expect(found).toEqual({ settings, warning: null });
    }
    expect(await settleWhereabouts(named([master], master, password))).toMatchObject({ settings: { address: master } });
  },
);
