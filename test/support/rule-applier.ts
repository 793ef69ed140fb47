// The function that applies data rules, for tests in which nobody needs to hear of those that can't be applied.
import { createRuleApplier } from "../../src/clients/data-rules.ts";
import type { ApplyRules } from "../../src/processors/interconnection/settings.ts";

/** The real one, whose log nobody reads; its time is the machine's, for it bounds what the machine does. */
export function quietRuleApplier(): ApplyRules {
  return createRuleApplier({
    clock: { monotonicMs: () => performance.now() },
    log: { error: () => undefined },
    metrics: { count: () => undefined },
  });
}
