// Does the faults of a seed to its world, one at a time, as the swarm allows and the dice choose. Tells the witness of each.
import type { DriverInstance } from "../../../src/topology/in-memory/driver.ts";
import { rewriteAfterMs } from "../../../src/topology/changelog.ts";
import type { ProduceFault } from "../../../src/topology/in-memory/log.ts";
import type { StoreFaults } from "../../../src/topology/in-memory/store.ts";
import type { ProducedRecord, Store } from "../../../src/topology/ports.ts";
import type { GraphWorld } from "../../support/graph-world.ts";
import type { Dice } from "./dice.ts";
import type { FaultName } from "./fault-names.ts";
import type { People } from "./people.ts";
import type { Sometimes } from "./sometimes.ts";
import type { Swarm } from "./swarm.ts";
import type { Witness } from "./witness.ts";

/** What is around the faults. */
export interface FaultTools {
  readonly world: GraphWorld;
  readonly swarm: Swarm;
  readonly people: People;
  readonly witness: Witness;
  readonly sometimes: Sometimes;
  readonly dice: Dice;
  /** Tells the codec the schema of an upstream service that it asked the registry for in vain. */
  readonly upstream: Upstream;
}

/** Another writer, whose schema our registry must be asked for. */
export interface Upstream {
  /** A message under a schema id that nobody has seen. */
  write(user: string): Promise<void>;
  /** The registry answers again, and knows all of them. */
  answer(): void;
}

/** Less than the service asks of its topic (topic-settings.ts), more than it needs. */
const compactionLagMs = rewriteAfterMs + 15_000;

/** The faults of one run. */
export interface Faults {
  /** One fault; answers which. */
  strike(): Promise<FaultName | "start" | "release">;
  /** Kinds that have struck. */
  readonly kinds: ReadonlySet<FaultName>;
  /** Ends all that lasts, and leaves at least one instance that lives. */
  heal(): Promise<void>;
}

const produceFaults: readonly ProduceFault[] = ["ack-lost", "not-stored", "half-stored"];
const storeCalls: readonly (keyof Store)[] = [
  "save",
  "begin",
  "finish",
  "load",
  "claim",
  "catchUp",
  "standings",
  "publishReplies",
];
const deskCalls = [
  "say",
  "poll",
  "resync",
  "reconnect",
  "attachFile",
  "findFile",
  "ensureCase",
  "openSession",
  "requestChat",
  "end",
] as const;
/** Of a session to another server, as fake-desk-types.ts has them. */
const moves = ["going on", "anew", "with the next text"] as const;
const most = 3;
const awayMs = 4_000;
const stopMs = 3_000;

