// A patch is caught by exactly the named test and by a statement of it; whatever else happens is told for what it is.
import { describe, expect, it } from "vitest";

import { judge, type RanTest, type RunReport } from "../../patches/verdict.ts";

const title = "a > b";
const ran = (over: Partial<RanTest> = {}): RunReport => ({
  tests: [
    { file: "test/unit/a.test.ts", title, passed: false, failures: ["AssertionError: expected 1 to be 2"], ...over },
  ],
  broken: [],
});

describe("a patch", () => {
  it("is caught when the named test fails by a statement", () => {
    expect(judge(ran(), { title })).toEqual({
      kind: "caught",
      detail: "AssertionError: expected 1 to be 2",
    });
  });

  it("is caught by a statement inside a property", () => {
    const failures = [
      "Error: Property failed after 4 tests\n{ seed: 1 }\ncaused by AssertionError: expected 1 to be 2",
    ];
    expect(judge(ran({ failures }), { title }).kind).toBe("caught");
  });

  it("that changes nothing has survived", () => {
    expect(judge(ran({ passed: true, failures: [] }), { title }).kind).toBe("survived");
  });

  it.each<[string, RunReport, string]>([
    [
      "keeps the file from loading",
      { tests: [], broken: ["SyntaxError: no"] },
      "the file did not run: SyntaxError: no",
    ],
    ["kills the test by an error of its own", ran({ failures: ["TypeError: x is null"] }), "TypeError: x is null"],
    ["makes the test hang", ran({ failures: ["Error: Test timed out in 10000ms."] }), "Test timed out"],
    ["names a test that did not run", ran({ title: "another" }), "the named test did not run"],
    ["names a title that two tests have", { ...ran(), tests: [...ran().tests, ...ran().tests] }, "2 tests"],
    ["fails outside any test", { ...ran(), broken: ["Error: stray"] }, "Error: stray"],
  ])("that %s proves nothing", (_what, report, says) => {
    const verdict = judge(report, { title });
    expect([verdict.kind, verdict.detail]).toEqual(["wrong", expect.stringContaining(says)]);
  });
});
