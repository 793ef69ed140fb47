// Replays dead letters: original bytes, key and headers go to the original topic again, in their original order, with a header that
// says that they are late. Owns what can be replayed, and that it is done once. What a late record means is decide's.
//
// Once: a mark before and a mark after the replay of each (topology/replay.ts). Whoever finds the first without the second looks
// into the topic whether the record is there, so that a replay that was cut off is neither lost nor doubled by the next one. Two
// replays of the same dead letters at the same time are not kept apart.
import { createHash } from "node:crypto";

import { movedHeader } from "../topology/decode-input.ts";
import { partitionOf } from "../topology/partitioner.ts";
import type { Header, ProducedRecord, Producer } from "../topology/ports.ts";
import { header, markHeaders, positionText, replayedHeader, type Position } from "../topology/replay.ts";
import { inputTopics, type InputTopic } from "../topology/topics.ts";
import type { Letter, TopicFiles } from "./dead-letters.ts";

/** Why one is not replayed. */
export type Obstacle =
  "replayed" | "twin" | "text" | "cause" | "left_out" | "tombstone" | "answered" | "other_topic" | "other_version";

/** What is to be done with one. */
export type Step =
  | {
      readonly kind: "replay";
      readonly letter: Letter;
      readonly to: { readonly topic: InputTopic; readonly partition: number };
    }
  | { readonly kind: "leave"; readonly letter: Letter; readonly why: Obstacle };

/** What was done: produced now, found to have been produced before, or failed for a reason. */
export type Done =
  | {
      readonly kind: "replayed" | "found";
      readonly letter: Letter;
      readonly to: { readonly topic: InputTopic } & Position;
    }
  | { readonly kind: "failed"; readonly letter: Letter; readonly detail: string };

/** An obstacle in words, with what can be done instead. */
export const obstacles: Readonly<Record<Obstacle, string>> = {
  replayed: "was replayed before; --again replays it once more",
  twin: "is the same as one before it",
  text: "holds a text that could not be delivered, not a record: tell it by hand (show --raw) if it still matters",
  cause: "its record was applied; what followed from it was given up and is to be done by hand (see the detail)",
  left_out: "its content was left out, too large: the original may still be in its topic",
  tombstone: "is a record without value: there is nothing to replay",
  answered: "its sender was told that the request is refused: a new request is needed",
  other_topic: "its topic is no input of this service",
  other_version: "was written by a version that did not say what it holds",
};

/**
 * What would be done with each, in the order in which it is done: per topic and partition the order of the originals.
 * `partitions` tells how many partitions a topic has.
 */
export function planReplay(
  letters: readonly Letter[],
  options: { readonly again: boolean; readonly partitions: (topic: InputTopic) => number },
): readonly Step[] {
  const ordered = [...letters].sort(byOriginal);
  const finished = new Set(ordered.filter(({ replayed }) => replayed.kind === "done").map(identityOf));
  const planned = new Set<string>();
  return ordered.map((letter): Step => {
    const why = obstacleOf(letter);
    if (why !== null) return { kind: "leave", letter, why };
    const identity = identityOf(letter);
    if (planned.has(identity)) return { kind: "leave", letter, why: "twin" };
    if (finished.has(identity) && !options.again) return { kind: "leave", letter, why: "replayed" };
    planned.add(identity);
    const topic = letter.topic ?? "channel-messages";
    return { kind: "replay", letter, to: { topic, partition: targetOf(letter, options.partitions(topic)) } };
  });
}

function byOriginal(a: Letter, b: Letter): number {
  const place = ({ topic }: Letter): number => (topic === null ? inputTopics.length : inputTopics.indexOf(topic));
  return (
    place(a) - place(b) ||
    a.letter.partition - b.letter.partition ||
    a.letter.offset - b.letter.offset ||
    a.position.partition - b.position.partition ||
    a.position.offset - b.position.offset
  );
}

function obstacleOf({ letter, topic }: Letter): Obstacle | null {
  switch (letter.holds) {
    case "unknown":
      return "other_version";
    case "cause":
      return "cause";
    case "text":
      return "text";
    case "nothing":
      return "left_out";
    case "record":
      break;
  }
  if (topic === null) return "other_topic";
  if (letter.value === null) return "tombstone";
  return letter.requestId === null ? null : "answered";
}

