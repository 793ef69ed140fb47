// Copies of the repository in a temporary folder, in which src/ may be broken: one per worker, and the packages once, linked so
// that no folder of the original can be reached by a path of the copy. Owns that everything of it goes again, on every way out.
import { copyFile, cp, link, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { rmSync } from "node:fs";
import { join } from "node:path";

import { applied, type Patch } from "./patch.ts";

/** One copy. */
export interface Tree {
  readonly root: string;
  /** Breaks src/ as the patch says; answers a function that mends it again, or null when the patch does not fit any more. */
  breakWith(patch: Patch): Promise<(() => Promise<void>) | null>;
}

/** Copies, and their end. */
export interface Trees {
  readonly trees: readonly Tree[];
  remove(): Promise<void>;
}

/** Left out of a copy: what is large and not needed, and what tests write. */
const leftOut: ReadonlySet<string> = new Set(["node_modules", ".git", ".cache", "coverage"]);

/** So many copies of the repository at `root`, in a folder of their own inside `temporary`. */
export async function copyTrees(root: string, count: number, temporary: string): Promise<Trees> {
  const folder = await mkdtemp(join(temporary, "patches-"));
  const atExit = (): void => rmSync(folder, { recursive: true, force: true });
  process.on("exit", atExit);
  const remove = async (): Promise<void> => {
    await rm(folder, { recursive: true, force: true });
    process.off("exit", atExit);
  };
  try {
    await linkAll(join(root, "node_modules"), join(folder, "node_modules"));
    const trees: Tree[] = [];
    for (let i = 0; i < count; i += 1) trees.push(await copyTree(root, folder, String(i)));
    return { trees, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function copyTree(root: string, folder: string, name: string): Promise<Tree> {
  const copy = join(folder, name);
  await mkdir(copy);
  for (const entry of await readdir(root))
    if (!leftOut.has(entry)) await cp(join(root, entry), join(copy, entry), { recursive: true });
  // Tests that start programs look for the packages here; it leads to the linked ones.
  await symlink(join("..", "node_modules"), join(copy, "node_modules"));
  return { root: copy, breakWith: (patch) => breakWith(copy, patch) };
}

async function breakWith(root: string, patch: Patch): Promise<(() => Promise<void>) | null> {
  const changed: { path: string; before: string; after: string }[] = [];
  for (const { path, hunks } of patch.files) {
    const before = await readOrNull(join(root, path));
    const after = before === null ? null : applied(before, hunks);
    if (before === null || after === null) return null;
    changed.push({ path: join(root, path), before, after });
  }
  for (const { path, after } of changed) await writeFile(path, after);
  return async () => {
    for (const { path, before } of changed) await writeFile(path, before);
  };
}

async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Hard links of all files; copies where the temporary folder is another file system. */
async function linkAll(from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) {
      // What tools keep between runs is written in place: it is theirs alone.
      if (!entry.name.startsWith(".") || entry.name === ".bin") await linkAll(source, target);
    } else if (entry.isFile()) await linkOrCopy(source, target);
    else await cp(source, target, { verbatimSymlinks: true });
  }
}

async function linkOrCopy(source: string, target: string): Promise<void> {
  try {
    await link(source, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    await copyFile(source, target);
  }
}
