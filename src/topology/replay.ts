// What is written of replays: the header that a replayed record carries, and the marks on the dead-letters topic by which it is
// known what was replayed. Pure. Used by the operator's command line, which replays, and by decode-input.ts, which tells decide.
//
// A mark is a record without value in the partition of its dead letter. `begun` is written before a replay and tells from where on
// the replayed record would stand; `done` is written after its acknowledgement. A dead letter that is begun and not done is looked
// for in its topic before it is replayed again. Nobody else reads marks; the names are persisted.
import type { Header } from "./ports.ts";

/** Header of a replayed record: position of its dead letter, such as 3/42. A record that was replayed again carries one of each. */
export const replayedHeader = "replayed";

/** Where a record stands in a topic that the context names. */
export interface Position {
  readonly partition: number;
  readonly offset: number;
}

/** A mark, as its headers say it. */
export type ReplayMark =
  | { readonly kind: "begun"; readonly of: Position; readonly to: { readonly topic: string } & Position }
  | { readonly kind: "done"; readonly of: Position };

const markHeader = "replay";
const ofHeader = "of";
const toHeader = "to";

/** `partition/offset`. */
export function positionText({ partition, offset }: Position): string {
  return `${String(partition)}/${String(offset)}`;
}

/** Reads positionText; null when it is none. */
export function parsePosition(text: string): Position | null {
  const match = /^(\d{1,9})\/(\d{1,15})$/.exec(text);
  return match === null ? null : { partition: Number(match[1]), offset: Number(match[2]) };
}

/** How often a record with these headers has been replayed. */
export function timesReplayed(headers: readonly Header[]): number {
  return headers.filter(({ name }) => name === replayedHeader).length;
}

/** Headers of a mark. */
export function markHeaders(mark: ReplayMark): readonly Header[] {
  const to = mark.kind === "begun" ? [header(toHeader, `${mark.to.topic}/${positionText(mark.to)}`)] : [];
  return [header(markHeader, mark.kind), header(ofHeader, positionText(mark.of)), ...to];
}

/** The mark that the headers are of; null when they are of none. */
export function readMark(headers: readonly Header[]): ReplayMark | null {
  const text = (name: string): string => headers.find((one) => one.name === name)?.value?.toString() ?? "";
  const kind = text(markHeader);
  const of = parsePosition(text(ofHeader));
  if (of === null) return null;
  if (kind === "done") return { kind, of };
  if (kind !== "begun") return null;
  const [, topic = "", place = ""] = /^([^/]+)\/(.*)$/.exec(text(toHeader)) ?? [];
  const to = parsePosition(place);
  return to === null ? null : { kind, of, to: { topic, ...to } };
}

/** A header of text. */
export function header(name: string, value: string): Header {
  return { name, value: Buffer.from(value) };
}
