// Vitest reporter that leaves in a file what each test came to, with what it failed of and what was behind that: a failed property
// keeps the statement that failed inside it as its cause. Named by named-tests.ts, read by it as verdict.ts has it.
import { writeFileSync } from "node:fs";

import type { Reporter, SerializedError } from "vitest/node";

import type { RanTest, RunReport } from "./verdict.ts";

/** Name of the environment variable that says where the report goes. */
export const reportFileVariable = "TEST_OUTCOME_FILE";

/** Makes the reporter. Tests that a name filter leaves out are left out here as well. */
export default function createOutcomeReporter(): Reporter {
  return {
    onTestRunEnd(modules, strayErrors) {
      const broken = [...strayErrors, ...modules.flatMap((module) => module.errors())].map(words);
      const tests = modules.flatMap((module) =>
        [...module.children.allTests()].flatMap((test): RanTest[] => {
          const { state, errors = [] } = test.result();
          if (state !== "passed" && state !== "failed") return [];
          const failures = errors.map(words);
          return [{ file: module.relativeModuleId, title: test.fullName, passed: state === "passed", failures }];
        }),
      );
      const report: RunReport = { tests, broken };
      const file = process.env[reportFileVariable];
      if (file === undefined) throw new Error(`${reportFileVariable} is not set`);
      writeFileSync(file, JSON.stringify(report));
    },
  };
}

/** Name and text of an error, and a line for each cause. */
function words(error: SerializedError): string {
  const said = `${error.name ?? "Error"}: ${error.message}`;
  const { cause } = error as { readonly cause?: SerializedError };
  return cause === undefined ? said : `${said}\ncaused by ${words(cause)}`;
}
