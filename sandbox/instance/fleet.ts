// Owns the service as one process or several on this machine: each supervised, on ports of its own, with the same settings and state key,
// behind one balancer whose address is the service's. Called by sandbox.ts; the page adds, kills and stops instances through it.
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";

import { serviceEnvironment, type Surroundings } from "../environment.ts";
import { outputTail, startChild } from "../services/child.ts";
import { choosePorts, isPortTaken } from "../services/ports.ts";
import { programEnvironment } from "../services/program-environment.ts";
import type { RunDirectory } from "../services/run-directory.ts";
import { startFront } from "./front.ts";
import { createSupervisor, describeEnding, type Supervisor, type SupervisedState } from "./supervisor.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FRONT_PORT = 8080;
/** Not the service's own default: a service started beside the sandbox, by hand or by a test, has that one. */
const METRICS_PORT = 9480;
const READY_TIMEOUT_MS = 60_000;
/** The page's crowd says more than the service's own default, 20 texts a second each way, lets through. */
const FOR_A_CROWD = { INTEGRATION_CHAN_RATE_LIMIT: "1000", SALEFORCE_CHAN_RATE_LIMIT: "1000" };
const ASK_TIMEOUT_MS = 2_000;
/** Longer than the 15 s that the service has for its drain. */
const DRAIN_GRACE_MS = 20_000;
/** More would only share two cores among more. */
const MOST_INSTANCES = 3;
const TOPIC = "sandbox";

/** One instance of the service. */
export interface Instance {
  /** From 1; not used again after it was stopped. */
  readonly number: number;
  readonly port: number;
  readonly metricsPort: number;
  readonly state: SupervisedState;
  readonly pid: number | undefined;
  /** How often it was started again. */
  readonly restarts: number;
}

/** Something that is not possible now; the message says why. */
export class NotNow extends Error {
  override readonly name = "NotNow";
}

/** The instances of a sandbox. */
export interface Fleet {
  /** Of the balancer: where callers find the service, whoever answers. */
  readonly url: string;
  /** KAFKA_TOPIC: prefix of the service's topics. */
  readonly topic: string;
  instances(): readonly Instance[];
  /** Resolves when the first instance is ready; rejects with the end of its output when it does not become so. */
  start(): Promise<void>;
  /** One more; resolves when it is ready. Throws NotNow when there are enough. */
  add(): Promise<Instance>;
  /** Stops one in order and forgets it. Throws NotNow for the first one, and for one that is not there. */
  remove(number: number): Promise<void>;
  /** SIGKILL; its supervisor starts it again. */
  kill(number: number): Promise<void>;
  /** Stops all of them in order, then the balancer. Repeat-safe. */
  stop(): Promise<readonly string[]>;
}

/** What a fleet is made from. */
export interface FleetOptions {
  readonly around: Surroundings;
  readonly run: RunDirectory;
  readonly say: (line: string) => void;
}

interface Member {
  readonly number: number;
  readonly supervisor: Supervisor;
  readonly ports: () => readonly number[];
}

/** A fleet behind a balancer that listens already; no instance runs yet. */
export async function createFleet(options: FleetOptions): Promise<Fleet> {
  const members = new Map<number, Member>();
  /** Told to stop, also those that were still starting. */
  const leaving = new Set<number>();
  const stateKey = randomBytes(32).toString("base64");
  let numbers = 0;
  const isUp = ({ supervisor }: Member): boolean => supervisor.state() === "ready" || supervisor.state() === "starting";
  const targets = (): string[] =>
    [...members.values()].filter(isUp).map(({ ports }) => `http://127.0.0.1:${String(ports()[0])}`);
  const front = await startFront(targets, (await choosePorts([FRONT_PORT]))[0]);

  const create = (): Member => {
    numbers += 1;
    const created = member(options, { number: numbers, stateKey, frontUrl: front.url });
    members.set(created.number, created);
    return created;
  };
  const known = (number: number): Member => {
    const found = members.get(number);
    if (found === undefined) throw new NotNow(`there is no instance ${String(number)}`);
    return found;
  };
  const drain = async ({ number, supervisor }: Member): Promise<string | undefined> => {
    const startedMs = performance.now();
    leaving.add(number);
    const ending = await supervisor.stop();
    members.delete(number);
    if (ending === undefined) return undefined;
    const who = number === 1 ? "The service" : `Instance ${String(number)} of the service`;
    return `${who} ended (${describeEnding(ending)}) after ${((performance.now() - startedMs) / 1000).toFixed(1)} s.`;
  };

  return {
    url: front.url,
    topic: TOPIC,
    instances: () => [...members.values()].map(described),
    start: () => create().supervisor.start(),
    async add() {
      if (members.size >= MOST_INSTANCES) throw new NotNow(`${String(MOST_INSTANCES)} instances are enough`);
      const added = create();
      try {
        await added.supervisor.start();
      } catch (error) {
        members.delete(added.number);
        if (leaving.has(added.number))
          throw new NotNow(`instance ${String(added.number)} was stopped before it was ready`);
        throw error;
      }
      return described(added);
    },
    async remove(number) {
      if (number === 1) throw new NotNow("the first instance stays; kill it, and it comes back");
      const ended = await drain(known(number));
      if (ended !== undefined) options.say(ended);
    },
    async kill(number) {
      await known(number).supervisor.kill();
    },
    async stop() {
      const ended = await Promise.all([...members.values()].map(drain));
      await front.close();
      return ended.filter((line) => line !== undefined);
    },
  };
}

function described({ number, supervisor, ports }: Member): Instance {
  const [port = 0, metricsPort = 0] = ports();
  return {
    number,
    port,
    metricsPort,
    state: supervisor.state(),
    pid: supervisor.pid(),
    restarts: supervisor.restarts(),
  };
}

interface MemberPlace {
  readonly number: number;
  readonly stateKey: string;
  readonly frontUrl: string;
}

function member({ around, run, say }: FleetOptions, { number, stateKey, frontUrl }: MemberPlace): Member {
  const name = number === 1 ? "service" : `service-${String(number)}`;
  let ports: readonly number[] = [];

  /** The usual metrics port at first; others when somebody took one of them before the service bound it. */
  const choose = async (): Promise<readonly number[]> => {
    if (ports.length === 0) return choosePorts([undefined, number === 1 ? METRICS_PORT : undefined]);
    return isPortTaken(await outputTail(run, name)) ? choosePorts([undefined, undefined]) : ports;
  };
  const supervisor = createSupervisor({
    async spawn() {
      if (supervisor.readySince() === undefined) ports = await choose();
      const [port = 0, metricsPort = 0] = ports;
      const service = { topic: TOPIC, client: "sandbox", appName: "salesforce-integration", stateKey };
      // Webhooks come to the balancer: whoever is up takes them.
      const more = { ...FOR_A_CROWD, WEBHOOK_BASE_URL: frontUrl };
      const settings = serviceEnvironment(around, { ...service, port, metricsPort }, more);
      const env = { ...programEnvironment(), ...settings };
      return startChild({ name, command: process.execPath, args: ["src/main.ts"], env, cwd: ROOT, run });
    },
    ready: () => isReady(`http://127.0.0.1:${String(ports[1])}/ready`),
    tail: (child) => outputTail(run, name, child.outputFromByte),
    say,
    startTimeoutMs: READY_TIMEOUT_MS,
    startAttempts: 3,
    stopGraceMs: DRAIN_GRACE_MS,
  });
  return { number, supervisor, ports: () => ports };
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
