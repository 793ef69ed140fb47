// Which calls of a run nobody can be sure of, because a fault struck while they were under way: what is left out of the history for that, and which
// repeats are excused by it (docs/guarantees.md, where it ends). Pure. Called by evidence.ts.
import type { JournalEntry } from "../../sandbox/world/journal.ts";
import type { InFlight, Unheard } from "../support/history/entries.ts";
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
/** Behind an outage of the broker until what was held up by it is on the log. */
const groupBackMs = 30_000;

/** Whether a call came over a link at fault, or of an instance that stood still or was killed: its end at the simulator is not that of its caller. */
export function isBlurred(call: JournalEntry, caller: Caller, struck: Circumstances["struck"]): boolean {
  return struck.some(
    (fault) =>
      call.arrivedMs <= fault.healedMs + graceMs &&
      call.endedMs >= fault.beganMs &&
      touches(fault, caller, linkOf(call)),
  );
}

function linkOf({ system }: JournalEntry): LinkName {
  if (system === "salesforce" || system === "integrations") return system;
  return "bot";
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
  circumstances: Circumstances,
): readonly (InFlight & { readonly at: number })[] {
  const { channelOf, aliasOf } = circumstances;
  const said = new Map<string, JournalEntry[]>();
  for (const call of calls) {
    if (call.operation !== "messages" || !call.handled) continue;
    if (call.user === undefined || channelOf(call.user) !== "facebook") continue;
    for (const id of tokensIn(JSON.stringify(call.request))) said.set(id, [...(said.get(id) ?? []), call]);
  }
  // One of them was heard, and need not be the last: a call held back by its link arrives after the one that repeats it.
  return [...said].flatMap(([id, all]) =>
    all
      .flatMap((call) => {
        const stop = whyUnheard(call, circumstances);
        const lane = `${aliasOf(call.user) ?? "somebody"} channel ${String(call.call)}`;
        return stop === null ? [] : [{ at: call.endedMs, kind: "in flight" as const, lane, stop, ids: [id] }];
      })
      .slice(0, all.length - 1),
  );
}

/**
 * A hand-back carries no id either: where it was not shown that its answer came and could be noted, it may come once more. And a word whose answer was
 * lost so may be shown and be told as undelivered besides.
 */
export function otherDoubts(
  calls: readonly JournalEntry[],
  circumstances: Circumstances,
): readonly ((InFlight | Unheard) & { readonly at: number })[] {
  return calls.flatMap((call): readonly ((InFlight | Unheard) & { readonly at: number })[] => {
    const isHandBack = call.operation === "send-to" || call.operation === "trigger";
    const isWord = call.operation === "messages" || call.operation === "ChatMessage";
    if (!call.handled || !(isHandBack || isWord)) return [];
    const stop = whyUnheard(call, circumstances);
    if (stop === null) return [];
    const at = call.endedMs;
    const user = circumstances.aliasOf(call.user) ?? "somebody";
    if (isHandBack)
      return [{ at, kind: "in flight", lane: `${user} bot ${String(call.call)}`, stop, ids: [`hand-back ${user}`] }];
    return [{ at, kind: "unheard", ids: tokensIn(JSON.stringify(call.request)) }];
  });
}

/**
 * Whether a create may have been under way to Salesforce, or its caller have stood still, at a moment: then a repeat may have looked for what was made
 * before it was there (docs/guarantees.md). Or whether the marks of lanes were lost then: nobody knows that there is something to look for. An answer that was
 * lost is no such reason: what was made is found.
 */
export function isHeldUp(atMs: number, struck: Circumstances["struck"]): boolean {
  return struck.some(({ planned: { kind, link }, beganMs, healedMs }) => {
    const holds = ["kill", "freeze", "swizzle", "redis flush", "redis kill"].includes(kind);
    const isLink = kind.startsWith("link ") && link === "salesforce";
    return (holds || isLink) && atMs >= beganMs - graceMs && atMs <= healedMs + graceMs;
  });
}

/** Why the service may not know that a call was made; null where it does. */
function whyUnheard(call: JournalEntry, { struck, callerOf }: Circumstances): string | null {
  if (call.outcome !== "answered") return `answer lost, ${call.outcome}`;
  const caller = callerOf(call.host);
  if (caller === undefined) return null;
  const fault = struck.find(
    (one) =>
      call.arrivedMs <= one.healedMs + graceMs &&
      call.endedMs >= one.beganMs - graceMs &&
      losesMarks(one, caller, linkOf(call)),
  );
  if (fault !== undefined) return `${String(fault.planned.n)} ${fault.planned.kind}`;
  const loss = struck.find((one) => losesMarksBeforeResult(call, one, struck));
  return loss === undefined ? null : `${String(loss.planned.n)} ${loss.planned.kind} before its result was on the log`;
}

/** Its mark was noted, and lost with Redis while the broker was away or the group came back: the result was on no topic yet. */
function losesMarksBeforeResult(call: JournalEntry, loss: Struck, struck: Circumstances["struck"]): boolean {
  const { kind } = loss.planned;
  if ((kind !== "redis flush" && kind !== "redis kill") || loss.beganMs < call.arrivedMs) return false;
  return struck.some(
    ({ planned, beganMs, healedMs }) =>
      planned.kind.startsWith("broker ") &&
      call.arrivedMs <= healedMs + graceMs &&
      call.endedMs >= beganMs - graceMs &&
      loss.beganMs <= healedMs + groupBackMs,
  );
}

function losesMarks(fault: Struck, caller: Caller, by: LinkName): boolean {
  const { kind, instance, link } = fault.planned;
  if (touches(fault, caller, by) || kind.startsWith("redis ")) return true;
  return (
    instance === caller.n && (kind === "stop" || (kind.startsWith("link ") && (link === "redis" || link === "kafka")))
  );
}
