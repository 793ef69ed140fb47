// Owns the readable form of a played conversation: who said what when, and how long it took to the other side. Pure. Called by play.ts.
import type { PhoneLine, ScreenLine } from "./control-client.ts";

/** A line of the transcript before it is written out. */
export interface TranscriptLine {
  readonly at: number;
  readonly atMs: number;
  readonly who: string;
  readonly text: string;
  /** From being said to being seen on the other side, milliseconds; undefined when it was not seen there as it was said. */
  readonly latencyMs: number | undefined;
}

/** Everything both sides saw, in the order in which it happened; what came over unchanged is one line with its latency. */
export function transcriptOf(phone: readonly PhoneLine[], screen: readonly ScreenLine[]): TranscriptLine[] {
  const fromVisitor = matcher(screen.filter((line) => line.from === "visitor"));
  const fromService = matcher(phone.filter((line) => line.from === "service"));
  const lines: TranscriptLine[] = [
    ...phone.filter((line) => line.from === "user").map((line) => said("user", line, fromVisitor.take(line))),
    ...phone.filter((line) => line.from === "bot").map((line) => said("bot", line, undefined)),
    ...screen.filter((line) => line.from === "agent").map((line) => said("agent", line, fromService.take(line))),
    ...fromService.left().map((line) => said("service → user", line, undefined)),
    ...fromVisitor.left().map((line) => said("service → agent", line, undefined)),
  ];
  return lines.sort((one, other) => one.atMs - other.atMs);
}

/** The transcript as text, a line each; further lines of a long message are indented. */
export function written(lines: readonly TranscriptLine[]): string {
  return lines.map(writtenLine).join("\n");
}

/** Median and longest latency of a transcript; undefined when nothing was measured. */
export function latencies(
  lines: readonly TranscriptLine[],
): { readonly p50Ms: number; readonly maxMs: number; readonly count: number } | undefined {
  const sorted = lines.flatMap(({ latencyMs }) => (latencyMs === undefined ? [] : [latencyMs])).sort((a, b) => a - b);
  const [p50Ms, maxMs] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted.at(-1)];
  return p50Ms === undefined || maxMs === undefined ? undefined : { p50Ms, maxMs, count: sorted.length };
}

const WHO_WIDTH = 16;
const LATENCY_WIDTH = 9;
const TIME_WIDTH = 12;

function writtenLine({ at, who, text, latencyMs }: TranscriptLine): string {
  const time = new Date(at).toISOString().slice(11, 23);
  const latency = latencyMs === undefined ? "" : `${latencyMs.toFixed(1)} ms`;
  const indent = " ".repeat(TIME_WIDTH + LATENCY_WIDTH + WHO_WIDTH + 6);
  const [first = "", ...rest] = text.trimEnd().split(/\n+/);
  const head = [time, latency.padStart(LATENCY_WIDTH), who.padEnd(WHO_WIDTH), first].join("  ");
  return [head, ...rest.map((line) => `${indent}${line}`)].join("\n");
}

interface Line {
  readonly at: number;
  readonly atMs: number;
  readonly text: string;
}

function said(who: string, line: Line, seen: Line | undefined): TranscriptLine {
  const { at, atMs, text } = line;
  return { at, atMs, who, text, latencyMs: seen === undefined ? undefined : seen.atMs - atMs };
}

interface Matcher<L extends Line> {
  /** The first line not yet taken that shows the same text, later. */
  take(line: Line): L | undefined;
  left(): readonly L[];
}

function matcher<L extends Line>(lines: readonly L[]): Matcher<L> {
  const open = new Set(lines);
  return {
    take(line) {
      const found = [...open].find((seen) => seen.text === line.text && seen.atMs >= line.atMs);
      if (found !== undefined) open.delete(found);
      return found;
    },
    left: () => [...open],
  };
}
