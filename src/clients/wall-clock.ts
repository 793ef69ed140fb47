// Times as a clock on a wall shows them, and what they are on the time line: none in the hour that summer time leaves out, two in the
// hour that it has twice. Pure but for the process's own time zone. Used by schedule.ts.

/** The IANA name of a time zone as this Node knows it, `Local` is the process's; null when there is none of the name. */
export function zoneOf(name: string): string | undefined | null {
  if (name === "Local") return undefined;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** The times, epoch milliseconds, at which the clocks of a zone (the process's when undefined) show what UTC's show at `written`. */
export function timesOf(written: number, zone: string | undefined): readonly number[] {
  const dayMs = 86_400_000;
  // Zones change once a day at most: these two are the offsets around it.
  const offsets = new Set([offsetAt(written - dayMs, zone), offsetAt(written + dayMs, zone)]);
  return [...offsets]
    .map((offset) => written - offset)
    .filter((time) => time + offsetAt(time, zone) === written)
    .sort((a, b) => a - b);
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** How far the zone's clocks are ahead of UTC, milliseconds. */
function offsetAt(time: number, zone: string | undefined): number {
  if (zone === undefined) return -new Date(time).getTimezoneOffset() * 60_000;
  let format = formats.get(zone);
  if (format === undefined) {
    const numeric = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" } as const;
    format = new Intl.DateTimeFormat("en-US", { ...numeric, timeZone: zone, second: "numeric", hourCycle: "h23" });
    formats.set(zone, format);
  }
  const shown = new Map(format.formatToParts(time).map(({ type, value }) => [type, Number(value)]));
  const part = (type: Intl.DateTimeFormatPartTypes): number => shown.get(type) ?? 0;
  const asUtc = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  return asUtc - Math.floor(time / 1000) * 1000;
}
