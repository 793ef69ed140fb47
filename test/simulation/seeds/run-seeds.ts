// Plays many seeds in as many threads as there are cores, until all are played or the time is over, and adds up what came of them.
// One seed in fifty is played twice: two runs that differ are a finding, for then no seed replays.
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";

import type { SeedOutcome } from "./play-seed.ts";
import { rareThings, type RareThing } from "./sometimes.ts";

/** What to play. */
export interface SeedRun {
  readonly seeds: Iterable<number>;
  /** No seed begins after this long, milliseconds. */
  readonly withinMs: number;
  readonly threads?: number;
  /** Hears of each outcome. */
  readonly played?: (outcome: SeedOutcome) => void;
}

/** What came of it. */
export interface RunOutcome {
  readonly played: number;
  /** Seeds that count: at least two instances, three kinds of fault, 300 inputs of all three topics. */
  readonly counted: number;
  readonly playedTwice: number;
  readonly failed: readonly SeedOutcome[];
  readonly differed: readonly number[];
  readonly rare: ReadonlyMap<RareThing, number>;
  /** Kinds of fault by how many seeds had them. */
  readonly faults: ReadonlyMap<string, number>;
  readonly inputs: number;
  readonly delivered: number;
  readonly inFlightDoubles: number;
  readonly virtualMs: number;
  readonly tookMs: number;
}

type FromWorker =
  { readonly ready: true } | { readonly outcome: SeedOutcome } | { readonly seed: number; readonly failed: string };

const twiceEvery = 50;
/** A thread keeps some 4 MB of each seed: Node holds signals that were made of others until they abort, and a world that is over never does. */
const seedsPerThread = 100;

/** Plays them. Rejects when a seed can't be played at all. */
export async function runSeeds({
  seeds,
  withinMs,
  threads = availableParallelism(),
  played,
}: SeedRun): Promise<RunOutcome> {
  const startedMs = performance.now();
  const total = createTotal();
  const queue = seeds[Symbol.iterator]();
  const next = (): number | null => {
    const tookMs = performance.now() - startedMs;
    if (tookMs > withinMs) return null;
    const { done, value } = queue.next();
    return done === true ? null : value;
  };

  /** One thread after the other, until no seed is left. */
  async function lane(): Promise<void> {
    while (await thread());
  }

  /** One thread, from its first seed to its last; false when no seed is left. */
  function thread(): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const worker = new Worker(new URL("./worker.ts", import.meta.url));
      let left = seedsPerThread;
      let again: SeedOutcome | null = null;
      const goOn = (): void => {
        const seed = left > 0 ? next() : null;
        left -= 1;
        if (seed !== null) worker.postMessage(seed);
        else void worker.terminate().then(() => resolve(left < 0));
      };
      const take = (outcome: SeedOutcome): void => {
        if (again !== null) {
          total.compare(again, outcome);
          again = null;
          goOn();
          return;
        }
        total.add(outcome);
        played?.(outcome);
        if (outcome.seed % twiceEvery !== 0) {
          goOn();
          return;
        }
        again = outcome;
        worker.postMessage(outcome.seed);
      };
      worker.on("message", (message: FromWorker) => {
        if ("ready" in message) goOn();
        else if ("outcome" in message) take(message.outcome);
        else reject(new Error(`seed ${String(message.seed)} could not be played: ${message.failed}`));
      });
      worker.on("error", reject);
    });
  }

  await Promise.all(Array.from({ length: threads }, lane));
  return total.outcome(performance.now() - startedMs);
}

/** What the run says in a few lines. */
export function describeRun(run: RunOutcome): string {
  const { played, counted, playedTwice, failed, inputs, delivered, inFlightDoubles, virtualMs, tookMs } = run;
  const perMinute = Math.round((played + playedTwice) / (tookMs / 60_000));
  const never = rareThings.filter((what) => (run.rare.get(what) ?? 0) === 0);
  return [
    `${String(played)} seeds in ${(tookMs / 1_000).toFixed(1)} s (${String(perMinute)} a minute), ${String(counted)} count, ${String(playedTwice)} played twice, ${String(failed.length)} failed`,
    `${String(inputs)} inputs, ${String(delivered)} words delivered, ${String(inFlightDoubles)} doubled where a hard stop explains it, ${(virtualMs / 3_600_000).toFixed(1)} virtual hours`,
    ...[...run.faults].map(([name, count]) => `  fault in ${String(count).padStart(6)} seeds: ${name}`),
    ...[...run.rare].map(([what, count]) => `  ${String(count).padStart(8)} times: ${what}`),
    ...never.map((what) => `     NEVER: ${what}`),
  ].join("\n");
}

/** A failed seed for people: what broke, and what happened last. */
export function describeFailure({ seed, breaches, trace, faults }: SeedOutcome): string {
  return [
    `seed ${String(seed)} (${faults.join(", ")}):`,
    ...breaches.map((line) => `  ${line}`),
    `  replay: npm run simulate -- --seed ${String(seed)} --trace`,
    ...trace.slice(-20).map((line) => `    ${line}`),
  ].join("\n");
}

function createTotal() {
  const rare = new Map<RareThing, number>();
  const faults = new Map<string, number>();
  const failed: SeedOutcome[] = [];
  const differed: number[] = [];
  const sums = { played: 0, counted: 0, playedTwice: 0, inputs: 0, delivered: 0, inFlightDoubles: 0, virtualMs: 0 };
  const count = <Key>(counts: Map<Key, number>, key: Key, by: number): void =>
    void counts.set(key, (counts.get(key) ?? 0) + by);
  return {
    add(outcome: SeedOutcome): void {
      sums.played += 1;
      if (outcome.void === null) sums.counted += 1;
      sums.inputs += outcome.inputs;
      sums.delivered += outcome.delivered;
      sums.inFlightDoubles += outcome.inFlightDoubles;
      sums.virtualMs += outcome.virtualMs;
      for (const [what, times] of outcome.rare) count(rare, what, times);
      for (const name of outcome.faults) count(faults, name, 1);
      if (outcome.breaches.length > 0) failed.push(outcome);
    },
    compare(first: SeedOutcome, second: SeedOutcome): void {
      sums.playedTwice += 1;
      if (first.hash !== second.hash || first.events !== second.events) differed.push(first.seed);
    },
    outcome: (tookMs: number): RunOutcome => ({ ...sums, rare, faults, failed, differed, tookMs }),
  };
}
