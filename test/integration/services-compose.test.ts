// The driver on Docker Compose, with a stand-in for the `docker` program, because test machines have no engine: which commands it gives in
// which state, that it waits for the services themselves, and that a client without an engine is not taken for one. What real containers do
// is not proven here; docker-compose.yml is only read.
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";

import { composeAnswers } from "../../sandbox/services/compose.ts";
import { createServices } from "../../sandbox/services/driver.ts";
import { readNoteSync, runsFolder } from "../../sandbox/services/run-directory.ts";
import { redisAnswers } from "../../sandbox/services/probes.ts";

const STAND_IN = fileURLToPath(new URL("../support/docker-stand-in.mjs", import.meta.url));
const state = { folder: "" };

beforeEach(() => {
  state.folder = mkdtempSync(join(tmpdir(), "docker-"));
});
afterEach(() => {
  rmSync(state.folder, { recursive: true, force: true });
});

/** Environment whose `docker` is our stand-in. */
function withDocker(engine: "answers" | "silent" | "refuses" | "no-compose"): NodeJS.ProcessEnv {
  const program = join(state.folder, "docker");
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${STAND_IN}" "$@"\n`);
  chmodSync(program, 0o755);
  return {
    ...process.env,
    PATH: `${state.folder}:${process.env["PATH"] ?? ""}`,
    STAND_IN_FOLDER: state.folder,
    STAND_IN_ENGINE: engine,
  };
}

/** What the stand-in was told, without the options that name the project. */
function commands(): string[] {
  return readFileSync(join(state.folder, "commands"), "utf8").trim().split("\n");
}

/** Folders of runs that this test started. */
function ownRuns(): string[] {
  const runs = readdirSync(runsFolder());
  return runs.filter((run) => readNoteSync(join(runsFolder(), run, "owner.json"))?.pid === process.pid);
}

describe("a Docker engine", () => {
  it("is there when it and Compose answer", async () => {
    expect(await composeAnswers(withDocker("answers"))).toBe(true);
  });

  it.each(["refuses", "no-compose"] as const)("is not there when it %s", async (engine) => {
    expect(await composeAnswers(withDocker(engine))).toBe(false);
  });

  it("is not there when it does not answer within 3 s", async () => {
    const started = performance.now();
    expect(await composeAnswers(withDocker("silent"))).toBe(false);
    expect(performance.now() - started).toBeLessThan(4_500);
  });

  it("is not there without a docker program", async () => {
    expect(await composeAnswers({ PATH: state.folder })).toBe(false);
  });
});

describe("the driver on Compose", () => {
  it("starts, freezes, kills, wipes and stops by Compose, and waits for the services themselves", async () => {
    const services = await createServices({ say: () => undefined, env: withDocker("answers") });
    expect(services.kind).toBe("compose");
    const { redis } = await services.start();
    const redisIsUp = redisAnswers(Number(redis.split(":")[1]));
    expect(await redisIsUp()).toBe(true);

    await services.redis.pause();
    await services.redis.pause();
    await services.redis.resume();
    await services.redis.kill();
    expect(await redisIsUp()).toBe(false);
    await services.redis.start();
    expect(await redisIsUp()).toBe(true);
    await services.redis.wipe();
    expect(await redisIsUp()).toBe(true);
    await services.stop();
    expect(await redisIsUp()).toBe(false);

    const [all, first, second, third, ...later] = commands().filter((command) => !command.startsWith("ps "));
    expect(all).toBe("up --detach");
    expect([first, second, third].sort()).toEqual(
      ["kafka", "redis", "registry"].map((name) => `up --detach --no-deps ${name}`),
    );
    expect(later).toEqual([
      "pause redis",
      "unpause redis",
      "kill --signal SIGKILL redis",
      "up --detach --no-deps redis",
      "rm --force --stop --volumes redis",
      "up --detach --no-deps redis",
      "down --volumes --timeout 10",
    ]);
    expect(ownRuns()).toEqual([]);
  }, 30_000);

  it("tells what Compose said when it fails, and takes everything down again", async () => {
    const env = { ...withDocker("answers"), STAND_IN_FAILS: "up" };
    const services = await createServices({ say: () => undefined, env });
    await expect(services.start()).rejects.toThrow(/no space left on device/);
    expect(commands().at(-1)).toBe("down --volumes --timeout 10");
  });
});

describe("docker-compose.yml", () => {
  const file: unknown = parse(readFileSync(new URL("../../docker-compose.yml", import.meta.url), "utf8"));

  it("has the three services, with pinned images, on this machine's loopback only", () => {
    const { services } = file as { services: Record<string, { image: string; ports: string[] }> };
    expect(Object.keys(services).sort()).toEqual(["kafka", "redis", "registry"]);
    for (const { image, ports } of Object.values(services)) {
      expect(image).toMatch(/:(\d|\$\{SANDBOX_KAFKA_VERSION)/);
      expect(ports.every((port) => port.startsWith("127.0.0.1:"))).toBe(true);
    }
  });
});
