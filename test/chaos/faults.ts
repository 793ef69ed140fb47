// What each kind of fault does to an arena, how it is proven to have struck (a pid gone, bytes dropped, a code seen), and how it is healed.
// When which fault comes is drawn in plan.ts; who begins and heals them is nemesis.ts.
import { execFile } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

import { Redis } from "ioredis";

import { kafkaAnswers, redisAnswers, registryAnswers, type Probe } from "../../sandbox/services/probes.ts";
import type { FaultOrder } from "../../sandbox/world/faults.ts";
import type { JournalEntry } from "../../sandbox/world/journal.ts";
import { handOver } from "../../sandbox/world/live-agent/failover.ts";
import { seededRandom } from "../support/seeded-random.ts";
import type { LinkFault } from "../support/tcp-proxy.ts";
import type { Arena, Instance } from "./arena.ts";
import { linkNames, type FaultKind, type PlannedFault } from "./plan.ts";
import type { Users } from "./users.ts";

/** A fault that is on. */
export interface Ongoing {
  /** What it struck, for people: `instance 1, link to kafka`. */
  readonly target: string;
  /** What shows that it struck; null where nothing does. Asked right before it is healed. */
  prove(): Promise<string | null>;
  /** Resolves when what it struck is as good as new. */
  heal(): Promise<void>;
}

/** What faults strike. */
export interface Scene {
  readonly arena: Arena;
  readonly users: Users;
}

type Strike = (scene: Scene, fault: PlannedFault) => Promise<Ongoing>;

const showsWithinMs = 5_000;
const lookEveryMs = 50;

const run = promisify(execFile);

/** Begins a fault. */
export function strike(scene: Scene, fault: PlannedFault): Promise<Ongoing> {
  return strikes[fault.kind](scene, fault);
}

