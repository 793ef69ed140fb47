// What every implementation of the Store port keeps to, in memory and on Redis: who may write, and what is handed over.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import type { Store } from "../../src/topology/ports.ts";
import type { StoredIndex } from "../../src/topology/stored.ts";
import { type StoreBinding, applied, change, storeBindings, turn } from "../support/stores.ts";

describe.each(storeBindings)("store $name", ({ open }) => {
  let at: StoreBinding;
  let store: Store;
  let partition = 0;

  beforeAll(async () => {
    at = await open();
    store = at.store;
  });
  afterAll(() => at.close());
  beforeEach(() => {
    partition += 1;
  });

  const user = (name: string): string => `${name}-${String(partition)}`;
  const stored = async (userId: string) => (await store.load([userId]))[0];

  describe("claim", () => {
    it("takes an index that nobody had, and tells that nothing is stored", async () => {
      expect(await store.claim(partition, 7, "a")).toEqual({ kind: "claimed", index: null, released: false });
      expect(await store.standings([partition, 9_999])).toEqual([{ epoch: 7, turn: 0 }, null]);
    });

    it("is refused below the stored epoch and accepted again with the same", async () => {
      await store.claim(partition, 7, "a");
      expect(await store.claim(partition, 6, "b")).toEqual({ kind: "refused", storedEpoch: 7 });
      expect(await store.claim(partition, 7, "a")).toMatchObject({ kind: "claimed" });
    });

    it("hands over what the owner before had saved, byte for byte, with its epoch", async () => {
      await store.claim(partition, 7, "a");
      await store.save(turn(partition, 7, 1));
      const index: StoredIndex = {
        savedEpoch: 7,
        turn: 1,
        applied: applied(10),
        outbox: Buffer.from([0, 255, 1]),
        changelogPosition: 100,
      };
      expect(await store.claim(partition, 8, "b")).toEqual({ kind: "claimed", index, released: false });
    });

    it("compares epochs as numbers", async () => {
      await store.claim(partition, 9, "a");
      expect(await store.claim(partition, 10, "b")).toMatchObject({ kind: "claimed" });
      expect(await store.claim(partition, 9_007_199_254_740_991, "c")).toMatchObject({ kind: "claimed" });
    });

    it("tells that the owner before released it, also when repeated, and only its direct successor", async () => {
      await store.claim(partition, 7, "a");
      await store.release(partition, 7);
      expect(await store.claim(partition, 8, "b")).toMatchObject({ released: true });
      expect(await store.claim(partition, 8, "b")).toMatchObject({ released: true });
      expect(await store.claim(partition, 9, "c")).toMatchObject({ released: false });
    });

    it("does not take a release of somebody else's epoch", async () => {
      await store.claim(partition, 7, "a");
      await store.claim(partition, 8, "b");
      await store.release(partition, 7);
      expect(await store.claim(partition, 9, "c")).toMatchObject({ released: false });
      await store.release(partition, 9);
      await store.release(partition, 8);
      expect(await store.claim(partition, 10, "d")).toMatchObject({ released: true });
    });
  });

  describe("save", () => {
    it("begins at turn 0 and counts on", async () => {
      await store.claim(partition, 7, "a");
      expect(await store.save(turn(partition, 7, 1))).toBe("saved");
      expect(await store.save(turn(partition, 7, 2))).toBe("saved");
      expect(await store.standings([partition])).toEqual([{ epoch: 7, turn: 2 }]);
      expect(await store.claim(partition, 8, "b")).toMatchObject({ index: { turn: 2, changelogPosition: 200 } });
    });

    it("says saved to a repeat, and does not write again", async () => {
      await store.claim(partition, 7, "a");
      const request = turn(partition, 7, 1, [change(user("u"))]);
      await store.save(request);
      const other = change(user("u"), { state: { json: '{"of":"another"}', home: "interconnection" } });
      expect(await store.save({ ...request, changes: [other] })).toBe("saved");
      expect(await stored(user("u"))).toMatchObject({ state: `{"of":"${user("u")}"}` });
    });

    it("takes the first save of a new owner, whose turn the owner before has left", async () => {
      await store.claim(partition, 7, "a");
      await store.save(turn(partition, 7, 1));
      await store.claim(partition, 8, "b");
      expect(await store.save(turn(partition, 8, 2))).toBe("saved");
      expect(await store.save(turn(partition, 8, 2))).toBe("saved");
      expect(await store.claim(partition, 9, "c")).toMatchObject({ index: { savedEpoch: 8, turn: 2 } });
    });

    it("does not take the turn of another owner for a repeat of its own", async () => {
      await store.claim(partition, 7, "a");
      await store.save(turn(partition, 7, 1));
      await store.claim(partition, 8, "b");
      expect(await store.save(turn(partition, 8, 1, [change(user("u"))]))).toBe("behind");
      expect(await stored(user("u"))).toMatchObject({ state: null });
    });

    it("is fenced once somebody else has claimed, and writes nothing", async () => {
      await store.claim(partition, 7, "a");
      await store.claim(partition, 8, "b");
      expect(await store.save(turn(partition, 7, 1, [change(user("u"))]))).toBe("fenced");
      expect(await stored(user("u"))).toMatchObject({ state: null });
      expect(await store.liveUsers(partition)).toEqual([]);
    });

    it("is behind when the turn is not the expected one, and writes nothing", async () => {
      await store.claim(partition, 7, "a");
      await store.save(turn(partition, 7, 1));
      expect(await store.save(turn(partition, 7, 3, [change(user("u"))]))).toBe("behind");
      expect(await stored(user("u"))).toMatchObject({ state: null });
    });

    it("says missing after everything was lost, whatever the turn", async () => {
      await store.claim(partition, 7, "a");
      await store.save(turn(partition, 7, 1));
      await at.flush();
      expect(await store.save(turn(partition, 7, 2, [change(user("u"))]))).toBe("missing");
      expect(await store.save(turn(partition, 7, 1))).toBe("missing");
      expect(await store.standings([partition])).toEqual([null]);
      expect(await stored(user("u"))).toMatchObject({ state: null });
    });

    it("writes two hundred users in one step, or none", async () => {
      await store.claim(partition, 7, "a");
      const users = Array.from({ length: 200 }, (_, i) => user(`u${String(i)}`));
      const changes = users.map((userId) =>
        change(userId, {
          remember: [{ at: at.now(), json: `{"a":"${userId}"}` }],
          see: [{ at: at.now(), id: userId }],
        }),
      );
      const saving = store.save(turn(partition, 7, 1, changes));
      const during = store.load(users);
      expect(await saving).toBe("saved");
      const written = (await during).filter(({ state }) => state !== null).length;
      expect([0, 200]).toContain(written);
      const after = await store.load(users);
      expect(after.map(({ state }) => state)).toEqual(users.map((userId) => `{"of":"${userId}"}`));
      expect(after.every(({ history, seen }) => history.length === 1 && seen.length === 1)).toBe(true);
      expect(new Set(await store.liveUsers(partition))).toEqual(new Set(users));
      await store.claim(partition, 8, "b");
      await store.save(
        turn(
          partition,
          7,
          2,
          users.map((userId) => change(userId, { live: false })),
        ),
      );
      expect(await store.liveUsers(partition)).toHaveLength(200);
    });

    it("deletes what was remembered of a user who is erased, marks too, before what it adds", async () => {
      await store.claim(partition, 7, "a");
      const said = { at: at.now(), json: '{"text":"old"}' };
      await store.save(
        turn(partition, 7, 1, [change(user("u"), { remember: [said], see: [{ at: at.now(), id: "m1" }] })]),
      );
      const mark = { partition, epoch: 7, userId: user("u"), chatId: "c", lane: "desk", seq: 4 };
      await store.begin(mark, 9, false);
      const again = { at: at.now(), json: '{"text":"new"}' };
      await store.save(turn(partition, 7, 2, [change(user("u"), { erase: true, live: false, remember: [again] })]));
      expect(await stored(user("u"))).toMatchObject({ history: [again.json], seen: [] });
      expect(await store.begin(mark, 1, false)).toEqual({ kind: "begun", repeated: false, postSequence: 1 });
      expect(await store.liveUsers(partition)).toEqual([]);
    });

    it("keeps bytes that are no text, and no outbox as none", async () => {
      await store.claim(partition, 7, "a");
      const everyByte = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      await store.save({ ...turn(partition, 7, 1), outbox: everyByte });
      expect(await store.claim(partition, 7, "a")).toMatchObject({ index: { outbox: everyByte } });
      await store.save({ ...turn(partition, 7, 2), outbox: null });
      expect(await store.claim(partition, 7, "a")).toMatchObject({ index: { outbox: null } });
    });

    it("keeps offsets apart by topic", async () => {
      await store.claim(partition, 7, "a");
      const offsets = { "chat-requests": -1, "channel-messages": 12_345_678_901, "agent-events": 0 };
      await store.save({ ...turn(partition, 7, 1), applied: offsets });
      expect(await store.claim(partition, 7, "a")).toMatchObject({ index: { applied: offsets } });
    });
  });

  describe("catching up", () => {
    const cursor: StoredIndex = {
      savedEpoch: 5,
      turn: 41,
      applied: applied(99),
      outbox: Buffer.from("rest"),
      changelogPosition: 512,
    };

    it("writes states and the cursor that the changelog told, and goes on from there", async () => {
      await store.claim(partition, 7, "a");
      const users = Array.from({ length: 250 }, (_, i) => user(`u${String(i)}`));
      expect(
        await store.catchUp(
          partition,
          7,
          users.map((userId) => change(userId)),
          cursor,
        ),
      ).toBe("saved");
      expect(await store.claim(partition, 7, "a")).toMatchObject({ index: cursor });
      expect((await store.load(users)).filter(({ state }) => state === null)).toEqual([]);
      expect(await store.liveUsers(partition)).toHaveLength(250);
      expect(await store.save(turn(partition, 7, 42))).toBe("saved");
    });

    it("leaves the cursor alone without one, so that a half done catch-up is seen as such", async () => {
      await store.claim(partition, 7, "a");
      expect(await store.catchUp(partition, 7, [change(user("u"))], null)).toBe("saved");
      expect(await store.claim(partition, 7, "a")).toMatchObject({ index: null });
      expect(await stored(user("u"))).toMatchObject({ state: `{"of":"${user("u")}"}` });
    });

    it("writes a cursor without any state", async () => {
      await store.claim(partition, 7, "a");
      expect(await store.catchUp(partition, 7, [], cursor)).toBe("saved");
      expect(await store.claim(partition, 7, "a")).toMatchObject({ index: cursor });
    });

    it("does not bring old states back when a repeat comes after the owner's first save", async () => {
      await store.claim(partition, 7, "a");
      const old = { json: '{"of":"before"}', home: "interconnection" } as const;
      await store.catchUp(partition, 7, [change(user("u"), { state: old })], cursor);
      await store.save(turn(partition, 7, 42, [change(user("u"))]));
      expect(await store.catchUp(partition, 7, [change(user("u"), { state: old })], cursor)).toBe("saved");
      expect(await stored(user("u"))).toMatchObject({ state: `{"of":"${user("u")}"}` });
      expect(await store.claim(partition, 7, "a")).toMatchObject({ index: { savedEpoch: 7, turn: 42 } });
    });

    it("is fenced, and writes nothing then", async () => {
      await store.claim(partition, 7, "a");
      expect(await store.catchUp(partition, 6, [change(user("u"))], cursor)).toBe("fenced");
      expect(await stored(user("u"))).toMatchObject({ state: null });
      await at.flush();
      expect(await store.catchUp(partition, 7, [change(user("u"))], cursor)).toBe("fenced");
    });
  });

  describe.each([{ tookEffect: true }, { tookEffect: false }])(
    "a call whose answer was lost, effect: $tookEffect",
    ({ tookEffect }) => {
      async function afterLoss<Value>(call: () => Promise<Value>): Promise<Value> {
        const lost = await at.loseAnswer(tookEffect);
        await expect(call()).rejects.toMatchObject({ name: "StoreUnavailable" });
        await lost.found();
        return call();
      }

      it("is claimed by the repeat", async () => {
        await store.claim(partition, 7, "a");
        await store.save(turn(partition, 7, 1));
        await store.release(partition, 7);
        const claimed = await afterLoss(() => store.claim(partition, 8, "b"));
        expect(claimed).toMatchObject({ kind: "claimed", released: true, index: { savedEpoch: 7, turn: 1 } });
      });

      it("is saved by the repeat, once", async () => {
        await store.claim(partition, 7, "a");
        const request = turn(partition, 7, 1, [change(user("u"), { see: [{ at: at.now(), id: "m" }] })]);
        expect(await afterLoss(() => store.save(request))).toBe("saved");
        expect(await stored(user("u"))).toMatchObject({ state: `{"of":"${user("u")}"}`, seen: ["m"] });
        expect(await store.save(turn(partition, 7, 2))).toBe("saved");
      });

      it("is begun by the repeat, under the same number", async () => {
        await store.claim(partition, 7, "a");
        const mark = { partition, epoch: 7, userId: user("u"), chatId: "chat", lane: "desk", seq: 1 };
        // A server that does not know a script yet would only say so once it goes on, and do nothing.
        await store.begin({ ...mark, userId: user("other") }, 1, false);
        const begun = await afterLoss(() => store.begin(mark, 4, false));
        expect(begun).toEqual({ kind: "begun", repeated: tookEffect, postSequence: 4 });
        expect(await afterLoss(() => store.finish(mark, 4))).toBe("done");
        expect(await store.begin(mark, 4, false)).toEqual({ kind: "done", postSequence: 4 });
      });
    },
  );
});
