// Runs the very graph of the service in memory, for tests: the same runtime over in-memory log, store, codec and a virtual
// clock, in any number of instances of one process, which can be stopped, killed and held still at any call. Production code
// does not know it.
import { createChannelGateway } from "../../processors/channel/gateway.ts";
import type { BotPort, ChannelPort } from "../../processors/channel/port.ts";
import type { Download } from "../../processors/desk/files.ts";
import { createDeskGateway } from "../../processors/desk/gateway.ts";
import type { Desk, Sealer } from "../../processors/desk/port.ts";
import type { Decide } from "../../processors/interconnection/decision.ts";
import { parseRecord } from "../../processors/interconnection/record.ts";
import { nobody, type UserState } from "../../processors/interconnection/state.ts";
import { bridge } from "../bridge.ts";
import type { BodyFormat } from "../body-format.ts";
import { memoryLimits } from "../memory-limits.ts";
import type {
  Clock,
  ConsumedRecord,
  Consumer,
  Header,
  Log,
  Metrics,
  ProducedRecord,
  PatientProducer,
  Random,
} from "../ports.ts";
import type { CallsPerSecond } from "../rate-limits.ts";
import { createRuntime, type Runtime, type RuntimePorts } from "../runtime.ts";
import { topicName, type TopicSuffix } from "../topics.ts";
import { createSeededRandom, createVirtualClock, type VirtualClock } from "./clock.ts";
import { createInMemoryCodec, type InMemoryCodec } from "./codec.ts";
import {
  createInstanceGate,
  type CallOrder,
  type GateWatch,
  type InstanceGate,
  type PortCall,
} from "./instance-gate.ts";
import type { BrokerConnection } from "./broker-connection.ts";
import { createInMemoryLog, type InMemoryLog, type InMemoryLogOptions } from "./log.ts";
import { createInMemoryStore, type InMemoryStore } from "./store.ts";

/** The systems outside, as the graph sees them. */
export interface OutsideWorld {
  readonly desk: Desk;
  readonly channel: ChannelPort;
  readonly bot: BotPort;
  readonly media: { readonly download: Download };
}

/** How a driver is made. */
export interface DriverOptions {
  readonly decide: Decide;
  readonly client: string;
  readonly formats: Readonly<Record<TopicSuffix, BodyFormat>>;
  readonly sealer: Sealer;
  /** Resolves when all promise callbacks have run. */
  settle(): Promise<void>;
  outside(clock: Clock): OutsideWorld;
  /** Default 1. */
  readonly partitions?: number;
  readonly seed?: number;
  readonly startAtMs?: number;
  /** Default 10 s. */
  readonly sessionTimeoutMs?: number;
  /** Key and value of one record; default 900 KiB. */
  readonly maxRecordBytes?: number;
  readonly delayMs?: InMemoryLogOptions["delayMs"];
  /** Default 20 each, as the settings have it. */
  readonly callsPerSecond?: CallsPerSecond;
  readonly batchRecords?: number;
  readonly log?: Log;
  readonly metrics?: Metrics;
  /** How the calls of an instance travel, and who looks on; the order given to `start` goes before its own. */
  watch?(instanceId: string): GateWatch;
  /** The Producer port over one connection after the other; default is the broker's own, which needs none. */
  openProducer?(connect: () => BrokerConnection, clock: Clock): PatientProducer;
  /** Hears of rare things that the broker did. */
  readonly noticed?: InMemoryLogOptions["noticed"];
  /** Draws the order of what falls due at one moment; default: as it was asked for. */
  readonly chance?: Random;
}

/** One instance of the service. */
export interface DriverInstance {
  readonly id: string;
  readonly runtime: Runtime;
  /** Why the process would have ended itself; null while it has no reason. */
  readonly fatal: Error | null;
  readonly dead: boolean;
  readonly held: boolean;
  /** kill -9. */
  crash(): void;
  /** SIGSTOP and SIGCONT. */
  hold(): void;
  release(): void;
  /** SIGTERM; time must go on for it to resolve. */
  stop(deadlineMs?: number): Promise<void>;
}

