// Proof that the tests bite: breaks a copy of src/ by one patch after the other and demands that the test named in its head goes
// red, by a statement of its own. Owns the order (green, broken, green again) and the report. Called by main.ts and by tests.
import { levels } from "../levels/levels.ts";
import { runTests } from "./named-tests.ts";
import type { Patch } from "./patch.ts";
import { copyTrees, type Tree } from "./trees.ts";
import { judge, type RunReport, type Verdict } from "./verdict.ts";

/** How patches are run. */
export interface PatchRun {
  /** Repository that is copied; nothing in it is written. */
  readonly root: string;
  /** Folder in which the copies are made. */
  readonly temporary: string;
  readonly patches: readonly Patch[];
  /** Copies that are used at once. */
  readonly workers: number;
  /** Environment for a level whose tests need services; undefined where they don't start. */
  readonly services: () => Promise<Readonly<Record<string, string>> | undefined>;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** What came of it. */
export interface PatchResults {
  readonly results: readonly { readonly patch: Patch; readonly verdict: Verdict; readonly tookMs: number }[];
  /** What is wrong with the tests as they are, before or after the patches; nothing counts then. */
  readonly mistakes: readonly string[];
}

const oneTestMs = 4 * 60_000;

/** Runs the patches. Rejects only where the runner itself is broken; leaves nothing behind. */
export async function runPatches(options: PatchRun): Promise<PatchResults> {
  const { patches, signal } = options;
  const { trees, remove } = await copyTrees(options.root, options.workers, options.temporary);
  try {
    const [first] = trees;
    if (first === undefined) throw new Error("no worker");
    const before = await greenMistakes(first, options, "before");
    if (before.length > 0) return { results: [], mistakes: before };
    const results: PatchResults["results"][number][] = [];
    const take = (waiting: Patch[], tree: Tree) => async (): Promise<void> => {
      for (let patch = waiting.shift(); patch !== undefined && !signal.aborted; patch = waiting.shift()) {
        const startedMs = performance.now();
        const verdict = await tryPatch(patch, tree, options);
        const tookMs = performance.now() - startedMs;
        results.push({ patch, verdict, tookMs });
        options.say(`  ${verdict.kind.padEnd(8)} ${patch.name}  ${(tookMs / 1000).toFixed(1)} s  ${verdict.detail}`);
      }
    };
    const alone = patches.filter(({ test }) => levelOf(test.file).needsServices);
    const others = patches.filter((patch) => !alone.includes(patch));
    await Promise.all(trees.map((tree) => take(others, tree)()));
    await take([...alone], first)();
    if (signal.aborted) return { results, mistakes: ["interrupted"] };
    return { results: inOrder(results), mistakes: await greenMistakes(first, options, "after") };
  } finally {
    await remove();
  }
}

function inOrder(results: PatchResults["results"]): PatchResults["results"] {
  return results.toSorted((a, b) => (a.patch.name < b.patch.name ? -1 : 1));
}

async function tryPatch(patch: Patch, tree: Tree, options: PatchRun): Promise<Verdict> {
  const mend = await tree.breakWith(patch);
  if (mend === null) return { kind: "stale", detail: "it does not fit the code any more" };
  try {
    const { file, title } = patch.test;
    return judge(await inTree(tree, options, { files: [file], title }), { title });
  } finally {
    await mend();
  }
}

/** Every named test must be there once and green. */
async function greenMistakes(tree: Tree, options: PatchRun, when: string): Promise<readonly string[]> {
  const mistakes: string[] = [];
  const named = new Map(options.patches.map(({ test }) => [`${test.file} > ${test.title}`, test]));
  for (const level of levels) {
    const wanted = [...named.values()].filter(({ file }) => levelOf(file) === level);
    const files = [...new Set(wanted.map(({ file }) => file))];
    if (files.length === 0) continue;
    const report = await inTree(tree, options, { files });
    mistakes.push(...report.broken.map((words) => `${when}: ${words}`));
    for (const { file, title } of wanted) {
      const found = report.tests.filter((test) => test.file === file && test.title === title);
      if (found.length !== 1)
        mistakes.push(`${when}: ${file} has ${String(found.length)} tests of the title "${title}"`);
      else if (found[0]?.passed === false)
        mistakes.push(`${when}: red in ${file}: ${title}: ${found[0].failures.join()}`);
    }
  }
  return mistakes;
}

async function inTree(
  tree: Tree,
  { services, signal }: PatchRun,
  tests: { readonly files: readonly string[]; readonly title?: string },
): Promise<RunReport> {
  const level = levelOf(tests.files[0] ?? "");
  const env = level.needsServices ? await services() : {};
  if (env === undefined) return { tests: [], broken: ["the services did not start"] };
  const deadlineMs = tests.title === undefined ? level.deadlineMs : Math.min(oneTestMs, level.deadlineMs);
  return runTests({ root: tree.root, level: level.name, ...tests, env, deadlineMs, signal });
}

function levelOf(file: string): (typeof levels)[number] {
  const level = levels.find(({ name }) => file.startsWith(`test/${name}/`));
  if (level === undefined) throw new Error(`${file} is of no level of test`);
  return level;
}
