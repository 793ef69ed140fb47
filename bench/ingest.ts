// Part 1: webhooks acknowledged per second, the whole service against bare Fastify with one coalesced producer, in turns. The service also
// decides, saves and commits what it takes, in the same process: that is in its figure. Called by main.ts.
import { Pool } from "undici";

import { eventually } from "../test/support/eventually.ts";
import { openStage } from "../test/support/stage.ts";
import { startBare } from "./bare-process.ts";
import { compare, loadNow, paceBetween, type Pace, type Report, type Sample } from "./figures.ts";
import { sampleService } from "./measured-service.ts";
import { createTopic, schemaOf } from "./topics.ts";

/** How long. */
export interface IngestSize {
  readonly rounds: number;
  /** Of each contestant's turn, milliseconds. */
  readonly turnMs: number;
}

const connections = 64;
const users = 1_000;
const drainMs = 60_000;

/** Runs it. */
export async function measureIngest({ rounds, turnMs }: IngestSize): Promise<Report> {
  const stage = await openStage({ file: import.meta.url, settings: { KAFKA_PARTITIONS: "12", LOG_LEVEL: "warn" } });
  try {
    const topic = `${stage.names.topic}.channel-messages`;
    const outputTopic = `${stage.names.topic}.bare`;
    await createTopic(stage.addresses, outputTopic, 12);
    const { schema, id: schemaId } = await schemaOf(stage.addresses, topic);
    const { brokers } = stage.addresses;
    const task = { brokers, topic, outputTopic, schema, schemaId, outputsEach: 1, outputBytes: 0 };
    const bare = await startBare("./bare-ingest.ts", task);
    const bareUrl = `http://127.0.0.1:${String(bare.port)}`;
    const turns = { ours: [] as Pace[], bare: [] as Pace[], loads: [] as number[] };
    let accepted = 0;
    await post(stage.url, turnMs / 4, (count) => (accepted += count));
    await post(bareUrl, turnMs / 4, () => undefined);
    for (let round = 0; round < rounds; round += 1) {
      const ours = (): Promise<Sample> => sampleService(stage.service);
      turns.ours.push(await turn(stage.url, turnMs, ours, (count) => (accepted += count)));
      await eventually("all is decided", async () => (await ours()).count >= accepted, { timeoutMs: drainMs });
      turns.bare.push(await turn(bareUrl, turnMs, () => bare.sample()));
      turns.loads.push(loadNow());
    }
    await bare.stop();
    return compare("ingest", turns.ours, turns.bare, turns.loads);
  } finally {
    await stage.close();
  }
}

/** One contestant's turn; the count is the answers, the cost its process's. */
async function turn(
  url: string,
  turnMs: number,
  sample: () => Promise<Sample>,
  counted: (count: number) => unknown = () => undefined,
): Promise<Pace> {
  const before = await sample();
  let accepted = 0;
  const tookMs = await post(url, turnMs, (count) => {
    accepted = count;
    counted(count);
  });
  const after = await sample();
  const { cpuUsEach } = paceBetween({ ...before, count: 0 }, { ...after, count: accepted });
  return { perSecond: (accepted * 1_000) / tookMs, cpuUsEach };
}

/** Posts from all connections until the time is over; answers how long it really took. Rejects at an answer that is not 200. */
async function post(url: string, turnMs: number, accepted: (count: number) => unknown): Promise<number> {
  const pool = new Pool(url, { connections, pipelining: 1 });
  const startedMs = performance.now();
  let count = 0;
  const work = async (): Promise<void> => {
    while (performance.now() - startedMs < turnMs) {
      const { statusCode, body } = await pool.request({ path: "/v1/integrations/whatsapp/webhook", ...webhook() });
      await body.dump();
      if (statusCode !== 200) throw new Error(`a webhook was answered ${String(statusCode)}`);
      count += 1;
    }
  };
  let issued = 0;
  const webhook = (): { method: "POST"; headers: Record<string, string>; body: string } => {
    issued += 1;
    const from = `521550${String(1_000_000 + (issued % users))}`;
    const id = `${String(startedMs)}-${String(issued)}`;
    const text = { body: `Quiero saber de mi pedido ${String(issued)}` };
    const body = JSON.stringify({ id, timestamp: String(Date.now()), type: "text", from, text });
    return { method: "POST", headers: { "content-type": "application/json" }, body };
  };
  await Promise.all(Array.from({ length: connections }, work));
  const tookMs = performance.now() - startedMs;
  await pool.close();
  accepted(count);
  return tookMs;
}
