// Owns Kafka, registry and Redis as processes of this machine: what they need, their ports, starting them side by side. Called by
// driver.ts. Each program's own settings are in local-kafka.ts, local-registry.ts and local-redis.ts.
import type { Addresses, PreferredPorts, ServiceControl, Services, ServicesOptions } from "./services.ts";
import { classArchive } from "./class-archive.ts";
import { findJavas, MINIMUM_JAVA, newestJava, type Java } from "./java.ts";
import { secureSetup } from "./kafka-security.ts";
import { kafkaVersion } from "./kafka-version.ts";
import { kafkaProgram, obtainKafka } from "./local-kafka.ts";
import { findRedis, redisProgram } from "./local-redis.ts";
import { obtainRegistry, registryProgram, registryUrl } from "./local-registry.ts";
import { createLocalService, StartFailed } from "./local-service.ts";
import { neitherDockerNorJava } from "./missing-prerequisite.ts";
import { choosePorts } from "./ports.ts";
import { createRunDirectory, sweepLeftovers, type RunDirectory } from "./run-directory.ts";

const PORT_RACES = 3;

/** What has to be on the machine, found and downloaded. */
interface Programs {
  readonly java: Java;
  readonly kafkaVersion: string;
  readonly kafka: string;
  readonly registry: string;
  readonly redis: string;
}

/** One start: its folder, addresses and controls. */
interface Run {
  readonly directory: RunDirectory;
  readonly addresses: Addresses;
  readonly kafka: ServiceControl;
  readonly registry: ServiceControl;
  readonly redis: ServiceControl;
}

/**
 * Driver with local processes. Stops what killed runs left behind.
 *
 * @throws {MissingPrerequisite} without a Java that is new enough, or for an unknown KAFKA_VERSION.
 */
export async function createLocalServices(options: ServicesOptions): Promise<Services> {
  const version = kafkaVersion(options.env["KAFKA_VERSION"]);
  const java = newestJava(await findJavas(options.env));
  if (java === undefined) throw neitherDockerNorJava(`no Java ${String(MINIMUM_JAVA)} or newer was found`);
  for (const left of await sweepLeftovers())
    options.say(`Stopped ${left.name} (process ${String(left.pid)}), left behind by a killed run.`);

  let running: { readonly run: Promise<Run>; readonly giveUp: AbortController; ready?: Run } | undefined;
  const current = (): Run => {
    if (running?.ready === undefined) throw new Error("the services have not been started");
    return running.ready;
  };
  const start = async (signal: AbortSignal): Promise<Run> =>
    startRun(await obtainAll(java, version, options, signal), options, signal);
  return {
    kind: "local",
    get kafka() {
      return current().kafka;
    },
    get registry() {
      return current().registry;
    },
    get redis() {
      return current().redis;
    },
    addresses: () => current().addresses,
    async start() {
      if (running === undefined) {
        const giveUp = new AbortController();
        running = { giveUp, run: start(giveUp.signal) };
      }
      const mine = running;
      try {
        mine.ready = await mine.run;
      } catch (error) {
        if (running === mine) running = undefined;
        throw error;
      }
      return mine.ready.addresses;
    },
    async stop() {
      const ending = running;
      running = undefined;
      if (ending === undefined) return;
      ending.giveUp.abort(new Error("stopped while starting"));
      const [ended] = await Promise.allSettled([ending.run]);
      if (ended.status === "fulfilled") await endRun(ended.value);
    },
  };
}

async function obtainAll(
  java: Java,
  version: string,
  { env, say }: ServicesOptions,
  signal: AbortSignal,
): Promise<Programs> {
  const cache = { env, say, signal };
  // One after the other: Maven does not promise that two of it may share a local repository.
  const kafka = await obtainKafka(version, cache);
  const registry = await obtainRegistry(cache);
  const redis = await findRedis(cache);
  return { java, kafkaVersion: version, kafka, registry, redis };
}

/** Starts all three; again on other ports when somebody took one between choosing and binding. */
async function startRun(programs: Programs, options: ServicesOptions, signal: AbortSignal): Promise<Run> {
  for (let race = 1; ; race += 1) {
    signal.throwIfAborted();
    const run = await createRun(programs, options, race === 1 ? options.preferredPorts : undefined);
    const reasons = await startAll(run, signal);
    if (reasons.length === 0) return run;
    await endRun(run);
    const raced = reasons.every((reason) => reason instanceof StartFailed && reason.portTaken);
    if (!raced || race === PORT_RACES) throw new Error(reasons.map(messageOf).join("\n"), { cause: reasons[0] });
    options.say("A port was taken meanwhile: trying others.");
  }
}

/** Starts all three side by side; what went wrong, nothing when all is well. */
async function startAll(run: Run, signal: AbortSignal): Promise<unknown[]> {
  const services = [run.kafka, run.registry, run.redis];
  const killAll = (): void => void Promise.all(services.map((service) => service.kill()));
  signal.addEventListener("abort", killAll);
  const started = await Promise.allSettled(services.map((service) => service.start()));
  signal.removeEventListener("abort", killAll);
  const stopped: unknown = signal.reason;
  if (signal.aborted) return [stopped];
  return started.flatMap((one): unknown[] => (one.status === "rejected" ? [one.reason] : []));
}

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}

async function createRun(programs: Programs, options: ServicesOptions, preferred: PreferredPorts = {}): Promise<Run> {
  const proxied = options.proxied ?? [];
  const [plain = 0, registryPort = 0, redisPort = 0, controller = 0, secure = 0, ...behind] = await choosePorts([
    preferred.kafka,
    preferred.registry,
    preferred.redis,
    undefined,
    undefined,
    ...proxied.map(() => undefined),
  ]);
  const directory = createRunDirectory();
  const setup =
    options.security === undefined
      ? undefined
      : await secureSetup(options.security, programs.java, { plain, controller, secure }, directory);
  const kafka = kafkaProgram({
    java: programs.java,
    folder: programs.kafka,
    ports: { plain, controller },
    run: directory,
    archive: await classArchive(`kafka-${programs.kafkaVersion}`, programs.java, options.env, directory),
    secure: setup,
    proxied: proxied.map((proxyPort, i) => ({ port: behind[i] ?? 0, proxyPort })),
  });
  const registry = registryProgram({
    java: programs.java,
    folder: programs.registry,
    port: registryPort,
    run: directory,
    archive: await classArchive("apicurio-registry-3.3.3", programs.java, options.env, directory),
  });
  const redis = redisProgram(programs.redis, redisPort, directory);
  return {
    directory,
    addresses: {
      brokers: `127.0.0.1:${String(plain)}`,
      registryUrl: registryUrl(registryPort),
      redis: `127.0.0.1:${String(redisPort)}`,
      ...(setup === undefined ? {} : { secure: { brokers: `localhost:${String(setup.port)}`, caFile: setup.caFile } }),
      ...(options.proxied === undefined ? {} : { behindProxies: behind.map((port) => `127.0.0.1:${String(port)}`) }),
    },
    kafka: createLocalService("kafka", kafka, directory),
    registry: createLocalService("registry", registry, directory),
    redis: createLocalService("redis", redis, directory),
  };
}

async function endRun(run: Run): Promise<void> {
  await Promise.all([run.kafka.stop(), run.registry.stop(), run.redis.stop()]);
  await run.directory.remove();
}
