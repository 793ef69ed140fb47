// What the closing line counts, seen on real vitest runs of small broken suites.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { describe, it } from "vitest";

import { run } from "../../levels/child.ts";
import { parseTally, type Tally } from "../../levels/tally.ts";
import { tallyFileVariable } from "../../support/closing-line.ts";

interface Outcome {
  readonly code: number;
  readonly tally: Tally;
}

/** Runs one test file, written with vitest's globals, in a folder of its own. */
async function outcomeOf(text: string, args: readonly string[] = []): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), "closing-line-"));
  try {
    await writeFile(join(folder, "sample.test.js"), text);
    const file = join(folder, "tally.json");
    const ended = await run({
      program: process.execPath,
      args: [resolve("node_modules/vitest/vitest.mjs"), "run", "--globals", `--root=${folder}`, reporter(), ...args],
      env: { [tallyFileVariable]: file, VITEST: "" },
      deadlineMs: 20_000,
      capture: true,
      signal: new AbortController().signal,
    });
    return { code: ended.code, tally: parseTally(await readFile(file, "utf8")) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function reporter(): string {
  return `--reporter=${resolve("test/support/closing-line.ts")}`;
}

describe.concurrent("closing line", { timeout: 30_000 }, () => {
  it("counts passed, failed and skipped, these by name", async ({ expect }) => {
    const outcome = await outcomeOf(
      "it('a', () => {}); it('b', () => { throw new Error('b') }); describe('c', () => { it.skip('d', () => {}) }); it.todo('e')",
    );
    expect(outcome).toEqual({
      code: 1,
      tally: { passed: 1, failed: 1, skipped: ["sample.test.js > c > d", "sample.test.js > e"] },
    });
  });

  it("counts a file that does not load", async ({ expect }) => {
    expect(await outcomeOf("import './missing.js'; it('a', () => {})")).toMatchObject({
      code: 1,
      tally: { passed: 0, failed: 1 },
    });
  });

  it("counts a failing hook", async ({ expect }) => {
    const outcome = await outcomeOf(
      "describe('a', () => { afterAll(() => { throw new Error('hook') }); it('b', () => {}) })",
    );
    expect(outcome).toMatchObject({ code: 1, tally: { passed: 1, failed: 1 } });
  });

  it("counts a stray rejection", async ({ expect }) => {
    const outcome = await outcomeOf("it('a', () => { Promise.reject(new Error('stray')) })");
    expect(outcome).toMatchObject({ code: 1, tally: { passed: 1, failed: 1 } });
  });

  it("does not count what a filter leaves out, but what it picks and is skipped", async ({ expect }) => {
    const outcome = await outcomeOf("it('a 1', () => {}); it('b', () => {}); it.skip('a 2', () => {})", ["-t", "a"]);
    expect(outcome).toEqual({ code: 0, tally: { passed: 1, failed: 0, skipped: ["sample.test.js > a 2"] } });
  });
});
