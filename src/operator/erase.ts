// Erases one user: asks the service, which ends his chat and deletes state, context, ids and marks; waits for the end of his record
// on the changelog; then takes his dead letters out. Kafka deletes the oldest of a partition only, so the letters of others are
// written anew behind and everything before is deleted; the marks of their replays go with them. Repeat-safe: cut off between the
// two, letters of others stand there twice, which they may (docs/guarantees.md). Called by run.ts.
import { randomUUID } from "node:crypto";

import type { ChatRequest, DeadLetter } from "../processors/messages/generated.ts";
import { keyOfUser } from "../topology/changelog.ts";
import { partitionOf } from "../topology/partitioner.ts";
import type { Codec, ConsumedRecord, ProducedRecord, Producer } from "../topology/ports.ts";
import { markHeaders, positionText, readMark } from "../topology/replay.ts";
import type { ReadingTools } from "./dead-letters.ts";

/** What an erasure needs. */
export interface ErasingTools extends ReadingTools {
  readonly producer: Producer;
  /** Encodes a request; asks the registry, so it may reject. */
  encodeRequest(request: ChatRequest): Promise<ReturnType<Codec["encode"]>>;
  /** Deletes what stands below `before` on a partition of the dead letters. */
  truncateDeadLetters(partition: number, before: number): Promise<void>;
  now(): number;
  /** Resolves a little later; the wait between two looks. */
  pause(): Promise<void>;
}

/** How often the changelog is looked at: a minute. */
const looks = 60;

/** Asks the service to erase the user. True once his record on the changelog has ended; false when that has not come in time. */
export async function eraseState(userId: string, tools: ErasingTools): Promise<boolean> {
  const bounds = await tools.files.bounds("interconnections");
  const partition = partitionOf(Buffer.from(userId), bounds.size);
  let from = bounds.get(partition)?.end ?? 0;
  const request: ChatRequest = {
    ...{ requestId: randomUUID(), client: tools.client, userId, occurredAt: tools.now(), expiresAt: null },
    body: { type: "OperatorRequest", action: "erase_user", requestedBy: null },
  };
  const value = await tools.encodeRequest(request);
  await tools.producer.produce([{ topic: "chat-requests", partition: null, key: Buffer.from(userId), value }]);
  const key = keyOfUser(tools.client, userId);
  for (let look = 0; look < looks; look++) {
    const to = (await tools.files.bounds("interconnections")).get(partition)?.end ?? from;
    let last: ConsumedRecord | null = null;
    if (to > from)
      await tools.files.read("interconnections", partition, { from, to }, (records) => {
        last = records.findLast((record) => record.key?.equals(key) === true) ?? last;
        return Promise.resolve();
      });
    if (isTombstone(last)) return true;
    from = Math.max(from, to);
    await tools.pause();
  }
  return false;
}

function isTombstone(record: ConsumedRecord | null): boolean {
  return record !== null && record.value === null;
}

/** Takes the user's letters out of the topic. Answers how many there were. Rejects when the broker refuses; nothing of others is lost. */
export async function eraseDeadLetters(userId: string, tools: ErasingTools): Promise<number> {
  let erased = 0;
  for (const [partition, { start, end }] of await tools.files.bounds("dead-letters")) {
    const kept: ConsumedRecord[] = [];
    const gone = new Set<string>();
    await tools.files.read("dead-letters", partition, { from: start, to: end }, async (records) => {
      for (const record of records)
        if (await isLetterOf(userId, record, tools)) gone.add(positionText({ partition, offset: record.offset }));
        else kept.push(record);
    });
    if (gone.size === 0) continue;
    await writeAnew(partition, kept, gone, tools.producer);
    await tools.truncateDeadLetters(partition, end);
    erased += gone.size;
  }
  return erased;
}

async function isLetterOf(userId: string, record: ConsumedRecord, tools: ErasingTools): Promise<boolean> {
  if (record.value === null) return false;
  const decoded = await tools.codec.decode("dead-letters", record.value);
  if (decoded.kind === "unavailable") throw new Error(`the schema registry did not answer: ${decoded.detail}`);
  if (decoded.kind !== "value") return record.key?.toString() === userId;
  const letter = decoded.value as DeadLetter;
  return letter.client === tools.client && (letter.userId ?? letter.key?.toString()) === userId;
}

/** The same records behind the others, in their order; a mark names the new place of its letter. */
async function writeAnew(
  partition: number,
  records: readonly ConsumedRecord[],
  gone: ReadonlySet<string>,
  producer: Producer,
): Promise<void> {
  const places = new Map<string, number>();
  for (const record of records) {
    const mark = record.value === null ? readMark(record.headers) : null;
    if (mark !== null && gone.has(positionText(mark.of))) continue;
    const moved = mark === null ? undefined : places.get(positionText(mark.of));
    const headers =
      mark === null || moved === undefined
        ? record.headers
        : markHeaders({ ...mark, of: { partition, offset: moved } });
    const produced: ProducedRecord = {
      topic: "dead-letters",
      partition,
      key: record.key,
      value: record.value,
      headers,
    };
    const [offset] = await producer.produce([produced]);
    if (record.value !== null && offset !== undefined)
      places.set(positionText({ partition, offset: record.offset }), offset);
  }
}
