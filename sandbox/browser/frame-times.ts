// Reads out of a trace of Chromium how much script ran for each frame of the page. Pure. Called by page-load.ts.

/** An event of a trace, as far as it matters here; times are microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly ts: number;
  readonly dur?: number;
  readonly pid: number;
  readonly tid: number;
}

/** Names under which Chromium notes that JavaScript ran; some lie inside of others. */
const SCRIPT = new Set([
  "EvaluateScript",
  "EventDispatch",
  "FireAnimationFrame",
  "FunctionCall",
  "RunMicrotasks",
  "TimerFire",
  "v8.callFunction",
]);
/** The page does its work once per frame, in this. What comes after it, until the next one, belongs to it. */
const FRAME = "FireAnimationFrame";

/** Script of every frame in which any ran, milliseconds, in order. The page is the thread that ran most. */
export function scriptPerFrame(trace: string): readonly number[] {
  const { traceEvents } = JSON.parse(trace) as { readonly traceEvents: readonly TraceEvent[] };
  const threads = Map.groupBy(traceEvents, ({ pid, tid }) => `${String(pid)}/${String(tid)}`);
  const [page = []] = [...threads.values()].sort((one, other) => scriptMs(other) - scriptMs(one));
  const events = page.toSorted((one, other) => one.ts - other.ts);
  const frames: TraceEvent[][] = [[]];
  for (const event of events) {
    if (event.name === FRAME) frames.push([]);
    frames.at(-1)?.push(event);
  }
  return frames.map(scriptMs).filter((ms) => ms > 0);
}

/** Time covered by script: what lies inside of other script counts once. */
function scriptMs(events: readonly TraceEvent[]): number {
  let coveredTo = -Infinity;
  let total = 0;
  for (const { ts, dur = 0 } of events
    .filter(({ name, ph }) => ph === "X" && SCRIPT.has(name))
    .toSorted((a, b) => a.ts - b.ts)) {
    const end = ts + dur;
    total += Math.max(0, end - Math.max(ts, coveredTo));
    coveredTo = Math.max(coveredTo, end);
  }
  return total / 1_000;
}
