// The service with failpoints: the composition of src/ with something between the runtime and its ports. An entry of its own, so that
// production has none. Started as a process by kills.test.ts; no clean stop: it is there to be killed.
import { loadSettings } from "../../src/clients/config/settings.ts";
import { createLog } from "../../src/clients/log/log.ts";
import { startService } from "../../src/composition.ts";
import { failpointsOf, failpointVariable } from "./failpoints.ts";

const loaded = loadSettings(process.env);
if (!("settings" in loaded)) throw new Error("the test's settings are wrong");
const { settings } = loaded;

await startService({
  settings,
  log: createLog({ ...settings.log, always: { app: settings.appName, client: settings.client } }),
  signal: new AbortController().signal,
  wrap: failpointsOf(process.env[failpointVariable]),
  fatal(error) {
    process.stderr.write(`fatal: ${error.stack ?? error.message}\n`);
    process.exit(1);
  },
});
