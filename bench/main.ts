// `npm run bench [-- --quick] [-- --only PART]`: measures the service on local services against bare loops, in turns, and prints ratios with
// the machine's load. Started by bench/run.mjs, and by the test that it runs. What the figures mean is in docs/performance.md.
import { parseArgs } from "node:util";

import { createRunServices } from "../test/levels/services.ts";
import { servicesVariable } from "../test/support/services.ts";
import { measureTakeover, measureTalk } from "./chats.ts";
import { loadNow, type Report } from "./figures.ts";
import { measureIngest } from "./ingest.ts";
import { measureStream } from "./stream.ts";

type Parts = Readonly<Record<string, () => Promise<Report>>>;

const full: Parts = {
  stream: () => measureStream({ rounds: 5, records: 60_000 }),
  ingest: () => measureIngest({ rounds: 5, turnMs: 5_000 }),
  talk: () => measureTalk({ chats: 1_000, messagesPerSecond: 200, talkMs: 20_000 }),
  takeover: () => measureTakeover(1_000),
  memory: () => measureTalk({ chats: 10_000, messagesPerSecond: 200, talkMs: 20_000 }),
};
/** Only whether it runs: its figures say nothing. Of the stream so many records that a start on a busy machine leaves samples to pace. */
const quick: Parts = {
  stream: () => measureStream({ rounds: 1, records: 20_000 }),
  ingest: () => measureIngest({ rounds: 1, turnMs: 1_000 }),
  talk: () => measureTalk({ chats: 5, messagesPerSecond: 40, talkMs: 1_000 }),
  takeover: () => measureTakeover(20),
};

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { quick: { type: "boolean" }, only: { type: "string", multiple: true } } });
  const parts = values.quick === true ? quick : full;
  const chosen = values.only ?? Object.keys(parts);
  const unknown = chosen.filter((name) => !Object.hasOwn(parts, name));
  if (unknown.length > 0) throw new Error(`no part ${unknown.join(", ")}; there are ${Object.keys(parts).join(", ")}`);
  const services = createRunServices(say);
  try {
    if (process.env[servicesVariable] === undefined) {
      const environment = await services.environment();
      if (environment === undefined) throw new Error("the services did not start");
      Object.assign(process.env, environment);
    }
    say(`load average before ${loadNow().toFixed(1)}`);
    for (const name of chosen) for (const line of (await parts[name]?.()) ?? []) say(line);
  } finally {
    await services.stop();
  }
}

await main();
process.exit(0);
