// What the start says about a Redis: judged from its own words.
import { describe, expect, it } from "vitest";

import { judgeRedis } from "../../../../src/clients/redis/checks.ts";

const sound: Readonly<Record<string, string>> = {
  redis_version: "7.0.15",
  redis_mode: "standalone",
  cluster_enabled: "0",
  role: "master",
  connected_slaves: "0",
  aof_enabled: "1",
  maxmemory: "0",
  maxmemory_policy: "noeviction",
};

function judge(over: Readonly<Record<string, string>>, save: string | null = "") {
  const lines = Object.entries({ ...sound, ...over }).map(([name, value]) => `${name}:${value}`);
  return judgeRedis({ info: ["# Server", ...lines, ""].join("\r\n"), save });
}

describe("a Redis", () => {
  it("that is sound gets no word", () => {
    expect(judge({})).toEqual({ mistakes: [], warnings: [] });
  });

  it.each([
    ["6.0.16", 1],
    ["5.0.7", 1],
    ["6.1.240", 1],
    ["6.2.0", 0],
    ["6.2.11", 0],
    ["7.0.0", 0],
    ["10.0.1", 0],
    ["", 1],
  ])("of version %s: %i mistakes", (version, mistakes) => {
    expect(judge({ redis_version: version }).mistakes).toHaveLength(mistakes);
  });

  it("that is a cluster or a replica stops the start", () => {
    expect(judge({ cluster_enabled: "1" }).mistakes).toEqual([expect.stringContaining("cluster")]);
    expect(judge({ role: "slave" }).mistakes).toEqual([expect.stringContaining("replica")]);
    expect(judge({ role: "slave", redis_version: "4.0.0" }).mistakes).toHaveLength(2);
  });

  it("says what is lost without an append-only file, by what there is instead", () => {
    expect(judge({ aof_enabled: "0" }, "").warnings).toEqual([expect.stringContaining("keeps nothing on disk")]);
    expect(judge({ aof_enabled: "0" }, "3600 1").warnings).toEqual([expect.stringContaining("last snapshot")]);
    expect(judge({ aof_enabled: "0" }, null).warnings).toEqual([expect.stringContaining("does not tell")]);
    expect(judge({ aof_enabled: "1" }, null).warnings).toEqual([]);
  });

  it("says what eviction may take, by policy", () => {
    expect(judge({ maxmemory_policy: "allkeys-lru" }).warnings).toEqual([expect.stringContaining("open chats")]);
    expect(judge({ maxmemory_policy: "volatile-ttl" }).warnings).toEqual([expect.stringContaining("context")]);
  });

  it("warns of a failover that loses saves, unless the master waits for replicas", () => {
    expect(judge({ connected_slaves: "1" }).warnings).toEqual([expect.stringContaining("min-replicas-to-write")]);
    expect(judge({ connected_slaves: "1", min_slaves_good_slaves: "1" }).warnings).toEqual([]);
  });
});
