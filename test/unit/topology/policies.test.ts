// Delays between tries.
import { describe, expect, it } from "vitest";

import { bridge, withOpeningWait } from "../../../src/topology/bridge.ts";
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

describe("MAIN_CONTEXT_TIME_OUT", () => {
  const tryTimes = (seconds: number): unknown => {
    const policies = withOpeningWait(bridge, seconds * 1_000).gateways[0]?.policies;
    return [policies?.EnsureContact, policies?.EnsureCase, policies?.OpenSession, policies?.RequestChat].map(
      (policy) => policy?.tryTimeoutMs,
    );
  };

  it("gives one try of a step of the opening a third of it, 5 s at least", () => {
    expect(tryTimes(10)).toEqual([5_000, 5_000, 5_000, 5_000]);
    expect(tryTimes(60)).toEqual([20_000, 20_000, 20_000, 20_000]);
  });

  it("changes nothing else", () => {
    const [desk, channel] = withOpeningWait(bridge, 60_000).gateways;
    expect(desk?.policies.ReportToDesk).toEqual(bridge.gateways[0]?.policies.ReportToDesk);
    expect(channel).toEqual(bridge.gateways[1]);
  });
});
