// I4, one speaker: of one lane never two calls at once, and after a call of one epoch none of an earlier one. A call whose
// instance was killed or held while it was under way does not count as open: its connection can outlive it.
import type { CallBegan, ProcessStep } from "./entries.ts";
import { nothing, type Check, type Finding } from "./finding.ts";

interface Lane {
  readonly open: Map<string, CallBegan>;
  newest: CallBegan | null;
}

/** A check of calls. */
export function createSpeakersCheck(): Check {
  const lanes = new Map<string, Lane>();
  const laneOfCall = new Map<string, Lane>();

  function begin(call: CallBegan, at: number): readonly Finding[] {
    const name = `${call.lane} ${call.subject}`;
    const lane = lanes.get(name) ?? { open: new Map<string, CallBegan>(), newest: null };
    lanes.set(name, lane);
    const found = [...lane.open.values()].map((other): Finding => ({
      invariant: "I4",
      what: "two at once",
      subject: name,
      detail: `${by(other)} and ${by(call)}`,
      at,
    }));
    const { newest } = lane;
    const stale = newest !== null && epochOf(call, Infinity) < epochOf(newest, -Infinity) ? newest : null;
    if (stale === null) lane.newest = call;
    lane.open.set(call.call, call);
    laneOfCall.set(call.call, lane);
    if (stale === null) return found;
    return [
      ...found,
      { invariant: "I4", what: "stale owner", subject: name, detail: `${by(call)} after ${by(stale)}`, at },
    ];
  }

  function end(call: string): void {
    laneOfCall.get(call)?.open.delete(call);
    laneOfCall.delete(call);
  }

  function standStill({ actor, step }: ProcessStep): void {
    if (step !== "killed" && step !== "held" && step !== "exited") return;
    for (const { open } of lanes.values())
      for (const { call, actor: caller } of [...open.values()]) if (caller === actor) end(call);
  }

  return {
    see(entry) {
      if (entry.kind === "call began") return begin(entry, entry.at);
      if (entry.kind === "call ended") end(entry.call);
      if (entry.kind === "process") standStill(entry);
      return nothing;
    },
    end: () => nothing,
  };
}

/** `unknown` where nobody can tell: then nothing is stale. */
const epochOf = ({ epoch }: CallBegan, unknown: number): number => epoch ?? unknown;

function by({ actor, epoch, call }: CallBegan): string {
  return `${call} of ${actor ?? "an instance"}${epoch === null ? "" : ` in epoch ${String(epoch)}`}`;
}
