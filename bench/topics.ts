// What the bench reads and writes in Kafka and the registry besides the service: schemas, a topic for a bare loop, input records, and how
// much the service has written. Shares no code with src/. Called by ingest.ts and stream.ts.
import avro from "avsc";
import { Kafka, logLevel, Partitioners, type Admin } from "kafkajs";

import type { ServiceAddresses } from "../test/support/services.ts";

/** A schema as the registry has it. */
export interface RegisteredSchema {
  readonly schema: string;
  readonly id: number;
}

/** How much stands in some topics. */
export interface Written {
  readonly records: number;
  /** Keys and values. */
  readonly bytes: number;
}

const sendRecords = 2_000;

/** The newest schema of a topic's values. */
export async function schemaOf({ registryUrl }: ServiceAddresses, topic: string): Promise<RegisteredSchema> {
  const response = await fetch(`${registryUrl}/subjects/${encodeURIComponent(`${topic}-value`)}/versions/latest`);
  return (await response.json()) as RegisteredSchema;
}

/** Makes a topic. */
export function createTopic(addresses: ServiceAddresses, topic: string, numPartitions: number): Promise<boolean> {
  return withAdmin(addresses, (admin) => admin.createTopics({ topics: [{ topic, numPartitions }] }));
}

/** Writes values to a topic, keyed. */
export async function writeRecords(
  { brokers }: ServiceAddresses,
  topic: string,
  { schema, id }: RegisteredSchema,
  values: readonly { readonly key: string; readonly value: unknown }[],
): Promise<void> {
  const type = avro.Type.forSchema(JSON.parse(schema) as avro.schema.AvroSchema);
  const producer = kafkaAt(brokers).producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const head = Buffer.alloc(5);
  head.writeInt32BE(id, 1);
  for (let at = 0; at < values.length; at += sendRecords) {
    const slice = values.slice(at, at + sendRecords);
    const messages = slice.map(({ key, value }) => ({ key, value: Buffer.concat([head, type.toBuffer(value)]) }));
    await producer.send({ topic, acks: -1, messages });
  }
  await producer.disconnect();
}

/** Reads topics from their beginning to where they end now. */
export async function readWritten(addresses: ServiceAddresses, topics: readonly string[]): Promise<Written> {
  const total = await withAdmin(addresses, async (admin) => {
    const offsets = await Promise.all(topics.map((topic) => admin.fetchTopicOffsets(topic)));
    return offsets.flat().reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  });
  const consumer = kafkaAt(addresses.brokers).consumer({ groupId: `bench-reader-${String(process.hrtime.bigint())}` });
  await consumer.connect();
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  let [records, bytes] = [0, 0];
  await new Promise<void>((resolve, reject) => {
    if (total === 0) resolve();
    consumer
      .run({
        autoCommit: false,
        eachBatch: async ({ batch }) => {
          for (const { key, value } of batch.messages) bytes += (key?.length ?? 0) + (value?.length ?? 0);
          records += batch.messages.length;
          if (records >= total) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return { records, bytes };
}

async function withAdmin<Result>(
  { brokers }: ServiceAddresses,
  use: (admin: Admin) => Promise<Result>,
): Promise<Result> {
  const admin = kafkaAt(brokers).admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}

function kafkaAt(brokers: string): Kafka {
  return new Kafka({ brokers: brokers.split(","), clientId: "bench", logLevel: logLevel.NOTHING });
}
