// Kafka, schema registry and Redis of one test run: started once, at the first level that needs them, stopped at its end. The driver
// is the sandbox's. Called by main.ts.

/** The services of one run. */
export interface RunServices {
  /** Starts them on the first call; where they are, as environment for the tests; undefined where they do not start. */
  environment(signal: AbortSignal): Promise<Readonly<Record<string, string>> | undefined>;
  /** Stops what was started. */
  stop(): Promise<void>;
}

/** Makes them; starts nothing yet. */
export function createServices(say: (text: string) => void): RunServices {
  return {
    async environment() {
      say("there is no driver of local services yet");
      return undefined;
    },
    async stop() {
      // nothing was started
    },
  };
}
