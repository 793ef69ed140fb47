// The set-up that runs before anything else: installs exactly when it has to, once when two commands start together, and finds Node 24.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { matchesLock, nodeMajor, prepare, SetupError } from "../../../sandbox/setup.mjs";

const NAME = { name: "empty", version: "1.0.0" };
const LOCK = { ...NAME, lockfileVersion: 3, requires: true, packages: { "": NAME } };
const INSTALL_MS = 60_000;
const state: { folder: string; said: string[] } = { folder: "", said: [] };
const options = (): { root: string; say: (line: string) => void } => ({
  root: state.folder,
  say: (line) => state.said.push(line),
});

beforeEach(() => {
  state.folder = mkdtempSync(join(tmpdir(), "setup-"));
  state.said = [];
  writeFileSync(join(state.folder, "package.json"), JSON.stringify(NAME));
  writeFileSync(join(state.folder, "package-lock.json"), JSON.stringify(LOCK));
});
afterEach(() => {
  rmSync(state.folder, { recursive: true, force: true });
});

describe("set-up", () => {
  it(
    "installs once, and is silent afterwards",
    async () => {
      expect(await prepare(options())).toEqual({ node: process.execPath });
      expect(state.said.join("\n")).toMatch(/^Installing[\s\S]*installed in \d+ s\.$/);
      state.said = [];
      await prepare(options());
      expect(state.said).toEqual([]);
      expect(await readdir(join(state.folder, ".cache"))).toEqual([]);
    },
    INSTALL_MS,
  );

  it(
    "installs once when two commands start together",
    async () => {
      await Promise.all([prepare(options()), prepare(options())]);
      expect(state.said.filter((line) => line.startsWith("Installing"))).toHaveLength(1);
    },
    INSTALL_MS,
  );

  it(
    "installs again when the lock file has changed",
    async () => {
      await prepare(options());
      state.said = [];
      writeFileSync(join(state.folder, "package-lock.json"), JSON.stringify(LOCK, undefined, 2));
      writeFileSync(
        join(state.folder, "node_modules", ".package-lock.json"),
        JSON.stringify({ packages: { "node_modules/a": {} } }),
      );
      await prepare(options());
      expect(state.said[0]).toContain("Installing");
    },
    INSTALL_MS,
  );

  it("does not throw away what somebody has installed by hand as locked", async () => {
    mkdirSync(join(state.folder, "node_modules"));
    writeFileSync(join(state.folder, "node_modules", ".package-lock.json"), JSON.stringify({ packages: {} }));
    await prepare(options());
    expect(state.said).toEqual([]);
  });

  it(
    "takes over the lock of a command that is dead",
    async () => {
      mkdirSync(join(state.folder, ".cache"));
      const dead = JSON.stringify({ pid: process.pid, startedAt: "ticks:1" });
      writeFileSync(join(state.folder, ".cache", "setup.lock"), dead);
      await prepare(options());
      expect(state.said.join("\n")).toContain("installed in");
      expect(await readdir(join(state.folder, ".cache"))).toEqual([]);
    },
    INSTALL_MS,
  );

  it(
    "says that the installation failed, and holds no lock",
    async () => {
      writeFileSync(join(state.folder, "package.json"), "not a package");
      await expect(prepare(options())).rejects.toThrow(SetupError);
      expect(await readdir(join(state.folder, ".cache"))).toEqual([]);
    },
    INSTALL_MS,
  );
});

describe("versions", () => {
  it.each([
    ["v24.21.0", 24],
    ["v20.20.2\n", 20],
    ["24.0.0", 24],
    ["bash: node: not found", 0],
  ])("of Node: %s", (text, major) => {
    expect(nodeMajor(text)).toBe(major);
  });

  const locked = { packages: { "": {}, a: { version: "1" }, b: { version: "2", optional: true } } };
  it.each([
    ["all of them", { a: { version: "1" }, b: { version: "2" } }, true],
    ["without an optional one", { a: { version: "1" } }, true],
    ["without a needed one", { b: { version: "2" } }, false],
    ["in another version", { a: { version: "3" } }, false],
    ["an optional one in another version", { a: { version: "1" }, b: { version: "3" } }, false],
    ["with one more", { a: { version: "1" }, c: { version: "1" } }, false],
  ])("of packages: %s", (_name, packages, matches) => {
    expect(matchesLock(locked, { packages })).toBe(matches);
  });
});
