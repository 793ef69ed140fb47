// Owns a whole sandbox: local services, the world, the service as supervised child processes, and the page, started in this order and
// stopped in the other. Called by main.ts. What each part does is in services/, world/, src/ and page/.
import { SERVICE_ACCOUNTS, WORLD_OPTIONS } from "../environment.ts";
import { bundlePage } from "../page/bundle.ts";
import { startPage } from "../page/page.ts";
import { outputFile } from "../services/child.ts";
import { createServices } from "../services/driver.ts";
import { choosePorts } from "../services/ports.ts";
import { createRunDirectory } from "../services/run-directory.ts";
import { startWorld, type World } from "../world/world.ts";
import { createFleet } from "./fleet.ts";
import type { InstanceAddresses } from "./instance-file.ts";

const USUAL_PORTS = { kafka: 9092, registry: 8081, redis: 6379 };
const USUAL_WORLD_PORTS = [8090, 8091, 8092, 8093];

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
    const [{ brokers, registryUrl, redis }, assets] = await unlessAborted(
      Promise.all([services.start(), bundlePage()]),
      signal,
    );

    const world = await startWorldOnPorts();
    stack.defer(() => world.close());

    const directory = createRunDirectory();
    stack.defer(() => directory.remove());
    say("Starting the service …");
    const { salesforceUrl, integrationsUrl, botrunnerUrl, mediaHost, controlUrl } = world;
    const around = { brokers, registryUrl, redis, salesforceUrl, integrationsUrl, botrunnerUrl, mediaHost };
    const fleet = await createFleet({ around, run: directory, say });
    stack.defer(async () => {
      for (const line of await fleet.stop()) say(line);
    });
    await unlessAborted(fleet.start(), signal);

    world.connectBot({ url: fleet.url, ...SERVICE_ACCOUNTS.bot });
    const [first] = fleet.instances();
    const metrics = `http://127.0.0.1:${String(first?.metricsPort)}`;
    const page = await startPage({
      world,
      fleet,
      services,
      brokers,
      registryUrl,
      redis,
      topic: fleet.topic,
      assets,
      say,
    });
    stack.defer(() => page.stop());
    return {
      addresses: {
        page: page.url,
        service: fleet.url,
        metrics,
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
