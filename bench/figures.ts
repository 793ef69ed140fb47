// Figures of a run: what is sampled from a process, and what is made of samples. Measures nothing itself. Called by the parts of the bench.
import { loadavg } from "node:os";

/** What a process had done by a moment. */
export interface Sample {
  /** Monotonic milliseconds of the bench. */
  readonly atMs: number;
  /** Records or messages so far. */
  readonly count: number;
  /** CPU time of the process so far, microseconds. */
  readonly cpuUs: number;
}

/** How fast it went, and what it cost. */
export interface Pace {
  readonly perSecond: number;
  /** CPU time of the process for each, microseconds. */
  readonly cpuUsEach: number;
}

/** A part's result in lines for a person. */
export type Report = readonly string[];

/** The middle one; NaN of nothing. */
function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** The pace between the first sample that has a tenth of `total` and the first that has nine tenths: without start and end. */
export function paceOf(samples: readonly Sample[], total: number): Pace {
  const from = samples.find(({ count }) => count >= total * 0.1);
  const to = samples.find(({ count }) => count >= total * 0.9);
  if (from === undefined || to === undefined || to.count <= from.count) {
    const all = samples.at(-1);
    return { perSecond: Number.NaN, cpuUsEach: all === undefined ? Number.NaN : all.cpuUs / total };
  }
  return paceBetween(from, to);
}

/** The pace from one sample to another. */
export function paceBetween(from: Sample, to: Sample): Pace {
  const count = to.count - from.count;
  return { perSecond: (count * 1_000) / (to.atMs - from.atMs), cpuUsEach: (to.cpuUs - from.cpuUs) / count };
}

/** Two contestants that ran in turns: medians, ratio of the pace, ratio of the CPU, and how busy the machine was. */
export function compare(name: string, ours: readonly Pace[], bare: readonly Pace[], rounds: readonly number[]): Report {
  const speed = { ours: median(ours.map(perSecond)), bare: median(bare.map(perSecond)) };
  const cost = { ours: median(ours.map(cpuEach)), bare: median(bare.map(cpuEach)) };
  const each = ours.map((one, i) => (one.perSecond / (bare[i]?.perSecond ?? Number.NaN)).toFixed(2));
  return [
    `${name}: service ${speed.ours.toFixed(0)}/s, bare ${speed.bare.toFixed(0)}/s, ratio ${(speed.ours / speed.bare).toFixed(2)} (by round ${each.join(", ")})`,
    `${name}: CPU of the process each, service ${cost.ours.toFixed(0)} us, bare ${cost.bare.toFixed(0)} us, ratio ${(cost.ours / cost.bare).toFixed(2)}`,
    `${name}: load average by round ${rounds.map((load) => load.toFixed(1)).join(", ")}`,
  ];
}

const perSecond = (pace: Pace): number => pace.perSecond;
const cpuEach = (pace: Pace): number => pace.cpuUsEach;

/** The machine's load average over the last minute. */
export function loadNow(): number {
  return loadavg()[0] ?? Number.NaN;
}
