// The keep-alive on its schedule, in virtual time: when it calls, that it never overlaps, and that it ends.
import { expect, it } from "vitest";

import { startKeepAlive } from "../../../../src/clients/salesforce/keep-alive.ts";
import { nextRun, type Schedule } from "../../../../src/clients/schedule.ts";
import { done, type Done } from "../../../../src/processors/outcome.ts";
import { createVirtualClock } from "../../../../src/topology/in-memory/clock.ts";
import { rememberingLog } from "./clients.ts";

const minuteMs = 60_000;
const midnight = Date.UTC(2026, 10, 22);

function setUp(schedule: Schedule, outcome: () => Promise<Done> = () => Promise.resolve(done)) {
  const clock = createVirtualClock(midnight, () => new Promise((resolve) => void setImmediate(resolve)));
  const { log, lines } = rememberingLog();
  const calls: number[] = [];
  const call = (): Promise<Done> => {
    calls.push((clock.now() - midnight) / minuteMs);
    return outcome();
  };
  return { clock, calls, lines, stop: startKeepAlive({ schedule, clock, log, call }) };
}

it("calls after every interval, the first time after one, and ends when stopped", async () => {
  const { clock, calls, stop } = setUp({ kind: "every", everyMs: 59 * minuteMs });
  await clock.advance(3 * 60 * minuteMs);
  expect(calls).toEqual([59, 118, 177]);
  stop();
  await clock.advance(3 * 60 * minuteMs);
  expect(calls).toHaveLength(3);
});

it("calls at the times of a cron expression", async () => {
  const { clock, calls, stop } = setUp({ kind: "cron", expression: "15,45 * * * *" });
  await clock.advance(90 * minuteMs);
  stop();
  expect(calls).toEqual([15, 45, 75]);
});

it("goes on after a failure, which it logs", async () => {
  const failure: Done = { kind: "refused", detail: "status 403", status: 403 };
  const { clock, calls, lines, stop } = setUp({ kind: "every", everyMs: minuteMs }, () => Promise.resolve(failure));
  await clock.advance(3 * minuteMs);
  stop();
  expect([calls.length, lines.length]).toEqual([3, 3]);
});

it("waits for a call that hangs instead of starting another", async () => {
  const { clock, calls, stop } = setUp(
    { kind: "every", everyMs: minuteMs },
    () => Promise.withResolvers<Done>().promise,
  );
  await clock.advance(10 * minuteMs);
  stop();
  expect(calls).toEqual([1]);
});

it.each([
  ["*/30 * * * *", "2026-11-22T00:30:00Z"],
  ["5/20 * * * *", "2026-11-22T00:05:00Z"],
  ["0 0 * * *", "2026-11-23T00:00:00Z"],
  ["30 8-10,20 * * *", "2026-11-22T08:30:00Z"],
  ["0 12 * * 1", "2026-11-23T12:00:00Z"],
  ["0 12 * * 7", "2026-11-22T12:00:00Z"],
  ["0 0 1 * 3", "2026-11-25T00:00:00Z"],
  ["0 0 29 2 *", "2028-02-29T00:00:00Z"],
  ["@monthly", "2026-12-01T00:00:00Z"],
])("reads the cron expression %s", (expression, expected) => {
  expect(new Date(nextRun({ kind: "cron", expression }, midnight) ?? 0)).toEqual(new Date(expected));
});

it("knows no next time of a day that does not exist", () => {
  expect(nextRun({ kind: "cron", expression: "0 0 31 2 *" }, midnight)).toBeNull();
});
