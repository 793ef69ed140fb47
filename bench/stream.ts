// Part 2: records decided, saved and committed per second, against a bare KafkaJS loop that writes as many records and bytes, in turns. The
// records are finishes of users who have no chat: each is decided, refused in a fact and a reply, and needs no outside call. The input is
// there before a contestant starts. Called by main.ts.
import { setTimeout as delay } from "node:timers/promises";

import { openStage, type Stage } from "../test/support/stage.ts";
import { startBare } from "./bare-process.ts";
import { compare, loadNow, paceOf, type Pace, type Report, type Sample } from "./figures.ts";
import { profiled, sampleService } from "./measured-service.ts";
import { createTopic, readWritten, schemaOf, writeRecords } from "./topics.ts";

/** How much. */
export interface StreamSize {
  readonly rounds: number;
  /** Of each round. */
  readonly records: number;
}

const partitions = 12;
/** Each sample of the service is a scrape of its metrics: often enough for a pace, seldom enough not to be in it. */
const sampleEveryMs = 100;
const deadlineMs = 120_000;
const users = 1_000;

/** Runs it. */
export async function measureStream({ rounds, records }: StreamSize): Promise<Report> {
  const settings = { KAFKA_PARTITIONS: String(partitions), LOG_LEVEL: "warn" };
  const stage = await openStage({ file: import.meta.url, settings });
  try {
    const prefix = stage.names.topic;
    const [topic, outputTopic] = [`${prefix}.chat-requests`, `${prefix}.bare`];
    const outputs = [`${prefix}.chat-events`, `${prefix}.interconnections`];
    await createTopic(stage.addresses, outputTopic, partitions);
    const registered = await schemaOf(stage.addresses, topic);
    const { schema, id: schemaId } = registered;
    const turns = { ours: [] as Pace[], bare: [] as Pace[], loads: [] as number[] };
    let each = { outputsEach: 1, outputBytes: 100 };
    for (let round = 0; round < rounds; round += 1) {
      await stage.service.terminate();
      await writeRecords(stage.addresses, topic, registered, finishes(stage, round, records));
      await stage.service.spawn(profiled());
      turns.ours.push(await paceUntil(records, () => sampleOnceUp(stage)));
      await stage.service.terminate();
      if (round === 0) {
        const written = await readWritten(stage.addresses, outputs);
        each = {
          outputsEach: written.records / records,
          outputBytes: Math.round(written.bytes / Math.max(1, written.records)),
        };
      }
      const { brokers } = stage.addresses;
      const bare = await startBare("./bare-stream.ts", { brokers, topic, outputTopic, schema, schemaId, ...each });
      turns.bare.push(await paceUntil(records, () => bare.sample()));
      await bare.stop();
      turns.loads.push(loadNow());
    }
    const lines = compare("stream", turns.ours, turns.bare, turns.loads);
    return [
      ...lines,
      `stream: outputs each ${each.outputsEach.toFixed(2)}, of ${String(each.outputBytes)} bytes, written by both`,
    ];
  } finally {
    await stage.close();
  }
}

function finishes(
  { names }: Stage,
  round: number,
  records: number,
): readonly { readonly key: string; readonly value: unknown }[] {
  return Array.from({ length: records }, (_, i) => {
    const userId = `521551${String(1_000_000 + (i % users))}`;
    const value = {
      requestId: `bench-${String(round)}-${String(i)}`,
      client: names.client,
      userId,
      occurredAt: Date.now(),
      expiresAt: null,
      body: { "salesforceintegration.Finish": { requestedBy: null } },
    };
    return { key: userId, value };
  });
}

/** Before its /metrics answers it has done nothing. */
async function sampleOnceUp({ service }: Stage): Promise<Sample> {
  try {
    return await sampleService(service);
  } catch (error) {
    if (!(error instanceof TypeError) || !service.isRunning()) throw error;
    return { atMs: performance.now(), count: 0, cpuUs: 0 };
  }
}

async function paceUntil(records: number, sample: () => Promise<Sample>): Promise<Pace> {
  const samples: Sample[] = [];
  const startedMs = performance.now();
  for (;;) {
    const now = await sample();
    samples.push(now);
    if (now.count >= records) return paceOf(samples, records);
    if (performance.now() - startedMs > deadlineMs)
      throw new Error(`only ${String(now.count)} of ${String(records)} records in ${String(deadlineMs)} ms`);
    await delay(sampleEveryMs);
  }
}
