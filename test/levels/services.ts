// Kafka, schema registry and Redis of one test run: started once, at the first level that needs them, stopped at its end. On free ports
// and in folders of their own, so that a running sandbox is not touched. The driver is the sandbox's. Called by main.ts.
import type { Services } from "../../sandbox/services/driver.ts";
import type { RunDirectory } from "../../sandbox/services/run-directory.ts";
import { outputsVariable } from "../support/outputs.ts";
import { servicesVariable } from "../support/services.ts";
import type { Variant } from "./matrix.ts";

/** The service's login where a variant asks for one; a canary, looked for in all that the services write. */
const login = { user: "salesforce", password: "canary-password-at-the-broker" };

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

/** Makes them; starts nothing yet. With a variant: that Kafka, and a listener by which the service is to reach it. */
export function createRunServices(say: (text: string) => void, variant?: Variant): RunServices {
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
      const version = variant === undefined ? {} : { KAFKA_VERSION: variant.kafkaVersion };
      const mechanism = variant?.mechanism ?? null;
      state.driver = await createServices({
        say: (line) => say(`  ${line}`),
        env: { ...process.env, ...version },
        ...(mechanism === null ? {} : { security: { users: { [login.user]: login.password } } }),
      });
      const { secure, ...addresses } = await state.driver.start();
      const wire = secure === undefined || mechanism === null ? {} : { wire: { ...secure, ...login, mechanism } };
      say(`services: ${state.driver.kind}, up in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
      state.outputs = createRunDirectory();
      const env = { ...version, [servicesVariable]: JSON.stringify({ ...addresses, ...wire }) };
      return { ...env, [outputsVariable]: state.outputs.folder("outputs") };
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
      if (state.started === undefined) return;
      // A level that was interrupted, or took too long, had no time to end the services under its tests.
      const { sweepLeftovers } = await import("../../sandbox/services/run-directory.ts");
      for (const { name, pid } of await sweepLeftovers())
        say(`services: ended ${name} (${String(pid)}), left by a level`);
    },
    lackingExitCode: () => state.lacking,
  };
}
