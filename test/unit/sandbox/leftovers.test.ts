// What killed runs leave behind is recognised by process and start time: stopped when it is theirs, left alone when the pid is somebody
// else's by now.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { isSameProcess, startedAt, type NotedProcess } from "../../../sandbox/process-identity.mjs";
import { createRunDirectory, sweepLeftovers } from "../../../sandbox/services/run-directory.ts";

const LONG_GONE: NotedProcess = { pid: process.pid, startedAt: "ticks:1" };
const state: { runs: string; children: ChildProcess[] } = { runs: "", children: [] };

beforeEach(() => {
  state.runs = mkdtempSync(join(tmpdir(), "leftovers-"));
});
afterEach(() => {
  for (const child of state.children.splice(0)) child.kill("SIGKILL");
  rmSync(state.runs, { recursive: true, force: true });
});

async function sleeper(script = "setInterval(() => {}, 1000)"): Promise<NotedProcess> {
  const child = spawn(process.execPath, ["-e", `${script}; console.log("up")`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  state.children.push(child);
  await new Promise((resolve) => child.stdout.once("data", resolve));
  return noteOf(child.pid ?? 0);
}

function noteOf(pid: number): NotedProcess {
  return { pid, startedAt: startedAt(pid) ?? "" };
}

function abandonedRun(processes: Readonly<Record<string, NotedProcess>>, owner = LONG_GONE): string {
  const path = join(state.runs, "run-abandoned");
  mkdirSync(path);
  writeFileSync(join(path, "owner.json"), JSON.stringify(owner));
  for (const [name, noted] of Object.entries(processes)) {
    writeFileSync(join(path, `${name}.pid.json`), JSON.stringify(noted));
  }
  return path;
}

describe("identity of a process", () => {
  it("is its pid and its start", async () => {
    const noted = await sleeper();
    expect(isSameProcess(noted)).toBe(true);
    expect(isSameProcess({ ...noted, startedAt: "ticks:1" })).toBe(false);
  });

  it("is nobody's once it has ended", async () => {
    const noted = await sleeper();
    const child = state.children[0];
    await new Promise((resolve) => {
      child?.once("exit", resolve);
      child?.kill("SIGKILL");
    });
    expect(startedAt(noted.pid)).toBeUndefined();
    expect(startedAt(0)).toBeUndefined();
  });
});

describe("sweep", () => {
  it("stops what a killed run left, also when it is frozen or does not listen, and removes its folder", async () => {
    const plain = await sleeper();
    const frozen = await sleeper();
    process.kill(frozen.pid, "SIGSTOP");
    abandonedRun({ plain, frozen });
    const stopped = await sweepLeftovers(state.runs);
    expect(stopped.map((left) => left.name).sort()).toEqual(["frozen", "plain"]);
    expect([isSameProcess(plain), isSameProcess(frozen)]).toEqual([false, false]);
    expect(await readdir(state.runs)).toEqual([]);
  });

  it("leaves a process alone that only has the same pid", async () => {
    const other = await sleeper();
    abandonedRun({ kafka: { ...other, startedAt: "ticks:1" } });
    expect(await sweepLeftovers(state.runs)).toEqual([]);
    expect(isSameProcess(other)).toBe(true);
    expect(await readdir(state.runs)).toEqual([]);
  });

  it("leaves a run alone whose owner lives", async () => {
    const run = createRunDirectory(state.runs);
    const child = await sleeper();
    run.note("kafka", child.pid);
    expect(await sweepLeftovers(state.runs)).toEqual([]);
    expect(isSameProcess(child)).toBe(true);
    await run.remove();
    expect(await readdir(state.runs)).toEqual([]);
  });

  it("leaves a folder alone that is just being made", async () => {
    mkdirSync(join(state.runs, "run-new"));
    expect(await sweepLeftovers(state.runs)).toEqual([]);
    expect(await readdir(state.runs)).toEqual(["run-new"]);
  });
});
