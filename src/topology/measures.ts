// What stands in the gauges: asked for when somebody looks, from the owners and the broker's log ends. Owns no number itself.
// Called by the composition before the metrics are shown.
import type { PartitionOwner } from "./partition-owner.ts";
import type { Consumer, Metrics } from "./ports.ts";
import { inputTopics } from "./topics.ts";

/** The owners as the runtime tells them. */
export type Owned = Pick<PartitionOwner, "partition" | "counts" | "committable">;

/**
 * Sets the gauges of every owned partition index. Rejects when the broker does not tell where a topic ends; what does not
 * need the broker is set by then. `before` are the indexes of the last look: those that are owned no more go to 0.
 */
export async function measure(
  owned: readonly Owned[],
  before: ReadonlySet<number>,
  ports: { readonly consumer: Pick<Consumer, "bounds">; readonly metrics: Metrics },
): Promise<void> {
  const { consumer, metrics } = ports;
  for (const owner of owned) {
    const labels = { partition: String(owner.partition) };
    const counts = owner.counts();
    metrics.gauge("inbox_records", counts.inbox, labels);
    for (const [lane, depth] of Object.entries(counts.laneDepth))
      metrics.gauge("lane_depth", depth, { partition: labels.partition, lane });
    for (const [status, chats] of Object.entries(counts.chats))
      metrics.gauge("open_chats", chats, { partition: labels.partition, status });
    metrics.gauge("open_polls", counts.polls, labels);
    metrics.gauge("pending_due", counts.due, labels);
  }
  const now = new Set(owned.map(({ partition }) => partition));
  for (const partition of before) if (!now.has(partition)) clear(partition, metrics);
  await Promise.all(
    owned.flatMap(({ partition, committable }) => {
      const next = committable();
      if (next === null) return [];
      return inputTopics.map(async (topic) => {
        const { end } = await consumer.bounds(topic, partition);
        metrics.gauge("consumer_lag", Math.max(0, end - next[topic]), { topic, partition: String(partition) });
      });
    }),
  );
}

function clear(partition: number, metrics: Metrics): void {
  const labels = { partition: String(partition) };
  for (const name of ["inbox_records", "open_polls", "pending_due"] as const) metrics.gauge(name, 0, labels);
  for (const lane of ["desk", "channel"]) metrics.gauge("lane_depth", 0, { partition: labels.partition, lane });
  for (const status of ["CONNECTING", "ON_HOLD", "ACTIVE"])
    metrics.gauge("open_chats", 0, { partition: labels.partition, status });
  for (const topic of inputTopics) metrics.gauge("consumer_lag", 0, { topic, partition: String(partition) });
}
