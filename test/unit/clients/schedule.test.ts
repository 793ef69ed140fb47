// Cron expressions as the original's library reads them, in the process's time zone or a named one, over changes of summer time.
import { afterEach, describe, expect, it } from "vitest";

import { isCron, nextRun } from "../../../src/clients/schedule.ts";

const midnight = Date.UTC(2026, 10, 22);
const after = (expression: string, nowMs = midnight): string =>
  new Date(nextRun({ kind: "cron", expression }, nowMs) ?? 0).toISOString().slice(0, 16);

const zone = process.env["TZ"];
afterEach(() => {
  if (zone === undefined) delete process.env["TZ"];
  else process.env["TZ"] = zone;
});

describe("a cron expression", () => {
  it.each([
    ["TZ=UTC 0 9 * * MON-FRI", "2026-11-23T09:00"],
    ["CRON_TZ=UTC 0 9 ? JAN *", "2027-01-01T09:00"],
    ["TZ=UTC 0 9 ? * sun,Tue", "2026-11-22T09:00"],
    ["TZ=UTC 0 0 1 JAN-MAR/2 ?", "2027-01-01T00:00"],
    ["TZ=America/Mexico_City 0 9 * * *", "2026-11-22T15:00"],
    ["TZ=Asia/Tokyo 0 9 * * *", "2026-11-23T00:00"],
    ["TZ=Pacific/Kiritimati 30 0 * * *", "2026-11-22T10:30"],
    ["TZ=Asia/Kolkata @daily", "2026-11-22T18:30"],
    ["TZ=UTC @annually", "2027-01-01T00:00"],
    ["TZ=UTC @yearly", "2027-01-01T00:00"],
    ["TZ=UTC @monthly", "2026-12-01T00:00"],
    ["TZ=UTC @weekly", "2026-11-29T00:00"],
    ["TZ=UTC @midnight", "2026-11-23T00:00"],
    ["TZ=UTC @hourly", "2026-11-22T01:00"],
    // With a step the day of the month is a choice, and either day is enough.
    ["TZ=UTC 0 0 */31 * 3", "2026-11-25T00:00"],
  ])("%s is due at %s", (expression, expected) => {
    expect(after(expression)).toBe(expected);
  });

  it("is meant in the time zone of the process", () => {
    process.env["TZ"] = "America/Mexico_City";
    expect([after("0 9 * * *"), after("TZ=Local 0 9 * * *")]).toEqual(["2026-11-22T15:00", "2026-11-22T15:00"]);
    process.env["TZ"] = "UTC";
    expect(after("0 9 * * *")).toBe("2026-11-22T09:00");
  });

  it("leaves out a time that summer time leaves out, and comes back the next day", () => {
    expect(after("TZ=Europe/Berlin 30 2 * * *", Date.UTC(2026, 2, 28, 12))).toBe("2026-03-30T00:30");
    expect(after("TZ=Europe/Berlin 30 2 * * *", Date.UTC(2026, 9, 24, 12))).toBe("2026-10-25T00:30");
    expect(after("TZ=Europe/Berlin 30 2 * * *", Date.UTC(2026, 9, 25, 0, 30))).toBe("2026-10-25T01:30");
  });

  it.each([
    "TZ=Mexico/Nowhere 0 9 * * *",
    "TZ=UTC",
    "0 9 * * FOO",
    "0 9 * JAN-FOO *",
    "MON 9 * * *",
    "0 9 * * */0",
    "@sometimes",
    "0 ?? * * *",
  ])("%s is none", (expression) => expect(isCron(expression)).toBe(false));
});
