// The function that applies data rules, for tests in which nobody needs to hear of those that can't be applied.
import { createRuleApplier } from "../../src/clients/data-rules.ts";
import type { ApplyRules } from "../../src/processors/interconnection/settings.ts";

/** The real one, whose clock stands still, for the simulation lets nobody ask for the time, and whose log nobody reads. */
export function quietRuleApplier(): ApplyRules {
  return createRuleApplier({
    clock: { monotonicMs: () => 0 },
    log: { error: () => undefined },
    metrics: { count: () => undefined },
  });
}
