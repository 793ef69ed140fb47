/**
 * The users' phones: everything that was shown on them or typed into them, in order, with time.
 * The witness of the user's side. Knows nothing of webhooks or bots.
 * Written by the Integrations system and the bot, read over the control API.
 */
import { appendLog } from "./append-log.ts";
import type { AppendLog } from "./append-log.ts";
import type { Clock } from "./clock.ts";
import type { SentFile } from "./webhook-forms.ts";

/** A line on a phone. */
export interface PhoneLine {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Monotonic milliseconds. */
  readonly atMs: number;
  readonly userId: string;
  readonly channel: "whatsapp" | "facebook";
  /** `user`: typed here; `bot`: said by the bot; `service`: came through the Integrations API. */
  readonly from: "user" | "bot" | "service";
  /** Message id, as the sender named it. */
  readonly id: string;
  readonly text: string;
  /** The file that was sent, where it was one. */
  readonly file?: SentFile;
  /** The id was delivered to this phone before. */
  readonly repeat: boolean;
  /** False for a repeat that was held back. */
  readonly shown: boolean;
}

/** The phones. */
export interface Phones {
  readonly log: AppendLog<PhoneLine>;
  add(line: Pick<PhoneLine, "userId" | "channel" | "from" | "id" | "text" | "file">, hideRepeats: boolean): PhoneLine;
  clear(): void;
}

/** Phones that remember the newest `max` lines and message ids (null: all). */
export function phones(clock: Clock, max: number | null): Phones {
  const log = appendLog<PhoneLine>(clock, max);
  const seen = new Set<string>();
  const remember = (key: string): boolean => {
    const isRepeat = seen.has(key);
    seen.add(key);
    if (max !== null && seen.size > max) {
      const [oldest] = seen;
      seen.delete(oldest ?? "");
    }
    return isRepeat;
  };
  return {
    log,
    add(line, hideRepeats) {
      const repeat = line.from === "service" && remember(`${line.userId} ${line.id}`);
      const shown = !(repeat && hideRepeats);
      return log.append({ ...line, at: clock.nowMs(), atMs: clock.monotonicMs(), repeat, shown });
    },
    clear() {
      log.clear();
      seen.clear();
    },
  };
}