/** No fault has struck yet. */
export function createFaults({ world, swarm, people, witness, sometimes, dice, upstream }: FaultTools): Faults {
  const kinds = new Set<FaultName>();
  const stopping = new Set<DriverInstance>();
  let past: ReturnType<StoreFaults["snapshot"]> | null = null;

  const alive = (): readonly DriverInstance[] => world.instances.filter(({ dead }) => !dead);
  const running = (): readonly DriverInstance[] => alive().filter((one) => !one.held && !stopping.has(one));

  function start(): void {
    const { id } = world.start();
    witness.note({ kind: "process", actor: id, step: "started" });
  }

  /** Does it to one that runs, and sees to it that some instance is left. */
  function toOne(step: "killed" | "held" | "told to stop", act: (instance: DriverInstance) => void): void {
    if (running().length === 0) start();
    const instance = dice.one(running());
    witness.note({ kind: "process", actor: instance.id, step });
    act(instance);
    if (running().length === 0) start();
  }

  /** SIGTERM; the process ends when the runtime has stopped, and at its deadline in any case. */
  function stop(instance: DriverInstance): void {
    stopping.add(instance);
    const exit = (): void => instance.crash();
    void instance.stop(stopMs).then(exit);
    world.clock.after(stopMs, exit);
  }

  async function away(what: string, turn: (away: boolean) => void): Promise<void> {
    witness.note({ kind: "fault", what, step: "begins" });
    witness.disturbed();
    turn(true);
    const until = dice.below(awayMs);
    for (let ms = 0; ms < until; ms += 500) {
      await world.advance(500);
      if (dice.chance(0.5)) await people.act();
    }
    turn(false);
    witness.note({ kind: "fault", what, step: "ends" });
  }

  /** The store loses its past. */
  function loseMarks(what: string, act: () => void): void {
    witness.note({ kind: "fault", what, step: "begins" });
    witness.disturbed(true);
    act();
  }

  function back(): void {
    if (past !== null) {
      sometimes.wentBack(past);
      const to = past;
      loseMarks("store back in time", () => world.store.faults.goBack(to));
    }
    past = world.store.faults.snapshot();
  }

  function compact(): void {
    for (let partition = 0; partition < swarm.partitions; partition++) {
      sometimes.compacts(world.log.records("interconnections", partition));
      witness.look();
      world.log.compact("interconnections", partition, compactionLagMs);
    }
  }

  const strikes: Readonly<Record<FaultName, { readonly weight: number; readonly act: () => Promise<void> | void }>> = {
    crash: { weight: 3, act: () => toOne("killed", (instance) => instance.crash()) },
    stop: { weight: 2, act: () => toOne("told to stop", stop) },
    hold: { weight: 3, act: () => toOne("held", (instance) => instance.hold()) },
    "store outcome unknown": {
      weight: 6,
      act: () => {
        witness.disturbed();
        for (let i = dice.below(4); i >= 0; i--) world.store.faults.failNext(dice.chance(0.5), dice.one(storeCalls));
      },
    },
    "store away": { weight: 2, act: () => away("store away", (is) => world.store.faults.away(is)) },
    "store empty": { weight: 1, act: () => loseMarks("store empty", () => world.store.faults.flush()) },
    "store back in time": { weight: 3, act: back },
    "produce fails": { weight: 6, act: () => world.log.failNext(dice.one(produceFaults), isOurs) },
    "broker away": { weight: 2, act: () => away("broker away", (is) => world.log.setDown(is)) },
    "changelog compacted": { weight: 2, act: compact },
    "registry away": {
      weight: 1,
      act: async () => {
        world.codec.away(true);
        await upstream.write(dice.one(swarm.users).id);
        await away("registry away", (is) => {
          if (!is) upstream.answer();
        });
      },
    },
    "session moves": { weight: 3, act: () => atDesk((user) => people.chatOf(user)?.move(dice.one(moves))) },
    "session forgotten": { weight: 0.4, act: () => atDesk((user) => people.sessionForgotten(user)) },
    "desk fails": {
      weight: 6,
      act: () => world.desk.fail(dice.one(deskCalls), { kind: "retry", effect: dice.chance(0.5) ? "none" : "after" }),
    },
    "channel fails": { weight: 5, act: () => world.phone.fail("say", dice.one(["lost reply", "not done"] as const)) },
    "bot fails": { weight: 3, act: () => world.phone.fail("handBack", dice.one(["lost reply", "not done"] as const)) },
  };

  function atDesk(act: (user: Swarm["users"][number]) => void): void {
    const open = swarm.users.filter((user) => people.chatOf(user) !== null);
    if (open.length > 0) act(dice.one(open));
  }

  function releaseAll(): void {
    for (const instance of world.instances) {
      if (instance.dead || !instance.held) continue;
      witness.note({ kind: "process", actor: instance.id, step: "released" });
      instance.release();
    }
  }

  const chosen = [...swarm.faults].map((name) => ({ name, ...strikes[name] }));

  return {
    kinds,
    async strike() {
      if (alive().length < most && dice.chance(0.25)) {
        start();
        return "start";
      }
      if (alive().some(({ held }) => held) && dice.chance(0.3)) {
        releaseAll();
        return "release";
      }
      const { name, act } = dice.weighted(chosen);
      kinds.add(name);
      await act();
      return name;
    },
    async heal() {
      releaseAll();
      upstream.answer();
      if (swarm.onlyOneSurvives) {
        for (const instance of alive()) {
          witness.note({ kind: "process", actor: instance.id, step: "killed" });
          instance.crash();
        }
        await world.advance(1_000);
      }
      if (running().length === 0 || swarm.onlyOneSurvives) start();
      witness.note({ kind: "healed" });
    },
  };
}

/** Of the service: what people write has been acknowledged to them. */
const isOurs = ([first]: readonly ProducedRecord[]): boolean =>
  first?.topic !== "channel-messages" && first?.topic !== "chat-requests";
