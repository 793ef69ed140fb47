// Reads out of a README what a test can compare with the repository: npm commands, relative links, the folder tree. Pure.

/** Names of the npm scripts that a text tells to run, in order, each once. */
export function commandsIn(markdown: string): string[] {
  const found = markdown.matchAll(/\bnpm (?:run ([\w:-]+)|(test|start)\b)/g);
  return [...new Set([...found].flatMap(([, script, builtIn]) => script ?? builtIn ?? []))];
}

/** Targets of links that lead into the repository, without their fragments. */
export function linksIn(markdown: string): string[] {
  const targets = [...markdown.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target]) => target ?? []);
  return targets.filter((target) => !/^([a-z]+:|#)/i.test(target)).map((target) => target.replace(/#.*$/, ""));
}

/**
 * Paths of the folder tree: the code block that has a line beginning with `src/`. Two spaces are one level; entries end in a slash or
 * have an ending; deeper lines are prose. Names side by side, two spaces apart, are entries of one level.
 */
export function treeIn(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/^```\w*\n([\s\S]*?)^```/gm)].flatMap(([, block]) => block ?? []);
  const lines = (blocks.find((block) => /^src\//m.test(block)) ?? "").split("\n");
  const paths: string[] = [];
  const parents: string[] = [];
  for (const line of lines) {
    const depth = (/^ */.exec(line)?.[0].length ?? 0) / 2;
    if (depth > parents.length) continue;
    const [first = "", ...others] = line.trim().split(/ {2,}/);
    if (!isEntry(first)) continue;
    const above = parents.slice(0, depth).join("");
    const beside = first.endsWith("/") || !others.every(isEntry) ? [] : others;
    paths.push(...[first, ...beside].map((name) => above + name));
    parents.length = depth;
    if (first.endsWith("/")) parents.push(first);
  }
  return paths;
}

function isEntry(text: string): boolean {
  return /^[\w.-]+\/$/.test(text) || /^[\w.-]*\.[a-z]{2,5}$/.test(text);
}