const strikes: Readonly<Record<FaultKind, Strike>> = {
  async kill({ arena }, fault) {
    const instance = instanceOf(arena, fault);
    const pid = instance.service.isRunning() ? instance.service.pid() : undefined;
    await arena.kill(instance);
    return {
      target: instance.name,
      prove: async () => (pid === undefined || isAlive(pid) ? null : `process ${String(pid)} gone by SIGKILL`),
      heal: () => arena.start(instance),
    };
  },
  async stop({ arena }, fault) {
    const instance = instanceOf(arena, fault);
    const ending = await arena.stop(instance);
    const how = ending.signal ?? `code ${String(ending.code)}`;
    return {
      target: instance.name,
      prove: async () => `ended with ${how} ${seconds(ending.tookMs)} after SIGTERM`,
      heal: () => arena.start(instance),
    };
  },
  async freeze({ arena }, fault) {
    const instance = instanceOf(arena, fault);
    arena.freeze(instance);
    const pid = instance.service.pid();
    return {
      target: instance.name,
      async prove() {
        const state = await processState(pid);
        return state?.startsWith("T") === true ? `process ${String(pid)} in state ${state}` : null;
      },
      heal: async () => arena.thaw(instance),
    };
  },
  async "extra instance"({ arena }) {
    const instance = arena.instances.at(-1);
    if (instance === undefined) throw new Error("no instances");
    await arena.start(instance);
    return {
      target: instance.name,
      async prove() {
        const owned = await metric(instance, "salesforce_integration_owned_indexes");
        return owned > 0 ? `joined, owns ${String(owned)} partition indexes` : null;
      },
      async heal() {
        await arena.stop(instance);
      },
    };
  },
  "link cut": (scene, fault) => link(scene, fault, { kind: "cut" }),
  "link delay": (scene, fault) => link(scene, fault, { kind: "delay", delayMs: 20 + Math.round(fault.draw * 780) }),
  "link stall": (scene, fault) => link(scene, fault, { kind: "stall" }),
  "link drop": (scene, fault) => link(scene, fault, { kind: "drop" }),
  async swizzle({ arena }, fault) {
    const { name, links } = instanceOf(arena, fault);
    const random = seededRandom(Math.floor(fault.draw * 2 ** 31));
    const order = (): readonly (typeof linkNames)[number][] =>
      linkNames
        .map((one) => ({ one, place: random() }))
        .sort((a, b) => a.place - b.place)
        .map(({ one }) => one);
    const stepMs = fault.lengthMs / (2 * linkNames.length);
    const before = linkNames.map((one) => links[one].damage().stalledBytes);
    for (const one of order()) {
      links[one].fail({ kind: "stall" });
      await delay(stepMs);
    }
    return {
      target: `${name}, all links`,
      async prove() {
        const bytes = linkNames.map((one, i) => links[one].damage().stalledBytes - (before[i] ?? 0));
        const struck = bytes.filter((some) => some > 0).length;
        return struck > 1 ? `bytes held on ${String(struck)} links` : null;
      },
      async heal() {
        for (const one of order()) {
          links[one].heal();
          await delay(stepMs);
        }
      },
    };
  },
  "redis kill": ({ arena }) =>
    away(
      "redis",
      "does not listen",
      arena.services.redis,
      "kill",
      redisAnswers(portOf(arena.services.addresses().redis)),
    ),
  "redis freeze": ({ arena }) =>
    away(
      "redis",
      "does not answer",
      arena.services.redis,
      "pause",
      redisAnswers(portOf(arena.services.addresses().redis)),
    ),
  async "redis flush"({ arena }) {
    const redis = new Redis(`redis://${arena.services.addresses().redis}`);
    const before = await redis.dbsize();
    await redis.flushall();
    await redis.quit();
    return { target: "redis", prove: async () => told(before, "keys gone"), heal: async () => undefined };
  },
  "broker kill": ({ arena }) =>
    away(
      "broker",
      "does not listen",
      arena.services.kafka,
      "kill",
      kafkaAnswers(portOf(arena.services.addresses().brokers)),
    ),
  "broker freeze": ({ arena }) =>
    away(
      "broker",
      "does not answer",
      arena.services.kafka,
      "pause",
      kafkaAnswers(portOf(arena.services.addresses().brokers)),
    ),
  "registry away": ({ arena }) =>
    away(
      "registry",
      "does not listen",
      arena.services.registry,
      "kill",
      registryAnswers(arena.services.addresses().registryUrl),
    ),
  async "desk moved"({ arena, users }, { draw }) {
    const { desk, journal } = arena.stage.world.parts;
    const since = journal.log.end();
    const sessions = [...desk.byKey.values()].filter(
      ({ state, id }) => (state === "ENGAGED" || state === "QUEUED") && !users.forgotten.has(id),
    );
    const numbering = draw < 0.5 ? "restart" : "continue";
    const how = { numbering, redeliver: Math.floor(draw * 3), resetSequence: draw > 0.3 } as const;
    for (const session of sessions) handOver(session, how);
    const ids = new Set(sessions.map(({ id }) => id));
    const count = (matching: (call: JournalEntry) => boolean): number =>
      journal.log.read({ since, limit: 100_000, matching: (call) => isOf(ids, call) && matching(call) }).entries.length;
    return {
      target: `${String(sessions.length)} sessions, numbering ${numbering}`,
      async prove() {
        const moved = await soon(() =>
          told(
            count(({ status }) => status === 503),
            "calls of theirs answered 503",
          ),
        );
        const reconnects = count(({ operation }) => operation === "ReconnectSession");
        return moved === null ? null : `${moved}, ${String(reconnects)} reconnects`;
      },
      heal: async () => undefined,
    };
  },
  "desk 503": (scene) =>
    answers(scene, "data API", [
      { system: "salesforce", path: "/services/data/*", effect: { kind: "status", status: 503, retryAfterS: 1 } },
    ]),
  "desk 409": (scene) =>
    answers(scene, "polls", [
      { system: "salesforce", operation: "Messages", share: 0.5, effect: { kind: "status", status: 409 } },
    ]),
  async "desk forgets"({ arena, users }, { draw }) {
    const { desk, journal } = arena.stage.world.parts;
    const since = journal.log.end();
    const engaged = [...desk.byKey.values()].filter(({ state }) => state === "ENGAGED");
    const session = engaged[Math.floor(draw * engaged.length)];
    if (session !== undefined) users.forget(session);
    return {
      target: "a session in mid chat",
      async prove() {
        const ids = new Set(session === undefined ? [] : [session.id]);
        const matching = (call: JournalEntry): boolean => isOf(ids, call) && call.status === 403;
        return soon(() =>
          told(journal.log.read({ since, limit: 100_000, matching }).entries.length, "calls of its answered 403"),
        );
      },
      heal: async () => undefined,
    };
  },
  "desk replies lost": (scene) =>
    answers(scene, "salesforce", [{ system: "salesforce", when: "after", share: 0.2, effect: { kind: "reset" } }]),
  "channel replies lost": (scene) =>
    answers(
      scene,
      "integrations and bot",
      (["integrations", "botrunner", "studio-ng"] as const).map((system) => ({
        system,
        when: "after",
        share: 0.2,
        effect: { kind: "reset" },
      })),
    ),
};

