// The written form of schedules: `@every` with a duration, as the original's cron library takes it, or a cron expression of five
// fields, or a nickname such as `@daily`. When it is due is schedule.ts's.
import { isCron, type Schedule } from "../schedule.ts";
import { duration, form, type Form } from "./forms.ts";

const everyForm = duration(0, 3_650 * 86_400_000);

/** A schedule; an empty text is none. */
export const schedule: Form<Schedule | null> = form(
  "@every with a duration, a cron expression of five fields, or empty",
  (raw) => {
    const text = raw.trim();
    if (text === "") return null;
    const every = /^@every\s+(\S+)$/.exec(text)?.[1];
    if (every === undefined) return isCron(text) ? { kind: "cron", expression: text } : undefined;
    const read = everyForm.safeParse(every);
    // Whole seconds and one at least, as the original's cron library makes them.
    return read.success ? { kind: "every", everyMs: Math.max(1, Math.floor(read.data / 1_000)) * 1_000 } : undefined;
  },
);
