// The partition of a key is the one that Java producers choose.
import fc from "fast-check";
import { Partitioners } from "kafkajs";
import { describe, expect, it } from "vitest";

import { murmur2, partitionOf } from "../../../src/topology/partitioner.ts";

describe("murmur2", () => {
  // org.apache.kafka.common.utils.UtilsTest.testMurmur2
  it.each([
    ["21", -973932308],
    ["foobar", -790332482],
    ["a-little-bit-long-string", -985981536],
    ["a-little-bit-longer-string", -1486304829],
    ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
    ["abc", 479470107],
  ])("of %s is %i", (text, hash) => {
    expect(murmur2(Buffer.from(text))).toBe(hash);
  });

  it("chooses as KafkaJS's Java compatible partitioner does", () => {
    const theirs = Partitioners.DefaultPartitioner();
    const partitionMetadata = Array.from({ length: 12 }, (_, partitionId) => ({
      partitionId,
      leader: 1,
      partitionErrorCode: 0,
      replicas: [1],
      isr: [1],
    }));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const key = Buffer.from(bytes);
        const theirChoice = theirs({ topic: "t", partitionMetadata, message: { key, value: null } });
        expect(partitionOf(key, 12)).toBe(theirChoice);
      }),
    );
  });
});
