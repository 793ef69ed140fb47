// One vitest project per level of test (test/levels/levels.ts). `npm test` runs them in order and starts the services they
// need; `npx vitest run --project unit` runs one by hand.
import { availableParallelism } from "node:os";

import { defineConfig } from "vitest/config";

import { filesOf, levels, type Level } from "./test/levels/levels.ts";
import { ByPath } from "./test/support/file-order.ts";

const isSerial = ({ needsServices, globalSetup }: Level): boolean => needsServices || globalSetup !== undefined;

export default defineConfig({
  test: {
    reporters: ["default", "./test/support/closing-line.ts"],
    teardownTimeout: 20_000,
    sequence: { sequencer: ByPath },
    projects: levels.map((level) => ({
      test: {
        name: level.name,
        include: [filesOf(level)],
        testTimeout: level.testTimeoutMs,
        hookTimeout: level.testTimeoutMs,
        ...(level.globalSetup === undefined ? {} : { globalSetup: level.globalSetup }),
        fileParallelism: !isSerial(level),
        maxWorkers: isSerial(level) ? 1 : availableParallelism(),
        unstubEnvs: true,
        unstubGlobals: true,
        restoreMocks: true,
        expect: { requireAssertions: true }, // a test must be able to fail
      },
    })),
  },
});
