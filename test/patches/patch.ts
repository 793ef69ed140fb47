// A patch that breaks src/ on purpose: its head, which says what it breaks and which test must see it, and its hunks. Reads and
// applies it; pure. Hunks are found by their lines, so that code that has moved does not matter. Called by run-patches.ts.

/** One place of one file: the lines that must stand there, and those that take their place. */
interface Hunk {
  /** Where the lines stood when the patch was made, from 0. */
  readonly line: number;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** A patch. */
export interface Patch {
  /** File name without its ending. */
  readonly name: string;
  /** `Key: value` lines of the head, keys in lower case. */
  readonly head: Readonly<Record<string, string>>;
  /** Test that must go red: its file, and its title with those of its groups, joined by ` > `. */
  readonly test: { readonly file: string; readonly title: string };
  readonly files: readonly { readonly path: string; readonly hunks: readonly Hunk[] }[];
}

/** Reads a patch; throws an error that says what is missing. `keys` are those that its head must have beside Test and Title. */
export function readPatch(name: string, text: string, keys: readonly string[]): Patch {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => line.startsWith("--- "));
  const head = headOf(lines.slice(0, Math.max(0, start)));
  const missing = ["test", "title", ...keys].find((key) => (head[key] ?? "") === "");
  if (missing !== undefined) throw new Error(`${name}: the head has no ${missing}`);
  const files = filesOf(name, lines.slice(start));
  return { name, head, test: { file: head["test"] ?? "", title: head["title"] ?? "" }, files };
}

function headOf(lines: readonly string[]): Readonly<Record<string, string>> {
  const entries = lines.flatMap((line) => {
    const [, key = "", value = ""] = /^([A-Z][a-z]+): (.*)$/.exec(line) ?? [];
    return key === "" ? [] : [[key.toLowerCase(), value.trim()] as const];
  });
  return Object.fromEntries(entries);
}

function filesOf(name: string, lines: readonly string[]): Patch["files"] {
  const files: { path: string; hunks: { line: number; before: string[]; after: string[] }[] }[] = [];
  for (const line of lines) {
    const path = /^\+\+\+ b\/(\S+)$/.exec(line)?.[1];
    const at = /^@@ -(\d+)/.exec(line)?.[1];
    const hunk = files.at(-1)?.hunks.at(-1);
    if (path !== undefined) files.push({ path, hunks: [] });
    else if (at !== undefined) files.at(-1)?.hunks.push({ line: Number(at) - 1, before: [], after: [] });
    else if (hunk !== undefined && /^[ +-]/.test(line) && !line.startsWith("--- ")) {
      if (!line.startsWith("+")) hunk.before.push(line.slice(1));
      if (!line.startsWith("-")) hunk.after.push(line.slice(1));
    }
  }
  if (files.length === 0 || files.some(({ hunks }) => hunks.length === 0)) throw new Error(`${name}: it holds no hunk`);
  const outside = files.find(({ path }) => !path.startsWith("src/"));
  if (outside !== undefined) throw new Error(`${name}: it changes ${outside.path}, which is not of src/`);
  return files;
}

/** The text with the hunks applied, each at the place nearest to where it stood; null when the lines of one stand nowhere. */
export function applied(text: string, hunks: readonly Hunk[]): string | null {
  let lines = text.split("\n");
  let shift = 0;
  for (const { line, before, after } of hunks) {
    const at = nearest(lines, before, line + shift);
    if (at === null) return null;
    lines = [...lines.slice(0, at), ...after, ...lines.slice(at + before.length)];
    shift += after.length - before.length + (at - line - shift);
  }
  return lines.join("\n");
}

function nearest(lines: readonly string[], wanted: readonly string[], around: number): number | null {
  let best: number | null = null;
  for (let at = 0; at + wanted.length <= lines.length; at += 1) {
    if (!wanted.every((line, i) => lines[at + i] === line)) continue;
    if (best === null || Math.abs(at - around) < Math.abs(best - around)) best = at;
  }
  return best;
}
