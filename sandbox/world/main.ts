/**
 * The world as a program of its own: starts it, prints its addresses as one line of JSON, stops on SIGINT or SIGTERM.
 * Run with `node sandbox/world/main.ts [--salesforce-port N] [--integrations-port N] [--botrunner-port N] [--control-port N]`.
 */
import { parseArgs } from "node:util";

import { startWorld } from "./world.ts";

const { values } = parseArgs({
  options: {
    "salesforce-port": { type: "string", default: "0" },
    "integrations-port": { type: "string", default: "0" },
    "botrunner-port": { type: "string", default: "0" },
    "control-port": { type: "string", default: "0" },
  },
});

const world = await startWorld({
  ports: {
    salesforce: Number(values["salesforce-port"]),
    integrations: Number(values["integrations-port"]),
    botrunner: Number(values["botrunner-port"]),
    control: Number(values["control-port"]),
  },
});

const { salesforceUrl, integrationsUrl, botrunnerUrl, controlUrl } = world;
process.stdout.write(`${JSON.stringify({ salesforceUrl, integrationsUrl, botrunnerUrl, controlUrl })}\n`);

const stop = (): void => {
  void world.close();
};
process.once("SIGINT", stop);
process.once("SIGTERM", stop);
