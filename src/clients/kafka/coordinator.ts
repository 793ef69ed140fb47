// Why a group has no coordinator. KafkaJS drops the broker's answer and says "not found" to everything (kafkajs/src/cluster/index.js,
// findGroupCoordinatorMetadata), so that a missing right looks like a broker that is not up yet. Called by admin.ts when that comes. Also a
// commit in the name of a group that nobody is in.
import type { Cluster } from "kafkajs";

import type { KafkaHandle } from "./client.ts";

/** In KafkaJS's brokers, and not in its types. */
interface CoordinatorAsked {
  findGroupCoordinator(request: { readonly groupId: string; readonly coordinatorType: number }): Promise<unknown>;
}

interface CommitTaker {
  offsetCommit(request: {
    readonly groupId: string;
    readonly groupGenerationId: number;
    readonly memberId: string;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
    }[];
  }): Promise<unknown>;
}

/** Protocol: 0 asks for a consumer group's coordinator, 1 for a transaction's. */
const consumerGroup = 0;

/** Asks one broker, once. Resolves when there is a coordinator; rejects with what the broker or the connection says. */
export async function askForCoordinator(handle: KafkaHandle, groupId: string): Promise<void> {
  const cluster = clusterOf(handle, groupId);
  await cluster.connect();
  try {
    await cluster.refreshMetadata();
    const broker = (await cluster.findControllerBroker()) as unknown as CoordinatorAsked;
    await broker.findGroupCoordinator({ groupId, coordinatorType: consumerGroup });
  } finally {
    await cluster.disconnect();
  }
}

/**
 * Commits next offsets by partition for a group that has no members; brokers refuse it where there are some. KafkaJS's own way joins
 * the group, with a protocol that would keep this service's instances out.
 */
export async function commitForEmptyGroup(
  handle: KafkaHandle,
  groupId: string,
  topic: string,
  next: ReadonlyMap<number, number>,
): Promise<void> {
  const cluster = clusterOf(handle, groupId);
  await cluster.connect();
  try {
    const broker = (await cluster.findGroupCoordinator({ groupId })) as unknown as CommitTaker;
    const partitions = [...next].map(([partition, offset]) => ({ partition, offset: String(offset) }));
    await broker.offsetCommit({ groupId, groupGenerationId: -1, memberId: "", topics: [{ topic, partitions }] });
  } finally {
    await cluster.disconnect();
  }
}

/** KafkaJS hands its cluster to partition assigners only; the consumer is never run. */
function clusterOf(handle: KafkaHandle, groupId: string): Cluster {
  const found: Cluster[] = [];
  const metadata = Buffer.alloc(0);
  handle.kafka.consumer({
    groupId,
    partitionAssigners: [
      ({ cluster }) => {
        found.push(cluster);
        return {
          name: "none",
          version: 0,
          assign: () => Promise.resolve([]),
          protocol: () => ({ name: "none", metadata }),
        };
      },
    ],
  });
  const [cluster] = found;
  if (cluster === undefined) throw new Error("KafkaJS made no cluster for a consumer");
  return cluster;
}
