// What KafkaJS logs, as lines of our log: constant texts, chosen fields, no payloads. Owns which of its lines are routine, a warning or an
// alarm. Called by client.ts.
import type { LogEntry } from "kafkajs";

import type { Log, Metrics } from "../../topology/ports.ts";

/** KafkaJS says it has reset a position because the committed or sought offset is outside the log. */
export interface OffsetReset {
  readonly topic: string;
  readonly partition: number;
}

/** Who hears of out-of-range resets: records were skipped or come again, and KafkaJS shows it nowhere but in its log. */
export interface OffsetResets {
  readonly metrics: Pick<Metrics, "count">;
  readonly told: (reset: OffsetReset) => void;
}

/** Longest text of KafkaJS that goes into a field. */
const detailChars = 300;

/** The same line comes at most so often to one log: an outage makes dozens a second, over many instances. */
const repeatMs = 10_000;

/** Lines that say what we configured on purpose, or what another line says already. */
const expected =
  /^Failed to connect to (seed )?broker|^Limiting retries for the idempotent producer|its client was retired$/;
/** Errors of responses that belong to every rebalance and every start of a broker. */
const routine = /rebalanc|rejoin|coordinator is (loading|not available)|not aware of this member|no leader|reassign/i;
/** When each log was told each line. */
const saidTo = new WeakMap<Log, Map<string, number>>();
const outOfRange = /^Offset out of range, resetting/;

/** KafkaJS's logCreator. Null where no group is joined, so that nothing can be reset. */
export function createLogBridge(log: Log, resets: OffsetResets | null): () => (entry: LogEntry) => void {
  const saidAtMs = saidTo.get(log) ?? new Map<string, number>();
  saidTo.set(log, saidAtMs);
  const isRepeat = (line: string): boolean => {
    const nowMs = performance.now();
    if (nowMs - (saidAtMs.get(line) ?? Number.NEGATIVE_INFINITY) < repeatMs) return true;
    for (const [known, atMs] of saidAtMs) if (nowMs - atMs >= repeatMs) saidAtMs.delete(known);
    saidAtMs.set(line, nowMs);
    return false;
  };

  return () => (entry) => {
    const { message } = entry.log;
    if (expected.test(message)) return;
    const { topic, partition } = entry.log;
    if (resets !== null && outOfRange.test(message) && typeof topic === "string" && typeof partition === "number") {
      resets.metrics.count("alarms", { alarm: "offset_out_of_range" });
      log.warn(
        { alarm: "offset_out_of_range", topic, partition },
        "Kafka position outside the log, reset to its start",
      );
      resets.told({ topic, partition });
      return;
    }
    if (isRepeat(`${entry.namespace} ${message}`)) return;
    const fields = fieldsOf(entry);
    if (routine.test(`${message} ${textOf(entry.log["error"])}`)) log.info(fields, "Kafka client, routine");
    else log.warn(fields, "Kafka client reports trouble");
  };
}

function fieldsOf({ namespace, log }: LogEntry): Record<string, unknown> {
  const fields: Record<string, unknown> = { part: namespace, detail: log.message.slice(0, detailChars) };
  for (const name of ["broker", "topic", "partition", "groupId", "retryCount", "retryTime", "correlationId"]) {
    if (log[name] !== undefined) fields[name] = log[name];
  }
  const error = textOf(log["error"]);
  if (error !== "") fields["error"] = error;
  return fields;
}

function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message : error;
  return typeof text === "string" ? text.slice(0, detailChars) : "";
}
