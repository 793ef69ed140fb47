// The composition: makes clients, topology and ingress from the settings, starts them in order, and stops them in reverse. With
// the composition-*.ts beside it the only file that sees everything. Called by main.ts, and by tests that put something between the ports.
import { hostname } from "node:os";

import { createBot } from "./clients/botrunner/bot.ts";
import type { Settings } from "./clients/config/settings-shape.ts";
import { createGuardedDownload } from "./clients/http/guarded-download.ts";
import { createHttpClient, type HttpClient } from "./clients/http/http-client.ts";
import { createMessageClient } from "./clients/http/message-client.ts";
import { createLongPollClient } from "./clients/http/long-poll-client.ts";
import { createProxyFor } from "./clients/http/proxy.ts";
import { createChannel } from "./clients/integrations/channel.ts";
import { createWebhookRegistration } from "./clients/integrations/webhook-registration.ts";
import { createMetrics } from "./clients/metrics/metrics.ts";
import { startObservationServer } from "./clients/metrics/observation-server.ts";
import { createContextReader } from "./clients/redis/context.ts";
import { createReplies } from "./clients/redis/replies.ts";
import { createDesk } from "./clients/salesforce/desk.ts";
import { startKeepAlive } from "./clients/salesforce/keep-alive.ts";
import { createSealer } from "./clients/sealer.ts";
import { noErrorReports, type ErrorReports } from "./clients/sentry/error-reports.ts";
import { createStudioNgBot } from "./clients/studio-ng/bot.ts";
import { createIngress, type Ingress } from "./ingress/ingress.ts";
import type { WebhookRegistrations } from "./ingress/ports.ts";
import { createRecordSinks } from "./ingress/record-sinks.ts";
import { createChannelGateway, type ChannelGateway } from "./processors/channel/gateway.ts";
import { createDeskGateway, type DeskGateway } from "./processors/desk/gateway.ts";
import type { BotPort, ChannelPort } from "./processors/channel/port.ts";
import { createDecide } from "./processors/interconnection/decide.ts";
import type { Done } from "./processors/outcome.ts";
import { takeOver } from "./composition-rollover.ts";
import { decideSettings, deskMapping } from "./composition-settings.ts";
import {
  closeAll,
  openCluster,
  openStorage,
  systemTools,
  type Cluster,
  type Start,
  type Storage,
} from "./composition-storage.ts";
import { bridge, withTextTries } from "./topology/bridge.ts";
import type { Log } from "./topology/ports.ts";
import { createRuntime, type RuntimePorts } from "./topology/runtime.ts";
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
    waiting = () => runtime.missing();
    measure = () => runtime.measure();
    await takeOver(start, storage, cluster);
    await runtime.start();
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
    await closeAll(start, closeMs);
    throw error;
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
    graph: withTextTries(bridge, settings.chat.textTries),
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
    decide: createDecide(decideSettings(settings)),
    desk,
    perform: (command, attempt) =>
      command.lane === "desk" ? desk.perform(command, attempt) : channel.perform(command, attempt),
    maxRecordBytes,
    sessionTimeoutMs: settings.kafka.sessionTimeoutMs,
    conflictWaitMs: settings.salesforce.pollConflictPauseMs,
    fullName: (suffix) => topicName(settings.kafka.topicPrefix, suffix),
    fatal: options.fatal,
  };
}

const httpLimits = {
  connectTimeoutMs: 5_000,
  responseTimeoutMs: 30_000,
  maxConnections: 100,
  maxBodyBytes: 5 * 1024 * 1024,
};
const downloadLimits = { connectTimeoutMs: 5_000, answerTimeoutMs: 10_000, totalTimeoutMs: 30_000 };
const pollLimits = { connectTimeoutMs: 5_000, bodyTimeoutMs: 10_000, maxBodyBytes: 5 * 1024 * 1024 };

interface Outside {
  readonly desk: DeskGateway;
  readonly channel: ChannelGateway;
  readonly registrations: WebhookRegistrations;
}

function openOutside(start: Start): Outside {
  const { settings, log, clock, closing } = start;
  const { salesforce } = settings;
  const now = (): number => clock.now();
  const proxyFor = createProxyFor(settings.proxy);
  const http = createHttpClient({ ...httpLimits, now, proxyFor });
  const messages = createMessageClient({ ...httpLimits, now, proxyFor }, http);
  const polls = createLongPollClient({ ...pollLimits, now, proxyFor });
  closing.push(() => polls.close());
  closing.push(() => {
    http.close();
    messages.close();
  });
  const desk = createDesk({
    ...salesforce,
    http,
    messages,
    polls,
    log,
    now,
    grant: salesforce.login,
    dataApiVersion: salesforce.apiVersion,
    mapping: deskMapping(settings),
  });
  const { keepAlive } = salesforce;
  if (keepAlive !== null)
    closing.push(startKeepAlive({ schedule: keepAlive, clock, log, call: (signal) => desk.keepAlive(signal) }));
  const channels = openChannels(settings, { http, messages }, log);
  return {
    desk: createDeskGateway({
      desk,
      sealer: createSealer(settings.stateKeys),
      download: createGuardedDownload({ ...downloadLimits, ...settings.files, now }),
    }),
    channel: createChannelGateway({ channel: channels, bot: openBot(settings, http, log) }),
    registrations: channels,
  };
}

function openBot({ botPlatform }: Settings, http: HttpClient, log: Log): BotPort {
  return botPlatform?.kind === "studio-ng"
    ? createStudioNgBot({ http, ...botPlatform })
    : createBot({ http, log, url: botPlatform?.url ?? null, token: botPlatform?.token ?? null });
}

function openChannels(
  { integrations }: Settings,
  { http, messages }: { readonly http: HttpClient; readonly messages: HttpClient },
  log: Log,
): ChannelPort & WebhookRegistrations {
  if (integrations !== null) {
    const channel = createChannel({ http: messages, ...integrations });
    return { ...channel, ...createWebhookRegistration({ http, ...integrations }) };
  }
  log.warn({}, "INTEGRATIONS_BASE_URL is not set: no text of an agent can be delivered to a user");
  const refuse = (): Promise<Done> =>
    Promise.resolve({ kind: "refused", detail: "INTEGRATIONS_BASE_URL is not set", status: null });
  return { say: refuse, register: refuse, remove: refuse };
}

function openIngress(start: Start, storage: Storage, cluster: Cluster, registrations: WebhookRegistrations): Ingress {
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
    { ...settings.http, client: settings.client, auth: settings.auth, clock, log },
  );
}
