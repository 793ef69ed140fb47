// The import check cannot pass on nothing.
import { describe, expect, it } from "vitest";

import { judgeImportReport } from "../../levels/import-rules.ts";

const rule = { name: "no-cycles", comment: "Move what both need." };

function report(sources: readonly string[], violations: readonly object[] = []): string {
  const modules = sources.map((source) => ({ source }));
  return JSON.stringify({ modules, summary: { violations, ruleSetUsed: { forbidden: [rule] } } });
}

describe("import report", () => {
  it("passes with every file seen, and counts modules", () => {
    expect(judgeImportReport(report(["src/a.ts", "test/b.ts", "node_modules/c/d.js", "fs"]), ["src/a.ts"])).toEqual({
      passed: true,
      note: "2 modules",
      details: "",
    });
  });

  it("fails on a violation and says what to do instead", () => {
    const verdict = judgeImportReport(report(["src/a.ts"], [{ from: "src/a.ts", to: "src/b.ts", rule }]), ["src/a.ts"]);
    expect(verdict).toMatchObject({
      passed: false,
      details: "no-cycles: src/a.ts -> src/b.ts\n  Move what both need.",
    });
  });

  it("shows a cycle whole", () => {
    const cycle = [{ name: "src/b.ts" }, { name: "src/a.ts" }];
    const verdict = judgeImportReport(report(["src/a.ts"], [{ from: "src/a.ts", to: "src/b.ts", rule, cycle }]), [
      "src/a.ts",
    ]);
    expect(verdict.details).toContain("src/a.ts -> src/b.ts -> src/a.ts");
  });

  it.each([
    { name: "no module was seen", output: report([]), sources: ["src/a.ts"] },
    { name: "there is no source", output: report(["test/a.ts"]), sources: [] },
    { name: "a source was not seen", output: report(["src/a.ts"]), sources: ["src/a.ts", "src/b.ts"] },
    { name: "there is no report", output: "ERROR: Bailing out.", sources: ["src/a.ts"] },
  ])("fails where $name", ({ output, sources }) => {
    expect(judgeImportReport(output, sources).passed).toBe(false);
  });
});
