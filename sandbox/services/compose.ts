// Owns Kafka, registry and Redis as containers of docker-compose.yml, under a project name of each run's own. Called by driver.ts.
import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

import { kafkaVersion } from "./kafka-version.ts";
import { REGISTRY_PATH } from "./local-registry.ts";
import { choosePorts, isPortTaken } from "./ports.ts";
import { kafkaAnswers, redisAnswers, registryAnswers, waitUntil, type Probe } from "./probes.ts";
import { createRunDirectory, sweepLeftovers, type RunDirectory } from "./run-directory.ts";
import type { Addresses, ServiceControl, ServiceName, Services, ServicesOptions } from "./services.ts";

const ENGINE_TIMEOUT_MS = 3_000;
const START_TIMEOUT_MS = 90_000;
const STOP_GRACE_S = 10;
const PORT_RACES = 3;
const PROJECT_FILE = "compose-project";
const FILE = fileURLToPath(new URL("../../docker-compose.yml", import.meta.url));

interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

/** Calls `docker compose` for one project. Rejects with its output when it fails. */
type Compose = (...args: readonly string[]) => Promise<string>;

interface Run {
  readonly directory: RunDirectory;
  readonly compose: Compose;
  readonly addresses: Addresses;
  readonly controls: Readonly<Record<ServiceName, ServiceControl>>;
}

/** Whether a Docker engine answers within 3 s, and has Compose. A client without an engine is common. */
export async function composeAnswers(env: NodeJS.ProcessEnv): Promise<boolean> {
  const engine = await docker(["info", "--format", "{{.ServerVersion}}"], env, ENGINE_TIMEOUT_MS);
  if (engine.code !== 0 || !/^\d/.test(engine.output.trim())) return false;
  return (await docker(["compose", "version"], env, ENGINE_TIMEOUT_MS)).code === 0;
}

/**
 * Driver with containers. Removes the containers that killed runs left behind.
 *
 * @throws {MissingPrerequisite} for an unknown KAFKA_VERSION.
 */
export async function createComposeServices(options: ServicesOptions): Promise<Services> {
  const version = kafkaVersion(options.env["KAFKA_VERSION"]);
  await sweepLeftovers(undefined, (path) => removeLeftProject(path, options));

  let running: Run | undefined;
  const current = (): Run => {
    if (running === undefined) throw new Error("the services have not been started");
    return running;
  };
  return {
    kind: "compose",
    get kafka() {
      return current().controls.kafka;
    },
    get registry() {
      return current().controls.registry;
    },
    get redis() {
      return current().controls.redis;
    },
    addresses: () => current().addresses,
    async start() {
      running ??= await startRun(version, options);
      return running.addresses;
    },
    async stop() {
      const ending = running;
      running = undefined;
      if (ending !== undefined) await endRun(ending);
    },
  };
}

/** Starts all three; again on other ports when somebody took one between choosing and binding. */
async function startRun(version: string, options: ServicesOptions): Promise<Run> {
  options.say("Starting containers with Docker Compose (the first time downloads their images) …");
  for (let race = 1; ; race += 1) {
    const run = await createRun(version, options, race === 1);
    try {
      await run.compose("up", "--detach");
      await Promise.all([run.controls.kafka.start(), run.controls.registry.start(), run.controls.redis.start()]);
      return run;
    } catch (error) {
      await endRun(run);
      if (race === PORT_RACES || !(error instanceof Error) || !isPortTaken(error.message)) throw error;
      options.say("A port was taken meanwhile: trying others.");
    }
  }
}

