// What the README names exists: the folders of its tree, the files it links to, the commands it tells to run.
import { existsSync, readdirSync, readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { commandsIn, linksIn, treeIn } from "./readme.ts";

const scripts = (
  JSON.parse(readFileSync("package.json", "utf8")) as { readonly scripts: Readonly<Record<string, string>> }
).scripts;

describe("reading a README", () => {
  const sample = [
    "Run `npm test` or `npm run sandbox -- --play`, then `npm start`.",
    "See [the design](docs/design.md#flow), [elsewhere](https://example.org/x) and [here](#below).",
    "```",
    "README.md  package.json",
    "configs/   example.env",
    "src/",
    "  main.ts      composition root",
    "               and a line of prose/with a slash",
    "  topology/    HOW RECORDS FLOW. bridge.ts declares it",
    "```",
  ].join("\n");

  it("finds commands", () => {
    expect(commandsIn(sample)).toEqual(["test", "sandbox", "start"]);
  });

  it("finds links to files", () => {
    expect(linksIn(sample)).toEqual(["docs/design.md"]);
  });

  it("finds the tree", () => {
    expect(treeIn(sample)).toEqual(["README.md", "package.json", "configs/", "src/", "src/main.ts", "src/topology/"]);
  });
});

describe("README.md", () => {
  const readme = readFileSync("README.md", "utf8");

  it("names only commands that package.json has", () => {
    expect(commandsIn(readme).filter((name) => !(name in scripts))).toEqual([]);
  });

  it("names the two commands", () => {
    expect(commandsIn(readme)).toEqual(expect.arrayContaining(["test", "sandbox"]));
  });

  it("links only to files that are there", () => {
    expect(linksIn(readme).filter((path) => !existsSync(path))).toEqual([]);
  });

  it("has a tree, and every entry of it is there", () => {
    const tree = treeIn(readme);
    expect(tree).toContain("src/");
    expect(tree.filter((path) => !existsSync(path))).toEqual([]);
  });
});

it("has a tree that leaves out no folder and nothing of src/", () => {
  const tree = treeIn(readFileSync("README.md", "utf8"));
  const folders = readdirSync(".", { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules")
    .map(({ name }) => `${name}/`);
  const sources = readdirSync("src", { withFileTypes: true }).map((entry) =>
    entry.isDirectory() ? `src/${entry.name}/` : `src/${entry.name}`,
  );
  expect([...folders, ...sources].filter((path) => !tree.includes(path))).toEqual([]);
});

it("starts files that are there", () => {
  const files = Object.values(scripts).flatMap((command) => /^node (\S+)/.exec(command)?.[1] ?? []);
  expect(files).toContain("test/run.mjs");
  expect(files.filter((file) => !existsSync(file))).toEqual([]);
});
