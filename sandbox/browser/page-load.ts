// Owns measuring the page under load, from outside of it: a crowd is let in over the sandbox's API, Chromium tells how much script ran for
// each frame and how large the heap is after a collection. Called by page-load-program.ts and by a test.
import { setTimeout as delay } from "node:timers/promises";

import type { Browser, CDPSession, Page } from "playwright-core";

import { scriptPerFrame } from "./frame-times.ts";

/** The load, and for how long. */
export interface PageLoad {
  readonly url: string;
  readonly users: number;
  readonly perSecond: number;
  /** Before this the lists of the page fill; heap is looked at from here on. */
  readonly warmUpS: number;
  readonly seconds: number;
  readonly onSample?: (sample: LoadSample) => void;
}

/** The page at one moment. */
export interface LoadSample {
  readonly atS: number;
  readonly heapMb: number;
}

/** What was measured. */
export interface PageLoadResult {
  readonly frames: number;
  readonly medianScriptMs: number;
  readonly p95ScriptMs: number;
  /** One in every few seconds, after the warm-up. */
  readonly heap: readonly LoadSample[];
  /** How far the page is wider than its window: 0. */
  readonly overhangPx: number;
  /** Texts that were seen on the other side meanwhile, per second. */
  readonly arrivedPerSecond: number;
}

/** A frame at 60 a second, milliseconds. */
const FRAME_MS = 16;
const MOST_GROWTH_MB = 3;
/** The rest is under way when the counting begins and ends. */
const LEAST_SHARE = 0.98;
const WINDOW = { width: 1440, height: 900 };
const SAMPLE_EVERY_S = 5;
const MB = 1_048_576;

/** What was too much for the page, a sentence each; none when it kept up with so many texts a second. */
export function shortfalls(result: PageLoadResult, perSecond: number): readonly string[] {
  const { frames, medianScriptMs, heap, overhangPx, arrivedPerSecond } = result;
  const growthMb = (heap.at(-1)?.heapMb ?? Infinity) - (heap.at(0)?.heapMb ?? 0);
  const found: readonly (readonly [isFound: boolean, words: string])[] = [
    [frames === 0, "There were no frames with script."],
    [frames > 0 && !(medianScriptMs < FRAME_MS), "Half of the frames run script for as long as a frame or longer."],
    [!(growthMb <= MOST_GROWTH_MB), `The heap has grown by more than ${String(MOST_GROWTH_MB)} MB.`],
    [!(arrivedPerSecond >= perSecond * LEAST_SHARE), "Fewer texts have arrived than were offered."],
    [overhangPx > 0, "The page is wider than its window."],
  ];
  return found.filter(([isFound]) => isFound).map(([, words]) => words);
}

/** Lets the crowd in, watches, sends it away. */
export async function measurePageLoad(browser: Browser, load: PageLoad): Promise<PageLoadResult> {
  const context = await browser.newContext({ viewport: WINDOW });
  try {
    const page = await context.newPage();
    await page.goto(load.url);
    await page.locator(".connection[data-state=live]").waitFor();
    const profiler = await context.newCDPSession(page);
    await letIn(load);
    await page.locator(".chat-list").waitFor();
    await delay(load.warmUpS * 1_000);
    return await watch(browser, page, profiler, load);
  } finally {
    await call(load.url, "DELETE");
    await context.close();
  }
}

async function letIn({ url, users, perSecond, warmUpS, seconds }: PageLoad): Promise<void> {
  await call(url, "POST", { users, perSecond, seconds: warmUpS + seconds + 60 });
}

async function call(url: string, method: string, body?: unknown): Promise<void> {
  const answer = await fetch(`${url}/api/crowd`, {
    method,
    ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} /api/crowd: ${String(answer.status)} ${await answer.text()}`);
}

async function watch(browser: Browser, page: Page, profiler: CDPSession, load: PageLoad): Promise<PageLoadResult> {
  const startedMs = performance.now();
  const elapsedS = (): number => (performance.now() - startedMs) / 1_000;
  const before = await arrived(page);
  const heap: LoadSample[] = [];
  const frames: number[] = [];
  while (elapsedS() < load.seconds) {
    await profiler.send("HeapProfiler.collectGarbage");
    const { usedSize } = await profiler.send("Runtime.getHeapUsage");
    const sample = { atS: elapsedS(), heapMb: usedSize / MB };
    heap.push(sample);
    load.onSample?.(sample);
    await browser.startTracing(page, { categories: ["devtools.timeline", "v8"] });
    await delay(Math.min(SAMPLE_EVERY_S, Math.max(1, load.seconds - elapsedS())) * 1_000);
    frames.push(...scriptPerFrame((await browser.stopTracing()).toString("utf8")));
  }
  const sorted = frames.toSorted((one, other) => one - other);
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? Infinity;
  return {
    frames: frames.length,
    medianScriptMs: at(0.5),
    p95ScriptMs: at(0.95),
    heap,
    overhangPx: await page.evaluate<number>(
      "document.documentElement.scrollWidth - document.documentElement.clientWidth",
    ),
    arrivedPerSecond: ((await arrived(page)) - before) / elapsedS(),
  };
}

async function arrived(page: Page): Promise<number> {
  return Number((await page.locator("[data-count=arrived] dd").innerText()).replaceAll(/\D/g, ""));
}
