// The runner on a small repository of its own, with real vitest runs: what bites, what survives, what no longer fits, and that
// neither the original nor the temporary folder keeps anything of it.
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { describe, expect, it } from "vitest";

import { readPatch } from "../../patches/patch.ts";
import { runPatches, type PatchResults } from "../../patches/run-patches.ts";

const source = "export const one = 1;\nexport const two = 2;\n";
const suite = `import { expect, it } from "vitest";
import { one } from "../../src/numbers.js";
it("one is one", () => expect(one).toBe(1));
it("is red", () => expect(one).toBe(2));
`;
const config = `export default { test: { projects: [{ test: { name: "unit", include: ["test/unit/*.test.js"] } }] } };\n`;

const patch = (name: string, change: string, title = "one is one") =>
  readPatch(
    name,
    `Breaks: ${name}\nTest: test/unit/numbers.test.js\nTitle: ${title}\n\n--- a/src/numbers.js\n+++ b/src/numbers.js\n@@ -1,2 +1,2 @@\n${change}`,
    [],
  );
const bites = patch("bites", "-export const one = 1;\n+export const one = 3;\n");
const idle = patch("idle", "-export const two = 2;\n+export const two = 1 + 1;\n");
const stale = patch("stale", "-export const one = 11;\n+export const one = 2;\n");
const breaks = patch("breaks", "-export const one = 1;\n+export const one = ;\n");

/** Runs them; answers also what is left in the temporary folder. */
async function run(
  patches: readonly ReturnType<typeof patch>[],
  signal = new AbortController().signal,
): Promise<PatchResults & { readonly left: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), "run-patches-"));
  try {
    const root = join(folder, "repository");
    await mkdir(join(root, "src"), { recursive: true });
    await mkdir(join(root, "test/unit"), { recursive: true });
    await mkdir(join(root, "node_modules"));
    await symlink(resolve("node_modules/vitest"), join(root, "node_modules/vitest"));
    await writeFile(join(root, "src/numbers.js"), source);
    await writeFile(join(root, "test/unit/numbers.test.js"), suite);
    await writeFile(join(root, "vitest.config.js"), config);
    const temporary = join(folder, "copies");
    await mkdir(temporary);
    const services = () => Promise.resolve({});
    const ran = await runPatches({ root, temporary, patches, workers: 1, services, say: () => undefined, signal });
    expect(await readFile(join(root, "src/numbers.js"), "utf8")).toBe(source);
    return { ...ran, left: await readdir(temporary) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe("the runner", { timeout: 60_000 }, () => {
  it("tells what bites from what survives, does not fit, or only breaks", async () => {
    const { results, mistakes, left } = await run([idle, bites, stale, breaks]);
    expect(results.map(({ patch: { name }, verdict }) => [name, verdict.kind])).toEqual([
      ["bites", "caught"],
      ["breaks", "wrong"],
      ["idle", "survived"],
      ["stale", "stale"],
    ]);
    expect([mistakes, left]).toEqual([[], []]);
  });

  it("runs no patch whose test is red without it, or is not there", async () => {
    const change = "-export const one = 1;\n+export const one = 3;\n";
    const { results, mistakes, left } = await run([patch("red", change, "is red"), patch("gone", change, "gone")]);
    expect([results, left]).toEqual([[], []]);
    expect(mistakes).toEqual([
      expect.stringContaining("before: red in test/unit/numbers.test.js: is red"),
      expect.stringContaining(`has 0 tests of the title "gone"`),
    ]);
  });

  it("leaves nothing behind when it is interrupted, and counts nothing as caught", async () => {
    const { results, mistakes, left } = await run([bites], AbortSignal.abort());
    expect([results, mistakes.length > 0, left]).toEqual([[], true, []]);
  });
});
