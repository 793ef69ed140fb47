// The closing line and what counts as a failure.
import { describe, expect, it } from "vitest";

import { add, closingLine, exitCode, judgeSkips, nothing, parseTally } from "../../levels/tally.ts";

const withSkip = { passed: 3, failed: 1, skipped: ["a > b"] };

describe("closing line", () => {
  it("has passed and failed", () => {
    expect(closingLine({ passed: 12, failed: 0, skipped: [] })).toBe("12 passed, 0 failed");
  });

  it("names skips only where there are some", () => {
    expect(closingLine(withSkip)).toBe("3 passed, 1 failed, 1 skipped");
  });
});

describe("skips", () => {
  it("are failures under CI", () => {
    expect(judgeSkips(withSkip, true)).toEqual({ passed: 3, failed: 2, skipped: [] });
  });

  it("are skips elsewhere", () => {
    expect(judgeSkips(withSkip, false)).toEqual(withSkip);
  });
});

describe("exit code", () => {
  it.each([
    { tally: { passed: 1, failed: 0, skipped: [] }, code: 0 },
    { tally: { passed: 1, failed: 0, skipped: ["x"] }, code: 0 },
    { tally: { passed: 1, failed: 1, skipped: [] }, code: 1 },
    { tally: nothing, code: 1 },
    { tally: { passed: 0, failed: 0, skipped: ["x"] }, code: 1 },
  ])("of $tally is $code", ({ tally, code }) => {
    expect(exitCode(tally)).toBe(code);
  });
});

it("adds levels up", () => {
  expect(add(withSkip, { passed: 1, failed: 2, skipped: ["c"] })).toEqual({
    passed: 4,
    failed: 3,
    skipped: ["a > b", "c"],
  });
});

describe("reading a tally", () => {
  it("gives back what was written", () => {
    expect(parseTally(JSON.stringify(withSkip))).toEqual(withSkip);
  });

  it.each(["", "null", "7", '{"passed":1}', '{"passed":"1","failed":0,"skipped":[]}'])("refuses %j", (text) => {
    expect(() => parseTally(text)).toThrow(Error);
  });
});
