// The supervisor: says why a program died, starts it again, gives up on one that never becomes ready, and stops for good.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { createSupervisor, nextBackOff, type Supervisor } from "../../../sandbox/instance/supervisor.ts";
import { outputTail, startChild, type Child } from "../../../sandbox/services/child.ts";
import { createRunDirectory } from "../../../sandbox/services/run-directory.ts";

const state: { runs: string; supervisor: Supervisor | undefined; said: string[] } = {
  runs: "",
  supervisor: undefined,
  said: [],
};

beforeEach(() => {
  state.runs = mkdtempSync(join(tmpdir(), "supervisor-"));
  state.said = [];
});
afterEach(async () => {
  await state.supervisor?.stop();
  rmSync(state.runs, { recursive: true, force: true });
});

/** A program that runs this script; it is ready once it has made the file `ready`. */
function supervise(script: string, startAttempts = 3, startTimeoutMs = 10_000): Supervisor {
  const run = createRunDirectory(state.runs);
  const readyFile = join(run.path, "ready");
  const supervisor = createSupervisor({
    spawn: () => {
      rmSync(readyFile, { force: true });
      return startChild({
        name: "service",
        command: process.execPath,
        args: ["-e", script],
        env: { READY: readyFile, COUNT: join(run.path, "count") },
        cwd: run.path,
        run,
      });
    },
    ready: () => Promise.resolve(existsSync(readyFile)),
    tail: (child) => outputTail(run, "service", child.outputFromByte),
    say: (line) => state.said.push(line),
    startTimeoutMs,
    startAttempts,
    stopGraceMs: 2_000,
  });
  state.supervisor = supervisor;
  return supervisor;
}

const READY = 'require("node:fs").writeFileSync(process.env.READY, ""); setInterval(() => {}, 1000);';

describe("supervisor", () => {
  it("starts a killed program again, and says how it ended", async () => {
    const supervisor = supervise(`console.log("my last words"); ${READY}`);
    await supervisor.start();
    const first = supervisor.pid() ?? 0;
    process.kill(first, "SIGKILL");
    await vi.waitFor(() => expect(state.said.join("\n")).toContain("ready again"), { timeout: 5_000 });
    expect(supervisor.pid()).not.toBe(first);
    expect(supervisor.restarts()).toBe(1);
    expect(state.said.join("\n")).toMatch(/signal SIGKILL[\s\S]*my last words/);
  });

  it("waits for a program that was started again for as long as that lives, whatever the first start may take", async () => {
    const supervisor = supervise(
      `const fs = require("node:fs"); fs.appendFileSync(process.env.COUNT, "x"); setInterval(() => {}, 1000);
       const ready = () => fs.writeFileSync(process.env.READY, "");
       if (fs.readFileSync(process.env.COUNT).length < 2) ready(); else setTimeout(ready, 1500);`,
      1,
      1_000,
    );
    await supervisor.start();
    await supervisor.kill();
    await vi.waitFor(() => expect(supervisor.state()).toBe("starting"));
    await vi.waitFor(() => expect(supervisor.state()).toBe("ready"), { timeout: 5_000 });
  });

  it("does not start it again once it was stopped", async () => {
    const supervisor = supervise(READY);
    await supervisor.start();
    expect(await supervisor.stop()).toMatchObject({ signal: "SIGTERM" });
    expect([supervisor.pid(), supervisor.restarts()]).toEqual([undefined, 0]);
  });

  it("ends one that does not end when asked", async () => {
    const supervisor = supervise(`process.on("SIGTERM", () => {}); ${READY}`);
    await supervisor.start();
    expect(await supervisor.stop()).toMatchObject({ signal: "SIGKILL" });
  });

  it("tries a start again, with what it said", async () => {
    const supervisor = supervise(
      `const fs = require("node:fs"); fs.appendFileSync(process.env.COUNT, "x");
       if (fs.readFileSync(process.env.COUNT).length < 2) { console.log("port taken"); process.exit(7); } ${READY}`,
    );
    await supervisor.start();
    expect(state.said.join("\n")).toMatch(/exit 7[\s\S]*port taken/);
  });

  it("gives up on one that never becomes ready, with the end of its output", async () => {
    const supervisor = supervise('console.log("KAFKA_HOST is required"); process.exit(78)', 2);
    await expect(supervisor.start()).rejects.toThrow(/exit 78[\s\S]*KAFKA_HOST is required/);
    expect(supervisor.restarts()).toBe(1);
  });

  it("can be stopped while it starts", async () => {
    const supervisor = supervise("setInterval(() => {}, 1000)");
    const starting = supervisor.start();
    await vi.waitFor(() => expect(supervisor.pid()).toBeDefined());
    await supervisor.stop();
    await expect(starting).rejects.toThrow("stopped");
    expect(supervisor.pid()).toBeUndefined();
  });

  it("waits longer each time, up to five seconds", () => {
    expect([200, 400, 3_000, 5_000].map(nextBackOff)).toEqual([400, 800, 5_000, 5_000]);
  });
});

describe("output of a child", () => {
  it("is told by its last lines, without those of the one before", async () => {
    const run = createRunDirectory(state.runs);
    const say = async (text: string): Promise<Child> => {
      const script = `console.log(${JSON.stringify(text)})`;
      const options = { name: "service", command: process.execPath, args: ["-e", script], env: {}, cwd: run.path, run };
      const child = await startChild(options);
      await child.ended;
      return child;
    };
    await say("one");
    const second = await say("two\nthree");
    expect(await outputTail(run, "service", second.outputFromByte)).toBe("two\nthree");
    expect(await outputTail(run, "service")).toBe("one\ntwo\nthree");
  });
});