/** The graph, running. */
export interface TopologyDriver {
  readonly clock: VirtualClock;
  readonly log: InMemoryLog;
  readonly store: InMemoryStore;
  readonly codec: InMemoryCodec;
  /** Every instance that was started, oldest first. */
  readonly instances: readonly DriverInstance[];
  /** Starts an instance; `order` is asked at each of its calls. It owns something once time has gone on. */
  start(order?: (call: PortCall) => CallOrder): DriverInstance;
  /** Lets `ms` pass. */
  advance(ms: number): Promise<void>;
  /** Lets time pass in small steps until `condition` holds; false when `deadlineMs` passed first. */
  until(condition: () => boolean | Promise<boolean>, deadlineMs?: number): Promise<boolean>;
  /** Produces a value under its user's key, as any writer does. */
  send(topic: TopicSuffix, value: { readonly userId: string }): Promise<void>;
  /** Produces bytes as they are. */
  sendRaw(record: ProducedRecord): Promise<void>;
  /** What a topic holds, decoded, partition by partition. Throws on a record that is not of its schema. */
  read(topic: TopicSuffix): readonly DecodedRecord[];
  /** State of a user as the store has it, also while that is away. */
  state(userId: string): UserState;
}

/** A record with its value. */
export interface DecodedRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  /** Null for a tombstone. */
  readonly value: unknown;
  readonly headers: readonly Header[];
}

const groupId = "in-memory";
const stepMs = 25;
/** 2026-01-01T00:00:00Z. */
const startOf2026 = 1_767_225_600_000;
const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const uncounted: Metrics = { count: () => undefined, observeMs: () => undefined, gauge: () => undefined };

/** A driver with no instance yet. */
export function createTopologyDriver(options: DriverOptions): TopologyDriver {
  const { client, decide, sealer } = options;
  const clock = createVirtualClock(options.startAtMs ?? startOf2026, () => options.settle(), options.chance);
  const sessionTimeoutMs = options.sessionTimeoutMs ?? 10_000;
  const partitions = options.partitions ?? 1;
  const log = createInMemoryLog({
    clock,
    partitions,
    sessionTimeoutMs,
    ...(options.delayMs === undefined ? {} : { delayMs: options.delayMs }),
    ...(options.batchRecords === undefined ? {} : { batchRecords: options.batchRecords }),
    ...(options.noticed === undefined ? {} : { noticed: options.noticed }),
  });
  const store = createInMemoryStore(clock, memoryLimits(7 * 86_400_000));
  const codec = createInMemoryCodec(options.formats);
  const random = createSeededRandom(options.seed ?? 1);
  const outside = options.outside(clock);
  const sender = log.producer();
  const instances: DriverInstance[] = [];

  const producerBehind = (gate: InstanceGate): PatientProducer =>
    options.openProducer?.(() => gate.port("broker", log.connection(), ["send"]), gate.clock) ?? log.producer();

  function start(order?: (call: PortCall) => CallOrder): DriverInstance {
    const id = `instance-${String(instances.length + 1)}`;
    const member = log.consumer(groupId, id);
    const watch: GateWatch = { ...options.watch?.(id), ...(order === undefined ? {} : { order }) };
    const gate = createInstanceGate(clock, watch, (what) => {
      if (what === "killed") member.kill();
      if (what === "held") member.stall();
      if (what === "released") member.wake();
    });
    let fatal: Error | null = null;
    const { perform, desk } = gatewaysBehind(gate, outside, sealer);
    const runtime = createRuntime({
      graph: bridge,
      client,
      instanceId: id,
      clock: gate.clock,
      random,
      log: options.log ?? silent,
      metrics: options.metrics ?? uncounted,
      store: gate.port("store", store.store, storeCalls),
      codec: codec.codec,
      producer: gate.port("producer", producerBehind(gate), ["produce"]),
      effectsProducer: gate.port("effects", producerBehind(gate), ["produce"]),
      changelog: gate.port("changelog", log.changelogReader(), ["read"]),
      consumer: consumerBehind(gate, member),
      partitions,
      decide,
      perform,
      desk,
      maxRecordBytes: options.maxRecordBytes ?? 900 * 1024,
      sessionTimeoutMs,
      conflictWaitMs: 2_000,
      callsPerSecond: options.callsPerSecond ?? { desk: 20, channel: 20 },
      fullName: (suffix) => topicName("driver", suffix),
      fatal(error) {
        fatal ??= error;
        gate.kill();
      },
    });
    const instance: DriverInstance = {
      id,
      runtime,
      get fatal() {
        return fatal;
      },
      get dead() {
        return gate.dead.aborted;
      },
      get held() {
        return gate.held;
      },
      crash: () => gate.kill(),
      hold: () => gate.hold(),
      release: () => gate.release(),
      stop: (deadlineMs = 10_000) => runtime.stop(deadlineMs),
    };
    instances.push(instance);
    void runtime.start();
    return instance;
  }

  return {
    clock,
    log,
    store,
    codec,
    instances,
    start,
    advance: (ms) => clock.advance(ms),
    async until(condition, deadlineMs = 60_000) {
      const endsAt = clock.now() + deadlineMs;
      await clock.settle();
      while (!(await condition())) {
        if (clock.now() >= endsAt) return false;
        await clock.advance(stepMs);
      }
      return true;
    },
    async send(topic, value) {
      await sender.produce([
        { topic, partition: null, key: Buffer.from(value.userId), value: codec.codec.encode(topic, value) },
      ]);
    },
    async sendRaw(record) {
      await sender.produce([record]);
    },
    read(topic) {
      return Array.from({ length: partitions }, (_, partition) =>
        log.records(topic, partition).map((record) => decoded(codec, topic, partition, record)),
      ).flat();
    },
    state(userId) {
      const user = store.faults.snapshot().users.get(userId);
      const standing = [user?.connecting, user?.interconnection].find(
        (one) => one !== null && one !== undefined && (one.endsAt === null || one.endsAt > clock.now()),
      );
      if (standing === null || standing === undefined) return nobody;
      const parsed = parseRecord(standing.json);
      if (parsed.kind !== "state") throw new Error(`a stored state can't be read: ${parsed.detail}`);
      return parsed.state;
    },
  };
}

