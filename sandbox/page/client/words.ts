// How times, sizes and names are written on the page. Pure.

/** Hours and minutes. */
export function clockTime(at: number): string {
  return new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

/** Minutes, seconds and milliseconds: the river's own time. */
export function fineTime(at: number): string {
  return new Date(at).toISOString().slice(14, 23);
}

/** `41 ms`, `2.3 s`. */
export function duration(ms: number): string {
  return ms < 1_000 ? `${String(Math.max(0, Math.round(ms)))} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** `12 s`, `3 min`. */
export function elapsed(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  return seconds < 100 ? `${String(seconds)} s` : `${String(Math.round(seconds / 60))} min`;
}

/** `70 bytes`, `12 KB`. */
export function size(bytes: number): string {
  return bytes < 1_024 ? `${String(bytes)} bytes` : `${String(Math.round(bytes / 1_024))} KB`;
}

/** A number in at most four characters: `999`, `1.2K`, `34K`. */
export function compact(count: number): string {
  return count.toLocaleString("en-US", { notation: "compact", maximumSignificantDigits: count < 1_000 ? 3 : 2 });
}

/** A number with thin groups of thousands. */
export function grouped(count: number): string {
  return count.toLocaleString("en-US").replaceAll(",", "\u2009");
}

/** First letters of a name. */
export function initials(name: string): string {
  const [first = "", ...others] = name.split(/\s+/);
  return (first.slice(0, 1) + (others.at(-1) ?? "").slice(0, 1)).toUpperCase();
}

/** The last digits of a user's id: enough to tell users apart. */
export function shortUser(user: string): string {
  return user.length > 6 ? `…${user.slice(-6)}` : user;
}
