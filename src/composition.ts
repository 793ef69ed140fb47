// The composition: makes clients, topology and ingress from the settings, starts them in order, and stops them in reverse. With
// the composition-*.ts beside it the only file that sees everything. Called by main.ts, and by tests that put something between the ports.
import { hostname } from "node:os";

import type { Settings } from "./clients/config/settings-shape.ts";
import { createRuleApplier } from "./clients/data-rules.ts";
import { createMetrics } from "./clients/metrics/metrics.ts";
import { startObservationServer } from "./clients/metrics/observation-server.ts";
import { createContextReader } from "./clients/redis/context.ts";
import { createReplies } from "./clients/redis/replies.ts";
import { noErrorReports, type ErrorReports } from "./clients/sentry/error-reports.ts";
import { createIngress, type Ingress } from "./ingress/ingress.ts";
import { createRecordSinks } from "./ingress/record-sinks.ts";
import { createDecide } from "./processors/interconnection/decide.ts";
import { openOutside, type Outside } from "./composition-outside.ts";
import { rollOver } from "./composition-rollover.ts";
import { decideSettings, extraDataRules } from "./composition-settings.ts";
import {
  closeAll,
  openCluster,
  openStorage,
  systemTools,
  type Cluster,
  type Start,
  type Storage,
} from "./composition-storage.ts";
import { bridge, withOpeningWait, withTextTries } from "./topology/bridge.ts";
import type { Log } from "./topology/ports.ts";
import { lost } from "./topology/retry.ts";
import { createRuntime, type Runtime, type RuntimePorts } from "./topology/runtime.ts";
import { topicName } from "./topology/topics.ts";

/** What a service is started with beside its settings. */
export interface ServiceOptions {
  readonly settings: Settings;
  readonly log: Log;
  /** Ends the process: something happened after which going on would do harm. */
  readonly fatal: (error: Error) => void;
  /** Ends a start that still waits for its services. */
  readonly signal: AbortSignal;
  /** Who hears of alarms and dead letters; nobody when left out. */
  readonly reports?: Pick<ErrorReports, "watching">;
  /** Puts something between the runtime and its ports; tests only. */
  readonly wrap?: (ports: RuntimePorts) => RuntimePorts;
}

/** A running service. */
export interface Service {
  /** Clean stop: answers what is in flight, hands the partition indexes over, closes everything, within `deadlineMs`. */
  stop(deadlineMs: number): Promise<void>;
}

/** A record that the changelog, chat events or dead letters hold; a turn's outputs together stay below a broker's usual 1 MiB. */
const maxRecordBytes = 900 * 1024;
const closeMs = 2_000;
/** For the turns and the commands in hand of a start that comes to nothing. */
const abortedStartMs = 5_000;
/** Polls of a chat that Salesforce refuses must not follow one another without a breath. */
const leastPollPauseMs = 100;

/**
 * Starts everything and resolves when the port is open, which Salesforce never delays. Waits for Kafka, registry and Redis as
 * long as `signal` does not abort; rejects with StartRefused when only a person can help, with Lost when aborted.
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { settings, log, signal } = options;
  const missing = new Set<string>(["redis", "schema registry", "kafka"]);
  const start: Start = {
    settings,
    // The same after a restart, so that the same partition indexes come back: a pod's name, or host and port of a process.
    instanceId: `${hostname()}:${settings.http.port}`,
    log,
    metrics: (options.reports ?? noErrorReports).watching(createMetrics({ processMetrics: true })),
    ...systemTools(),
    signal,
    missing,
    closing: [],
  };
  let waiting: () => readonly string[] = () => [];
  let measure: () => Promise<void> = () => Promise.resolve();
  let toStop: Runtime | null = null;
  try {
    const observation = await startObservationServer({
      ...settings.metrics,
      metrics: {
        exposition: async () => {
          await measure();
          return start.metrics.exposition();
        },
      },
      missing: () => [...missing, ...waiting()],
      log,
    });
    start.closing.push(() => observation.close());
    const storage = await openStorage(start);
    const cluster = await openCluster(start);
    const outside = openOutside(start);
    const ports = runtimePorts(options, start, storage, { ...cluster, ...outside });
    const runtime = createRuntime(options.wrap?.(ports) ?? ports);
    toStop = runtime;
    waiting = () => runtime.missing();
    measure = () => runtime.measure();
    await rollOver(start, storage, cluster);
    await startUnlessAborted(runtime, signal);
    const ingress = openIngress(start, storage, cluster, outside.registrations);
    await ingress.listen();
    return {
      async stop(deadlineMs) {
        missing.add("stopping");
        await ingress.close(Math.min(closeMs, deadlineMs / 4));
        await runtime.stop(Math.max(0, deadlineMs - 2 * closeMs));
        await closeAll(start, closeMs);
      },
    };
  } catch (error) {
    // Owners may have acted since the group gave them indexes: handed on like at any stop.
    await toStop?.stop(abortedStartMs);
    await closeAll(start, closeMs);
    throw error;
  }
}

/** Rejects with Lost when aborted, also while the group lets nobody join. */
async function startUnlessAborted(runtime: Runtime, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(lost());
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    await Promise.race([runtime.start(), aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function runtimePorts(
  options: ServiceOptions,
  start: Start,
  storage: Storage,
  cluster: Cluster & Outside,
): RuntimePorts {
  const { desk, channel } = cluster;
  const { settings, log, metrics, clock, random, instanceId } = start;
  return {
    graph: withOpeningWait(withTextTries(bridge, settings.chat.textTries), settings.http.replyTimeoutMs),
    callsPerSecond: settings.chat.callsPerSecond,
    client: settings.client,
    instanceId,
    clock,
    random,
    log,
    metrics,
    store: storage.store,
    codec: storage.codec,
    producer: cluster.turns,
    effectsProducer: cluster.effects,
    consumer: cluster.consumer,
    changelog: cluster.changelog,
    partitions: cluster.partitions,
    decide: createDecide({ ...decideSettings(settings), applyRules: createRuleApplier({ clock, log, metrics }) }),
    desk,
    perform: (command, attempt) =>
      command.lane === "desk" ? desk.perform(command, attempt) : channel.perform(command, attempt),
    maxRecordBytes,
    sessionTimeoutMs: settings.kafka.sessionTimeoutMs,
    conflictWaitMs: Math.max(leastPollPauseMs, settings.salesforce.pollConflictPauseMs),
    fullName: (suffix) => topicName(settings.kafka.topicPrefix, suffix),
    fatal: options.fatal,
  };
}

function openIngress(
  start: Start,
  storage: Storage,
  cluster: Cluster,
  registrations: Outside["registrations"],
): Ingress {
  const { settings, clock, log, metrics } = start;
  const { connection, listener, space, store } = storage;
  return createIngress(
    {
      ...createRecordSinks(cluster.ingress, storage.codec),
      replies: createReplies(connection, listener, { space, clock, log }),
      context: createContextReader((users) => store.load(users), log),
      registrations,
      metrics,
    },
    {
      ...settings.http,
      ...{ client: settings.client, auth: settings.auth, extraDataRules: extraDataRules(settings), clock, log },
    },
  );
}
