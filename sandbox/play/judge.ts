// Owns telling whether every message arrived once and in order, from what was sent and what was seen. Pure. Called by play.ts.
// Texts are found anywhere inside what was seen, because several may arrive in one message; so no text may be part of another.

/** What went wrong with the messages of one direction. */
export interface Findings {
  /** Never seen. */
  readonly lost: readonly string[];
  /** Seen more than once. */
  readonly doubled: readonly string[];
  /** Seen before a text that was sent earlier. */
  readonly reordered: readonly string[];
}

/** Compares texts in the order in which they were sent with the messages in the order in which they were seen. */
export function judge(sent: readonly string[], seen: readonly string[]): Findings {
  // A separator that no text holds: a text is not to be found across two messages.
  const all = seen.join("\u0000");
  const places = sent.map((text) => ({ text, first: all.indexOf(text), count: all.split(text).length - 1 }));
  const arrived = places.filter(({ count }) => count > 0);
  return {
    lost: places.filter(({ count }) => count === 0).map(({ text }) => text),
    doubled: places.filter(({ count }) => count > 1).map(({ text }) => text),
    reordered: arrived
      .filter(({ first }, place) => arrived.slice(0, place).some((before) => before.first > first))
      .map(({ text }) => text),
  };
}

/** The findings of one direction as lines for a person; none when all is well. */
export function complaints(direction: string, { lost, doubled, reordered }: Findings): string[] {
  return [
    ...lost.map((text) => `${direction}: lost: ${text}`),
    ...doubled.map((text) => `${direction}: more than once: ${text}`),
    ...reordered.map((text) => `${direction}: out of order: ${text}`),
  ];
}
