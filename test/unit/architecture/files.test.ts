// House rules about files that no linter holds: names that say what a file owns, an opening comment, tests where a level finds them.
import { basename } from "node:path";

import { expect, it } from "vitest";

import { levels } from "../../levels/levels.ts";
import { filesOfRepository } from "./repository.ts";

const code = filesOfRepository(/\.(ts|tsx|mts|js|mjs)$/);
const vague = /^(utils?|helpers?|common|shared|misc|manager|service|base|types|interfaces|constants|index)$/;

it("sees the code", () => {
  expect(code.map(({ path }) => path)).toContain("test/levels/main.ts");
});

it("names no file vaguely: a file is named after what it owns", () => {
  const names = code.filter(({ path }) => vague.test(stem(path)));
  expect(names.map(({ path }) => path)).toEqual([]);
});

it("names files in kebab-case", () => {
  const names = code.filter(({ path }) => !/^\.?[a-z0-9]+(-[a-z0-9]+)*$/.test(stem(path)));
  expect(names.map(({ path }) => path)).toEqual([]);
});

it("opens every file with a comment that says what it owns", () => {
  const bare = code.filter(({ text }) => !/^(#![^\n]*\n)?(\/\/ ?\S|\/\*)/.test(text()));
  expect(bare.map(({ path }) => path)).toEqual([]);
});

it("has every test file in the folder of a level, or it would never run", () => {
  const folders = levels.map(({ name }) => `test/${name}/`);
  const lost = code.filter(({ path }) => /\.(test|spec)\./.test(path) && !isFound(path, folders));
  expect(lost.map(({ path }) => path)).toEqual([]);
});

function isFound(path: string, folders: readonly string[]): boolean {
  return path.endsWith(".test.ts") && folders.some((folder) => path.startsWith(folder));
}

function stem(path: string): string {
  return basename(path).replace(/(\.(test|config|d))?\.(ts|tsx|mts|js|mjs)$/, "");
}
