// A chaos run in one table (catalogue 6.10), for people and for docs/guarantees.md. Pure. Called by main.ts and the short run.
import { percentile } from "../support/conversations.ts";
import type { Word } from "./words.ts";
import type { RunResult } from "./run.ts";

/** What a run comes to: it counts and all was kept, it counts and something was not, or it says nothing. */
export type Standing = "kept" | "broken" | "void";

/** The standing of a result. What is broken is broken also where too little flowed. */
export function standingOf({ verdict, failures, voids }: RunResult): Standing {
  if (!verdict.ok || failures.length > 0) return "broken";
  return voids.length > 0 ? "void" : "kept";
}

/** The table, and below it whatever is wrong. */
export function describeRun(result: RunResult): string {
  const { seed, lengthMs, words, verdict, users, crashes, poison, memory } = result;
  const all = words.all();
  const count = (what: string): number => verdict.findings.filter((one) => one.what === what).length;
  const accepted = all.filter(({ outcome }) => outcome === "ok");
  const rows: readonly (readonly [string, string])[] = [
    ["seed, length of the faults", `${String(seed)}, ${seconds(lengthMs)}`],
    ["standing", standingOf(result)],
    ["chats, connects refused", `${String(result.chats)}, ${String(users.refusals.length)}`],
    ["words offered, accepted, delivered", [all.length, accepted.length, verdict.delivered].join(", ")],
    ["lost, doubled, reordered, phantom", ["lost", "doubled", "reordered", "phantom"].map(count).join(", ")],
    ["doubled in flight (Facebook)", String(verdict.inFlightDoubles.length)],
    ["two at once, two owners, ownerless", ["two at once", "two owners", "ownerless"].map(count).join(", ")],
    ["longest without owner", seconds(verdict.ownerlessMs)],
    ["poison given, dead letters of it", `${String(poison.given)}, ${String(poison.found)}`],
    ["drained after, tail served in", `${timeOf(result.drainedMs)}, ${timeOf(result.tailMs)}`],
    ["processes that ended by themselves", String(crashes.length)],
    ...memory.map(({ name, lastMiB, mibPerHour }): readonly [string, string] => [
      `memory, ${name}`,
      `${lastMiB.toFixed(0)} MiB, ${mibPerHour.toFixed(0)} MiB/h in its second half`,
    ]),
  ];
  const wide = Math.max(...rows.map(([name]) => name.length)) + 2;
  return [
    ...rows.map(([name, value]) => `${name.padEnd(wide)}${value}`),
    "",
    faultTable(result),
    "",
    result.text,
    ...result.failures.map((one) => `FAILED: ${one}`),
    ...result.voids.map((one) => `void: ${one}`),
    ...crashes.map(({ text }) => `ended: ${text}`),
    ...counted(users.refusals).map((one) => `refused: ${one}`),
  ].join("\n");
}

/** By kind: how often, how often proven, an example of a proof, and how long words that were offered meanwhile took beyond its end. */
function faultTable({ struck, words }: RunResult): string {
  const all = words.all();
  const kinds = Map.groupBy(struck, ({ planned }) => planned.kind);
  const rows = [...kinds].map(([kind, some]) => {
    const proofs = some.flatMap(({ proof }) => (proof === null ? [] : [proof]));
    const recoveries = some.map((one) => recoveryMs(one, all));
    const times = `${seconds(percentile(recoveries, 0.5))} / ${seconds(Math.max(...recoveries))}`;
    const inFlight = Math.min(...some.map((one) => one.inFlight));
    return [
      kind,
      `${String(proofs.length)} of ${String(some.length)}`,
      String(inFlight),
      times,
      proofs[0] ?? "not proven",
    ];
  });
  const head = ["fault", "proven", "in flight", "recovery p50 / max", "for example"];
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]?.length ?? 0)) + 2);
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("")
        .trimEnd(),
    )
    .join("\n");
}

/** From the end of a fault until the last word that was offered during it has come. */
function recoveryMs(
  { beganMs, healedMs }: { readonly beganMs: number; readonly healedMs: number },
  all: readonly Word[],
): number {
  const during = all.filter(({ offeredMs }) => offeredMs >= beganMs - 1_000 && offeredMs <= healedMs);
  return Math.max(0, ...during.map(({ seenMs }) => (seenMs ?? healedMs) - healedMs));
}

function counted(texts: readonly string[]): readonly string[] {
  return [...Map.groupBy(texts, (text) => text)].map(([text, some]) => `${String(some.length)} times ${text}`);
}

function timeOf(ms: number | null): string {
  return ms === null ? "never" : seconds(ms);
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
