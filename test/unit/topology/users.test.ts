// The users in memory.
import { describe, expect, it } from "vitest";

import { formatRecord } from "../../../src/processors/interconnection/record.ts";
import { nobody, type ContextEntry } from "../../../src/processors/interconnection/state.ts";
import type { Store, StoredUser } from "../../../src/topology/ports.ts";
import { createUsers, grow } from "../../../src/topology/users.ts";
import { createOwnerParts, stateWith } from "../../support/owner-parts.ts";

const live = stateWith([]);
const entry = (at: number): ContextEntry => ({ messageId: `m${String(at)}`, at, from: "user", text: "t", media: null });

function usersOf(stored: Readonly<Record<string, Partial<StoredUser>>> = {}) {
  const parts = createOwnerParts();
  const asked: string[][] = [];
  const load = (userIds: readonly string[]): Promise<readonly StoredUser[]> => {
    asked.push([...userIds]);
    return Promise.resolve(userIds.map((userId) => ({ state: null, history: [], seen: [], ...stored[userId] })));
  };
  const store: Store = { ...parts.store.store, load };
  return { ...parts, users: createUsers(store, { ...parts, partition: 3 }), asked };
}

const nothing = { remember: [], see: [], erase: false };

describe("users", () => {
  it("are loaded once, with what is remembered of them", async () => {
    const { users, asked } = usersOf({
      ana: { state: formatRecord("ana", "test", live), history: [JSON.stringify(entry(1))], seen: ["m1"] },
    });
    await users.load(["ana", "ana", "bea"]);
    await users.load(["ana", "bea"]);
    expect(asked).toEqual([["ana", "bea"]]);
    expect(users.get("ana")).toEqual({ state: live, memory: { history: [entry(1)], seen: new Set(["m1"]) } });
    expect(users.get("bea").state).toBe(nobody);
    expect(() => users.get("eva")).toThrow("not loaded");
  });

  it("whose state can't be read count as nobody, loudly", async () => {
    const { users, alarms, toldOf } = usersOf({ ana: { state: "{" } });
    await users.load(["ana"]);
    expect(users.get("ana").state).toBe(nobody);
    expect(alarms).toEqual(["state_unreadable"]);
    expect(toldOf).toMatchObject([{ partition: 3, readFrom: "store", userId: "ana", chatId: null }]);
  });

  it("whose state a newer version has written are told with the chat that it is about, and without its words", async () => {
    const written = JSON.parse(formatRecord("ana", "test", live)) as { readonly bridge: object };
    const newer = JSON.stringify({ ...written, bridge: { ...written.bridge, version: 99 } });
    const { users, toldOf } = usersOf({ ana: { state: newer } });
    await users.load(["ana"]);
    expect(toldOf).toMatchObject([
      { partition: 3, userId: "ana", chatId: "chat", detail: "bridge.version is newer than this program" },
    ]);
    expect(JSON.stringify(toldOf)).not.toContain("ana@example.org");
  });

  it("keep what can be read of their context, and what can't is told without its words", async () => {
    const stored = { history: ["canary, no JSON", JSON.stringify({ messageId: "m0" }), JSON.stringify(entry(1))] };
    const { users, alarms, told, toldOf } = usersOf({ ana: stored });
    await users.load(["ana"]);
    expect(users.get("ana").memory.history).toEqual([entry(1)]);
    expect([alarms, told.length]).toEqual([["state_unreadable"], 1]);
    expect(toldOf).toEqual([{ partition: 3, userId: "ana", entries: 2 }]);
    expect(JSON.stringify([told, toldOf])).not.toContain("canary");
  });

  it("with anything open stay; of the others the last used ones", async () => {
    const { users, asked } = usersOf();
    const idle = Array.from({ length: 2_100 }, (_, i) => `idle-${String(i)}`);
    await users.load(["open", ...idle]);
    users.put("open", { state: live, ...nothing });
    // Whoever is used last stays longest: so the open one is the first that would go.
    for (const userId of idle) users.get(userId);
    users.get("idle-0");
    users.trim();
    await users.load(["open", "idle-0", "idle-2099", "idle-1"]);
    expect(asked.slice(1)).toEqual([["idle-1"]]);
    users.put("open", { state: nobody, ...nothing });
    expect(users.get("open").state).toBe(nobody);
  });

  it("keep what a turn added, within the bounds of the store", async () => {
    const { users } = usersOf();
    await users.load(["ana"]);
    users.put("ana", { state: live, remember: [entry(2), entry(1)], see: ["m2", "m1"], erase: false });
    expect(users.get("ana").memory.history.map(({ at }) => at)).toEqual([1, 2]);
    users.put("ana", { state: nobody, remember: [entry(3)], see: ["m3"], erase: true });
    expect(users.get("ana").memory).toEqual({ history: [entry(3)], seen: new Set(["m3"]) });
    const many = Array.from({ length: 600 }, (_, i) => entry(i));
    const ids = Array.from({ length: 2_500 }, (_, i) => String(i));
    const grown = grow({ history: [], seen: new Set() }, many, ids);
    expect([grown.history.length, grown.history[0]?.at, grown.seen.size, grown.seen.has("499")]).toEqual([
      500,
      100,
      2_000,
      false,
    ]);
    expect(
      grow(grown, [entry(86_400_000 + 550)], [])
        .history.map(({ at }) => at)
        .at(0),
    ).toBe(551);
  });

  it("keep what was received in the last day, whatever time its sender gives", () => {
    const written = (at: number, receivedAt: number): ContextEntry => ({ ...entry(at), receivedAt });
    const grown = grow({ history: [], seen: new Set() }, [written(9e12, 1_000), entry(1_000), written(0, 2_000)], []);
    expect(grown.history.map(({ at }) => at)).toEqual([9e12, 1_000, 0]);
    expect(grow(grown, [written(5, 86_401_500)], []).history.map(({ at }) => at)).toEqual([0, 5]);
  });
});
