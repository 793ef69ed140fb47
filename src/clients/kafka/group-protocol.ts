// The group protocol of the service: what a member says of itself when it joins, and the KafkaJS assigner that carries the rule of
// topology/assigner.ts. Used by group-session.ts (assigner) and admin.ts (who else is in the group).
import { AssignerProtocol, type PartitionAssigner } from "kafkajs";

import { assignIndexes } from "../../topology/assigner.ts";

/**
 * Persisted in effect: members of one group must share it, also while versions are rolled. A new rule or a new form of
 * MemberInfo needs a new name, offered beside this one for one release.
 */
export const protocolName = "salesforce-integration-indexes-1";

/** What a member says of itself, as JSON in the subscription's user data. */
export interface MemberInfo {
  /** Stable over restarts of one instance. */
  readonly instanceId: string;
  /** CLIENT: an owner skips records of other clients, so two clients must not share a group. */
  readonly client: string;
}

/** The assigner failed for a reason that a retry does not mend; crash.ts knows it by its name. */
class AssignmentImpossible extends Error {
  override readonly name = "AssignmentImpossible";
}

/** The info in a member's join metadata; null when it is not ours. */
export function memberInfoOf(metadata: Buffer): MemberInfo | null {
  try {
    const userData = AssignerProtocol.MemberMetadata.decode(metadata)?.userData;
    if (userData === undefined || userData.length === 0) return null;
    const info = JSON.parse(userData.toString("utf8")) as Partial<Record<keyof MemberInfo, unknown>> | null;
    const { instanceId, client } = info ?? {};
    return typeof instanceId === "string" && typeof client === "string" ? { instanceId, client } : null;
  } catch (error) {
    // The bytes of a stranger: RangeError from the decoder, SyntaxError from JSON.
    if (error instanceof Error) return null;
    throw error;
  }
}

/**
 * The assigner for KafkaJS: index p means partition p of every topic, so that one member owns a user in all of them. Every member
 * is told all topics, also when it gets no index.
 */
export function createIndexAssigner(info: MemberInfo): PartitionAssigner {
  const version = 0;
  return ({ cluster }) => ({
    name: protocolName,
    version,
    protocol: ({ topics }) => ({
      name: protocolName,
      metadata: AssignerProtocol.MemberMetadata.encode({
        version,
        topics,
        userData: Buffer.from(JSON.stringify(info), "utf8"),
      }),
    }),
    async assign({ members, topics }) {
      const counts = new Map(topics.map((topic) => [topic, cluster.findTopicPartitionMetadata(topic).length]));
      const [partitions = 0, ...others] = new Set(counts.values());
      if (others.length > 0) throw new AssignmentImpossible(`partition counts differ: ${describe(counts)}`);
      const described = members.map(({ memberId, memberMetadata }) => ({
        memberId,
        ...(memberInfoOf(memberMetadata) ?? { instanceId: memberId, client: info.client }),
      }));
      const owned = assignIndexes(
        described.filter(({ client }) => client === info.client),
        partitions,
      );
      return members.map(({ memberId }) => ({
        memberId,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({
          version,
          assignment: Object.fromEntries(topics.map((topic) => [topic, [...(owned.get(memberId) ?? [])]])),
          userData: Buffer.alloc(0),
        }),
      }));
    },
  });
}

function describe(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([topic, count]) => `${topic} has ${count}`).join(", ");
}
