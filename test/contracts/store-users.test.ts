// What every implementation of the Store port keeps to, in memory and on Redis: states and memory of users, marks of lanes.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import type { LaneMark, Store } from "../../src/topology/ports.ts";
import { type StoreBinding, change, hour, storeBindings, turn } from "../support/stores.ts";

describe.each(storeBindings)("users in the store $name", ({ open }) => {
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

  describe("states", () => {
    beforeEach(() => store.claim(partition, 7, "a"));

    it("loads nothing of a user it does not know, and answers in the order asked", async () => {
      await store.save(turn(partition, 7, 1, [change(user("b"))]));
      const [a, b] = await store.load([user("a"), user("b")]);
      expect(a).toEqual({ state: null, history: [], seen: [] });
      expect(b).toMatchObject({ state: `{"of":"${user("b")}"}` });
      expect(await store.load([])).toEqual([]);
    });

    it("leaves a state as it is when the change has none", async () => {
      await store.save(turn(partition, 7, 1, [change(user("u"))]));
      await store.save(turn(partition, 7, 2, [change(user("u"), { state: null, live: false })]));
      expect(await stored(user("u"))).toMatchObject({ state: `{"of":"${user("u")}"}` });
    });

    it("keeps a state under one home at a time: what stood under the other does not come back when it ends", async () => {
      const stateAt = (home: "interconnection" | "connecting") => ({ json: `{"at":"${home}"}`, home });
      const kept = change(user("u"), { state: stateAt("interconnection"), ttlMs: null, live: false });
      await store.save(turn(partition, 7, 1, [kept]));
      const ending = change(user("u"), { state: stateAt("connecting"), ttlMs: 40, live: false });
      await store.save(turn(partition, 7, 2, [ending]));
      expect(await stored(user("u"))).toMatchObject({ state: '{"at":"connecting"}' });
      await at.expired(user("u"), 40);
      expect(await stored(user("u"))).toMatchObject({ state: null });
    });

    it("shows the chat that is being opened before the ended one, until it moves home", async () => {
      const ended = { json: '{"n":1}', home: "interconnection" } as const;
      await store.save(turn(partition, 7, 1, [change(user("u"), { state: ended, ttlMs: hour, live: false })]));
      const opening = { json: '{"n":2}', home: "connecting" } as const;
      await store.save(turn(partition, 7, 2, [change(user("u"), { state: opening })]));
      expect(await stored(user("u"))).toMatchObject({ state: '{"n":2}' });
      const open = { json: '{"n":3}', home: "interconnection" } as const;
      await store.save(turn(partition, 7, 3, [change(user("u"), { state: open })]));
      expect(await stored(user("u"))).toMatchObject({ state: '{"n":3}' });
    });

    it("lets a state end after its time to live, and one without stay", async () => {
      await store.save(turn(partition, 7, 1, [change(user("u"), { ttlMs: 40, live: false })]));
      await at.expired(user("u"), 40);
      expect(await stored(user("u"))).toMatchObject({ state: null });
      await store.save(turn(partition, 7, 2, [change(user("u"), { ttlMs: 60_000 })]));
      await store.save(turn(partition, 7, 3, [change(user("u"), { ttlMs: null })]));
      at.advance(61_000);
      expect(await stored(user("u"))).toMatchObject({ state: `{"of":"${user("u")}"}` });
    });

    it("knows who is live", async () => {
      await store.save(turn(partition, 7, 1, [change(user("a")), change(user("b"))]));
      await store.save(turn(partition, 7, 2, [change(user("a"), { live: false })]));
      expect(await store.liveUsers(partition)).toEqual([user("b")]);
    });
  });

  describe("memory", () => {
    beforeEach(() => store.claim(partition, 7, "a"));

    it("gives context oldest first, each entry once, within its bounds", async () => {
      const now = at.now();
      const entry = (n: number) => ({ at: now - 1_000 + n, json: `{"n":${String(n)}}` });
      const said = [entry(3), entry(1), entry(1), entry(2)];
      await store.save(turn(partition, 7, 1, [change(user("u"), { remember: said })]));
      expect((await stored(user("u")))?.history).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
      await store.save(turn(partition, 7, 2, [change(user("u"), { remember: [4, 5, 6, 7].map(entry) })]));
      expect((await stored(user("u")))?.history).toEqual([3, 4, 5, 6, 7].map((n) => `{"n":${String(n)}}`));
    });

    it("forgets context after its time, and message ids after theirs", async () => {
      const now = at.now();
      const both = { remember: [{ at: now, json: '{"n":1}' }], see: [{ at: now, id: "m1" }] };
      await store.save(turn(partition, 7, 1, [change(user("u"), both)]));
      at.advance(24 * hour);
      expect(await stored(user("u"))).toMatchObject({ history: [], seen: ["m1"] });
      at.advance(24 * hour);
      expect(await stored(user("u"))).toMatchObject({ history: [], seen: [] });
    });

    it("keeps the newest message ids", async () => {
      const now = at.now();
      const see = [1, 2, 3, 4, 5, 6].map((n) => ({ at: now + n, id: `m${String(n)}` }));
      await store.save(turn(partition, 7, 1, [change(user("u"), { see })]));
      expect((await stored(user("u")))?.seen).toEqual(["m3", "m4", "m5", "m6"]);
    });
  });

  describe("marks of lanes", () => {
    beforeEach(() => store.claim(partition, 7, "a"));
    const mark = (seq: number, over: Partial<LaneMark> = {}): LaneMark => {
      return { partition, epoch: 7, userId: user("u"), chatId: "chat", lane: "desk", seq, ...over };
    };
    const begun = (postSequence: number | null, repeated = false) => ({ kind: "begun", repeated, postSequence });

    it("begin twice keeps the number of the first", async () => {
      expect(await store.begin(mark(1), 4, false)).toEqual(begun(4));
      expect(await store.begin(mark(1), 9, false)).toEqual(begun(4, true));
    });

    it("what is done stays done", async () => {
      await store.begin(mark(1), 4, false);
      expect(await store.finish(mark(1), 4)).toBe("done");
      expect(await store.finish(mark(1), 4)).toBe("done");
      expect(await store.begin(mark(1), 4, false)).toEqual({ kind: "done", postSequence: 4 });
    });

    it("an earlier command than the last begun is done", async () => {
      await store.begin(mark(2), 4, false);
      expect(await store.begin(mark(1), 3, false)).toEqual({ kind: "done", postSequence: 4 });
      expect(await store.finish(mark(1), 3)).toBe("done");
      expect(await store.begin(mark(2), 4, false)).toEqual(begun(4, true));
    });

    it("compares command numbers as numbers", async () => {
      await store.begin(mark(9), 9, false);
      await store.finish(mark(9), 9);
      expect(await store.begin(mark(10), 10, false)).toEqual(begun(10));
      expect(await store.begin(mark(9), 9, false)).toEqual({ kind: "done", postSequence: 10 });
    });

    it("never posts under a number that the lane has used, and takes a higher one as asked", async () => {
      await store.begin(mark(1), 4, false);
      await store.finish(mark(1), 6);
      expect(await store.begin(mark(2), 3, false)).toEqual(begun(7));
      expect(await store.begin(mark(3), 30, false)).toEqual(begun(30));
    });

    it("takes the number as given when the desk told it, for the same command and the next", async () => {
      await store.begin(mark(1), 8, false);
      expect(await store.begin(mark(1), 3, true)).toEqual(begun(3, true));
      expect(await store.begin(mark(1), 8, false)).toEqual(begun(3, true));
      expect(await store.begin(mark(2), 1, true)).toEqual(begun(1));
    });

    it("a command that does not post leaves the lane's last number", async () => {
      await store.begin(mark(1), 4, false);
      await store.finish(mark(1), 4);
      expect(await store.begin(mark(2), null, false)).toEqual(begun(null));
      expect(await store.begin(mark(2), null, false)).toEqual(begun(null, true));
      await store.finish(mark(2), null);
      expect(await store.begin(mark(3), 1, false)).toEqual(begun(5));
    });

    it("keeps chats, lanes and users apart", async () => {
      await store.begin(mark(5), 4, false);
      expect(await store.begin(mark(1, { lane: "channel" }), null, false)).toEqual(begun(null));
      expect(await store.begin(mark(1, { chatId: "other" }), 1, false)).toEqual(begun(1));
      expect(await store.begin(mark(1, { userId: user("v") }), 1, false)).toEqual(begun(1));
    });

    it("is fenced for every other epoch, and when none stands", async () => {
      expect(await store.begin(mark(1, { epoch: 6 }), 4, false)).toEqual({ kind: "fenced" });
      expect(await store.begin(mark(1), 5, false)).toEqual(begun(5));
      expect(await store.finish(mark(1, { epoch: 8 }), 4)).toBe("fenced");
      expect(await store.begin(mark(1), 5, false)).toEqual(begun(5, true));
      await at.flush();
      expect(await store.begin(mark(1), 4, false)).toEqual({ kind: "fenced" });
      expect(await store.finish(mark(1), 4)).toBe("fenced");
    });

    it("an owner of before may still mark what it has begun, and nothing else", async () => {
      await store.begin(mark(1), 4, false);
      await store.claim(partition, 8, "b");
      expect(await store.finish(mark(2), 5), "never begun").toBe("fenced");
      expect(await store.finish(mark(1), 4)).toBe("done");
      expect(await store.begin(mark(1, { epoch: 8 }), 4, false)).toEqual({ kind: "done", postSequence: 4 });
      expect(await store.begin(mark(2, { epoch: 8 }), 5, false)).toEqual(begun(5));
      expect(await store.finish(mark(1), 4), "something followed").toBe("fenced");
    });

    it("survives the owner, and goes when the user is no longer live", async () => {
      await store.begin(mark(1), 4, false);
      await store.claim(partition, 8, "b");
      expect(await store.begin(mark(1, { epoch: 8 }), 5, false)).toEqual(begun(4, true));
      await store.save(turn(partition, 8, 1, [change(user("u"), { live: false })]));
      expect(await store.begin(mark(1, { epoch: 8 }), 5, false)).toEqual(begun(5));
    });
  });
});
