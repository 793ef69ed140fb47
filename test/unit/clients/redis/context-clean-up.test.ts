// The clean-up of context where there are several instances: one of them does it each time that it is due (defect G9). What it takes away is shown
// against Redis itself in test/contracts/context.test.ts.
import { describe, expect, it } from "vitest";

import { startContextCleanUp } from "../../../../src/clients/redis/context-clean-up.ts";
import type { RedisConnection } from "../../../../src/clients/redis/connection.ts";
import { createVirtualClock } from "../../../../src/topology/in-memory/clock.ts";
import { memoryLimits } from "../../../../src/topology/memory-limits.ts";
import { settle } from "../../../support/graph-world.ts";

const hourMs = 3_600_000;

/** As much of Redis as the clean-up asks for, with nothing in it. */
function emptyRedis() {
  const clock = createVirtualClock(0, settle);
  const ends = new Map<string, number>();
  /** When somebody looked through all histories. */
  const runs: number[] = [];
  const away: Error[] = [];
  const redis = {
    set(key: string, _value: string, _px: "PX", ttlMs: number, _nx: "NX") {
      if ((ends.get(key) ?? 0) > clock.now()) return Promise.resolve(null);
      ends.set(key, clock.now() + ttlMs);
      return Promise.resolve("OK");
    },
    del: (key: string) => Promise.resolve(ends.delete(key) ? 1 : 0),
    scan(_cursor: string, _match: "MATCH", pattern: string) {
      if (pattern.endsWith(":history")) runs.push(clock.now() / hourMs);
      const [error] = away.splice(0, 1);
      return error === undefined ? Promise.resolve(["0", []]) : Promise.reject(error);
    },
  };
  const lines: string[] = [];
  const line = (_fields: object, text: string): void => void lines.push(text);
  const tools = {
    ...{ space: { client: "c", topicPrefix: "t" }, limits: memoryLimits(1_000), clock },
    log: { info: line, warn: line, error: line },
  };
  const connection = { redis } as unknown as RedisConnection;
  const start = (everyMs: number) => startContextCleanUp(connection, { kind: "every", everyMs }, tools);
  return { clock, runs, away, lines, start };
}

describe("a clean-up of context that is due", () => {
  it("is one instance's, whichever comes first, every time", async () => {
    const t = emptyRedis();
    for (let i = 0; i < 3; i += 1) t.start(24 * hourMs);
    await t.clock.advance(10 * hourMs);
    t.start(24 * hourMs);
    await t.clock.advance(86 * hourMs);
    expect(t.runs).toEqual([24, 48, 72, 96]);
    expect(t.lines).toHaveLength(4);
  });

  it("is the next one's when it was broken off", async () => {
    const t = emptyRedis();
    t.start(24 * hourMs);
    await t.clock.advance(10 * hourMs);
    t.start(24 * hourMs);
    t.away.push(new Error("no connection"));
    await t.clock.advance(24 * hourMs);
    expect(t.runs).toEqual([24, 34]);
    expect(t.lines).toEqual([
      "the clean-up of context was broken off; the next one makes up for it",
      "context older than a day was removed",
    ]);
  });

  it("goes on with who is left when an instance is gone", async () => {
    const t = emptyRedis();
    const stop = t.start(24 * hourMs);
    t.start(24 * hourMs);
    await t.clock.advance(24 * hourMs);
    stop();
    await t.clock.advance(24 * hourMs);
    expect(t.runs).toEqual([24, 48]);
  });
});
