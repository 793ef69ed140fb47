// The check of dependencies holds for this repository, and finds each way in which a package can get in that nobody has looked at.
import { describe, expect, it } from "vitest";

import {
  dependencyFaults,
  projects,
  readProject,
  type LockedPackage,
  type Project,
} from "../../levels/dependencies.ts";

const whole = readProject(".");
const at = "node_modules/kafkajs";

/** This repository with one thing changed. */
const changed = (change: Partial<Project>): readonly string[] => dependencyFaults({ ...whole, ...change });
const withLocked = (path: string, change: LockedPackage): readonly string[] => {
  const { packages } = whole.lock;
  return changed({ lock: { ...whole.lock, packages: { ...packages, [path]: { ...packages?.[path], ...change } } } });
};
const otherSum = `sha512-${"A".repeat(86)}==`;

describe("S19: dependencies", () => {
  it.each(projects)("of %s are exact, locked with their checksums, and installed as locked", (folder) => {
    expect(dependencyFaults(readProject(folder))).toEqual([]);
  });

  it.each<readonly [string, () => readonly string[], string]>([
    [
      "another checksum",
      () => withLocked(at, { integrity: otherSum }),
      `${at} was installed by another checksum than is locked.`,
    ],
    ["no checksum", () => withLocked("node_modules/new", { version: "1.0.0" }), "node_modules/new has no SHA-512."],
    [
      "a weak checksum",
      () => withLocked("node_modules/new", { version: "1.0.0", integrity: "sha1-x" }),
      "node_modules/new has no SHA-512.",
    ],
    [
      "another registry",
      () => withLocked(at, { resolved: "https://registry.example.com/kafkajs.tgz" }),
      `${at} does not come from the registry.`,
    ],
    [
      "a repository",
      () => withLocked(at, { resolved: "git+ssh://git@example.com/kafkajs.git" }),
      `${at} does not come from the registry.`,
    ],
    ["a link", () => withLocked(at, { link: true }), `${at} is a link.`],
    [
      "a bundled package",
      () => withLocked(at, { inBundle: true }),
      `${at} comes inside another package, without a checksum of its own.`,
    ],
    [
      "a script",
      () => withLocked(at, { hasInstallScript: true }),
      `${at} has a script that wants to run when it is installed.`,
    ],
    [
      "a version that was not locked",
      () => changed({ versionAt: (path) => (path === at ? "2.2.3" : whole.versionAt(path)) }),
      `${at} is not the version that is locked.`,
    ],
    [
      "a package that was not locked",
      () => changed({ installed: { ...whole.installed, "node_modules/new": {} } }),
      "node_modules/new is installed and not locked.",
    ],
    [
      "a package that was not installed",
      () => withLocked("node_modules/new", { version: "1.0.0", integrity: otherSum }),
      "node_modules/new is locked and not installed.",
    ],
    [
      "a range",
      () =>
        changed({
          manifest: { ...whole.manifest, dependencies: { ...whole.manifest.dependencies, kafkajs: "^2.2.4" } },
        }),
      "kafkajs has no exact version in dependencies.",
    ],
    [
      "an address",
      () => changed({ manifest: { ...whole.manifest, overrides: { uuid: "github:someone/uuid" } } }),
      "uuid has no exact version in overrides.",
    ],
    [
      "a dependency that was not locked",
      () =>
        changed({ manifest: { ...whole.manifest, dependencies: { ...whole.manifest.dependencies, new: "1.0.0" } } }),
      "package-lock.json was made for other dependencies than package.json has.",
    ],
    [
      "a script of our own",
      () => changed({ manifest: { ...whole.manifest, scripts: { postinstall: "node x.js" } } }),
      "The script postinstall would run at every installation.",
    ],
    ["scripts switched on", () => changed({ npmrc: ["save-exact=true"] }), ".npmrc does not say ignore-scripts=true."],
    [
      "a registry of somebody's",
      () => changed({ npmrc: [...whole.npmrc, "@yalo:registry=https://npm.example.com"] }),
      ".npmrc names a registry or a token: whoever installs says which.",
    ],
  ])("S19: %s is told by name", (_what, faults, sentence) => {
    expect(faults()).toContain(sentence);
  });
});
