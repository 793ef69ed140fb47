// `npm run sandbox` as a person uses it: start, a second start, a played conversation, the service killed, the sandbox itself killed, the
// end. Has a temporary folder of its own, so that it neither finds nor disturbs a sandbox that runs for this copy of the repository.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import { isSameProcess, type NotedProcess } from "../../sandbox/process-identity.mjs";
import { readNoteSync } from "../../sandbox/services/run-directory.ts";

const START = fileURLToPath(new URL("../../sandbox/start.mjs", import.meta.url));
const UP_MS = 90_000;

interface Command {
  readonly process: ChildProcess;
  readonly output: () => string;
  readonly exited: Promise<number | null>;
}

const state: { folder: string; first: Command | undefined; second: Command | undefined } = {
  folder: "",
  first: undefined,
  second: undefined,
};

function sandbox(...flags: readonly string[]): Command {
  const { npm_lifecycle_event: _npm, ...env } = process.env;
  const child = spawn(process.execPath, [START, ...flags], {
    env: { ...env, TMPDIR: state.folder, ENVIRONMENT: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  }
  return { process: child, output: () => text, exited: new Promise((resolve) => child.once("exit", resolve)) };
}

function says(command: Command, text: string): Promise<unknown> {
  return vi.waitFor(() => expect(command.output()).toContain(text), { timeout: UP_MS, interval: 50 });
}

function started(): Command {
  if (state.first === undefined) throw new Error("not started");
  return state.first;
}

/** Everything that runs in this temporary folder has noted down, by name; the sandbox itself is `sandbox`. */
function noted(): Map<string, NotedProcess> {
  const found = new Map<string, NotedProcess>();
  for (const user of readdirSync(state.folder).filter((name) => name.startsWith("salesforce-integration-"))) {
    const runs = join(state.folder, user);
    for (const run of readdirSync(runs).filter((name) => name.startsWith("run-"))) {
      for (const file of readdirSync(join(runs, run)).filter((name) => /^owner\.json$|\.pid\.json$/.test(name))) {
        const note = readNoteSync(join(runs, run, file));
        const name = file === "owner.json" ? "sandbox" : file.replace(".pid.json", "");
        if (note !== undefined && isSameProcess(note)) found.set(name, note);
      }
    }
  }
  return found;
}

function pidOf(name: string): number {
  const note = noted().get(name);
  if (note === undefined) throw new Error(`${name} does not run`);
  return note.pid;
}

beforeAll(async () => {
  state.folder = mkdtempSync(join(tmpdir(), "sandbox-test-"));
  state.first = sandbox();
  await says(state.first, "Ctrl-C stops all of it.");
}, UP_MS);

afterAll(async () => {
  for (const command of [state.first, state.second]) {
    command?.process.kill("SIGTERM");
    await command?.exited;
  }
  for (const { pid } of noted().values()) process.kill(pid, "SIGKILL");
  rmSync(state.folder, { recursive: true, force: true });
}, UP_MS);

describe("npm run sandbox", () => {
  it("is found by a second start, which starts nothing", async () => {
    const before = [...noted().keys()].sort();
    const second = sandbox();
    expect(await second.exited).toBe(0);
    const control = /world +(http:\S+)/.exec(started().output())?.[1] ?? "none";
    expect(second.output()).toContain(control);
    expect(second.output()).toContain("nothing was started");
    expect([...noted().keys()].sort()).toEqual(before);
    expect(before).toEqual(["kafka", "redis", "registry", "sandbox", "service"]);
  });

  it(
    "plays a conversation in which every message arrives once and in order",
    async () => {
      const play = sandbox("--play");
      expect(await play.exited, play.output()).toBe(0);
      expect(play.output()).toMatch(/user +Buenas tardes[\s\S]*ms +agent +Le atiende[\s\S]*ms +user +Qué bien/);
      expect(play.output()).toContain("Every message arrived once and in order.");
    },
    UP_MS,
  );

  it(
    "starts a killed service again",
    async () => {
      process.kill(pidOf("service"), "SIGKILL");
      await says(started(), "signal SIGKILL");
      await says(started(), "ready again");
    },
    UP_MS,
  );

  it(
    "stops what a killed sandbox left, and then itself, in order",
    async () => {
      process.kill(pidOf("sandbox"), "SIGKILL");
      await started().exited;
      const left = [...noted().entries()];
      expect(left.map(([name]) => name).sort()).toEqual(["kafka", "redis", "registry", "service"]);

      state.second = sandbox();
      await says(state.second, "Ctrl-C stops all of it.");
      expect(left.filter(([, note]) => isSameProcess(note))).toEqual([]);
      for (const [name] of left) expect(state.second.output()).toContain(`Stopped ${name} `);

      state.second.process.kill("SIGTERM");
      expect(await state.second.exited).toBe(0);
      expect(state.second.output()).toContain("The service ended (exit 0)");
      expect([...noted().keys()]).toEqual([]);
      const [runs = ""] = readdirSync(state.folder);
      expect(readdirSync(join(state.folder, runs))).toEqual([]);
    },
    UP_MS,
  );
});
