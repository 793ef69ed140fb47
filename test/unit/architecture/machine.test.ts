// Nothing in the repository points at the machine it was written on.
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname } from "node:path";

import { describe, expect, it } from "vitest";

import { filesOfRepository } from "./repository.ts";

const text =
  /\.(ts|tsx|mts|js|mjs|json|jsonc|avsc|md|ya?ml|env|xml|properties|html|css|sh)$|^\.ci\/|(^|\/)\.[a-z]+(rc|ignore)$/;

describe("paths of this machine", () => {
  const folder = process.cwd();
  const own = [folder, dirname(folder), homedir()].filter((path) => path.split("/").length > 2 || path.length > 4);

  it.each([...new Set(own)])("does not name %s", (path) => {
    // Behind a word or a dot it is part of another path, for example ../src/.
    const named = new RegExp(`(?<![\\w.)}/-])${path.replaceAll(/[^\w/]/g, "\\$&")}/`);
    const files = filesOfRepository(text).filter((file) => named.test(file.text()));
    expect(files.map((file) => file.path)).toEqual([]);
  });
});

it("locks packages to the public registry", () => {
  const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
    readonly packages: Readonly<Record<string, { readonly resolved?: string }>>;
  };
  const elsewhere = Object.values(lock.packages)
    .map(({ resolved }) => resolved)
    .filter((address) => address !== undefined && !address.startsWith("https://registry.npmjs.org/"));
  expect(elsewhere).toEqual([]);
});
