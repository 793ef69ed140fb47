// Where a chaos run takes place: Kafka, registry and Redis of its own, the sandbox's world, several instances of the service, and between each
// instance and everything it speaks to a link that can fail. An instance that ends by itself is started again, as a supervisor does.
// Closing it heals first, ends every process and port, and may come at any moment. Called by the runs.
import { setTimeout as delay } from "node:timers/promises";

import type { Surroundings } from "../../sandbox/environment.ts";
import { createServices, type Services } from "../../sandbox/services/driver.ts";
import type { World } from "../../sandbox/world/world.ts";
import { eventually } from "../support/eventually.ts";
import type { Entry, ProcessStep } from "../support/history/entries.ts";
import type { ServiceProcess, TimedEnding } from "../support/service-process.ts";
import { openStage, type Stage } from "../support/stage.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";
import { linkNames, type LinkName } from "./plan.ts";

/** The links of an instance, by what they lead to. */
export type Links = Readonly<Record<LinkName, TcpProxy>>;

/** One instance of the service. */
export interface Instance {
  readonly n: number;
  /** `instance 0`. */
  readonly name: string;
  readonly service: ServiceProcess;
  readonly links: Links;
  /** It is meant to run. */
  wanted: boolean;
  /** It is frozen by SIGSTOP. */
  held: boolean;
  /** It has said so since its last start. */
  ready: boolean;
}

/** How to set it up. */
export interface ArenaOptions {
  /** Instances that run from the start; one more is there to join. */
  readonly instances: number;
  /** `import.meta.url` of who asks: names topics and kept output. */
  readonly file: string;
  readonly settings?: Readonly<Record<string, string>>;
  /** To whom users are handed back. Default: Botrunner. */
  readonly bot?: "Botrunner" | "Studio NG";
  readonly say: (line: string) => void;
}

/** A process that ended by itself, in words, and its exit code; null where a signal ended it. */
export interface Crash {
  readonly text: string;
  readonly code: number | null;
}

/** The place. */
export interface Arena {
  readonly stage: Stage;
  readonly services: Services;
  readonly instances: readonly Instance[];
  /** Steps of processes so far, and what else is told to `note`. */
  readonly entries: Entry[];
  readonly crashes: Crash[];
  /** Monotonic milliseconds of all witnesses. */
  now(): number;
  note(entry: Entry extends infer One ? (One extends Entry ? Omit<One, "at"> : never) : never): void;
  /** Starts it; resolves when it is ready, ended before that, or takes too long: what a late one means is for the history to say. */
  start(instance: Instance): Promise<void>;
  kill(instance: Instance): Promise<void>;
  /** SIGTERM. */
  stop(instance: Instance): Promise<TimedEnding>;
  freeze(instance: Instance): void;
  thaw(instance: Instance): void;
  /** Which instance calls by that address of a simulator. */
  callerOf(host: string | undefined): Instance | undefined;
  close(): Promise<void>;
}

const startedWithinMs = 120_000;
const readyWithinMs = 60_000;
/** A service waits for ever for what it needs; a run ends. */
const neverReadyMs = 3_600_000;
const restartAfterMs = 500;

