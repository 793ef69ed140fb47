// A soak: chats come and go for a long time without faults, and what a process holds is sampled: memory, descriptors, timers, handles, and the
// keys in Redis. Nothing may grow with time: the last fifth is compared with the second. Called by main.ts.
import { setTimeout as delay } from "node:timers/promises";

import { Redis } from "ioredis";

import { percentile } from "../support/conversations.ts";
import { describeHistory, judgeHistory } from "../support/history/check-history.ts";
import { inOrder, type Entry } from "../support/history/entries.ts";
import { withCast, type Cast } from "./cast.ts";
import { drain, drainWithinMs } from "./drain.ts";
import { chatWasEnding, collectEvidence } from "./evidence.ts";
import type { Standing } from "./report.ts";

/** How long and how much. */
export interface SoakOptions {
  readonly lengthMs: number;
  readonly users: number;
  readonly seed: number;
  readonly file: string;
  readonly say: (line: string) => void;
  readonly stopped: AbortSignal;
}

/** What a soak came to. */
export interface SoakResult {
  readonly standing: Standing;
  readonly text: string;
}

/** Figures of a process by the names of its metrics, with what they may grow by: `factor` times and `slack` more. */
const figures = {
  memory: { metric: "process_resident_memory_bytes", factor: 1.1, slack: 20 * 2 ** 20 },
  heap: { metric: "nodejs_heap_size_used_bytes", factor: 1.25, slack: 30 * 2 ** 20 },
  descriptors: { metric: "process_open_fds", factor: 1.1, slack: 20 },
  handles: { metric: "nodejs_active_handles_total", factor: 1.1, slack: 20 },
  resources: { metric: "nodejs_active_resources_total", factor: 1.1, slack: 30 },
  timers: { metric: 'nodejs_active_resources{type="Timeout"}', factor: 1.1, slack: 30 },
} as const;
/** Of a user there is a state, a history, and what keeps repeats away: as many keys however many chats. */
const keysGrowth = { factor: 1.1, slack: 50 };
const sampleEveryMs = 10_000;
/** A quiet soak shows nothing: so many words a minute at least. */
const wordsAMinute = 100;

type Fifth = readonly [number, number];
/** The second and the last of the length, which are compared. */
const early: Fifth = [0.2, 0.4];
const late: Fifth = [0.8, 1];

interface Sampled {
  readonly of: string;
  readonly subject: string;
  readonly atMs: number;
  readonly value: number;
}

/** Runs it to its end on services of its own. */
export function soak(options: SoakOptions): Promise<SoakResult> {
  const manner = { seed: options.seed, thinkMs: [300, 2_000], acts: [4, 16] } as const;
  return withCast({ ...options, instances: 2, manner }, async (cast) => {
    const { arena, users, words, lab } = cast;
    const all = Array.from({ length: options.users }, (_, i) =>
      users.add(`u${String(i)}`, i % 5 < 3 ? "whatsapp" : "facebook"),
    );
    const quiet = new AbortController();
    const lives = users.live(all, AbortSignal.any([quiet.signal, options.stopped]));
    const samples: Sampled[] = [];
    const redis = new Redis(`redis://${arena.stage.addresses.redis}`);
    const startMs = arena.now();
    try {
      while (arena.now() - startMs < options.lengthMs) {
        await delay(sampleEveryMs, undefined, { signal: options.stopped });
        samples.push(...(await sample(cast, redis)));
      }
    } finally {
      quiet.abort();
      await lives;
      await redis.quit();
    }
    const drainedMs = await drain(cast, options.stopped);
    const grown = compare(samples, startMs, options.lengthMs);
    await cast.facts.caughtUp();
    const evidence = await collectEvidence({
      arena,
      users,
      facts: cast.facts,
      lab,
      words,
      topics: cast.topics,
      struck: [],
    });
    const growth = Object.fromEntries([...Object.entries(figures), ["keys", keysGrowth]]);
    const missing = missingFigures(samples, startMs, options.lengthMs);
    const verdict = judgeHistory(inOrder([...arena.entries, ...evidence, ...grown.entries]), {
      ...{ growth, drainWithinMs, reasons: new Set([chatWasEnding]) },
    });
    const chats = all.reduce((sum, user) => sum + user.chats, 0);
    const flowed = words.all().filter(({ seenMs }) => seenMs !== null).length;
    const few =
      flowed < wordsAMinute * (options.lengthMs / 60_000) ? [`void: only ${String(flowed)} words flowed`] : [];
    const lines = [
      `${String(chats)} chats of ${String(options.users)} users, ${String(words.all().length)} words in ${String(options.lengthMs / 60_000)} minutes`,
      ...grown.lines,
      drainedMs === null ? "not drained" : `drained after ${(drainedMs / 1_000).toFixed(1)} s`,
      describeHistory(verdict),
      ...arena.crashes.map(({ text }) => text),
      ...missing,
      ...few,
    ];
    const isKept = verdict.ok && drainedMs !== null && arena.crashes.length === 0;
    const isVoid = missing.length > 0 || few.length > 0;
    return { standing: !isKept ? "broken" : isVoid ? "void" : "kept", text: lines.join("\n") };
  });
}

