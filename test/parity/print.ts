// Writes docs/parity.md from the rows: `node test/parity/print.ts`. A unit test compares the file with what this makes.
import { writeFileSync } from "node:fs";

import type { ParityRow } from "./row.ts";
import { paritySections } from "./sections.ts";

const path = "docs/parity.md";

/** The document. */
export function parityDocument(): string {
  const sections = paritySections();
  const rows = sections.flatMap((section) => section.rows);
  const count = (verdict: ParityRow["verdict"]): string => String(rows.filter((row) => row.verdict === verdict).length);
  const parts = sections.map(({ title, rows: own }) => `## ${title}\n\n${tableOf(own)}`);
  return `# Parity with the Go service

What became of each item of the original, by the numbers of its parity sheet: ${count("same")} are the same, ${count("better")} better, ${count("dropped")} dropped. Each names the
test that shows it; the last level of \`npm test\` checks that every one of them has run and passed. Written by \`node test/parity/print.ts\`;
what an operator has to know of the differences is in [migrating.md](migrating.md).

${parts.join("\n\n")}
`;
}

function tableOf(rows: readonly ParityRow[]): string {
  const lines = rows.map(({ item, original, verdict, how, test }) => {
    const shown = test === null ? "" : `${test.file.replace(/^test\//, "").replace(/\.test\.ts$/, "")}: ${test.title}`;
    return `| ${[item, original, verdict, how, shown].map(cell).join(" | ")} |`;
  });
  return ["| item | original | here | how | test |", "| --- | --- | --- | --- | --- |", ...lines].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
}

if (import.meta.main) writeFileSync(path, parityDocument());
