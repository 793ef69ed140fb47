// Delays between tries.
import { describe, expect, it } from "vitest";

import { delayMs, type Backoff } from "../../../src/topology/policies.ts";

const policy: Backoff = { name: "p", firstDelayMs: 200, maxDelayMs: 1_000 };

describe("delay", () => {
  it("doubles up to its maximum, half of it by chance", () => {
    expect([1, 2, 3, 4, 99].map((tries) => delayMs(policy, tries, 1, null))).toEqual([200, 400, 800, 1_000, 1_000]);
    expect([1, 2, 3, 4].map((tries) => delayMs(policy, tries, 0, null))).toEqual([100, 200, 400, 500]);
  });

  it("keeps at least the wait that was asked for", () => {
    expect(delayMs(policy, 1, 0, 5_000)).toBe(5_000);
    expect(delayMs(policy, 9, 1, 10)).toBe(1_000);
  });
});
