// The inbox of one partition index: records that were fetched and not yet taken by a turn, one queue per input topic.
// It knows which offset comes next, so that nothing is taken twice and no gap goes unnoticed. No I/O.
import type { ConsumedBatch, ConsumedRecord } from "./ports.ts";
import type { Offsets } from "./stored.ts";
import { inputTopics, type InputTopic } from "./topics.ts";

export interface QueuedRecord {
  readonly topic: InputTopic;
  readonly record: ConsumedRecord;
}

/** `gap`: the batch begins beyond what was expected, so it was not taken; the caller looks where the log starts. */
export type AppendVerdict = "appended" | "nothing new" | "gap";

export interface Inbox {
  append(batch: ConsumedBatch): AppendVerdict;
  /** Up to the bounds, inputs in their order, each in offset order; topics in `blocked` are left out. Does not remove. */
  peek(maxRecords: number, maxBytes: number, blocked: ReadonlySet<InputTopic>): readonly QueuedRecord[];
  /** Removes what a turn has applied: everything up to these offsets. */
  applied(offsets: Offsets<number>): void;
  /** Empties it; the next record of each topic is the one after `applied`. */
  reset(applied: Offsets<number>): void;
  /** The offset that a topic continues with. */
  nextOffset(topic: InputTopic): number;
  readonly records: number;
  readonly sizeBytes: number;
}

interface Queue {
  entries: ConsumedRecord[];
  head: number;
  next: number;
}

export function createInbox(): Inbox {
  const queues = new Map<InputTopic, Queue>(inputTopics.map((topic) => [topic, { entries: [], head: 0, next: 0 }]));
  const queueOf = (topic: InputTopic): Queue => {
    const queue = queues.get(topic);
    if (queue === undefined) throw new Error("not an input topic");
    return queue;
  };
  let records = 0;
  let sizeBytes = 0;

  return {
    append(batch) {
      const queue = queueOf(batch.topic);
      if (batch.fetchedOffset > queue.next) return "gap";
      if (batch.nextOffset <= queue.next) return "nothing new";
      for (const record of batch.records) {
        if (record.offset < queue.next) continue;
        queue.entries.push(record);
        records += 1;
        sizeBytes += recordBytes(record);
      }
      queue.next = batch.nextOffset;
      return "appended";
    },
    peek(maxRecords, maxBytes, blocked) {
      const taken: QueuedRecord[] = [];
      let bytes = 0;
      for (const topic of inputTopics) {
        if (blocked.has(topic)) continue;
        const queue = queueOf(topic);
        for (let i = queue.head; i < queue.entries.length; i++) {
          const record = queue.entries[i];
          if (record === undefined) break;
          if (taken.length > 0 && (taken.length >= maxRecords || bytes + recordBytes(record) > maxBytes)) return taken;
          taken.push({ topic, record });
          bytes += recordBytes(record);
        }
      }
      return taken;
    },
    applied(offsets) {
      for (const topic of inputTopics) {
        const queue = queueOf(topic);
        for (; queue.head < queue.entries.length; queue.head++) {
          const record = queue.entries[queue.head];
          if (record === undefined || record.offset > offsets[topic]) break;
          records -= 1;
          sizeBytes -= recordBytes(record);
        }
        if (queue.head > 512 || queue.head === queue.entries.length) {
          queue.entries = queue.entries.slice(queue.head);
          queue.head = 0;
        }
      }
    },
    reset(applied) {
      for (const topic of inputTopics) {
        const queue = queueOf(topic);
        queue.entries = [];
        queue.head = 0;
        queue.next = applied[topic] + 1;
      }
      records = 0;
      sizeBytes = 0;
    },
    nextOffset: (topic) => queueOf(topic).next,
    get records() {
      return records;
    },
    get sizeBytes() {
      return sizeBytes;
    },
  };
}

function recordBytes(record: ConsumedRecord): number {
  return (record.key?.length ?? 0) + (record.value?.length ?? 0) + 64;
}
