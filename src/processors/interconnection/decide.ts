// The state machine: one user's state and one input give the next state and all that follows from it. Pure, synchronous and
// total: no clock, no randomness, no I/O; the same input twice gives the same bytes, but for a data rule that
// runs out of time. Only dispatches; the rules are in the files beside, one per kind of input. Called by the turn, once per record, in the order of the records.
import { unreachable } from "../unreachable.ts";
import type { AgentEvent } from "../messages/generated.ts";
import { decideMessage } from "./channel-messages.ts";
import { decideResult } from "./command-results.ts";
import type { Decide } from "./decision.ts";
import { decideDeskEvents, decideLost, decideReconnected } from "./desk-events.ts";
import { closeDraft, openDraft, type Draft } from "./draft.ts";
import { awaitForget, decideDue } from "./due-times.ts";
import { decideLeftOver } from "./left-over.ts";
import { decideRequest } from "./requests.ts";
import type { DecideSettings } from "./settings.ts";

/** Makes decide for one deployment. */
export function createDecide(settings: DecideSettings): Decide {
  return ({ state, memory }, input) => {
    const draft = openDraft(settings, state, memory, input);
    switch (input.topic) {
      case "chat-requests":
        decideRequest(draft, input.record);
        break;
      case "channel-messages":
        decideMessage(draft, input.record);
        break;
      case "agent-events":
        decideAgentEvent(draft, input.record);
        break;
    }
    awaitForget(draft);
    return closeDraft(draft);
  };
}

function decideAgentEvent(draft: Draft, { chatId, body }: AgentEvent): void {
  switch (body.type) {
    case "DeskEvents":
      decideDeskEvents(draft, chatId, body);
      return;
    case "DeskReconnected":
      decideReconnected(draft, chatId, body);
      return;
    case "DeskLost":
      decideLost(draft, chatId, body);
      return;
    case "CommandResult":
      decideResult(draft, chatId, body);
      return;
    case "DueTime":
      decideDue(draft, chatId, body);
      return;
    case "LeftOver":
      decideLeftOver(draft, body);
      return;
    default:
      unreachable(body);
  }
}
