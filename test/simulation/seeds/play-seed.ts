// One seed from its first event to its verdict: a world as the swarm has it, people and faults until enough has happened, healing, and the
// tail that shows that all is well. The seed alone decides every interleaving; the same seed gives the same run.
import type { GateWatch } from "../../../src/topology/in-memory/instance-gate.ts";
import type { BrokerNotice } from "../../../src/topology/in-memory/log.ts";
import { createGraphWorld, type GraphWorld } from "../../support/graph-world.ts";
import { describeHistory, type HistoryVerdict } from "../../support/history/check-history.ts";
import { createDice } from "./dice.ts";
import { createFaults } from "./faults.ts";
import { createNetwork, type Network } from "./network.ts";
import { openProducer } from "./open-producer.ts";
import { createPeople, keyword, type People } from "./people.ts";
import { createSometimes, type RareThing, type Sometimes } from "./sometimes.ts";
import { swarmOf, type Swarm } from "./swarm.ts";
import { createTrace, type Trace } from "./trace.ts";
import { createUpstream } from "./upstream.ts";
import { createWitness, type Witness } from "./witness.ts";

/** What came of one seed. */
export interface SeedOutcome {
  readonly seed: number;
  /** What did not hold, in readable lines; empty when all did. */
  readonly breaches: readonly string[];
  /** Why the run shows nothing; null when it counts. */
  readonly void: string | null;
  readonly rare: readonly (readonly [RareThing, number])[];
  readonly faults: readonly string[];
  readonly inputs: number;
  readonly delivered: number;
  readonly inFlightDoubles: number;
  readonly virtualMs: number;
  readonly events: number;
  /** Of all events. */
  readonly hash: string;
  /** The last 200 events. */
  readonly trace: readonly string[];
}

/** A seed counts with so many inputs from outside, and so many kinds of fault. */
const leastInputs = 300;
const leastKinds = 3;
const faultShare = 0.12;
/** Until everything that was accepted is done, after healing. */
const drainMs = 240_000;
/**
 * Until every user has a new chat. Longer than a text is tried: a session that moves while its chat is being closed is not followed, and
 * what is still to be said there holds the user's lane until it is given up (docs/guarantees.md).
 */
const tailMs = 660_000;
/** Behind the rewrite that follows a takeover by 60 s. */
const quietMs = 70_000;
const sessionTimeoutMs = 4_000;

/** Plays it. */
export async function playSeed(seed: number, keepEvents = 200): Promise<SeedOutcome> {
  const swarm = swarmOf(seed);
  const trace = createTrace(keepEvents);
  const stage = setStage(swarm, trace);
  const { world, witness, people, faults, sometimes, network, lies } = stage;
  const dice = createDice(seed, "schedule");
  for (let i = 0; i < swarm.instances; i++) witness.note({ kind: "process", actor: world.start().id, step: "started" });

  const total = (): number => Object.values(people.inputs).reduce((sum, count) => sum + count, 0);
  while ((total() < leastInputs || faults.kinds.size < leastKinds) && !witness.broken) {
    const what = dice.chance(faultShare) ? await faults.strike() : await people.act();
    trace.add(world.clock.monotonicMs(), what);
    await world.advance(dice.below(swarm.paceMs));
    witness.look();
  }
  const breaches = witness.broken ? [] : await wrapUp();
  const verdict = witness.end();
  return {
    seed,
    breaches: [...breaches, ...lies, ...breachesOf(verdict), ...early(world), ...fatal(world)],
    void: voided(faults.kinds.size, people),
    rare: [...sometimes.counts],
    faults: [...faults.kinds],
    inputs: total(),
    delivered: verdict.delivered,
    inFlightDoubles: verdict.inFlightDoubles.length,
    virtualMs: world.clock.monotonicMs(),
    events: trace.events,
    hash: trace.hash,
    trace: trace.last(),
  };

  /** Heals, lets everything come to its end, and has every user served once more. */
  async function wrapUp(): Promise<readonly string[]> {
    network.calm();
    await faults.heal();
    const late: string[] = [];
    const until = async (left: () => readonly string[], ms: number): Promise<void> => {
      let missing: readonly string[] = [];
      const met = await world.until(() => {
        witness.look();
        missing = left();
        return witness.broken || missing.length === 0;
      }, ms);
      if (!met) late.push(`not done ${String(ms)} ms after healing: ${missing.slice(0, 5).join("; ")}`);
    };
    await until(() => people.wrapUp(), drainMs);
    if (late.length > 0) return late;
    await until(() => people.reconnect(), tailMs);
    if (late.length > 0) return late;
    for (const user of swarm.users) await people.exchange(user);
    await until(() => people.wrapUp(), drainMs);
    await world.advance(quietMs);
    return late;
  }
}

interface Stage {
  readonly world: GraphWorld;
  readonly witness: Witness;
  readonly people: People;
  readonly faults: ReturnType<typeof createFaults>;
  readonly sometimes: Sometimes;
  readonly network: Network;
  /** What the broker acknowledged against the truth: its trap went off. */
  readonly lies: readonly string[];
}

