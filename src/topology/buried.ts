// What operators hear of the dead letters of a turn: one line for each reason of a user, however many letters there are, so that who
// writes ten thousand texts that find no room is one line of a log and not ten thousand. Called by turn.ts.
import type { QueuedRecord } from "./inbox.ts";
import type { Log, Metrics } from "./ports.ts";
import type { DeadLetterContent } from "./turn-records.ts";

/** One dead letter: the record that it is of, and why. */
export interface Buried {
  readonly queued: QueuedRecord;
  readonly content: DeadLetterContent;
}

/** Counts and logs them, in the order of the first of each kind. Call it once the turn is saved. */
export function tellBuried(
  buried: readonly Buried[],
  { log, metrics, partition }: { readonly log: Log; readonly metrics: Metrics; readonly partition: number },
): void {
  for (const alike of Map.groupBy(buried, kindOf).values()) {
    const [first, last, letters] = [alike[0], alike.at(-1), alike.length];
    if (first === undefined || last === undefined) continue;
    const { topic, record } = first.queued;
    const { reason, detail, chatId, holds } = first.content;
    metrics.count("dead_letters", { reason }, letters);
    // No record and no text: the hand-back to the bot, or the end at the desk. Only a person can do it now.
    if (holds === "cause" && reason === "undeliverable")
      metrics.count("alarms", { alarm: "command_given_up" }, letters);
    const place = { topic, partition, offset: record.offset, lastOffset: last.queued.record.offset };
    log.warn(
      { ...place, letters, reason, detail, userId: userOf(first), chatId },
      "records or messages went to the dead letters",
    );
  }
}

function kindOf(one: Buried): string {
  const { reason, detail, chatId, holds } = one.content;
  return JSON.stringify([one.queued.topic, reason, detail, holds, userOf(one), chatId]);
}

/** Where the record could not be read, its key should say whose it is. */
function userOf({ queued, content }: Buried): string | null {
  return content.userId ?? queued.record.key?.toString() ?? null;
}
