// Who is in the consumer group: members of another service or CLIENT must be gone before this one starts. Called by admin.ts.
import type { Admin } from "kafkajs";

import type { Clock } from "../../topology/ports.ts";
import { pause } from "./deadline.ts";
import { memberInfoOf, protocolName } from "./group-protocol.ts";

/** Whose group. */
export interface Membership {
  readonly groupId: string;
  readonly client: string;
  readonly clock: Clock;
}

/** Sentences about members that are not of this service and CLIENT, or one that says why nobody can know. */
export type GroupMembers =
  | { readonly kind: "known"; readonly strangers: readonly string[] }
  | { readonly kind: "unsettled"; readonly sentence: string };

const settleMs = 5_000;
const betweenTriesMs = 200;

/**
 * A member with another assigner makes the join of ours fail for good; one of another client would skip our records. Waits 5 s for a group that
 * is not settled.
 */
export async function groupMembers(
  admin: Pick<Admin, "describeGroups">,
  { groupId, client, clock }: Membership,
): Promise<GroupMembers> {
  const untilMs = clock.monotonicMs() + settleMs;
  for (;;) {
    const { groups } = await admin.describeGroups([groupId]);
    const group = groups[0];
    if (group === undefined || group.members.length === 0) return { kind: "known", strangers: [] };
    // Only a settled group shows what its members said when they joined.
    if (group.state === "Stable") {
      const strangers = group.members.filter(({ memberMetadata }) => {
        const info = group.protocol === protocolName ? memberInfoOf(memberMetadata) : null;
        return info?.client !== client;
      });
      const sentences = strangers.length === 0 ? [] : [strangersSentence(groupId, strangers, group.protocol)];
      return { kind: "known", strangers: sentences };
    }
    if (clock.monotonicMs() >= untilMs)
      return {
        kind: "unsettled",
        sentence: `The consumer group ${groupId} has members and is ${group.state}: whose they are is not known yet.`,
      };
    await pause(clock, betweenTriesMs);
  }
}

function strangersSentence(
  groupId: string,
  strangers: readonly { readonly clientId: string; readonly clientHost: string }[],
  protocol: string,
): string {
  const list = strangers.map(({ clientId, clientHost }) => `${clientId} at ${clientHost}`).join(", ");
  return (
    `The consumer group ${groupId} has members that are not of this service and CLIENT (protocol ${protocol}): ${list}. ` +
    "Stop them first, or give this service another APP_NAME."
  );
}
