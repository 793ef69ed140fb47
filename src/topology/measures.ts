// What stands in the gauges: asked for when somebody looks, from the owners and the broker's log ends. Owns no number itself.
// Called by the runtime before the metrics are shown.
import type { PartitionOwner } from "./partition-owner.ts";
import type { Consumer, Metrics } from "./ports.ts";
import { inputTopics } from "./topics.ts";

/** The owners as the runtime tells them. */
export type Owned = Pick<PartitionOwner, "partition" | "counts" | "committable">;

/**
 * Sets the gauges of every owned partition index that this process knows by itself. `before` are the indexes of the last look: those
 * that are owned no more go to 0, their lag too.
 */
export function measure(owned: readonly Owned[], before: ReadonlySet<number>, metrics: Metrics): void {
  for (const owner of owned) {
    const partition = String(owner.partition);
    const counts = owner.counts();
    metrics.gauge("inbox_records", counts.inbox, { partition });
    for (const [lane, depth] of Object.entries(counts.laneDepth))
      metrics.gauge("lane_depth", depth, { partition, lane });
    for (const [status, chats] of Object.entries(counts.chats))
      metrics.gauge("open_chats", chats, { partition, status });
    metrics.gauge("open_polls", counts.polls, { partition });
    metrics.gauge("pending_due", counts.due, { partition });
  }
  const now = new Set(owned.map(({ partition }) => partition));
  for (const partition of before) if (!now.has(partition)) clear(String(partition), metrics);
}

/**
 * Sets the gauge that only the broker can tell. Rejects when it does not tell where a topic ends. An answer may come long after the
 * question: it counts for indexes that are still owned then.
 */
export async function measureLag(
  owned: readonly Owned[],
  ports: { readonly consumer: Pick<Consumer, "bounds">; readonly metrics: Metrics },
): Promise<void> {
  const { consumer, metrics } = ports;
  await Promise.all(
    owned
      .filter(({ committable }) => committable() !== null)
      .flatMap(({ partition, committable }) =>
        inputTopics.map(async (topic) => {
          const { end } = await consumer.bounds(topic, partition);
          const next = committable();
          if (next === null) return;
          metrics.gauge("consumer_lag", Math.max(0, end - next[topic]), { topic, partition: String(partition) });
        }),
      ),
  );
}

function clear(partition: string, metrics: Metrics): void {
  for (const name of ["inbox_records", "open_polls", "pending_due"] as const) metrics.gauge(name, 0, { partition });
  for (const lane of ["desk", "channel"]) metrics.gauge("lane_depth", 0, { partition, lane });
  for (const status of ["CONNECTING", "ON_HOLD", "ACTIVE"]) metrics.gauge("open_chats", 0, { partition, status });
  for (const topic of inputTopics) metrics.gauge("consumer_lag", 0, { topic, partition });
}
