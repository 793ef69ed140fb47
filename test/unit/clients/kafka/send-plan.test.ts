// What one send takes: in the order of the calls, within its bounds, one group per leader.
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { planSends, sizeOf, type PlannedCall, type SizedRecord } from "../../../../src/clients/kafka/send-plan.ts";

const limits = { maxRecords: 3, maxBatchBytes: 1_000, maxSendBytes: 1_500 };
const oneLeader = () => 1;

function sized(partition: number, sizeBytes = 10, topic = "t"): SizedRecord {
  return { topic, partition, sizeBytes, record: { topic: "chat-events", partition, key: null, value: null } };
}

function call(...records: SizedRecord[]): PlannedCall {
  return { records, next: 0 };
}

describe("planSends", () => {
  it("puts what fits into one send, in order per partition", () => {
    const calls = [call(sized(0), sized(1)), call(sized(0))];
    const { sends, taken } = planSends(calls, limits, oneLeader);
    expect(sends).toHaveLength(1);
    const entries = sends[0]?.get("t")?.get(0) ?? [];
    expect(entries.map((entry) => [calls.indexOf(entry.call), entry.index])).toEqual([
      [0, 0],
      [1, 0],
    ]);
    expect([...taken.values()]).toEqual([2, 1]);
  });

  it("stops at the first record that does not fit, so that nothing overtakes it", () => {
    const calls = [call(sized(0), sized(0), sized(0), sized(0), sized(1)), call(sized(2))];
    const { sends, taken } = planSends(calls, limits, oneLeader);
    expect([...taken.values()]).toEqual([3]);
    expect([...(sends[0]?.get("t")?.keys() ?? [])]).toEqual([0]);
  });

  it("goes on behind what was taken", () => {
    const { taken, sends } = planSends([{ records: [sized(0), sized(0)], next: 1 }], limits, oneLeader);
    expect([...taken.values()]).toEqual([1]);
    expect(sends[0]?.get("t")?.get(0)?.[0]?.index).toBe(1);
  });

  it("keeps the bytes of a partition and of the send", () => {
    expect([...planSends([call(sized(0, 600), sized(0, 600))], limits, oneLeader).taken.values()]).toEqual([1]);
    const four = call(sized(0, 500), sized(1, 500), sized(2, 500), sized(3, 500));
    expect([...planSends([four], limits, oneLeader).taken.values()]).toEqual([3]);
  });

  it("takes one record even when it is beyond every bound", () => {
    expect([...planSends([call(sized(0, 9_999))], limits, oneLeader).taken.values()]).toEqual([1]);
  });

  it("makes a send for each leader", () => {
    const { sends } = planSends([call(sized(0), sized(1), sized(2))], limits, (_topic, partition) => partition % 2);
    expect(sends.map((send) => [...(send.get("t")?.keys() ?? [])])).toEqual([[0, 2], [1]]);
  });

  it("sends everything once, in order, however it is cut", () => {
    const records = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 1, max: 800 })), {
      minLength: 1,
    });
    fc.assert(
      fc.property(fc.array(records, { minLength: 1, maxLength: 6 }), (given) => {
        const calls = given.map((list) => ({
          records: list.map(([partition, size]) => sized(partition, size)),
          next: 0,
        }));
        const order = new Map<number, string[]>();
        for (let round = 0; round < 1_000 && calls.some(({ next, records: list }) => next < list.length); round += 1) {
          const { sends, taken } = planSends(calls, limits, (_topic, partition) => partition);
          expect(taken.size).toBeGreaterThan(0);
          for (const send of sends) {
            for (const [partition, entries] of send.get("t") ?? []) {
              const seen = order.get(partition) ?? [];
              order.set(partition, [
                ...seen,
                ...entries.map((entry) => `${String(calls.indexOf(entry.call))}.${String(entry.index)}`),
              ]);
            }
          }
          for (const [one, count] of taken) one.next += count;
        }
        for (const partition of [0, 1, 2]) {
          const expected = given.flatMap((list, at) =>
            list.flatMap(([mine], index) => (mine === partition ? [`${String(at)}.${String(index)}`] : [])),
          );
          expect(order.get(partition) ?? []).toEqual(expected);
        }
      }),
    );
  });
});

describe("sizeOf", () => {
  it("is no less than what KafkaJS writes, headers included", async () => {
    const { createRequire } = await import("node:module");
    const encode = createRequire(import.meta.url)("kafkajs/src/protocol/recordBatch/record/v0/index.js") as (
      record: object,
    ) => {
      size(): number;
    };
    fc.assert(
      fc.property(
        fc.option(fc.uint8Array({ maxLength: 300 })),
        fc.option(fc.uint8Array({ maxLength: 3_000 })),
        fc.dictionary(fc.string({ minLength: 1, maxLength: 20 }), fc.uint8Array({ maxLength: 100 }), { maxKeys: 5 }),
        (key, value, headers) => {
          const bytes = (data: Uint8Array | null) => (data === null ? null : Buffer.from(data));
          const list = Object.entries(headers).map(([name, data]) => ({ name, value: Buffer.from(data) }));
          const record = {
            topic: "chat-events",
            partition: 0,
            key: bytes(key),
            value: bytes(value),
            headers: list,
          } as const;
          const written = encode({
            offsetDelta: 2_000_000_000,
            timestampDelta: 9_000_000_000,
            key: record.key,
            value: record.value,
            headers: Object.fromEntries(list.map((header) => [header.name, header.value])),
          });
          expect(sizeOf(record)).toBeGreaterThanOrEqual(written.size());
        },
      ),
    );
  });
});
