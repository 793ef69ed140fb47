// Which calls of a run nobody can be sure of, because a fault struck while they were under way: what is left out of the history for that, and which
// repeats are excused by it (docs/guarantees.md, where it ends). Pure. Called by evidence.ts.
import type { JournalEntry } from "../../sandbox/world/journal.ts";
import type { InFlight } from "../support/history/entries.ts";
import { tokensIn } from "../support/tokens.ts";
import type { Instance } from "./arena.ts";
import type { StruckFault } from "./nemesis.ts";
import type { LinkName } from "./plan.ts";

/** What a fault is judged by. */
export interface Circumstances {
  readonly struck: readonly Pick<StruckFault, "planned" | "beganMs" | "healedMs">[];
  callerOf(host: string | undefined): Pick<Instance, "n"> | undefined;
  channelOf(userId: string): "whatsapp" | "facebook";
  aliasOf(userId: string | undefined): string | undefined;
}

type Struck = Circumstances["struck"][number];
type Caller = Pick<Instance, "n">;

/** A link at fault brings calls late and leaves connections open whose caller has gone: until so long after it was healed. */
const graceMs = 2_000;

/** Whether a call came over a link at fault, or of an instance that stood still or was killed: its end at the simulator is not that of its caller. */
export function isBlurred(call: JournalEntry, caller: Caller, struck: Circumstances["struck"]): boolean {
  const link: LinkName =
    call.system === "salesforce" ? "salesforce" : call.system === "integrations" ? "integrations" : "bot";
  return struck.some(
    (fault) =>
      call.arrivedMs <= fault.healedMs + graceMs && call.endedMs >= fault.beganMs && touches(fault, caller, link),
  );
}

/** Whether a fault is about what an instance sends and gets over a link. */
function touches({ planned }: Struck, caller: Caller, link: LinkName): boolean {
  const { kind, instance } = planned;
  if (kind === "desk replies lost" || kind === "channel replies lost") return true;
  if (instance !== caller.n) return false;
  return (
    kind === "kill" || kind === "freeze" || kind === "swizzle" || (kind.startsWith("link ") && planned.link === link)
  );
}

/**
 * A text to Facebook carries no id (docs/guarantees.md): it may come twice where the answer to the first was lost; one to WhatsApp may not. It is
 * shown here that it was: the call's connection broke before its answer, or the instance or link that it came by was struck while it was under way,
 * or the marks of lanes were out of reach (Redis, or the way to it), so that nobody could note that it was done.
 */
export function doublesInFlight(
  calls: readonly JournalEntry[],
  { struck, callerOf, channelOf, aliasOf }: Circumstances,
): readonly (InFlight & { readonly at: number })[] {
  const said = new Map<string, JournalEntry[]>();
  for (const call of calls) {
    if (call.operation !== "messages" || !call.handled) continue;
    if (call.user === undefined || channelOf(call.user) !== "facebook") continue;
    for (const id of tokensIn(JSON.stringify(call.request))) said.set(id, [...(said.get(id) ?? []), call]);
  }
  const whyUnheard = (call: JournalEntry): string | null => {
    if (call.outcome !== "answered") return `answer lost, ${call.outcome}`;
    const caller = callerOf(call.host);
    if (caller === undefined) return null;
    const fault = struck.find(
      (one) =>
        call.arrivedMs <= one.healedMs + graceMs && call.endedMs >= one.beganMs - graceMs && losesMarks(one, caller),
    );
    return fault === undefined ? null : `${String(fault.planned.n)} ${fault.planned.kind}`;
  };
  // One of them was heard, and need not be the last: a call held back by its link arrives after the one that repeats it.
  return [...said].flatMap(([id, all]) =>
    all
      .flatMap((call) => {
        const stop = whyUnheard(call);
        const lane = `${aliasOf(call.user) ?? "somebody"} channel ${String(call.call)}`;
        return stop === null ? [] : [{ at: call.endedMs, kind: "in flight" as const, lane, stop, ids: [id] }];
      })
      .slice(0, all.length - 1),
  );
}

function losesMarks(fault: Struck, caller: Caller): boolean {
  const { kind, instance, link } = fault.planned;
  if (touches(fault, caller, "integrations") || kind.startsWith("redis ")) return true;
  return (
    instance === caller.n && (kind === "stop" || (kind.startsWith("link ") && (link === "redis" || link === "kafka")))
  );
}
