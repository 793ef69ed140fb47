// The service's log: one JSON object per line on standard output. Owns format and severities; what may stand in a line is
// redaction.ts's, how a user is called there user-hash.ts's. Implements the Log port; the only place that knows pino.
import { pino, type DestinationStream } from "pino";

import type { Log } from "../../topology/ports.ts";
import { safeFields } from "./redaction.ts";
import { createUserHash } from "./user-hash.ts";

/** How a log is made. */
export interface LogOptions {
  readonly level: "trace" | "debug" | "info" | "warn" | "error";
  /** Fields of every line, such as the instance. */
  readonly always: Readonly<Record<string, string>>;
  /** LOG_ID_KEY: what users are called in the lines. Without one each log has names of its own. */
  readonly idKey: string | null;
  /** Where lines go; standard output when left out. */
  readonly destination?: DestinationStream;
}

/**
 * Makes the log. A line is `{"severity","time","message",…fields}`: `severity` is the original's key, `time` is epoch
 * milliseconds. Lines are written at once, in order, so that a crash loses none. Fields pass the redaction, whatever they are; a field
 * `userId` is written as `user`, the keyed hash that the operator's commands take and show.
 */
export function createLog(options: LogOptions): Log {
  const logger = pino(
    {
      level: options.level,
      base: options.always,
      messageKey: "message",
      formatters: { level: (label) => ({ severity: label }) },
    },
    options.destination ?? pino.destination({ fd: 1, sync: true }),
  );
  const userHash = createUserHash(options.idKey);
  const line =
    (level: keyof Log): Log["info"] =>
    (fields, text) => {
      if (logger.isLevelEnabled(level)) logger[level](safeFields(fields, userHash), text);
    };
  return { info: line("info"), warn: line("warn"), error: line("error") };
}
