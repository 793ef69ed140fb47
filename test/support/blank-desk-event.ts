// An event of the desk that tells nothing. Called by tests that say what theirs tells.
import type { DeskEvent } from "../../src/processors/messages/generated.ts";

/** All that an event may tell, told by none. */
export const blankDeskEvent: Omit<DeskEvent, "number" | "kind"> = {
  text: null,
  agentName: null,
  reason: null,
  queuePosition: null,
  estimatedWaitSeconds: null,
  detail: null,
  idleLimitSeconds: null,
  idleWarningSeconds: null,
  dataRules: null,
  textsHeard: null,
};
