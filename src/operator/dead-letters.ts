// The dead letters of this deployment as the topic has them, each with what is known of its replays. Owns reading and choosing, not what
// becomes of them. Called by run.ts.
import type { DeadLetter } from "../processors/messages/generated.ts";
import type { Codec, ConsumedRecord } from "../topology/ports.ts";
import { positionText, readMark, type Position, type ReplayMark } from "../topology/replay.ts";
import { inputTopics, type InputTopic, type TopicSuffix } from "../topology/topics.ts";
import type { Place, Selection } from "./command-line.ts";

/** Topics as they are read here: without a group, so that nothing is committed and nobody is rebalanced. */
export interface TopicFiles {
  /** Log start and next offset by partition. */
  bounds(topic: TopicSuffix): Promise<ReadonlyMap<number, { readonly start: number; readonly end: number }>>;
  /** Every record of the partition with from <= offset < to, in order. */
  read(
    topic: TopicSuffix,
    partition: number,
    range: { readonly from: number; readonly to: number },
    each: (records: readonly ConsumedRecord[]) => Promise<void>,
  ): Promise<void>;
}

/** A dead letter. */
export interface Letter {
  /** Its own, on the dead-letters topic. */
  readonly position: Position;
  readonly letter: DeadLetter;
  /** Topic of the original; null when it is no input of this service. */
  readonly topic: InputTopic | null;
  /** begun: a replay was begun, and whether its record was produced is to be looked up at `to`. */
  readonly replayed: { readonly kind: "no" | "done" } | Extract<ReplayMark, { readonly kind: "begun" }>;
}

/** What the topic holds. */
export interface DeadLetters {
  /** Oldest first. */
  readonly letters: readonly Letter[];
  /** Records that are no dead letters this version can read. */
  readonly unreadable: readonly Position[];
}

/** What reading needs. */
export interface ReadingTools {
  readonly files: TopicFiles;
  readonly codec: Pick<Codec, "decode">;
  /** CLIENT: dead letters of another deployment are left out. */
  readonly client: string;
  /** Full name of a topic. */
  fullName(suffix: TopicSuffix): string;
}

/** Reads the whole topic. Rejects when broker or registry do not answer. */
export async function readDeadLetters(tools: ReadingTools): Promise<DeadLetters> {
  const found: Omit<Letter, "replayed">[] = [];
  const unreadable: Position[] = [];
  const marks = new Map<string, ReplayMark>();
  for (const [partition, { start, end }] of await tools.files.bounds("dead-letters")) {
    await tools.files.read("dead-letters", partition, { from: start, to: end }, async (records) => {
      for (const record of records) {
        const position = { partition, offset: record.offset };
        if (record.value === null) {
          const mark = readMark(record.headers);
          if (mark !== null) marks.set(positionText(mark.of), mark);
          continue;
        }
        const letter = await decoded(record.value, tools);
        if (letter === null) unreadable.push(position);
        else if (letter.client === tools.client) found.push({ position, letter, topic: topicOf(letter.topic, tools) });
      }
    });
  }
  const letters = found.map((one) => ({ ...one, replayed: marks.get(positionText(one.position)) ?? notReplayed }));
  return { letters: letters.sort((a, b) => a.letter.occurredAt - b.letter.occurredAt), unreadable };
}

const notReplayed = { kind: "no" } as const;

async function decoded(value: Buffer, { codec }: ReadingTools): Promise<DeadLetter | null> {
  const read = await codec.decode("dead-letters", value);
  if (read.kind === "unavailable") throw new Error(`the schema registry did not answer: ${read.detail}`);
  return read.kind === "value" ? (read.value as DeadLetter) : null;
}

function topicOf(fullName: string, tools: ReadingTools): InputTopic | null {
  return inputTopics.find((suffix) => tools.fullName(suffix) === fullName) ?? null;
}

/** Those that are meant, oldest first, and the places at which there is none. `userHash` as in the log. */
export function choose(
  letters: readonly Letter[],
  selection: Selection,
  userHash: (userId: string) => string,
): { readonly chosen: readonly Letter[]; readonly missing: readonly Place[] } {
  const { places, topic, reason, user, fromMs, toMs, limit } = selection;
  const isOf = (userId: string | null): boolean => userId === user || (userId !== null && userHash(userId) === user);
  const meets = (one: Letter): boolean =>
    (places.length === 0 || places.some((place) => isAt(one, place))) &&
    (topic === null || one.topic === topic) &&
    (reason === null || one.letter.reason === reason) &&
    (user === null || isOf(userOf(one))) &&
    (fromMs === null || one.letter.occurredAt >= fromMs) &&
    (toMs === null || one.letter.occurredAt < toMs);
  return {
    chosen: letters.filter(meets).slice(0, limit ?? undefined),
    missing: places.filter((place) => !letters.some((one) => isAt(one, place))),
  };
}

/** The user whom it is about: where the record could not be read, its key should say. Null when neither does. */
export function userOf({ letter }: Letter): string | null {
  return letter.userId ?? letter.key?.toString() ?? null;
}

function isAt({ position, topic, letter }: Letter, place: Place): boolean {
  const { partition, offset } = place.topic === null ? position : letter;
  return (
    (place.topic === null || place.topic === topic) &&
    partition === place.position.partition &&
    offset === place.position.offset
  );
}
