// The commands `npm run mutations` and `npm run defects`: every patch of a collection against the test that it names, a table of
// what became of them, and the closing line. Arguments after the collection's name pick patches by a part of their name.
import { availableParallelism, tmpdir } from "node:os";

import { createRunServices } from "../levels/services.ts";
import { closingLine, exitCode } from "../levels/tally.ts";
import { type CollectionName, collections, patchesOf } from "./collections.ts";
import { runPatches } from "./run-patches.ts";

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const usageExitCode = 64;

function isCollection(name: string | undefined): name is CollectionName {
  return name !== undefined && Object.hasOwn(collections, name);
}

async function main([name, ...parts]: readonly string[]): Promise<number> {
  if (!isCollection(name)) {
    say(`Usage: node test/patches/main.ts ${Object.keys(collections).join("|")} [PART-OF-A-NAME …]`);
    return usageExitCode;
  }
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => interrupted.abort());
  const services = createRunServices(say);
  const startedMs = performance.now();
  try {
    const { results, mistakes } = await runPatches({
      root: process.cwd(),
      temporary: tmpdir(),
      patches: patchesOf(name).filter((patch) => parts.length === 0 || parts.some((part) => patch.name.includes(part))),
      workers: Math.min(2, availableParallelism()),
      services: () => services.environment(),
      say,
      signal: interrupted.signal,
    });
    say(`\n${name}:`);
    for (const { patch, verdict } of results)
      say(`  ${verdict.kind.padEnd(8)} ${patch.name.padEnd(48)} ${patch.test.file} > ${patch.test.title}`);
    for (const mistake of mistakes) say(`  mistake  ${mistake}`);
    const caught = results.filter(({ verdict }) => verdict.kind === "caught").length;
    const tally = { passed: caught, failed: results.length - caught + mistakes.length, skipped: [] };
    say(
      `\n${name}: ${String(caught)} of ${String(results.length)} caught in ${((performance.now() - startedMs) / 1000).toFixed(0)} s`,
    );
    say(closingLine(tally));
    return exitCode(tally);
  } finally {
    await services.stop();
  }
}

process.exitCode = await main(process.argv.slice(2));
