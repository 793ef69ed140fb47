// `npm run sandbox` as a person uses it: a play with nothing running, then start, a second start, a play against it, the service killed, the
// sandbox itself killed, the end. Has a temporary folder of its own, so that it neither finds nor disturbs a sandbox that runs for this copy of the repository.
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import { isSameProcess, type NotedProcess } from "../../sandbox/process-identity.mjs";
import { readNoteSync } from "../../sandbox/services/run-directory.ts";
import { keepSecrets, promiseOutput } from "../support/outputs.ts";

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

/** Folders of the runs in this temporary folder. */
function runs(): string[] {
  const users = readdirSync(state.folder).filter((name) => name.startsWith("salesforce-integration-"));
  return users.flatMap((user) =>
    readdirSync(join(state.folder, user))
      .filter((name) => name.startsWith("run-"))
      .map((name) => join(state.folder, user, name)),
  );
}

/** Everything that runs in this temporary folder has noted down, by name; the sandbox itself is `sandbox`. */
function noted(): Map<string, NotedProcess> {
  const found = new Map<string, NotedProcess>();
  for (const run of runs()) {
    for (const file of readdirSync(run).filter((name) => /^owner\.json$|\.pid\.json$/.test(name))) {
      const note = readNoteSync(join(run, file));
      const name = file === "owner.json" ? "sandbox" : file.replace(".pid.json", "");
      if (note !== undefined && isSameProcess(note)) found.set(name, note);
    }
  }
  return found;
}

/** Keeps all that the service of the one run writes until its end: the sandbox removes its files (test/whole looks through them). */
async function followService(): Promise<void> {
  const [run = "none"] = runs().filter((one) => existsSync(join(one, "service.log")));
  await (await promiseOutput("sandbox")).follow(join(run, "service.log"));
}

/** What user and agent said in a play; no log may hold it. */
function saidIn(transcript: string): readonly string[] {
  const said = [...transcript.matchAll(/ ms {2}(?:user|agent) +(\S.{11,})$/gm)].map(([, text = ""]) => text.trim());
  expect(said.length, transcript).toBeGreaterThan(5);
  return said;
}

function pidOf(name: string): number {
  const note = noted().get(name);
  if (note === undefined) throw new Error(`${name} does not run`);
  return note.pid;
}

beforeAll(async () => {
  state.folder = mkdtempSync(join(tmpdir(), "sandbox-test-"));
}, UP_MS);

afterAll(async () => {
  for (const command of [state.first, state.second]) {
    command?.process.kill("SIGTERM");
    await command?.exited;
  }
  for (const { pid } of noted().values()) process.kill(pid, "SIGKILL");
  rmSync(state.folder, { recursive: true, force: true });
}, UP_MS);

it(
  "npm run sandbox -- --play starts what it needs when nothing runs, and stops all of it",
  async () => {
    const play = sandbox("--play");
    state.first = play;
    await says(play, "Playing a conversation …");
    await followService();
    expect(await play.exited, play.output()).toBe(0);
    expect(play.output()).toContain("Every message arrived once and in order.");
    await keepSecrets("sandbox", [...saidIn(play.output()), "Carla Ruiz"]);
    expect([...noted().keys()]).toEqual([]);
    expect(runs()).toEqual([]);
  },
  UP_MS,
);

describe("npm run sandbox", () => {
  beforeAll(async () => {
    state.first = sandbox();
    await says(state.first, "Ctrl-C stops all of it.");
    await followService();
  }, UP_MS);

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
      const before = noted();
      const play = sandbox("--play");
      expect(await play.exited, play.output()).toBe(0);
      expect(noted(), "a play stops nothing that it did not start").toEqual(before);
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
      await followService();
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
