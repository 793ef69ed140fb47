// What the topics themselves must show (I1, I2, I10): what the broker acknowledged is there, an offset holds one record for good, a fact
// told twice says the same, and the facts of a chat count from 1 without gaps.
import type { Answered, RecordSeen } from "./entries.ts";
import { nothing, type Check, type Finding } from "./finding.ts";

interface Facts {
  readonly topic: string;
  readonly numbers: Set<number>;
}

/** A check of records. Of a topic of which no record came, nothing is said. */
export function createRecordsCheck(): Check {
  const contents = new Map<string, RecordSeen>();
  const saidBy = new Map<string, string>();
  const chats = new Map<string, Facts>();
  const acknowledged: { readonly id: string; readonly topic: string; readonly place: string }[] = [];
  const topics = new Set<string>();

  function record(seen: RecordSeen, at: number): readonly Finding[] {
    topics.add(seen.topic);
    const place = placeOf(seen);
    const there = contents.get(place) ?? seen;
    contents.set(place, there);
    if (there.content !== seen.content || there.id !== seen.id)
      return [{ invariant: "I10", what: "rewritten", subject: place, detail: "an offset with two records", at }];
    return seen.chat === undefined ? nothing : fact(seen, seen.chat, at);
  }

  function fact(seen: RecordSeen, chat: NonNullable<RecordSeen["chat"]>, at: number): readonly Finding[] {
    const facts = chats.get(chat.id) ?? { topic: seen.topic, numbers: new Set<number>() };
    facts.numbers.add(chat.sequence);
    chats.set(chat.id, facts);
    if (seen.id === null) return nothing;
    const said = saidBy.get(seen.id) ?? seen.content;
    saidBy.set(seen.id, said);
    if (said === seen.content) return nothing;
    return [
      { invariant: "I2", what: "conflict", subject: seen.id, detail: "two facts with one id say different things", at },
    ];
  }

  function acknowledge({ id, outcome, stored }: Answered): void {
    if (outcome === "ok" && stored !== undefined)
      acknowledged.push({ id, topic: stored.topic, place: placeOf(stored) });
  }

  return {
    see(entry) {
      if (entry.kind === "answered") acknowledge(entry);
      return entry.kind === "record" ? record(entry, entry.at) : nothing;
    },
    end() {
      const unstored = acknowledged.filter(
        ({ id, topic, place }) => topics.has(topic) && contents.get(place)?.id !== id,
      );
      const gaps = [...chats].filter(([, { numbers }]) => Math.max(...numbers) !== numbers.size);
      return [
        ...unstored.map(({ id, place }): Finding => ({
          invariant: "I1",
          what: "acknowledged, not stored",
          subject: id,
          detail: place,
          at: null,
        })),
        ...gaps.map(([subject, { numbers }]): Finding => ({
          ...{ invariant: "I1", what: "missing fact", subject, at: null },
          detail: `numbered ${[...numbers].sort((a, b) => a - b).join()}`,
        })),
      ];
    },
  };
}

function placeOf({
  topic,
  partition,
  offset,
}: {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}): string {
  return `${topic}-${String(partition)}@${String(offset)}`;
}
