// Owns a whole sandbox: local services, the world, and the service as a supervised child process, started in this order and stopped in
// the other. Called by main.ts. What each part does is in services/, world/ and src/.
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";

import { serviceEnvironment, SERVICE_ACCOUNTS, WORLD_OPTIONS, type Surroundings } from "../environment.ts";
import { outputFile, outputTail, startChild } from "../services/child.ts";
import { createServices } from "../services/driver.ts";
import { choosePorts, isPortTaken } from "../services/ports.ts";
import { programEnvironment } from "../services/program-environment.ts";
import { createRunDirectory, type RunDirectory } from "../services/run-directory.ts";
import { startWorld, type World } from "../world/world.ts";
import type { InstanceAddresses } from "./instance-file.ts";
import { createSupervisor, describeEnding, type Supervisor } from "./supervisor.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const USUAL_PORTS = { kafka: 9092, registry: 8081, redis: 6379 };
const USUAL_WORLD_PORTS = [8090, 8091, 8092, 8093];
const USUAL_SERVICE_PORTS = [8080, 9464];
const READY_TIMEOUT_MS = 60_000;
const ASK_TIMEOUT_MS = 2_000;
/** Longer than the 15 s that the service has for its drain. */
const DRAIN_GRACE_MS = 20_000;

/** A sandbox that is up. */
export interface Sandbox {
  readonly addresses: InstanceAddresses;
  /** Stops the service, which drains, then the world, then the services. Repeat-safe. */
  stop(): Promise<void>;
}

/** How to start one. */
export interface SandboxOptions {
  /** Gets progress, a line at a time, for a person. */
  readonly say: (line: string) => void;
  readonly env: NodeJS.ProcessEnv;
  /** Ends the start; what was started by then is stopped. */
  readonly signal: AbortSignal;
}

/**
 * Starts everything. Rejects with what did not come up, everything stopped again.
 *
 * @throws {MissingPrerequisite} when this machine lacks something.
 */
export async function startSandbox({ say, env, signal }: SandboxOptions): Promise<Sandbox> {
  const stack = new AsyncDisposableStack();
  try {
    const services = await createServices({ say, env, preferredPorts: USUAL_PORTS });
    stack.defer(() => services.stop());
    say("Starting Kafka, schema registry and Redis …");
    const { brokers, registryUrl, redis } = await unlessAborted(services.start(), signal);

    const world = await startWorldOnPorts();
    stack.defer(() => world.close());

    const directory = createRunDirectory();
    stack.defer(() => directory.remove());
    say("Starting the service …");
    const { salesforceUrl, integrationsUrl, botrunnerUrl, mediaHost, controlUrl } = world;
    const around = { brokers, registryUrl, redis, salesforceUrl, integrationsUrl, botrunnerUrl, mediaHost };
    const service = superviseService(around, directory, say);
    stack.defer(() => drain(service.supervisor, say));
    await unlessAborted(service.supervisor.start(), signal);

    const [servicePort, metricsPort] = service.ports();
    const serviceUrl = `http://127.0.0.1:${String(servicePort)}`;
    world.connectBot({ url: serviceUrl, ...SERVICE_ACCOUNTS.bot });
    return {
      addresses: {
        service: serviceUrl,
        metrics: `http://127.0.0.1:${String(metricsPort)}`,
        control: controlUrl,
        salesforce: salesforceUrl,
        integrations: integrationsUrl,
        botrunner: botrunnerUrl,
        registry: registryUrl,
        brokers,
        redis,
        serviceLog: outputFile(directory, "service"),
      },
      stop: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function startWorldOnPorts(): Promise<World> {
  const [salesforce = 0, integrations = 0, botrunner = 0, control = 0] = await choosePorts(USUAL_WORLD_PORTS);
  return startWorld({ ...WORLD_OPTIONS, ports: { salesforce, integrations, botrunner, control } });
}

interface SupervisedService {
  readonly supervisor: Supervisor;
  /** Of the routes, and of the metrics. Final once the supervisor has started. */
  ports(): readonly number[];
}

function superviseService(around: Surroundings, run: RunDirectory, say: (line: string) => void): SupervisedService {
  const stateKey = randomBytes(32).toString("base64");
  const name = "service";
  let ports: readonly number[] = [];

  /** The usual ports at first; others when somebody took one of them before the service bound it. */
  const choose = async (): Promise<readonly number[]> => {
    if (ports.length === 0) return choosePorts(USUAL_SERVICE_PORTS);
    return isPortTaken(await outputTail(run, name)) ? choosePorts([undefined, undefined]) : ports;
  };
  const supervisor = createSupervisor({
    async spawn() {
      if (supervisor.readySince() === undefined) ports = await choose();
      const [port = 0, metricsPort = 0] = ports;
      const place = {
        port,
        metricsPort,
        topic: "sandbox",
        client: "sandbox",
        appName: "salesforce-integration",
        stateKey,
      };
      return startChild({
        name,
        command: process.execPath,
        args: ["src/main.ts"],
        env: { ...programEnvironment(), ...serviceEnvironment(around, place) },
        cwd: ROOT,
        run,
      });
    },
    ready: () => isReady(`http://127.0.0.1:${String(ports[1])}/ready`),
    tail: (child) => outputTail(run, name, child.outputFromByte),
    say,
    startTimeoutMs: READY_TIMEOUT_MS,
    startAttempts: 3,
    stopGraceMs: DRAIN_GRACE_MS,
  });
  return { supervisor, ports: () => ports };
}

async function drain(supervisor: Supervisor, say: (line: string) => void): Promise<void> {
  const startedMs = performance.now();
  const ending = await supervisor.stop();
  if (ending === undefined) return;
  say(`The service ended (${describeEnding(ending)}) after ${((performance.now() - startedMs) / 1000).toFixed(1)} s.`);
}

/** Whether the service says that it is ready: `GET /ready` on its metrics port. */
async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
    await response.arrayBuffer();
    return response.ok;
  } catch (error) {
    // Nobody listens yet, or it is too busy: not ready.
    if (error instanceof TypeError || error instanceof DOMException) return false;
    throw error;
  }
}

/** The promise's outcome, or the abort's reason when that comes first. What the promise stands for goes on until it is stopped. */
async function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted();
  const listening = new AbortController();
  const aborted = new Promise<never>((_resolve, reject) => {
    const onAbort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
    signal.addEventListener("abort", onAbort, { once: true, signal: listening.signal });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    listening.abort();
  }
}
