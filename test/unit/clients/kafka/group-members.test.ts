// Members of the consumer group that may be the Go service's: nothing goes on before they are known.
import type { Admin } from "kafkajs";
import { describe, expect, it } from "vitest";

import { groupMembers } from "../../../../src/clients/kafka/group-members.ts";
import { createVirtualClock } from "../../../../src/topology/in-memory/clock.ts";
import { settle } from "../../../support/graph-world.ts";

type Group = Awaited<ReturnType<Admin["describeGroups"]>>["groups"][number];

const member = {
  ...{ memberId: "m", clientId: "sarama", clientHost: "/10.0.0.1" },
  ...{ memberMetadata: Buffer.alloc(0), memberAssignment: Buffer.alloc(0) },
};

async function membersOf(states: readonly Group["state"][], members: Group["members"]) {
  const clock = createVirtualClock(0, settle);
  let asked = 0;
  const admin: Pick<Admin, "describeGroups"> = {
    describeGroups: () => {
      const state = states[Math.min(asked++, states.length - 1)] ?? "Dead";
      const group = { errorCode: 0, groupId: "g", protocolType: "consumer", protocol: "range", state, members };
      return Promise.resolve({ groups: [group] });
    },
  };
  const found = groupMembers(admin, { groupId: "g", client: "salesforce", clock });
  await clock.advance(6_000);
  return found;
}

describe("a group with members", () => {
  it("that does not settle is not known, and no group without strangers", async () => {
    expect(await membersOf(["PreparingRebalance"], [member])).toEqual({
      kind: "unsettled",
      sentence: "The consumer group g has members and is PreparingRebalance: whose they are is not known yet.",
    });
  });

  it("is judged as soon as it has settled", async () => {
    const found = await membersOf(["PreparingRebalance", "CompletingRebalance", "Stable"], [member]);
    expect(found).toMatchObject({ kind: "known", strangers: [expect.stringContaining("sarama at /10.0.0.1")] });
  });

  it("is none without members, settled or not", async () => {
    expect(await membersOf(["PreparingRebalance"], [])).toEqual({ kind: "known", strangers: [] });
  });
});
