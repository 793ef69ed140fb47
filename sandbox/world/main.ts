/**
 * The world as a program of its own: starts it, prints its addresses as one line of JSON, stops on SIGINT or SIGTERM.
 * Run with `node sandbox/world/main.ts [--salesforce-port N] [--integrations-port N] [--botrunner-port N] [--studio-ng-port N] [--media-port N] [--control-port N]`.
 */
import { parseArgs } from "node:util";

import { startWorld } from "./world.ts";

const { values } = parseArgs({
  options: {
    "salesforce-port": { type: "string", default: "0" },
    "integrations-port": { type: "string", default: "0" },
    "botrunner-port": { type: "string", default: "0" },
    "studio-ng-port": { type: "string", default: "0" },
    "media-port": { type: "string", default: "0" },
    "control-port": { type: "string", default: "0" },
  },
});

const world = await startWorld({
  ports: {
    salesforce: Number(values["salesforce-port"]),
    integrations: Number(values["integrations-port"]),
    botrunner: Number(values["botrunner-port"]),
    "studio-ng": Number(values["studio-ng-port"]),
    media: Number(values["media-port"]),
    control: Number(values["control-port"]),
  },
});

const { salesforceUrl, integrationsUrl, botrunnerUrl, studioNgUrl, controlUrl } = world;
const mediaUrl = world.parts.media.url;
const addresses = { salesforceUrl, integrationsUrl, botrunnerUrl, studioNgUrl, mediaUrl, controlUrl };
process.stdout.write(`${JSON.stringify(addresses)}\n`);

const stop = (): void => {
  void world.close();
};
process.once("SIGINT", stop);
process.once("SIGTERM", stop);