async function createRun(version: string, { env, preferredPorts }: ServicesOptions, mayPrefer: boolean): Promise<Run> {
  const wishes = mayPrefer
    ? [preferredPorts?.kafka, preferredPorts?.registry, preferredPorts?.redis]
    : [undefined, undefined, undefined];
  const [kafka = 0, registry = 0, redis = 0] = await choosePorts(wishes);
  const directory = createRunDirectory();
  const project = `salesforce-integration-${basename(directory.path)
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, "-")}`;
  await writeFile(join(directory.path, PROJECT_FILE), project);
  const compose = composeOf(project, {
    ...env,
    SANDBOX_KAFKA_VERSION: version,
    SANDBOX_KAFKA_PORT: String(kafka),
    SANDBOX_REGISTRY_PORT: String(registry),
    SANDBOX_REDIS_PORT: String(redis),
  });
  const addresses: Addresses = {
    brokers: `127.0.0.1:${String(kafka)}`,
    registryUrl: `http://127.0.0.1:${String(registry)}${REGISTRY_PATH}`,
    redis: `127.0.0.1:${String(redis)}`,
  };
  const controls = {
    kafka: controlOf("kafka", kafkaAnswers(kafka), compose),
    registry: controlOf("registry", registryAnswers(addresses.registryUrl), compose),
    redis: controlOf("redis", redisAnswers(redis), compose),
  };
  return { directory, compose, addresses, controls };
}

async function endRun(run: Run): Promise<void> {
  await run.compose("down", "--volumes", "--timeout", String(STOP_GRACE_S));
  await run.directory.remove();
}

async function removeLeftProject(path: string, options: ServicesOptions): Promise<void> {
  const project = await readFile(join(path, PROJECT_FILE), "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  });
  if (project === undefined) return;
  options.say(`Removing the containers of ${project}, left behind by a killed run.`);
  await composeOf(project, options.env)("down", "--volumes", "--timeout", "1");
}

/** Compose refuses some commands in some states (pause of what is paused, start of what is paused); the state is asked for first. */
function controlOf(name: ServiceName, answers: Probe, compose: Compose): ServiceControl {
  const isIn = async (status: "running" | "paused"): Promise<boolean> =>
    (await compose("ps", "--services", "--status", status)).split(/\s+/).includes(name);
  const resume = async (): Promise<void> => {
    if (await isIn("paused")) await compose("unpause", name);
  };
  const start = async (): Promise<void> => {
    await resume();
    await compose("up", "--detach", "--no-deps", name);
    if (await waitUntil(answers, START_TIMEOUT_MS, new Promise(() => undefined))) return;
    const tail = await compose("logs", "--no-color", "--tail", "30", name);
    throw new Error(
      `${name} does not answer after ${String(START_TIMEOUT_MS / 1000)} s. The end of its output:\n${tail}`,
    );
  };
  return {
    start,
    resume,
    async stop() {
      await resume();
      await compose("stop", "--timeout", String(STOP_GRACE_S), name);
    },
    async kill() {
      await resume();
      if (await isIn("running")) await compose("kill", "--signal", "SIGKILL", name);
    },
    async pause() {
      if (await isIn("running")) await compose("pause", name);
    },
    async wipe() {
      const ran = (await isIn("running")) || (await isIn("paused"));
      await resume();
      await compose("rm", "--force", "--stop", "--volumes", name);
      if (ran) await start();
    },
  };
}

function composeOf(project: string, env: NodeJS.ProcessEnv): Compose {
  return async (...args) => {
    const { code, output } = await docker(["compose", "--project-name", project, "--file", FILE, ...args], env);
    if (code !== 0) throw new Error(`docker compose ${args[0] ?? ""} ended with ${String(code)}:\n${output}`);
    return output;
  };
}

/** Runs docker; a missing program or one that takes too long is an outcome without a code. */
function docker(args: readonly string[], env: NodeJS.ProcessEnv, timeoutMs?: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn("docker", [...args], { env, stdio: ["ignore", "pipe", "pipe"] });
    const chunks: Buffer[] = [];
    const finish = (code: number | null): void => {
      clearTimeout(timer);
      resolve({ code, output: Buffer.concat(chunks).toString("utf8") });
    };
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), timeoutMs);
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.once("error", () => finish(null));
    child.once("close", (code) => finish(code));
  });
}
