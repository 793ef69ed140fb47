// The limit that ingest is held against: Fastify, Avro and one coalesced KafkaJS producer with acks=all, and no business at all. Shares no
// code with src/. Started as a process by ingest.ts.
import avro from "avsc";
import { fastify } from "fastify";
import { Kafka, logLevel, Partitioners, type Message } from "kafkajs";

import { serveSamples, type BareTask } from "./bare-process.ts";

interface Webhook {
  readonly id: string;
  readonly timestamp: string;
  readonly from: string;
  readonly text: { readonly body: string };
}

/** One send at a time; what comes meanwhile goes together with the next. */
function coalesced(send: (messages: Message[]) => Promise<unknown>): (message: Message) => Promise<void> {
  let waiting: { message: Message; resolve: () => void; reject: (error: unknown) => void }[] = [];
  let busy = false;
  const pump = async (): Promise<void> => {
    busy = true;
    await Promise.resolve();
    while (waiting.length > 0) {
      const now = waiting;
      waiting = [];
      try {
        await send(now.map(({ message }) => message));
        for (const { resolve } of now) resolve();
      } catch (error) {
        for (const { reject } of now) reject(error);
      }
    }
    busy = false;
  };
  return (message) =>
    new Promise((resolve, reject) => {
      waiting.push({ message, resolve, reject });
      if (!busy) void pump();
    });
}

async function main(task: BareTask): Promise<void> {
  const kafka = new Kafka({ brokers: task.brokers.split(","), clientId: "bare-ingest", logLevel: logLevel.NOTHING });
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const type = avro.Type.forSchema(JSON.parse(task.schema) as avro.schema.AvroSchema);
  const produce = coalesced((messages) => producer.send({ topic: task.outputTopic, acks: -1, messages }));
  let count = 0;
  const server = fastify();
  server.post("/v1/integrations/whatsapp/webhook", async (request) => {
    const { id, timestamp, from, text } = request.body as Webhook;
    const body = type.toBuffer({
      messageId: id,
      client: "bare",
      userId: from,
      channel: "whatsapp",
      author: "user",
      occurredAt: Number(timestamp),
      receivedAt: Date.now(),
      type: "text",
      text: text.body,
      media: null,
    });
    const value = Buffer.allocUnsafe(body.length + 5);
    value[0] = 0;
    value.writeInt32BE(task.schemaId, 1);
    body.copy(value, 5);
    await produce({ key: from, value });
    count += 1;
    return { message: "insert success" };
  });
  await server.listen({ port: 0, host: "127.0.0.1" });
  const address = server.server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  serveSamples(
    port,
    () => count,
    async () => {
      await server.close();
      await producer.disconnect();
    },
  );
}

await main(JSON.parse(process.argv[2] ?? "") as BareTask);
