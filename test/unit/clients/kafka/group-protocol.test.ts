// What travels in the group protocol, and what the leader does with it.
import { AssignerProtocol, type Cluster } from "kafkajs";
import { describe, expect, it } from "vitest";

import { createIndexAssigner, memberInfoOf, protocolName } from "../../../../src/clients/kafka/group-protocol.ts";

const { MemberAssignment, MemberMetadata } = AssignerProtocol;
const topics = ["p.a", "p.b"];

function assignerOf(instanceId: string, client = "c", counts: Record<string, number> = {}) {
  const cluster = {
    findTopicPartitionMetadata: (topic: string) => Array.from({ length: counts[topic] ?? 4 }, () => ({})),
  } as unknown as Cluster;
  // KafkaJS's own logger is not used by the assigner.
  return createIndexAssigner({ instanceId, client })({ cluster, groupId: "g", logger: undefined as never });
}

function join(memberId: string, client = "c") {
  return { memberId, memberMetadata: assignerOf(memberId, client).protocol({ topics }).metadata };
}

describe("the index assigner", () => {
  it("has the name that running members know", () => {
    expect(protocolName).toBe("salesforce-integration-indexes-1");
    expect(assignerOf("a").protocol({ topics }).name).toBe(protocolName);
  });

  it("gives each member the same indexes of every topic, and names all topics to all", async () => {
    const answer = await assignerOf("a").assign({ members: [join("a"), join("b"), join("c")], topics });
    const given = answer.map(({ memberAssignment }) => MemberAssignment.decode(memberAssignment)?.assignment ?? {});
    for (const assignment of given) {
      expect(Object.keys(assignment)).toEqual(topics);
      expect(assignment["p.a"]).toEqual(assignment["p.b"]);
    }
    expect(given.flatMap((assignment) => assignment["p.a"] ?? []).sort()).toEqual([0, 1, 2, 3]);
  });

  it("gives nothing to a member of another client, which would skip our records", async () => {
    const answer = await assignerOf("a").assign({ members: [join("a"), join("b", "other")], topics });
    const given = Object.fromEntries(
      answer.map(({ memberId, memberAssignment }) => [memberId, MemberAssignment.decode(memberAssignment)?.assignment]),
    );
    expect(given).toMatchObject({ a: { "p.a": [0, 1, 2, 3] }, b: { "p.a": [] } });
  });

  it("refuses topics whose partition counts differ, naming them", async () => {
    const assigning = assignerOf("a", "c", { "p.b": 6 }).assign({ members: [join("a")], topics });
    await expect(assigning).rejects.toThrow(/p\.a has 4, p\.b has 6/);
  });
});

describe("memberInfoOf", () => {
  it("reads what a member of ours says", () => {
    expect(memberInfoOf(join("a").memberMetadata)).toEqual({ instanceId: "a", client: "c" });
  });

  it.each([
    ["no user data", MemberMetadata.encode({ version: 0, topics, userData: Buffer.alloc(0) })],
    ["other JSON", MemberMetadata.encode({ version: 0, topics, userData: Buffer.from("[1]") })],
    ["null", MemberMetadata.encode({ version: 0, topics, userData: Buffer.from("null") })],
    ["no JSON", MemberMetadata.encode({ version: 0, topics, userData: Buffer.from([0, 1, 2]) })],
    ["nothing", Buffer.alloc(0)],
    ["noise", Buffer.from([255, 255, 255, 255, 1])],
  ])("answers null for %s", (_, metadata) => {
    expect(memberInfoOf(metadata)).toBeNull();
  });
});
