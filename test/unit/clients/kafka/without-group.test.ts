// What a consumer does whose group is gone for a moment: KafkaJS throws at seek, pause and resume then, by words that this holds on to.
import { Kafka, logLevel } from "kafkajs";
import { expect, it } from "vitest";

import { unlessWithoutGroup } from "../../../../src/clients/kafka/without-group.ts";

const consumer = new Kafka({ brokers: ["127.0.0.1:1"], logLevel: logLevel.NOTHING }).consumer({ groupId: "g" });

it.each([
  ["seek", () => consumer.seek({ topic: "t", partition: 0, offset: "1" })],
  ["pause", () => consumer.pause([{ topic: "t", partitions: [0] }])],
  ["resume", () => consumer.resume([{ topic: "t", partitions: [0] }])],
])("%s of a consumer without a group does nothing", (_name, call) => {
  expect(call).toThrow("Consumer group was not initialized");
  expect(() => unlessWithoutGroup(call)).not.toThrow();
});

it("what else goes wrong is thrown, and what goes well is done once", () => {
  expect(() => unlessWithoutGroup(() => consumer.seek({ topic: "t", partition: 0, offset: "-5" }))).toThrow("negative");
  let calls = 0;
  unlessWithoutGroup(() => (calls += 1));
  expect(calls).toBe(1);
});
