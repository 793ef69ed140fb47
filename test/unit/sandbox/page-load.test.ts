// What `npm run page-load` calls too much: each bound of the page under load, alone.
import { expect, it } from "vitest";

import { shortfalls, type PageLoadResult } from "../../../sandbox/browser/page-load.ts";

const good: PageLoadResult = {
  frames: 18_000,
  medianScriptMs: 4.93,
  p95ScriptMs: 8.99,
  heap: [
    { atS: 0, heapMb: 5.3 },
    { atS: 150, heapMb: 12 },
    { atS: 300, heapMb: 5.3 },
  ],
  overhangPx: 0,
  arrivedPerSecond: 99.6,
};
const told = (more: Partial<PageLoadResult>): readonly string[] => shortfalls({ ...good, ...more }, 100);

it("finds nothing where the page keeps up", () => expect(told({})).toEqual([]));

it.each<readonly [string, Partial<PageLoadResult>]>([
  ["as long as a frame", { medianScriptMs: 16 }],
  ["no frames", { medianScriptMs: Infinity, frames: 0 }],
  ["heap", { heap: [good.heap[0] ?? { atS: 0, heapMb: 0 }, { atS: 300, heapMb: 8.4 }] }],
  ["heap", { heap: [] }],
  ["texts", { arrivedPerSecond: 97 }],
  ["wider", { overhangPx: 1 }],
])("tells of one thing: %s", (word, more) => expect(told(more)).toEqual([expect.stringContaining(word)]));
