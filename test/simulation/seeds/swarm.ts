// What a seed says about its world: how many instances, partitions and users, how the network and the desk behave, and which faults are
// there at all. Each fault is left out of about half of the seeds, so that the others show what they do alone.
import type { Channel } from "../../../src/processors/messages/generated.ts";
import type { FakeDeskOptions } from "../../support/fake-desk-types.ts";
import { createDice } from "./dice.ts";
import { faultNames, type FaultName } from "./fault-names.ts";

/** Somebody who writes. */
export interface SwarmUser {
  readonly id: string;
  readonly channel: Channel;
}

/** The parameters of one seed. */
export interface Swarm {
  readonly seed: number;
  /** At the start; between one and three live at any later time. */
  readonly instances: number;
  readonly partitions: number;
  readonly users: readonly SwarmUser[];
  readonly batchRecords: number;
  readonly callsPerSecond: { readonly desk: number; readonly channel: number };
  readonly openBudgetMs: number;
  readonly network: NetworkParameters;
  readonly desk: Pick<FakeDeskOptions, "tellsRepeats" | "idle" | "dataRules">;
  /** Longest pause between two things that happen. */
  readonly paceMs: number;
  readonly faults: ReadonlySet<FaultName>;
  /** At the end all instances die and one new one must do alone. */
  readonly onlyOneSurvives: boolean;
}

/** Times of the network, milliseconds. */
export interface NetworkParameters {
  /** A leg takes up to so long. */
  readonly usualMs: number;
  /** Share of calls to our own services that take up to `slowMs`, longer than their clients wait. */
  readonly slowShare: number;
  readonly slowMs: number;
  /** Share of calls whose answer never comes. */
  readonly lostShare: number;
}

const leastKinds = 4;

/** The parameters of a seed. */
export function swarmOf(seed: number): Swarm {
  const dice = createDice(seed, "swarm");
  const users = Array.from({ length: 2 + dice.below(7) }, (_, i): SwarmUser => ({
    id: `user-${String(i)}`,
    channel: dice.chance(0.3) ? "facebook" : "whatsapp",
  }));
  return {
    seed,
    instances: 2 + dice.below(2),
    partitions: 1 + dice.below(6),
    users,
    batchRecords: 1 + dice.below(50),
    callsPerSecond: { desk: 5 + dice.below(20), channel: 5 + dice.below(20) },
    openBudgetMs: dice.one([8_000, 20_000, 60_000]),
    network: {
      usualMs: dice.one([0, 1, 3, 10]),
      slowShare: dice.one([0, 0, 0.002, 0.01]),
      slowMs: 6_000,
      lostShare: dice.one([0, 0, 0.002, 0.01]),
    },
    desk: { tellsRepeats: dice.chance(0.5), ...duties() },
    paceMs: dice.one([50, 200, 600]),
    faults: chosen(),
    onlyOneSurvives: dice.chance(0.3),
  };

  /**
   * Silences, and that a rule has found something in the welcome, are told to the desk among the texts; nobody is silent for so long that
   * the chat ends. Dice of its own: seeds stay what they were.
   */
  function duties(): Pick<FakeDeskOptions, "idle" | "dataRules"> {
    const own = createDice(seed, "duties");
    const idle = own.chance(0.5) ? { idleLimitSeconds: 36_000, idleWarningSeconds: 1 + own.below(5) } : {};
    const dataRules = own.chance(0.5) ? [{ id: "rule", name: "Greeting", pattern: "Hola", replacement: "***" }] : null;
    return { idle, dataRules };
  }

  function chosen(): ReadonlySet<FaultName> {
    const names = new Set(faultNames.filter(() => dice.chance(0.5)));
    while (names.size < leastKinds) names.add(dice.one(faultNames));
    return names;
  }
}