function setStage(swarm: Swarm, trace: Trace): Stage {
  const { seed, partitions, users, batchRecords, callsPerSecond, openBudgetMs } = swarm;
  const network = createNetwork(swarm.network, createDice(seed, "network"));
  const sometimes = createSometimes(() => Object.values(people.inputs).reduce((sum, count) => sum + count, 0));
  const lies: string[] = [];
  const legs = createDice(seed, "broker");
  const world: GraphWorld = createGraphWorld({
    ...{ seed, partitions, batchRecords, callsPerSecond, sessionTimeoutMs, openProducer },
    chance: createDice(seed, "order"),
    // People's own records are there at once; the service's travel (network.ts).
    delayMs: (step) => (step === "produce" ? 0 : legs.below(swarm.network.usualMs + 1)),
    decide: { openBudgetMs, restartKeywords: new Set([keyword]) },
    desk: swarm.desk,
    watch: (instanceId) => watchOf(instanceId),
    noticed(what) {
      if (what === "acknowledged, not stored") lies.push("a record was acknowledged and not stored");
      else sometimes.happened(rareOf[what]);
    },
  });
  const witness = createWitness({
    world: () => world,
    users: users.map(({ id }) => id),
    ...{ partitions, trace },
    rules: { silenceMs: drainMs, drainWithinMs: drainMs, reasons: new Set(["undeliverable, the chat was over"]) },
  });
  const people = createPeople(world, swarm, witness, createDice(seed, "people"));
  const upstream = createUpstream(world);
  const faults = createFaults({
    ...{ world, swarm, people, witness, sometimes, upstream },
    dice: createDice(seed, "faults"),
  });
  return { world, witness, people, faults, sometimes, network, lies };

  function watchOf(instanceId: string): GateWatch {
    const instance = () => {
      const found = world.instances.find(({ id }) => id === instanceId);
      if (found === undefined) throw new Error("an instance that was never started");
      return found;
    };
    return {
      route: (call) => network.route(call),
      arrived: (call, caller) => witness.arrived(instance(), call, caller),
      executed(call, outcome, caller) {
        const how = "error" in outcome ? "failed" : briefly(outcome.value);
        const line = `${instanceId} #${String(call.number)} ${call.name}${numbersOf(call.args)} ${how}${caller === "alive" ? "" : `, caller ${caller}`}`;
        if (routine.has(call.name)) trace.addQuietly(world.clock.monotonicMs(), line);
        else trace.add(world.clock.monotonicMs(), line);
        sometimes.executed(instance(), call, outcome, caller);
        witness.executed(instance(), call, outcome, caller);
      },
    };
  }
}

const rareOf: Readonly<Record<Exclude<BrokerNotice, "acknowledged, not stored">, RareThing>> = {
  "sequence rolled back":
    "a rejected send left a sequence under which the next one would be acknowledged and not stored",
  "commit for a lost partition accepted": "a commit for a partition already lost was accepted",
  "two topics of one index handed over at one moment": "two topics of one index were handed over at one moment",
};

/** What every instance does every half second. */
const routine: ReadonlySet<string> = new Set(["store.standings", "consumer.commit"]);

/** Numbers that tell calls of one name apart: post numbers, positions, epochs, and whose command it is. */
function numbersOf(args: readonly unknown[]): string {
  const parts = args.flatMap((arg) => {
    if (typeof arg === "number") return [String(arg)];
    const { userId, seq, id, lane } = (arg ?? {}) as Readonly<Record<string, unknown>>;
    return [id ?? userId, lane, seq].filter((part) => typeof part === "string" || typeof part === "number").map(String);
  });
  return parts.length === 0 ? "" : `(${parts.join(", ")})`;
}

function briefly(value: unknown): string {
  if (typeof value === "string") return value;
  const { kind } = (value ?? {}) as { readonly kind?: string };
  return kind ?? "ok";
}

function breachesOf(verdict: HistoryVerdict): readonly string[] {
  return verdict.ok ? [] : describeHistory(verdict).split("\n").slice(1);
}

/** The desk's guide lets nothing be said between a reconnect and the resync. */
function early({ desk }: GraphWorld): readonly string[] {
  return desk.chats.flatMap((chat) =>
    chat.early.length === 0 ? [] : [`posted before the resync in ${chat.sessionId}: ${chat.early.join(", ")}`],
  );
}

function fatal(world: GraphWorld): readonly string[] {
  return world.instances.flatMap(({ id, fatal: error }) =>
    error === null ? [] : [`${id} ended itself: ${String(error.stack)}`],
  );
}

function voided(kinds: number, { inputs }: People): string | null {
  const empty = Object.entries(inputs).filter(([, count]) => count === 0);
  if (empty.length > 0) return `no input of ${empty.map(([topic]) => topic).join()}`;
  return kinds < leastKinds ? `only ${String(kinds)} kinds of fault` : null;
}
