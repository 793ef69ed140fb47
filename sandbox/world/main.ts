/**
 * The world as a program of its own (`npm run simulator`): starts it, prints its addresses as one line of JSON, stops on SIGINT or SIGTERM.
 * For any client of Live Agent, the Salesforce data API, the Integrations API, Botrunner or Studio NG; `--help` tells its ports.
 */
import { parseArgs } from "node:util";

import { startWorld } from "./world.ts";

const HELP = `npm run simulator [-- --control-port N] [--salesforce-port N] [--integrations-port N] [--botrunner-port N] [--studio-ng-port N] [--media-port N]

Starts a Salesforce org (OAuth, data API, Live Agent), a channel and a bot that do not exist, each on a port of 127.0.0.1 (left out: any
free one), and prints their addresses as one line of JSON. Point any client there. GET / at controlUrl tells the org's ids and accounts,
and every route by which agents, phones and faults are driven; docs/sandbox.md says what is simulated, and how closely.
`;

const { values } = parseArgs({
  options: {
    help: { type: "boolean", short: "h", default: false },
    "salesforce-port": { type: "string", default: "0" },
    "integrations-port": { type: "string", default: "0" },
    "botrunner-port": { type: "string", default: "0" },
    "studio-ng-port": { type: "string", default: "0" },
    "media-port": { type: "string", default: "0" },
    "control-port": { type: "string", default: "0" },
  },
});

if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
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