const storeCalls = [
  ...(["claim", "catchUp", "liveUsers", "load", "save", "standings"] as const),
  ...(["begin", "finish", "release", "publishReplies"] as const),
];

function consumerBehind(gate: InstanceGate, member: Consumer): Consumer {
  const gated = gate.port("consumer", member, ["commit", "committed", "bounds", "stop"]);
  return {
    ...member,
    commit: (offsets) => gated.commit(offsets),
    committed: (partition) => gated.committed(partition),
    bounds: (topic, partition) => gated.bounds(topic, partition),
    stop: () => gated.stop(),
    start: (listener) =>
      member.start({
        assigned: (partitions, uninterrupted) => gate.deliver(() => listener.assigned(partitions, uninterrupted)),
        revoked: () => gate.deliver(() => listener.revoked()),
        batch: (batch) => gate.deliver(() => listener.batch(batch)),
        crashed: (error) => gate.deliver(() => listener.crashed(error)),
      }),
  };
}

function gatewaysBehind(
  gate: InstanceGate,
  outside: OutsideWorld,
  sealer: Sealer,
): Pick<RuntimePorts, "perform" | "desk"> {
  const media = gate.port("media", outside.media, ["download"]);
  const desk = createDeskGateway({
    download: (url, signal) => media.download(url, signal),
    desk: gate.port("desk", outside.desk, [
      ...(["ensureContact", "ensureCase", "openSession", "requestChat", "say", "end"] as const),
      ...(["poll", "reconnect", "resync", "attachFile", "findFile"] as const),
    ]),
    sealer,
  });
  const channel = createChannelGateway({
    channel: gate.port("channel", outside.channel, ["say"]),
    bot: gate.port("bot", outside.bot, ["handBack"]),
  });
  return {
    desk,
    perform: (command, attempt) =>
      command.lane === "desk" ? desk.perform(command, attempt) : channel.perform(command, attempt),
  };
}

function decoded(codec: InMemoryCodec, topic: TopicSuffix, partition: number, record: ConsumedRecord): DecodedRecord {
  const { offset, key, value, headers } = record;
  const place = { partition, offset, key: key?.toString() ?? null, headers };
  if (value === null) return { ...place, value: null };
  const read = codec.codec.decode(topic, value);
  if (read instanceof Promise || read.kind !== "value") throw new Error(`a record of ${topic} is not of its schema`);
  return { ...place, value: read.value };
}
