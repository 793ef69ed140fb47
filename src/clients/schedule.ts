// When something that repeats is due: every so many milliseconds, or by a cron expression of five fields in UTC (minute, hour,
// day of month, month, day of week; each `*`, numbers, ranges, steps and lists of them). Pure: starts no timer. The texts of such
// settings are read in config/schedule-form.ts; used by what runs on a schedule.

/** When something repeats. */
export type Schedule =
  { readonly kind: "every"; readonly everyMs: number } | { readonly kind: "cron"; readonly expression: string };

const minuteMs = 60_000;
/** A leap day comes back after eight years at most. */
const farthestDays = 8 * 366;

const nicknames: ReadonlyMap<string, string> = new Map([
  ["@hourly", "0 * * * *"],
  ["@daily", "0 0 * * *"],
  ["@midnight", "0 0 * * *"],
  ["@weekly", "0 0 * * 0"],
  ["@monthly", "0 0 1 * *"],
  ["@yearly", "0 0 1 1 *"],
]);

const bounds = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const;

interface Field {
  readonly any: boolean;
  readonly values: ReadonlySet<number>;
}

/** The next due time after `nowMs`, epoch milliseconds; null when there is none. */
export function nextRun(schedule: Schedule, nowMs: number): number | null {
  if (schedule.kind === "every") return nowMs + schedule.everyMs;
  const fields = cronFields(schedule.expression);
  return fields === null ? null : nextOf(fields, nowMs);
}

/** Whether a cron expression of five fields, or a nickname such as `@daily`, can be read and ever comes true. */
export function isCron(expression: string): boolean {
  return nextRun({ kind: "cron", expression }, 0) !== null;
}

function cronFields(expression: string): readonly Field[] | null {
  const parts = (nicknames.get(expression) ?? expression).split(/\s+/);
  const fields = bounds.map(([least, most], index) => cronField(parts[index] ?? "", least, most));
  const sound = fields.filter((field) => field !== null);
  return parts.length === bounds.length && sound.length === bounds.length ? sound : null;
}

function cronField(text: string, least: number, most: number): Field | null {
  const values = new Set<number>();
  for (const part of text.split(",")) {
    const match = /^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/.exec(part);
    if (match === null) return null;
    const [, first, last, every] = match;
    const step = Number(every ?? 1);
    const from = Number(first ?? least);
    // `5/15` means from 5 to the end, every 15.
    const to = Number(last ?? (first === undefined || every !== undefined ? most : first));
    if (from < least || to > most || from > to || step < 1) return null;
    for (let value = from; value <= to; value += step) values.add(value);
  }
  return { any: text.startsWith("*"), values };
}

function nextOf([minutes, hours, days, months, weekdays]: readonly Field[], nowMs: number): number | null {
  if (!minutes || !hours || !days || !months || !weekdays) return null;
  const isDay = (date: Date): boolean => {
    const inMonth = days.values.has(date.getUTCDate());
    const weekday = date.getUTCDay();
    const inWeek = weekdays.values.has(weekday) || (weekday === 0 && weekdays.values.has(7));
    // As cron has it: where both are restricted, either is enough.
    const fits = days.any || weekdays.any ? inMonth && inWeek : inMonth || inWeek;
    return months.values.has(date.getUTCMonth() + 1) && fits;
  };
  const first = (Math.floor(nowMs / minuteMs) + 1) * minuteMs;
  const day = new Date(first);
  day.setUTCHours(0, 0, 0, 0);
  for (let count = 0; count <= farthestDays; count += 1, day.setUTCDate(day.getUTCDate() + 1)) {
    if (!isDay(day)) continue;
    for (const hour of [...hours.values].sort((a, b) => a - b))
      for (const minute of [...minutes.values].sort((a, b) => a - b)) {
        const at = day.getTime() + (hour * 60 + minute) * minuteMs;
        if (at >= first) return at;
      }
  }
  return null;
}