/** Opens it; every instance but the last is ready when it resolves. */
export async function openArena(options: ArenaOptions): Promise<Arena> {
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (let next = closers.pop(); next !== undefined; next = closers.pop()) await next();
  };
  try {
    return await build(options, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function build(
  options: ArenaOptions,
  closers: (() => Promise<void>)[],
  close: () => Promise<void>,
): Promise<Arena> {
  const count = options.instances + 1;
  const links: Links[] = [];
  for (let n = 0; n < count; n += 1) {
    const proxies = await Promise.all(linkNames.map(async (name) => [name, await startTcpProxy()] as const));
    links.push(Object.fromEntries(proxies) as Record<LinkName, TcpProxy>);
    closers.push(async () => {
      await Promise.all(proxies.map(([, proxy]) => proxy.close()));
    });
  }
  const services = await createServices({
    kind: "local",
    say: options.say,
    env: process.env,
    proxied: links.map(({ kafka }) => kafka.port),
  });
  closers.push(() => services.stop());
  const addresses = await services.start();
  const seenBy = (n: number, truth: Surroundings, { studioNgUrl }: World): Surroundings => {
    const mine = linksOf(links, n);
    mine.kafka.leadTo(addresses.behindProxies?.[n] ?? "");
    mine.redis.leadTo(truth.redis);
    return {
      ...truth,
      brokers: mine.kafka.address,
      redis: mine.redis.address,
      registryUrl: by(mine.registry, truth.registryUrl),
      salesforceUrl: by(mine.salesforce, truth.salesforceUrl),
      integrationsUrl: by(mine.integrations, truth.integrationsUrl),
      ...(options.bot === "Studio NG"
        ? { studioNgUrl: by(mine.bot, studioNgUrl) }
        : { botrunnerUrl: by(mine.bot, truth.botrunnerUrl) }),
    };
  };
  const stage = await openStage({
    file: options.file,
    services: addresses,
    instances: count,
    start: false,
    seenBy,
    settings: { KAFKA_PARTITIONS: "12", ...options.settings },
  });
  closers.push(() => stage.close());
  const arena = makeArena(stage, services, links, close);
  // The last to close is the first to know: nothing may be started again from here on.
  closers.push(async () => {
    for (const instance of arena.instances) {
      instance.wanted = false;
      if (instance.held) arena.thaw(instance);
    }
  });
  const first = arena.instances.slice(0, options.instances);
  await Promise.all(first.map((instance) => arena.start(instance)));
  await eventually("all instances are ready", () => first.every(({ ready }) => ready), { timeoutMs: startedWithinMs });
  return arena;
}

function linksOf(links: readonly Links[], n: number): Links {
  const mine = links[n];
  if (mine === undefined) throw new Error("no such instance");
  return mine;
}

/** The same address by the proxy, which leads there from now on. */
function by(proxy: TcpProxy, address: string): string {
  const url = new URL(address);
  proxy.leadTo(url.host);
  url.host = proxy.address;
  return url.href.replace(/\/$/, "");
}

function makeArena(stage: Stage, services: Services, links: readonly Links[], close: () => Promise<void>): Arena {
  const { clock } = stage.world.parts;
  const hosts = new Map<string, Instance>();
  const instances = stage.services.map((service, n): Instance => {
    const mine = linksOf(links, n);
    const instance = {
      n,
      name: `instance ${String(n)}`,
      service,
      links: mine,
      wanted: false,
      held: false,
      ready: false,
    };
    for (const { address } of Object.values(mine)) hosts.set(address, instance);
    return instance;
  });
  const step = ({ name }: Instance, what: ProcessStep["step"], code?: number | null): void => {
    const more = code === undefined ? {} : { code };
    arena.entries.push({ at: clock.monotonicMs(), kind: "process", actor: name, step: what, ...more });
  };

  const supervise = async (instance: Instance): Promise<void> => {
    const ending = await instance.service.ended();
    // Who stops it says so before.
    if (!instance.wanted) return;
    step(instance, "exited", ending.code);
    const how = ending.signal ?? `code ${String(ending.code)}`;
    const text = `${instance.name} ended by itself (${how}) at ${String(Math.round(arena.now()))} ms`;
    arena.crashes.push({ text, code: ending.code });
    await delay(restartAfterMs);
    if (!isWanted(instance)) return;
    await arena.start(instance);
  };

  const becomesReady = async (instance: Instance): Promise<void> => {
    try {
      await instance.service.ready(neverReadyMs);
    } catch {
      // It ended: by us, or its supervisor has heard.
      return;
    }
    instance.ready = true;
    step(instance, "ready");
  };

  const arena: Arena = {
    stage,
    services,
    instances,
    entries: [],
    crashes: [],
    now: () => clock.monotonicMs(),
    note(entry) {
      arena.entries.push({ ...entry, at: clock.monotonicMs() });
    },
    async start(instance) {
      if (instance.service.isRunning()) return;
      instance.wanted = true;
      step(instance, "started");
      instance.ready = false;
      await instance.service.spawn();
      void supervise(instance);
      await Promise.race([becomesReady(instance), delay(readyWithinMs, undefined, { ref: false })]);
    },
    async kill(instance) {
      instance.wanted = false;
      step(instance, "killed");
      await instance.service.kill();
    },
    async stop(instance) {
      instance.wanted = false;
      step(instance, "told to stop");
      const ending = await instance.service.terminate();
      step(instance, "exited", ending.code);
      return ending;
    },
    freeze(instance) {
      instance.held = true;
      step(instance, "held");
      instance.service.signal("SIGSTOP");
    },
    thaw(instance) {
      instance.held = false;
      step(instance, "released");
      instance.service.signal("SIGCONT");
    },
    callerOf: (host) => (host === undefined ? undefined : hosts.get(host)),
    close,
  };
  return arena;
}

/** Asked anew each time: it changes while one waits. */
function isWanted({ wanted }: Instance): boolean {
  return wanted;
}
