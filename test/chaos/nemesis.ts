// Who brings the faults of a plan about: each at its time, while work is in flight, healed after its length, proven before that. Heals
// whatever is on when it is told to stop. Called by run.ts.
import { setTimeout as delay } from "node:timers/promises";

import { strike, type Ongoing, type Scene } from "./faults.ts";
import { exclude, type PlannedFault } from "./plan.ts";

/** What became of a fault. Times are those of the arena. */
export interface StruckFault {
  readonly planned: PlannedFault;
  readonly target: string;
  readonly beganMs: number;
  /** What it struck was as good as new. */
  readonly healedMs: number;
  /** Words, calls and webhooks under way at its begin. */
  readonly inFlight: number;
  readonly proof: string | null;
}

/** How to bring them about. */
export interface NemesisOptions {
  readonly plan: readonly PlannedFault[];
  /** How much is under way. */
  readonly inFlight: () => number;
  readonly say: (line: string) => void;
  /** Heals what is on, begins nothing more. */
  readonly stopped: AbortSignal;
}

const inFlightWithinMs = 5_000;
const lookEveryMs = 5;

/** Runs the plan to its end; resolves when all is healed. */
export async function runNemesis(scene: Scene, options: NemesisOptions): Promise<readonly StruckFault[]> {
  const { plan, stopped } = options;
  const { arena } = scene;
  const startMs = arena.now();
  const struck: StruckFault[] = [];
  const on = new Map<PlannedFault, Promise<void>>();
  for (const planned of plan) {
    await pause(startMs + planned.atMs - arena.now(), stopped);
    // Healing takes its own time: a restart may last longer than planned.
    await Promise.all([...on].filter(([other]) => exclude(other, planned)).map(([, healed]) => healed));
    if (stopped.aborted) break;
    const inFlight = await work(options);
    const beganMs = arena.now();
    arena.note({ kind: "fault", what: nameOf(planned), step: "begins" });
    const ongoing = await strike(scene, planned);
    options.say(`  ${at(beganMs - startMs)} ${planned.kind}: ${ongoing.target}, ${String(inFlight)} in flight`);
    const healed = finish(scene, { planned, ongoing, beganMs, inFlight }, options).then((one) => {
      struck.push(one);
      on.delete(planned);
    });
    on.set(planned, healed);
  }
  await Promise.all(on.values());
  return struck.toSorted((a, b) => a.beganMs - b.beganMs);
}

interface Begun {
  readonly planned: PlannedFault;
  readonly ongoing: Ongoing;
  readonly beganMs: number;
  readonly inFlight: number;
}

async function finish({ arena }: Scene, begun: Begun, { stopped }: NemesisOptions): Promise<StruckFault> {
  const { planned, ongoing, beganMs, inFlight } = begun;
  await pause(planned.lengthMs, stopped);
  const proof = await ongoing.prove();
  await ongoing.heal();
  arena.note({ kind: "fault", what: nameOf(planned), step: "ends" });
  return { planned, target: ongoing.target, beganMs, healedMs: arena.now(), inFlight, proof };
}

/** Waits a little for work to be under way; how much is. */
async function work({ inFlight, stopped }: NemesisOptions): Promise<number> {
  const untilMs = performance.now() + inFlightWithinMs;
  while (inFlight() === 0 && performance.now() < untilMs && !stopped.aborted) await delay(lookEveryMs);
  return inFlight();
}

async function pause(ms: number, stopped: AbortSignal): Promise<void> {
  const ended = Promise.withResolvers<undefined>();
  const end = (): void => {
    ended.resolve(undefined);
  };
  if (stopped.aborted || ms <= 0) return;
  const timer = setTimeout(end, ms);
  stopped.addEventListener("abort", end, { once: true });
  await ended.promise;
  clearTimeout(timer);
  stopped.removeEventListener("abort", end);
}

function nameOf({ n, kind }: PlannedFault): string {
  return `${String(n)} ${kind}`;
}

function at(ms: number): string {
  return `${(ms / 1_000).toFixed(1).padStart(6)} s`;
}
