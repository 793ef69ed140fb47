// The faults of a run, drawn from its seed before anything starts: what, where, when, for how long. Pure. What a fault does is in faults.ts;
// that never both copies of an acknowledged write are at risk at once is decided here.
import { seededRandom } from "../support/seeded-random.ts";

/** The links that each instance has to what is around it. */
export const linkNames = ["kafka", "registry", "redis", "salesforce", "integrations", "bot"] as const;

/** One of them. */
export type LinkName = (typeof linkNames)[number];

/** All kinds of fault, by catalogue 5.1. */
export const faultKinds = [
  "kill", // R01
  "stop", // R02
  "freeze", // R03: SIGSTOP, in part longer than the session timeout
  "extra instance", // R05: joins, and leaves again
  "link cut", // R16, R17
  "link delay",
  "link stall", // R22: half-open
  "link drop", // R09, R23: carried out, answer lost
  "swizzle", // R17: the links of one instance stall one after the other and are freed in another order
  "redis kill",
  "redis freeze", // R16
  "redis flush", // R14
  "broker kill", // R08
  "broker freeze", // R09
  "registry away", // R18
  "desk moved", // R19, R20: 503 until reconnected
  "desk 503", // R35
  "desk 409", // R22
  "desk forgets", // R21: 403 in mid chat
  "desk replies lost", // R23, R35
  "channel replies lost", // R26
] as const;

/** One of them. */
export type FaultKind = (typeof faultKinds)[number];

/** A fault that is to come. */
export interface PlannedFault {
  readonly n: number;
  readonly kind: FaultKind;
  /** Milliseconds from the start of the faults. */
  readonly atMs: number;
  readonly lengthMs: number;
  /** Which instance it is about, where it is about one. */
  readonly instance: number;
  /** Which link, where it is about one. */
  readonly link: LinkName;
  /** For what else is to be drawn, in [0, 1). */
  readonly draw: number;
}

/** What to draw from. */
export interface PlanOptions {
  readonly seed: number;
  readonly lengthMs: number;
  /** Instances that run all the time; one more comes and goes. */
  readonly instances: number;
  /** Between the begins of two faults, milliseconds. */
  readonly everyMs: readonly [number, number];
  /** Longest fault, milliseconds. */
  readonly longestMs: number;
}

/** How long faults of a kind last, milliseconds. */
const lengths: Readonly<Record<FaultKind, readonly [number, number]>> = {
  kill: [500, 8_000],
  stop: [0, 5_000],
  freeze: [3_000, 40_000],
  "extra instance": [8_000, 30_000],
  "link cut": [1_000, 12_000],
  "link delay": [5_000, 20_000],
  "link stall": [2_000, 25_000],
  "link drop": [2_000, 10_000],
  swizzle: [4_000, 15_000],
  "redis kill": [1_000, 10_000],
  "redis freeze": [2_000, 15_000],
  "redis flush": [0, 0],
  "broker kill": [1_000, 10_000],
  "broker freeze": [3_000, 20_000],
  "registry away": [5_000, 30_000],
  "desk moved": [1_500, 1_500],
  "desk 503": [2_000, 8_000],
  "desk 409": [1_000, 6_000],
  "desk forgets": [0, 0],
  "desk replies lost": [3_000, 10_000],
  "channel replies lost": [3_000, 10_000],
};

/** Links by how much goes over them: a fault of one that nobody uses strikes nothing. */
const busyLinks: readonly LinkName[] = [
  ...(["kafka", "redis", "salesforce", "integrations"] as const),
  ...(["kafka", "redis", "salesforce", "integrations"] as const),
  ...linkNames,
];

/** After it Redis is rebuilt from the changelog: until then that is the only copy. */
const flushRestMs = 15_000;
/** What a restart takes beyond a fault's own length. */
const restartMs = 5_000;

const ofProcess: ReadonlySet<FaultKind> = new Set(["kill", "stop", "freeze"]);
const ofStorage: ReadonlySet<FaultKind> = new Set(["redis kill", "redis freeze", "broker kill", "broker freeze"]);

/**
 * Draws the faults of a run. Every kind comes once before one comes again. One begins every few seconds, so that often two are on at once.
 * Two faults of storage never are; and nothing else is on around the loss of all that Redis has, because the other copy of a lane's mark
 * is in a living process, and of all else in the changelog.
 */
export function planFaults({ seed, lengthMs, instances, everyMs, longestMs }: PlanOptions): readonly PlannedFault[] {
  const random = seededRandom(seed);
  const between = ([from, to]: readonly [number, number]): number => Math.round(from + random() * (to - from));
  const bag: FaultKind[] = [];
  const planned: PlannedFault[] = [];
  for (let atMs = between(everyMs); atMs < lengthMs; atMs += between(everyMs)) {
    if (bag.length === 0) bag.push(...shuffled(faultKinds, random));
    const one: PlannedFault = {
      n: planned.length,
      kind: "kill",
      atMs,
      lengthMs: 0,
      instance: Math.floor(random() * instances),
      link: busyLinks[Math.floor(random() * busyLinks.length)] ?? "kafka",
      draw: random(),
    };
    // The first kind that may come now; the others keep their places.
    const fitting = bag
      .map((kind) => ({ ...one, kind, lengthMs: Math.min(between(lengths[kind]), longestMs, lengthMs - atMs) }))
      .find((candidate) => planned.every((before) => goTogether(before, candidate)));
    if (fitting === undefined) continue;
    bag.splice(bag.indexOf(fitting.kind), 1);
    planned.push(fitting);
  }
  return planned;
}

/** Whether a fault may begin at its time, given one that began before it. */
function goTogether(before: PlannedFault, next: PlannedFault): boolean {
  const end = before.atMs + before.lengthMs + (before.kind === "redis flush" ? flushRestMs : restartMs);
  return next.atMs >= end || !exclude(before, next);
}

/** Whether two faults may never be on at once. */
export function exclude(one: PlannedFault, other: PlannedFault): boolean {
  if (one.kind === "redis flush" || other.kind === "redis flush") return true;
  if (ofStorage.has(one.kind) && ofStorage.has(other.kind)) return true;
  // One instance at least is neither dead nor frozen.
  if (ofProcess.has(one.kind) && ofProcess.has(other.kind)) return true;
  const haveSwizzle = one.kind === "swizzle" || other.kind === "swizzle";
  return (
    isLinks(one.kind) &&
    isLinks(other.kind) &&
    one.instance === other.instance &&
    (haveSwizzle || one.link === other.link)
  );
}

function isLinks(kind: FaultKind): boolean {
  return kind === "swizzle" || kind.startsWith("link ");
}

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  return items
    .map((item) => ({ item, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}
