// The page under 50 conversations and 100 texts a second, in a real Chromium: script per frame, and a heap that does not grow. The short
// version of `npm run page-load`.
import { describe, expect, inject, it } from "vitest";

import { measurePageLoad } from "../../sandbox/browser/page-load.ts";
import { openBrowser, whySkipped } from "../support/visitor.ts";

const FRAME_MS = 16;
/** The lists of the page are not full yet in so short a time; a leak of every record would be tens of MB. */
const MOST_GROWTH_MB = 8;

describe.skipIf(whySkipped !== "")(`the sandbox's page under load${whySkipped}`, () => {
  it("runs less script per frame than a frame lasts, and its heap does not run away", async () => {
    const browser = await openBrowser();
    try {
      const load = { url: inject("browserStage").pageUrl, users: 50, perSecond: 100, warmUpS: 8, seconds: 12 };
      const { medianScriptMs, frames, heap, overhangPx } = await measurePageLoad(browser, load);
      expect(overhangPx, "the page scrolls sideways").toBe(0);
      expect(frames).toBeGreaterThan(50);
      expect(medianScriptMs).toBeLessThan(FRAME_MS);
      expect((heap.at(-1)?.heapMb ?? Infinity) - (heap.at(0)?.heapMb ?? 0)).toBeLessThan(MOST_GROWTH_MB);
    } finally {
      await browser.close();
    }
  });
});
