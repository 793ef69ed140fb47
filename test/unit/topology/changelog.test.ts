// The fold of a changelog partition: which version of a state counts.
import { describe, expect, it } from "vitest";

import {
  changelogHeaders,
  createFolder,
  keyOfClaim,
  keyOfCursor,
  keyOfFence,
  keyOfUser,
  type Fold,
} from "../../../src/topology/changelog.ts";
import type { ConsumedRecord, Decoded } from "../../../src/topology/ports.ts";

interface Written {
  readonly key: Buffer;
  /** Epoch and turn in which it was decided. */
  readonly at: readonly [epoch: number, turn: number];
  /** Epoch of who produced it; the deciding one unless given. */
  readonly by?: number;
  readonly value: string | null;
}

const user = (value: string | null, at: Written["at"], by?: number): Written => ({
  ...{ key: keyOfUser("test", "ana"), at, value },
  ...(by === undefined ? {} : { by }),
});
const cursor = (at: Written["at"], by?: number): Written => ({
  ...{ key: keyOfCursor("test"), at, value: "cursor" },
  ...(by === undefined ? {} : { by }),
});
const fence = (epoch: number): Written => ({ key: keyOfFence("test"), at: [epoch, 0], value: "fence" });

const decode = (bytes: Buffer): Decoded<unknown> => ({
  kind: "value",
  value: { body: { type: "UserRecord", state: bytes.toString() } },
});

async function fold(written: readonly Written[], decoder: typeof decode = decode): Promise<Fold> {
  const folder = createFolder("test", decoder);
  const records = written.map(({ key, at: [epoch, turn], by, value }, offset): ConsumedRecord => ({
    ...{ offset, timestamp: 0, key, value: value === null ? null : Buffer.from(value) },
    headers: changelogHeaders(by ?? epoch, { epoch, turn }),
  }));
  // In two slices, as a reader may give them.
  await folder.add(records.slice(0, 2));
  await folder.add(records.slice(2));
  return folder.result();
}

const stateOf = (folded: Fold): string | null | undefined => folded.users.get("ana")?.json;

describe("fold", () => {
  it("of nothing knows nothing", async () => {
    expect(await fold([])).toEqual({ users: new Map(), cursor: null, voided: 0 });
  });

  it("takes the newest state and cursor of its own client", async () => {
    const folded = await fold([
      { key: keyOfClaim("test"), at: [-1, 0], value: "claim" },
      user("one", [0, 1]),
      cursor([0, 1]),
      user("two", [0, 2]),
      cursor([0, 2]),
      { key: keyOfUser("other", "ana"), at: [0, 3], value: "not ours" },
      { key: keyOfCursor("other"), at: [0, 3], value: "not ours" },
    ]);
    expect(stateOf(folded)).toBe("two");
    expect(folded.cursor?.version).toEqual({ epoch: 0, turn: 2 });
    expect([...folded.users.keys()]).toEqual(["ana"]);
  });

  it("takes the newer version also where an older one stands behind it", async () => {
    const folded = await fold([user("new", [7, 4]), cursor([7, 4]), user("late", [3, 9], 7), cursor([3, 9], 7)]);
    expect(stateOf(folded)).toBe("new");
    expect(folded.cursor?.version).toEqual({ epoch: 7, turn: 4 });
  });

  it("voids what an older owner produced behind a fence, also where it is the only record of its user", async () => {
    const folded = await fold([cursor([3, 8]), fence(7), user("late", [3, 9]), cursor([3, 9])]);
    expect(stateOf(folded)).toBeUndefined();
    expect(folded.cursor?.version).toEqual({ epoch: 3, turn: 8 });
    expect(folded.voided).toBe(2);
  });

  it("keeps what the new owner produced again of the old one's outbox", async () => {
    const folded = await fold([fence(7), user("inherited", [3, 9], 7), cursor([3, 9], 7)]);
    expect(stateOf(folded)).toBe("inherited");
    expect(folded.voided).toBe(0);
  });

  it("leaves out the states of a turn whose cursor is not there, and takes the ones before them", async () => {
    const folded = await fold([user("whole", [0, 1]), cursor([0, 1]), user("half", [0, 2])]);
    expect(stateOf(folded)).toBe("whole");
    expect((await fold([user("half", [0, 2])])).users.size).toBe(0);
  });

  it("counts a state whose own cursor was compacted away behind a later one", async () => {
    expect(stateOf(await fold([user("kept", [0, 1]), cursor([0, 5])]))).toBe("kept");
  });

  it("knows a tombstone", async () => {
    expect(stateOf(await fold([user("one", [0, 1]), cursor([0, 1]), user(null, [0, 2]), cursor([0, 2])]))).toBeNull();
  });

  it("does not go on without a record that it can't read", async () => {
    const unreadable = (): Decoded<unknown> => ({ kind: "unavailable", detail: "away" });
    await expect(fold([user("one", [0, 1])], unreadable)).rejects.toMatchObject({ name: "UnreadableChangelog" });
  });

  it("voids a record without a version", async () => {
    const folder = createFolder("test", decode);
    const bare = { offset: 0, timestamp: 0, key: keyOfUser("test", "ana"), value: Buffer.from("x"), headers: [] };
    await folder.add([bare]);
    expect(folder.result().voided).toBe(1);
  });
});
