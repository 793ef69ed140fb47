// Who owns which partition index: pure. Owns the rule, not the group protocol that carries it (clients/kafka) and not what an owner
// does on takeover. Called by the KafkaJS assigner on the group's leader, and by the in-memory log.
import { murmur2 } from "./partitioner.ts";

/** A member of the consumer group, as its join announces it. */
export interface GroupMember {
  /** Given by the broker, new at each join after a lost session. */
  readonly memberId: string;
  /** Stable over restarts of one instance (pod name): the same instance gets the same indexes back. */
  readonly instanceId: string;
}

interface Pair {
  readonly partition: number;
  readonly member: GroupMember;
  readonly score: number;
}

/**
 * Indexes of each member, ascending: every index has exactly one owner, and two members differ by at most one index.
 * Rendezvous hashing: each (index, instance) has a score that depends on nothing else, and the highest scores are served first
 * until a member is full. So the answer depends only on the set of members, not on their order or on history, and few indexes
 * move when one comes or goes. Persisted in effect: members of two versions must agree, so a change needs a new protocol name.
 */
export function assignIndexes(
  members: readonly GroupMember[],
  partitions: number,
): ReadonlyMap<string, readonly number[]> {
  const owned = new Map<string, number[]>(members.map(({ memberId }) => [memberId, []]));
  const least = Math.floor(partitions / Math.max(1, owned.size));
  // So many members may own one index more than the others.
  let extras = partitions - least * owned.size;
  const taken = new Set<number>();
  for (const { partition, member } of pairsByScore(members, partitions)) {
    const mine = owned.get(member.memberId);
    if (mine === undefined || taken.has(partition) || mine.length > least) continue;
    if (mine.length === least) {
      if (extras === 0) continue;
      extras -= 1;
    }
    mine.push(partition);
    taken.add(partition);
  }
  for (const mine of owned.values()) mine.sort((a, b) => a - b);
  return owned;
}

function pairsByScore(members: readonly GroupMember[], partitions: number): readonly Pair[] {
  const pairs: Pair[] = [];
  for (const member of members) {
    for (let partition = 0; partition < partitions; partition += 1) {
      pairs.push({ partition, member, score: murmur2(Buffer.from(`${member.instanceId}\n${partition}`, "utf8")) });
    }
  }
  // Ties are settled by ids, which every leader sees alike.
  return pairs.sort(
    (a, b) => b.score - a.score || a.partition - b.partition || (a.member.memberId < b.member.memberId ? -1 : 1),
  );
}
