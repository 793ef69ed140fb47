// What happened in a run, event by event: the last ones as text, all of them as a hash. Two runs of a seed with one hash were the same run.

/** A run's events. */
export interface Trace {
  add(atMs: number, what: string): void;
  /** An event that every second has many of: in the hash, not among the last. */
  addQuietly(atMs: number, what: string): void;
  /** The last events, oldest first. */
  last(): readonly string[];
  readonly hash: string;
  readonly events: number;
}

/** A trace that keeps the last `keep` events as text. */
export function createTrace(keep = 200): Trace {
  const ring: string[] = [];
  let hash = 0x811c9dc5;
  let events = 0;
  let kept = 0;

  const mix = (text: string): void => {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  };

  return {
    add(atMs, what) {
      const line = `${String(atMs)} ${what}`;
      ring[kept % keep] = line;
      kept += 1;
      events += 1;
      mix(line);
    },
    addQuietly(atMs, what) {
      events += 1;
      mix(`${String(atMs)} ${what}`);
    },
    last: () => (kept <= keep ? [...ring] : [...ring.slice(kept % keep), ...ring.slice(0, kept % keep)]),
    get hash() {
      return (hash >>> 0).toString(16).padStart(8, "0");
    },
    get events() {
      return events;
    },
  };
}
