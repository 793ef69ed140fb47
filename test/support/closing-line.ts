// Vitest reporter that counts what a run came to. Inside `npm test` it leaves the counts in the file that run-vitest.ts names;
// when vitest is started by hand it prints the closing line itself. Does not print failures: the default reporter does.
import { appendFileSync, writeFileSync } from "node:fs";

import type { Reporter, TestModule, Vitest } from "vitest/node";

import { closingLine, type Tally } from "../levels/tally.ts";

/** Name of the environment variable that says to which file the names of passed tests are added, one per line. */
export const passedFileVariable = "TEST_PASSED_FILE";

/** Name of the environment variable that says where the counts go. */
export const tallyFileVariable = "TEST_TALLY_FILE";

/**
 * Makes the reporter. Besides failed tests it counts as failed: a file that does not load, a failing hook, and each error
 * outside any test (stray rejections). Tests that a name filter leaves out are not counted at all.
 */
export default function createClosingLine(): Reporter {
  const state: { vitest?: Vitest } = {};
  return {
    onInit(vitest) {
      state.vitest = vitest;
    },
    onTestRunEnd(modules, errors) {
      const tally = count(modules, errors.length, state.vitest?.getGlobalTestNamePattern());
      const passedFile = process.env[passedFileVariable];
      if (passedFile !== undefined)
        appendFileSync(
          passedFile,
          passedNames(modules)
            .map((name) => `${name}\n`)
            .join(""),
        );
      const file = process.env[tallyFileVariable];
      if (file === undefined) {
        process.once("exit", () => process.stdout.write(`${closingLine(tally)}\n`));
      } else {
        writeFileSync(file, JSON.stringify(tally));
      }
    },
  };
}

function passedNames(modules: readonly TestModule[]): readonly string[] {
  return modules.flatMap((module) =>
    [...module.children.allTests("passed")].map((test) => `${module.relativeModuleId} > ${test.fullName}`),
  );
}

function count(modules: readonly TestModule[], strayErrors: number, filter: RegExp | undefined): Tally {
  let passed = 0;
  let failed = strayErrors;
  const skipped: string[] = [];
  for (const module of modules) {
    if (module.errors().length > 0) failed += 1;
    for (const suite of module.children.allSuites()) if (suite.errors().length > 0) failed += 1;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === "passed") passed += 1;
      else if (state === "skipped") {
        if (filter === undefined || filter.test(test.fullName))
          skipped.push(`${module.relativeModuleId} > ${test.fullName}`);
      } else failed += 1; // a test that never came to an end is no success
    }
  }
  return { passed, failed, skipped };
}