/** Whether a call came from one of these sessions. */
function isOf(ids: ReadonlySet<string>, { session }: JournalEntry): boolean {
  return session !== undefined && ids.has(session);
}

function instanceOf(arena: Arena, { instance }: PlannedFault): Instance {
  const one = arena.instances[instance];
  if (one === undefined) throw new Error(`no instance ${String(instance)}`);
  return one;
}

async function link({ arena }: Scene, planned: PlannedFault, fault: LinkFault): Promise<Ongoing> {
  const { name, links } = instanceOf(arena, planned);
  const proxy = links[planned.link];
  const before = proxy.damage();
  proxy.fail(fault);
  return {
    target: `${name}, link to ${planned.link}${fault.kind === "delay" ? `, ${String(fault.delayMs)} ms` : ""}`,
    async prove() {
      const { cutConnections, delayedBytes, stalledBytes, droppedBytes } = proxy.damage();
      switch (fault.kind) {
        case "cut":
          return told(cutConnections - before.cutConnections, "connections reset");
        case "delay":
          return told(delayedBytes - before.delayedBytes, "bytes late");
        case "stall":
          return told(stalledBytes - before.stalledBytes, "bytes held");
        case "drop":
          return told(droppedBytes - before.droppedBytes, "bytes of answers dropped");
      }
    },
    heal: async () => {
      proxy.heal();
    },
  };
}

/** A fault of one moment shows with the next call that it concerns. */
async function soon(look: () => string | null): Promise<string | null> {
  const untilMs = performance.now() + showsWithinMs;
  while (look() === null && performance.now() < untilMs) await delay(lookEveryMs);
  return look();
}

function told(count: number, what: string): string | null {
  return count > 0 ? `${String(count)} ${what}` : null;
}

interface Control {
  kill(): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  start(): Promise<void>;
}

async function away(
  name: string,
  proof: string,
  control: Control,
  how: "kill" | "pause",
  answers_: Probe,
): Promise<Ongoing> {
  await control[how]();
  return {
    target: name,
    // A probe of a frozen service waits for its own time-out.
    prove: async () => ((await answers_()) ? null : proof),
    heal: () => (how === "kill" ? control.start() : control.resume()),
  };
}

async function answers({ arena }: Scene, target: string, orders: readonly FaultOrder[]): Promise<Ongoing> {
  const { faults } = arena.stage.world.parts;
  const ids = orders.map((order) => faults.add(order).id);
  return {
    target,
    async prove() {
      const mine = faults.list().filter(({ id }) => ids.includes(id));
      return told(
        mine.reduce((sum, { struck }) => sum + struck, 0),
        "calls struck",
      );
    },
    async heal() {
      for (const id of ids) faults.remove(id);
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

/** As `ps` writes it; undefined when there is no such process. */
async function processState(pid: number): Promise<string | undefined> {
  try {
    return (await run("ps", ["-o", "stat=", "-p", String(pid)])).stdout.trim();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === 1) return undefined;
    throw error;
  }
}

/** Sum of a metric's series, 0 where it does not answer. */
export async function metric({ service }: Pick<Instance, "service">, name: string): Promise<number> {
  try {
    const response = await fetch(`${service.metricsUrl}/metrics`, { signal: AbortSignal.timeout(2_000) });
    const lines = (await response.text())
      .split("\n")
      .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
  } catch (error) {
    if (error instanceof TypeError || error instanceof DOMException) return 0;
    throw error;
  }
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
