// docs/operations.md says what there is: every metric, alarm, reason, word of /ready and log line that it names or should name.
import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { counters, gauges, timers, type Instrument } from "../../../src/clients/metrics/instruments.ts";
import { help } from "../../../src/operator/command-line.ts";
import { filesOfRepository } from "../architecture/repository.ts";

const document = readFileSync("docs/operations.md", "utf8");
const source = filesOfRepository(/^src\/.*\.ts$/).map(({ text }) => text());

/** First cells of the rows of the table under a heading, without marks. */
function rowsUnder(heading: string): readonly string[] {
  const [, section = ""] = document.split(new RegExp(`^## ${heading}$`, "mu"));
  const rows = [...(section.split(/^## /mu)[0] ?? "").matchAll(/^\| `([^`]+)`\*? +\|/gmu)];
  return rows.map(([, name = ""]) => name);
}

/** Everything that the pattern's first group finds in src/, each once, sorted. */
function inSource(pattern: RegExp): readonly string[] {
  return [...new Set(source.flatMap((text) => [...text.matchAll(pattern)].map(([, name = ""]) => name)))].sort();
}

function metricRows(): string {
  const rowsOf = (instruments: Readonly<Record<string, Instrument>>, ending: string): readonly string[] =>
    Object.entries(instruments).map(
      ([name, { help: words, labels }]) =>
        `- \`${name}${ending}\`${labels.length === 0 ? "" : ` (${labels.join(", ")})`}: ${words}`,
    );
  return [...rowsOf(counters, "_total"), ...rowsOf(timers, "_seconds"), ...rowsOf(gauges, "")].join("\n");
}

describe("docs/operations.md", () => {
  it("has every metric with its labels", () => {
    const [, table = ""] = /<!-- metrics:begin -->\n\n([^]*?)\n\n<!-- metrics:end -->/u.exec(document) ?? [];
    expect(table).toBe(metricRows());
  });

  it("has every alarm and no other", () => {
    const alarms = inSource(/\.count\("alarms", \{ alarm: "(\w+)" \}/gu);
    expect(alarms.length).toBeGreaterThan(8);
    expect([...rowsUnder("Alarms")].sort()).toEqual(alarms);
    expect(alarms, "what a log line calls an alarm is counted").toEqual(inSource(/\balarm: "(\w+)"/gu));
  });

  it("has every word of /ready and no other", () => {
    const words = [
      ...inSource(/waits\.(?:begin|add)\("([\w ]+)"/gu),
      ...inSource(/missing\.add\("([\w ]+)"/gu),
      ...inSource(/waitFor\(start, "([\w ]+)"/gu),
    ];
    expect([...rowsUnder("Is it well\\?")].sort()).toEqual([...new Set(words)].sort());
  });

  it("has every reason of a dead letter but unknown", () => {
    const schema = readFileSync("schemas/dead-letter.avsc", "utf8");
    const [, symbols = ""] = /"DeadLetterReason",[^]*?"symbols": \[([^\]]*)\]/u.exec(schema) ?? [];
    const reasons = [...symbols.matchAll(/"(\w+)"/gu)]
      .map(([, name = ""]) => name)
      .filter((name) => name !== "unknown");
    expect([...rowsUnder("Dead letters")].sort()).toEqual(reasons.sort());
  });

  it("quotes log lines as they are", () => {
    const lines = rowsUnder("Log lines that matter");
    expect(lines.length).toBeGreaterThan(8);
    for (const line of lines)
      expect(
        source.some((text) => text.includes(`"${line}"`)),
        line,
      ).toBe(true);
  });

  it("shows commands and options that exist", () => {
    const options = [...document.matchAll(/`[^`\n]*?(--[a-z-]+)[^`\n]*`/gu)].map(([, name = ""]) => name);
    expect(options.length).toBeGreaterThan(4);
    for (const option of options) expect(`${help}--help`).toContain(option);
  });
});
