// The append-only log under journal, phones and screens: numbering, forgetting, reading and waiting.
import { describe, expect, it } from "vitest";

import { appendLog } from "../../../sandbox/world/append-log.ts";
import type { AppendLog } from "../../../sandbox/world/append-log.ts";
import { manualClock } from "../../../sandbox/world/clock.ts";
import { START_MS } from "./harness.ts";

interface Entry {
  readonly value: number;
}

function filled(count: number, max: number | null): AppendLog<Entry> {
  const log = appendLog<Entry>(manualClock(START_MS), max);
  for (let value = 0; value < count; value++) {
    log.append({ value });
  }
  return log;
}

describe("an append-only log", () => {
  it("pages by number", () => {
    const log = filled(5, null);
    expect(log.read({ since: 1, limit: 2 })).toMatchObject({ entries: [{ n: 1 }, { n: 2 }], next: 3, oldest: 0 });
    expect(log.read({ since: 3 })).toMatchObject({ entries: [{ n: 3 }, { n: 4 }], next: 5 });
    expect(log.read({ since: 9 })).toMatchObject({ entries: [], next: 9 });
  });

  it("forgets the oldest when told to, and keeps the numbers", () => {
    const log = filled(1000, 10);
    const page = log.read();
    expect(page.entries.length).toBeGreaterThanOrEqual(10);
    expect(page.entries.length).toBeLessThanOrEqual(20);
    expect(page.entries.at(-1)).toEqual({ value: 999, n: 999 });
    expect(page.oldest).toBe(page.entries[0]?.n);
    expect(filled(1000, null).read().entries).toHaveLength(1000);
  });

  it("goes on numbering after it was cleared", () => {
    const log = filled(3, null);
    log.clear();
    expect(log.append({ value: 7 }).n).toBe(3);
    expect(log.read({ since: 0 }).entries).toEqual([{ value: 7, n: 3 }]);
  });

  it("wakes a reader with the first entry that matches, and skips what it has looked at", async () => {
    const log = filled(3, null);
    const waiting = log.readOrWait({ since: 3, waitMs: 1000, matching: (entry) => entry.value >= 10 });
    log.append({ value: 5 });
    log.append({ value: 10 });
    expect(await waiting).toEqual({ entries: [{ value: 10, n: 4 }], next: 5, oldest: 0 });
  });
});