/** Dead letters are at least once, and a recreated topic gives its offsets again. */
function identityOf({ letter }: Letter): string {
  const hash = createHash("sha256").update(letter.value ?? "");
  return `${letter.topic}/${positionText(letter)}/${hash.digest("hex")}`;
}

/** By the key, as any writer does; without one the partition that it came from. */
function targetOf({ letter }: Letter, partitions: number): number {
  return letter.key === null ? letter.partition % partitions : partitionOf(letter.key, partitions);
}

/** What replaying needs. */
export interface ReplayTools {
  readonly files: TopicFiles;
  readonly producer: Producer;
}

/** Replayed together: marks, records, marks. */
const together = 100;

/** Carries the plan's replays out, in order, and tells of each as it is done. Stops at the first that fails. */
export async function replay(
  steps: readonly Step[],
  again: boolean,
  tools: ReplayTools,
  tell: (done: Done) => void,
): Promise<void> {
  const replays = steps.filter((step) => step.kind === "replay");
  for (let i = 0; i < replays.length; i += together) {
    const slice = replays.slice(i, i + together);
    const missing: typeof slice = [];
    for (const step of slice) {
      const offset = again ? null : await producedBefore(step.letter, tools.files);
      if (offset === null) missing.push(step);
      else {
        await mark([step.letter], tools);
        tell({ kind: "found", letter: step.letter, to: { ...step.to, ...offset } });
      }
    }
    const begun = await begin(missing, tools);
    try {
      const offsets = await tools.producer.produce(missing.map(({ letter, to }) => replayedRecord(letter, to)));
      await mark(begun, tools);
      missing.forEach(({ letter, to }, at) => {
        tell({ kind: "replayed", letter, to: { ...to, offset: offsets[at] ?? -1 } });
      });
    } catch (error) {
      const detail = error instanceof Error ? error.message : "unknown error";
      for (const { letter } of missing) tell({ kind: "failed", letter, detail });
      return;
    }
  }
}

type Replay = Extract<Step, { readonly kind: "replay" }>;

/** Marks as begun, with where the records would stand at the earliest. */
async function begin(replays: readonly Replay[], { files, producer }: ReplayTools): Promise<readonly Letter[]> {
  const ends = new Map<InputTopic, Awaited<ReturnType<TopicFiles["bounds"]>>>();
  for (const { to } of replays) if (!ends.has(to.topic)) ends.set(to.topic, await files.bounds(to.topic));
  const marks = replays.map(({ letter, to }) => {
    const offset = ends.get(to.topic)?.get(to.partition)?.end ?? 0;
    return markRecord(letter, markHeaders({ kind: "begun", of: letter.position, to: { ...to, offset } }));
  });
  await producer.produce(marks);
  return replays.map(({ letter }) => letter);
}

async function mark(letters: readonly Letter[], { producer }: ReplayTools): Promise<void> {
  await producer.produce(
    letters.map((letter) => markRecord(letter, markHeaders({ kind: "done", of: letter.position }))),
  );
}

function markRecord({ letter, position }: Letter, headers: readonly Header[]): ProducedRecord {
  return { topic: "dead-letters", partition: position.partition, key: letter.key, value: null, headers };
}

function replayedRecord({ letter, position }: Letter, to: Replay["to"]): ProducedRecord {
  // That it was moved to another partition once says nothing of this time.
  const kept = letter.headers.filter(({ name }) => name !== movedHeader);
  const headers = [...kept, header(replayedHeader, positionText(position))];
  return { ...to, key: letter.key, value: letter.value, headers };
}

/** Where the record stands that a replay before has produced without coming to its mark; null when there is none. */
async function producedBefore({ position, replayed }: Letter, files: TopicFiles): Promise<Position | null> {
  if (replayed.kind !== "begun") return null;
  const { topic, partition, offset } = replayed.to;
  const suffix = inputTopics.find((one) => one === topic);
  const bounds = suffix === undefined ? undefined : (await files.bounds(suffix)).get(partition);
  if (suffix === undefined || bounds === undefined) return null;
  const wanted = positionText(position);
  const found: Position[] = [];
  const range = { from: Math.max(offset, bounds.start), to: bounds.end };
  await files.read(suffix, partition, range, async (records) => {
    for (const record of records) {
      const last = record.headers.findLast(({ name }) => name === replayedHeader);
      if (last?.value?.toString() === wanted) found.push({ partition, offset: record.offset });
    }
  });
  return found[0] ?? null;
}
