/**
 * An append-only list that can be paged and waited on: what every witness of the world (journal, phone, agents' screens) is kept in.
 * Entries are numbered from 0 and keep their number when older ones are forgotten. Holds no meaning of its own.
 * Written by the parts of the world, read over the control API and by tests.
 */
import type { Clock } from "./clock.ts";

/** A page of a log. */
export interface Page<T> {
  readonly entries: readonly Numbered<T>[];
  /** Ask for this number next. */
  readonly next: number;
  /** Entries with a smaller number are forgotten. */
  readonly oldest: number;
}

/** An entry with its place in the log. */
export type Numbered<T> = T & { readonly n: number };

/** What to read: from which number, which entries, how many, and how long to wait when there is none. */
export interface ReadOptions<T> {
  readonly since?: number;
  readonly limit?: number;
  readonly waitMs?: number;
  readonly matching?: (entry: Numbered<T>) => boolean;
}

/** The log. */
export interface AppendLog<T> {
  append(entry: T): Numbered<T>;
  /** Entries from `since` on, at once. */
  read(options?: ReadOptions<T>): Page<T>;
  /** As `read`, but waits up to `waitMs` for the first entry that matches. */
  readOrWait(options: ReadOptions<T>): Promise<Page<T>>;
  /** Number the next entry will have. */
  end(): number;
  /** Forgets everything; numbering goes on, so that a reader's position stays valid. */
  clear(): void;
}

const PAGE = 10_000;

/** A log that keeps the newest `max` entries; all of them when `max` is null. */
export function appendLog<T extends object>(clock: Clock, max: number | null): AppendLog<T> {
  let entries: Numbered<T>[] = [];
  let first = 0;
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const run of [...waiting]) {
      run();
    }
  };
  const log: AppendLog<T> = {
    append(entry) {
      const numbered = { ...entry, n: first + entries.length };
      entries.push(numbered);
      // forgetting in big steps keeps an append cheap whatever the size
      if (max !== null && entries.length > max * 2) {
        const surplus = entries.length - max;
        entries = entries.slice(surplus);
        first += surplus;
      }
      if (waiting.size > 0) {
        wake();
      }
      return numbered;
    },
    read: (options = {}) => pageOf(entries, first, options),
    readOrWait: (options) => readOrWait(log, clock, waiting, options),
    end: () => first + entries.length,
    clear() {
      first += entries.length;
      entries = [];
      wake();
    },
  };
  return log;
}

function pageOf<T>(entries: readonly Numbered<T>[], first: number, options: ReadOptions<T>): Page<T> {
  const found: Numbered<T>[] = [];
  const limit = options.limit ?? PAGE;
  let at = Math.max(0, (options.since ?? 0) - first);
  for (; at < entries.length && found.length < limit; at++) {
    const entry = entries[at];
    if (entry !== undefined && (options.matching === undefined || options.matching(entry))) {
      found.push(entry);
    }
  }
  return { entries: found, next: Math.max(first + at, options.since ?? 0), oldest: first };
}

function readOrWait<T>(
  log: AppendLog<T>,
  clock: Clock,
  waiting: Set<() => void>,
  options: ReadOptions<T>,
): Promise<Page<T>> {
  const page = log.read(options);
  if (page.entries.length > 0 || (options.waitMs ?? 0) <= 0) {
    return Promise.resolve(page);
  }
  return new Promise((resolve) => {
    let since = page.next;
    const finish = (): void => {
      cancel();
      waiting.delete(look);
      resolve(log.read({ ...options, since }));
    };
    const look = (): void => {
      const fresh = log.read({ ...options, since, limit: 1 });
      if (fresh.entries.length > 0) {
        finish();
      } else {
        since = fresh.next;
      }
    };
    const cancel = clock.after(options.waitMs ?? 0, finish);
    waiting.add(look);
  });
}
