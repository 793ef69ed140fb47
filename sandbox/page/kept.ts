// A list that keeps its newest entries, forgetting in big steps: what a new page is shown of what happened before it. Called by feed.ts.

/** The list. */
export interface Kept<T> {
  add(entries: readonly T[]): void;
  /** The newest, oldest first. */
  newest(): readonly T[];
}

/** An empty list that keeps at least `most` entries, and at most twice as many. */
export function keepNewest<T>(most: number): Kept<T> {
  let kept: T[] = [];
  return {
    add(entries) {
      kept.push(...entries);
      if (kept.length > most * 2) kept = kept.slice(-most);
    },
    newest: () => kept.slice(-most),
  };
}