async function sample({ arena }: Cast, redis: Redis): Promise<readonly Sampled[]> {
  const atMs = arena.now();
  const found: Sampled[] = [{ of: "keys", subject: "redis", atMs, value: await redis.dbsize() }];
  for (const { name, service } of arena.instances) {
    if (!service.isRunning()) continue;
    const response = await fetch(`${service.metricsUrl}/metrics`);
    const lines = (await response.text()).split("\n");
    for (const [of, { metric }] of Object.entries(figures)) {
      const line = lines.find((one) => one.startsWith(`${metric} `));
      if (line !== undefined)
        found.push({ of, subject: name, atMs, value: Number(line.slice(line.lastIndexOf(" ") + 1)) });
    }
  }
  return found;
}

/** Figures of an instance, or of Redis, that were not seen in one of the two fifths: what was not sampled has not stayed the same. */
function missingFigures(samples: readonly Sampled[], startMs: number, lengthMs: number): readonly string[] {
  const instances = new Set(samples.flatMap(({ of, subject }) => (of === "keys" ? [] : [subject])));
  const wanted = [...instances].flatMap((subject) => Object.keys(figures).map((of) => ({ of, subject })));
  const missing = [...wanted, { of: "keys", subject: "redis" }].flatMap(({ of, subject }) => {
    const its = samples.filter((one) => one.of === of && one.subject === subject);
    const isSeen = [early, late].every((fifth) => within(its, fifth, startMs, lengthMs).length > 0);
    return isSeen ? [] : [`void: ${of} of ${subject} was not sampled`];
  });
  return instances.size === 0 ? [...missing, "void: no instance was sampled"] : missing;
}

/** Medians of the second fifth and of the last, as samples for the history and as lines for people. */
function compare(
  samples: readonly Sampled[],
  startMs: number,
  lengthMs: number,
): { readonly entries: readonly Entry[]; readonly lines: readonly string[] } {
  const bySubject = Map.groupBy(samples, ({ of, subject }) => `${of} of ${subject}`);
  const entries: Entry[] = [];
  const lines = [...bySubject].flatMap(([name, some]) => {
    const median = (fifth: Fifth): number =>
      percentile(
        within(some, fifth, startMs, lengthMs).map(({ value }) => value),
        0.5,
      );
    const [before, after] = [median(early), median(late)];
    const [first] = some;
    if (first === undefined) return [];
    for (const [i, value] of [before, after].entries())
      entries.push({ at: startMs + i, kind: "sample", of: first.of, subject: first.subject, value });
    return [`${name}: ${readable(first.of, before)} in the second fifth, ${readable(first.of, after)} in the last`];
  });
  return { entries, lines };
}

function within(samples: readonly Sampled[], [from, to]: Fifth, startMs: number, lengthMs: number): readonly Sampled[] {
  const isWithin = (ms: number): boolean => ms >= from * lengthMs && ms <= to * lengthMs + sampleEveryMs;
  return samples.filter(({ atMs }) => isWithin(atMs - startMs));
}

function readable(of: string, value: number): string {
  return of === "memory" || of === "heap" ? `${(value / 2 ** 20).toFixed(0)} MiB` : value.toFixed(0);
}
