// The inbox of one partition index: records that were fetched and not yet taken by a turn, one queue per input topic.
// It knows which offset comes next, so that nothing is taken twice and no gap goes unnoticed. No I/O.
import type { ConsumedBatch, ConsumedRecord } from "./ports.ts";
import type { Offsets } from "./stored.ts";
import { inputTopics, type InputTopic } from "./topics.ts";

/** A record and the input that it came from. */
export interface QueuedRecord {
  readonly topic: InputTopic;
  readonly record: ConsumedRecord;
}

/** `gap`: the batch begins beyond what was expected, so it was not taken; the caller looks where the log starts. */
export type AppendVerdict = "appended" | "nothing new" | "gap";

/** How much a look at the inbox takes at most. */
export interface PeekBounds {
  readonly records: number;
  readonly bytes: number;
  /** Records of one user, in each topic. */
  readonly ofUser: number;
}

/** What a look at the inbox gave. */
export interface Peeked {
  readonly queued: readonly QueuedRecord[];
  /** A topic was ended before a user had more than his share. */
  readonly isCutShort: boolean;
}

/** The queues of one partition index. Synchronous; never fails. */
export interface Inbox {
  append(batch: ConsumedBatch): AppendVerdict;
  /**
   * Up to the bounds, inputs in their order, each in offset order. Each topic that has something gets a quarter of the bounds, and its first
   * record however large that is, so that none starves. It ends a topic before the record that would be one more of its user than `ofUser`,
   * for who writes a thousand texts makes every turn a long one, and all that this process does waits meanwhile. Does not remove.
   */
  peek(bounds: PeekBounds): Peeked;
  /** True when everything of a topic before `end` has come in and been applied. */
  drained(topic: InputTopic, end: number): boolean;
  /** Removes what a turn has applied: everything up to these offsets. */
  applied(offsets: Offsets<number>): void;
  /** Forgets what is queued of a topic; it continues with the first of that. */
  drop(topic: InputTopic): void;
  /** Empties it; the next record of each topic is the one after `applied`. */
  reset(applied: Offsets<number>): void;
  /** The offset that a topic continues with. */
  nextOffset(topic: InputTopic): number;
  readonly records: number;
  readonly sizeBytes: number;
}

interface Room {
  records: number;
  bytes: number;
}

interface Queue {
  entries: ConsumedRecord[];
  head: number;
  next: number;
}

/** An inbox that expects every topic from its offset 0. */
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
    peek({ records: maxRecords, bytes: maxBytes, ofUser }) {
      const open = inputTopics.map((topic) => ({ topic, count: 0, most: fair(queueOf(topic), maxRecords, ofUser) }));
      const room: Room = { records: maxRecords, bytes: maxBytes };
      for (const entry of open) {
        const share: Room = { records: Math.floor(maxRecords / 4), bytes: Math.floor(maxBytes / 4) };
        entry.count = fitting(queueOf(entry.topic), entry, share);
        room.records -= Math.floor(maxRecords / 4) - share.records;
        room.bytes -= Math.floor(maxBytes / 4) - share.bytes;
      }
      for (const entry of open) entry.count += fitting(queueOf(entry.topic), entry, room);
      const queued = open.flatMap(({ topic, count }) => {
        const { entries, head } = queueOf(topic);
        return entries.slice(head, head + count).map((record) => ({ topic, record }));
      });
      const isCutShort = open.some(({ topic, count, most }) => {
        const { entries, head } = queueOf(topic);
        return count === most && most < Math.min(maxRecords, entries.length - head);
      });
      return { queued, isCutShort };
    },
    drained(topic, end) {
      const queue = queueOf(topic);
      const next = queue.entries[queue.head];
      return queue.next >= end && (next === undefined || next.offset >= end);
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
    drop(topic) {
      const queue = queueOf(topic);
      const left = queue.entries.slice(queue.head);
      queue.next = left[0]?.offset ?? queue.next;
      queue.entries = [];
      queue.head = 0;
      records -= left.length;
      for (const record of left) sizeBytes -= recordBytes(record);
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

/**
 * How many records, `most` at most, stand before the first that is one more of its user than `ofUser`. Records without key are of one user
 * here: whose they are their values would tell, and no writer should leave the key out.
 */
function fair(queue: Queue, most: number, ofUser: number): number {
  const seen = new Map<string | undefined, number>();
  const end = Math.min(queue.entries.length, queue.head + most);
  for (let i = queue.head; i < end; i++) {
    const user = queue.entries[i]?.key?.toString("latin1");
    const records = seen.get(user) ?? 0;
    if (records === ofUser) return i - queue.head;
    seen.set(user, records + 1);
  }
  return end - queue.head;
}

/**
 * How many more records fit into the room, beside the `count` before and up to `most`; takes their place from it. The first of the queue
 * always fits.
 */
function fitting(
  queue: Queue,
  { count: skip, most }: { readonly count: number; readonly most: number },
  room: Room,
): number {
  let count = 0;
  for (let i = queue.head + skip; i < queue.head + most; i++) {
    const record = queue.entries[i];
    if (record === undefined || room.records < 1) break;
    if (recordBytes(record) > room.bytes && i > queue.head) break;
    room.records -= 1;
    room.bytes -= recordBytes(record);
    count += 1;
  }
  return count;
}

function recordBytes(record: ConsumedRecord): number {
  return (record.key?.length ?? 0) + (record.value?.length ?? 0) + 64;
}
