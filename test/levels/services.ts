// Kafka, schema registry and Redis of one test run: started once, at the first level that needs them, stopped at its end. On free ports
// and in folders of their own, so that a running sandbox is not touched. The driver is the sandbox's. Called by main.ts.
import type { Services } from "../../sandbox/services/driver.ts";
import type { RunDirectory } from "../../sandbox/services/run-directory.ts";
import { outputsVariable } from "../support/outputs.ts";
import { servicesVariable } from "../support/services.ts";

/** Environment for tests that says where the services are. */
export type ServicesEnvironment = Readonly<Record<string, string>>;

/** The services of one run. */
export interface RunServices {
  /** Starts them on the first call. Undefined where they do not start: said once, and not tried again. */
  environment(): Promise<ServicesEnvironment | undefined>;
  /** Stops what was started, also in the middle of a start. */
  stop(): Promise<void>;
  /** Set where this machine lacks what they need: the exit code that says so. */
  lackingExitCode(): number | undefined;
}

/** Makes them; starts nothing yet. */
export function createRunServices(say: (text: string) => void): RunServices {
  const state: {
    started?: Promise<ServicesEnvironment | undefined>;
    driver?: Services;
    /** Where the tests keep what their service processes wrote. */
    outputs?: RunDirectory;
    lacking?: number;
  } = {};

  const start = async (): Promise<ServicesEnvironment | undefined> => {
    const startedMs = performance.now();
    try {
      // Loaded only here: checks and unit tests run, and say what is wrong, also while the driver does not load.
      const { createServices } = await import("../../sandbox/services/driver.ts");
      const { createRunDirectory } = await import("../../sandbox/services/run-directory.ts");
      state.driver = await createServices({ say: (line) => say(`  ${line}`), env: process.env });
      const addresses = await state.driver.start();
      say(`services: ${state.driver.kind}, up in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
      state.outputs = createRunDirectory();
      return { [servicesVariable]: JSON.stringify(addresses), [outputsVariable]: state.outputs.folder("outputs") };
    } catch (error) {
      say(`services: ${error instanceof Error ? error.message : String(error)}`);
      if (error instanceof Error && "exitCode" in error && typeof error.exitCode === "number") {
        state.lacking = error.exitCode;
      }
      return undefined;
    }
  };

  return {
    environment: () => (state.started ??= start()),
    async stop() {
      await state.started;
      await state.driver?.stop();
      await state.outputs?.remove();
    },
    lackingExitCode: () => state.lacking,
  };
}
