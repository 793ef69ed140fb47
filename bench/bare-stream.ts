// The limit that the stream is held against: a KafkaJS loop that reads, decodes Avro, writes as many records and bytes with acks=all, and
// commits; no state, no business. Shares no code with src/. Started as a process by stream.ts.
import avro from "avsc";
import { Kafka, logLevel, Partitioners, type Message } from "kafkajs";

import { serveSamples, type BareTask } from "./bare-process.ts";

const turnRecords = 200;

async function main(task: BareTask): Promise<void> {
  const kafka = new Kafka({ brokers: task.brokers.split(","), clientId: "bare-stream", logLevel: logLevel.NOTHING });
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  const consumer = kafka.consumer({
    groupId: `${task.outputTopic}-group`,
    maxWaitTimeInMs: 250,
    maxBytes: 2 * 1024 * 1024,
    maxBytesPerPartition: 1024 * 1024,
  });
  await producer.connect();
  await consumer.connect();
  const type = avro.Type.forSchema(JSON.parse(task.schema) as avro.schema.AvroSchema);
  const value = Buffer.alloc(task.outputBytes, "x");
  let count = 0;
  /** Outputs that are due; a fraction of one carries over. */
  let due = 0;
  await consumer.subscribe({ topics: [task.topic], fromBeginning: true });
  await consumer.run({
    partitionsConsumedConcurrently: 12,
    autoCommitInterval: 250,
    eachBatchAutoResolve: false,
    eachBatch: async (payload) => {
      const { batch } = payload;
      // As many at a time as fit into a batch of the broker, and as many as a turn of the service takes.
      for (let at = 0; at < batch.messages.length; at += turnRecords) {
        const inputs = batch.messages.slice(at, at + turnRecords);
        const messages: Message[] = [];
        for (const { key, value: input } of inputs) {
          if (input !== null) type.fromBuffer(input.subarray(5));
          due += task.outputsEach;
          for (; due >= 1; due -= 1) messages.push({ key, value });
        }
        if (messages.length > 0) await producer.send({ topic: task.outputTopic, acks: -1, messages });
        count += inputs.length;
      }
      payload.resolveOffset(batch.lastOffset());
      await payload.commitOffsetsIfNecessary();
      await payload.heartbeat();
    },
  });
  serveSamples(
    0,
    () => count,
    async () => {
      await consumer.disconnect();
      await producer.disconnect();
    },
  );
}

await main(JSON.parse(process.argv[2] ?? "") as BareTask);
