// Times as people and the original service read them. Pure: the time zone is a parameter, the clock is nobody's here.
// Called by the composition root (createTimeFormat) and record.ts.

const longestMs = 8.64e15;
const dayMs = 86_400_000;
const two = (n: number): string => String(n).padStart(2, "0");

/**
 * Formats epoch milliseconds as `dd-MM-yyyy HH:mm:ss` in an IANA time zone, 24-hour clock (parity sheet 4.6). Throws
 * RangeError at once for an unknown time zone; the function it returns never throws: a number that is no time stays a number.
 */
export function createTimeFormat(timeZone: string): (atMs: number) => string {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hourCycle: "h23",
    day: "2-digit",
    month: "2-digit",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  return (atMs) => {
    if (!(Math.abs(atMs) <= longestMs)) return String(atMs);
    const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
    const part = (name: Intl.DateTimeFormatPartTypes): string => parts.get(name) ?? "";
    return `${part("day")}-${part("month")}-${part("year")} ${part("hour")}:${part("minute")}:${part("second")}`;
  };
}

/**
 * Formats epoch milliseconds as RFC 3339 in UTC with milliseconds, as Go reads it. What lies outside the years 1 to 9999
 * becomes the nearest day inside. Days to date: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
 */
export function rfc3339(atMs: number): string {
  const ms = Math.min(Math.max(Number.isFinite(atMs) ? Math.trunc(atMs) : 0, -62_135_596_800_000), 253_402_300_799_999);
  const days = Math.floor(ms / dayMs);
  const inDay = ms - days * dayMs;
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const [hour, minute] = [Math.floor(inDay / 3_600_000), Math.floor(inDay / 60_000) % 60];
  const [second, milli] = [Math.floor(inDay / 1000) % 60, inDay % 1000];
  const date = `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
  return `${date}T${two(hour)}:${two(minute)}:${two(second)}.${String(milli).padStart(3, "0")}Z`;
}

/** Epoch milliseconds of an RFC 3339 time, finer digits cut off; null when it is none. */
export function readRfc3339(text: string): number | null {
  const found = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/i.exec(text);
  if (found === null) return null;
  const part = (i: number): number => Number(found[i] ?? "0");
  const offsetMinutes = (found[8] === "-" ? -1 : 1) * (part(9) * 60 + part(10));
  const minutes = (daysBefore(part(1), part(2), part(3)) * 24 + part(4)) * 60 + part(5) - offsetMinutes;
  return (minutes * 60 + part(6)) * 1_000 + Number((found[7] ?? "").padEnd(3, "0").slice(0, 3));
}

/** Days from 1970 to a date. */
function daysBefore(year: number, month: number, day: number): number {
  const yearFromMarch = month > 2 ? year : year - 1;
  const era = Math.floor(yearFromMarch / 400);
  const yearOfEra = yearFromMarch - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}
