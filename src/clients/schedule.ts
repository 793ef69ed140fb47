// When something that repeats is due: every so many milliseconds, or by a cron expression as the original's library reads it (robfig/cron
// v3, standard parser): five fields (minute, hour, day of month, month, day of week; each `*` or `?`, numbers, names, ranges, steps and
// lists of them) or a nickname such as `@daily`, after `TZ=zone` or `CRON_TZ=zone` where it is not meant in the process's time zone.
// Pure: starts no timer. The texts of such settings are read in config/schedule-form.ts; used by what runs on a schedule.
import { timesOf, zoneOf } from "./wall-clock.ts";

/** When something repeats. */
export type Schedule =
  { readonly kind: "every"; readonly everyMs: number } | { readonly kind: "cron"; readonly expression: string };

/** A leap day comes back after eight years at most. */
const farthestDays = 8 * 366;
const dayMs = 86_400_000;

const nicknames: ReadonlyMap<string, string> = new Map([
  ["@hourly", "0 * * * *"],
  ["@daily", "0 0 * * *"],
  ["@midnight", "0 0 * * *"],
  ["@weekly", "0 0 * * 0"],
  ["@monthly", "0 0 1 * *"],
  ["@yearly", "0 0 1 1 *"],
  ["@annually", "0 0 1 1 *"],
]);

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const kinds = [
  { least: 0, most: 59, names: [] },
  { least: 0, most: 23, names: [] },
  { least: 1, most: 31, names: [] },
  { least: 1, most: 12, names: months },
  // The original knows no 7; cron does, as another Sunday.
  { least: 0, most: 7, names: weekdays },
] as const;

interface FieldKind {
  readonly least: number;
  readonly most: number;
  readonly names: readonly string[];
}

interface Field {
  readonly any: boolean;
  readonly values: ReadonlySet<number>;
}

interface Cron {
  readonly fields: readonly Field[];
  /** IANA name; undefined: the process's zone. */
  readonly zone: string | undefined;
}

/** The next due time after `nowMs`, epoch milliseconds; null when there is none. */
export function nextRun(schedule: Schedule, nowMs: number): number | null {
  if (schedule.kind === "every") return nowMs + schedule.everyMs;
  const cron = readCron(schedule.expression);
  return cron === null ? null : nextOf(cron, nowMs);
}

/** Whether a cron expression can be read and ever comes true. */
export function isCron(expression: string): boolean {
  return nextRun({ kind: "cron", expression }, 0) !== null;
}

function readCron(expression: string): Cron | null {
  const [, name, rest = ""] = /^(?:(?:CRON_)?TZ=(\S+)\s+)?(.*)$/s.exec(expression.trim()) ?? [];
  const zone = name === undefined ? undefined : zoneOf(name);
  const parts = (nicknames.get(rest) ?? rest).split(/\s+/);
  const fields = kinds.map((kind, index) => readField(parts[index] ?? "", kind)).filter((field) => field !== null);
  const isSound = zone !== null && parts.length === kinds.length && fields.length === kinds.length;
  return isSound ? { fields, zone } : null;
}

function readField(text: string, kind: FieldKind): Field | null {
  const { least, most } = kind;
  const values = new Set<number>();
  let any = false;
  for (const part of text.split(",")) {
    const match = /^(?:[*?]|(\w+)(?:-(\w+))?)(?:\/(\d{1,9}))?$/.exec(part);
    if (match === null) return null;
    const [, first, last, every] = match;
    const step = Number(every ?? 1);
    const from = first === undefined ? least : valueOf(first, kind);
    // `5/15` means from 5 to the end, every 15.
    const to = last === undefined ? (first === undefined || every !== undefined ? most : from) : valueOf(last, kind);
    if (from === null || to === null || from < least || to > most || from > to || step < 1) return null;
    for (let value = from; value <= to; value += step) values.add(value);
    // With a step it is a choice of days like any other, in that library.
    any ||= first === undefined && step === 1;
  }
  return { any, values };
}

function valueOf(text: string, { names }: FieldKind): number | null {
  if (/^\d{1,2}$/.test(text)) return Number(text);
  const at = names.indexOf(text.toLowerCase());
  // Months begin with 1, days of the week with 0.
  return at < 0 ? null : at + (names === months ? 1 : 0);
}

function nextOf({ fields, zone }: Cron, nowMs: number): number | null {
  const [minutes, hours, days, monthsOfYear, daysOfWeek] = fields;
  if (!minutes || !hours || !days || !monthsOfYear || !daysOfWeek) return null;
  const isDay = (date: Date): boolean => {
    const inMonth = days.values.has(date.getUTCDate());
    const weekday = date.getUTCDay();
    const inWeek = daysOfWeek.values.has(weekday) || (weekday === 0 && daysOfWeek.values.has(7));
    // As cron has it: where both are restricted, either is enough.
    const fits = days.any || daysOfWeek.any ? inMonth && inWeek : inMonth || inWeek;
    return monthsOfYear.values.has(date.getUTCMonth() + 1) && fits;
  };
  // Days of the calendar, written as if they were UTC's; the zone may be a day behind.
  const firstDay = Math.floor(nowMs / dayMs) * dayMs - dayMs;
  for (let count = 0; count <= farthestDays; count += 1) {
    const day = firstDay + count * dayMs;
    if (!isDay(new Date(day))) continue;
    const found = [...hours.values]
      .flatMap((hour) => [...minutes.values].map((minute) => day + (hour * 60 + minute) * 60_000))
      // A good day has 1,440 minutes at most; those that are over cost no look at the zone.
      .filter((written) => written > nowMs - dayMs)
      .sort((a, b) => a - b);
    for (const written of found) {
      const at = timesOf(written, zone).find((time) => time > nowMs);
      if (at !== undefined) return at;
    }
  }
  return null;
}
