// The cache of what Maven brings, with a stand-in for Maven: filled once, whole or not at all, and what is said when there is no Maven.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { cacheFolder, obtain, type Artefact, type CacheAccess } from "../../../sandbox/services/artefacts.ts";

const ARTEFACT: Artefact = {
  name: "kafka-9",
  title: "Kafka 9 (1 KB)",
  pom: "kafka.xml",
  args: ["dependency:copy-dependencies"],
};
const state: { folder: string; said: string[] } = { folder: "", said: [] };

beforeEach(() => {
  state.folder = mkdtempSync(join(tmpdir(), "artefacts-"));
  state.said = [];
  mkdirSync(join(state.folder, "bin"));
});
afterEach(() => {
  rmSync(state.folder, { recursive: true, force: true });
});

/** A Maven that runs this shell script, with `out` set to the folder it has to fill. */
function withMaven(script: string): CacheAccess {
  const program = join(state.folder, "bin", "mvn");
  writeFileSync(program, `#!/bin/sh\nfor a; do case $a in -DoutputDirectory=*) out=\${a#*=};; esac; done\n${script}\n`);
  chmodSync(program, 0o755);
  return access(`${join(state.folder, "bin")}:/usr/bin:/bin`);
}

function access(path: string): CacheAccess {
  const env = { PATH: path, XDG_CACHE_HOME: join(state.folder, "cache"), COUNT: join(state.folder, "count") };
  return { env, say: (line) => state.said.push(line), signal: new AbortController().signal };
}

describe("cache of artefacts", () => {
  it("is filled once, and says what is downloaded", async () => {
    const cache = withMaven('echo x >> "$COUNT"; echo jar > "$out/a.jar"');
    const first = await obtain(ARTEFACT, cache);
    expect(await readFile(join(first, "a.jar"), "utf8")).toBe("jar\n");
    expect(await obtain(ARTEFACT, cache)).toBe(first);
    expect(await readFile(join(state.folder, "count"), "utf8")).toBe("x\n");
    expect(state.said).toEqual(["Downloading Kafka 9 (1 KB) with Maven …"]);
  });

  it("may be filled by two at once", async () => {
    const cache = withMaven('echo jar > "$out/a.jar"');
    const [first, second] = await Promise.all([obtain(ARTEFACT, cache), obtain(ARTEFACT, cache)]);
    expect(first).toBe(second);
    expect(await readdir(cacheFolder(cache.env))).toEqual(["kafka-9"]);
  });

  it("holds nothing of a download that failed, which tells Maven's last words", async () => {
    const cache = withMaven('echo half > "$out/a.jar"; echo "[ERROR] no route to host"; exit 1');
    await expect(obtain(ARTEFACT, cache)).rejects.toThrow(/exit 1[\s\S]*no route to host/);
    expect(await readdir(cacheFolder(cache.env))).toEqual([]);
  });

  it("does not take it for a download when Maven brought nothing", async () => {
    await expect(obtain(ARTEFACT, withMaven("exit 0"))).rejects.toThrow("brought nothing");
    expect(await readdir(cacheFolder(access("").env))).toEqual([]);
  });

  it("holds nothing of a download that was stopped", async () => {
    const stop = new AbortController();
    const cache = { ...withMaven('echo half > "$out/a.jar"; exec sleep 60'), signal: stop.signal };
    const obtaining = obtain(ARTEFACT, cache);
    stop.abort(new Error("enough"));
    await expect(obtaining).rejects.toThrow();
    expect(await readdir(cacheFolder(cache.env))).toEqual([]);
  });

  it("without Maven says what to install, for exit 78", async () => {
    const wanted = { exitCode: 78, message: expect.stringMatching(/Docker[\s\S]*Java 21[\s\S]*Maven/) as unknown };
    await expect(obtain(ARTEFACT, access("/nowhere"))).rejects.toMatchObject(wanted);
  });
});
