// Every index has one owner, the load is even, and little moves when members come and go.
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { assignIndexes, type GroupMember } from "../../../src/topology/assigner.ts";

const memberOf = (instanceId: string): GroupMember => ({ memberId: `member-of-${instanceId}`, instanceId });
const instances = fc.uniqueArray(fc.stringMatching(/^[a-z0-9-]{1,12}$/), { minLength: 1, maxLength: 8 });
const partitions = fc.integer({ min: 1, max: 48 });

function ownersOf(members: readonly GroupMember[], count: number): readonly (string | undefined)[] {
  const owned = assignIndexes(members, count);
  return Array.from(
    { length: count },
    (_, index) => members.find(({ memberId }) => owned.get(memberId)?.includes(index) === true)?.instanceId,
  );
}

function movesBetween(before: readonly (string | undefined)[], after: readonly (string | undefined)[]): number {
  return before.filter((owner, index) => owner !== after[index]).length;
}

describe("assignIndexes", () => {
  it("gives every index exactly one owner, evenly, ascending", () => {
    fc.assert(
      fc.property(instances, partitions, (names, count) => {
        const owned = [...assignIndexes(names.map(memberOf), count).values()];
        expect(owned.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index));
        const sizes = owned.map(({ length }) => length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        for (const indexes of owned) expect(indexes).toEqual([...indexes].sort((a, b) => a - b));
      }),
    );
  });

  it("does not depend on the order of the members, nor on the ids that brokers give", () => {
    fc.assert(
      fc.property(instances, partitions, fc.integer(), (names, count, salt) => {
        const forwards = ownersOf(names.map(memberOf), count);
        const rejoined = [...names]
          .reverse()
          .map((instanceId) => ({ instanceId, memberId: `${String(salt)}-${instanceId}` }));
        expect(ownersOf(rejoined, count)).toEqual(forwards);
      }),
    );
  });

  it("moves at most a third more than it must when a member leaves or joins, on average", () => {
    let moves = 0;
    let necessary = 0;
    for (let run = 0; run < 200; run += 1) {
      const names = Array.from({ length: 2 + (run % 5) }, (_, at) => `pod-${String(run)}-${String(at)}`);
      const all = ownersOf(names.map(memberOf), 12);
      const fewer = ownersOf(names.slice(1).map(memberOf), 12);
      moves += movesBetween(all, fewer);
      necessary += all.filter((owner) => owner === names[0]).length;
    }
    expect(moves / necessary).toBeLessThan(4 / 3);
  });

  it("shares also between two members that claim the same instance", () => {
    const twins = [
      { memberId: "old", instanceId: "pod-0" },
      { memberId: "new", instanceId: "pod-0" },
    ];
    const owned = assignIndexes(twins, 5);
    expect([...(owned.get("old") ?? []), ...(owned.get("new") ?? [])].sort()).toEqual([0, 1, 2, 3, 4]);
  });

  it("knows members that get nothing, and a group without members", () => {
    const owned = assignIndexes(["a", "b", "c"].map(memberOf), 2);
    expect([...owned.values()].map(({ length }) => length).sort()).toEqual([0, 1, 1]);
    expect(assignIndexes([], 4)).toEqual(new Map());
  });

  it("stays as it was released: members of two versions must agree", () => {
    expect(ownersOf(["pod-0", "pod-1", "pod-2"].map(memberOf), 6)).toMatchInlineSnapshot(`
      [
        "pod-2",
        "pod-1",
        "pod-1",
        "pod-0",
        "pod-0",
        "pod-2",
      ]
    `);
  });
});
