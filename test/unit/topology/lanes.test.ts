// The lanes of one partition index: order, marks, repeats, ends.
import { describe, expect, it } from "vitest";

import type { Effect } from "../../../src/processors/effect.ts";
import { encodeFailure } from "../../../src/topology/encode-failure.ts";
import { createOwnerParts, sayToAgent, stateWith } from "../../support/owner-parts.ts";
import { again, done, lanesOf, policy, results } from "./test-lanes.ts";

describe("a lane", () => {
  it("carries out its commands in order, each once, and tells each result", async () => {
    const t = await lanesOf();
    t.lanes.update("ana", stateWith([sayToAgent(1), sayToAgent(2)]));
    await t.clock.settle();
    t.lanes.update("ana", stateWith([sayToAgent(2), sayToAgent(3)]));
    await t.clock.settle();
    expect(t.tried.map(({ command }) => command.seq)).toEqual([1, 2, 3]);
    expect(t.tried.map(({ postSequence }) => postSequence)).toEqual([3, 4, 5]);
    expect(results(t)).toEqual([1, 2, 3].map((seq) => [seq, "done", 1]));
    t.lanes.update("ana", stateWith([]));
    expect(t.lanes.depths()).toEqual({ desk: 0, channel: 0 });
  });

  it("begins nothing before the broker has the result of what is before it", async () => {
    const t = await lanesOf();
    t.holdTelling(true);
    t.lanes.update("ana", stateWith([sayToAgent(1), sayToAgent(2)]));
    await t.clock.settle();
    expect(t.tried.map(({ command }) => command.seq)).toEqual([1]);
    t.holdTelling(false);
    await t.clock.settle();
    expect(t.tried.map(({ command }) => command.seq)).toEqual([1, 2]);
  });

  it("begins nothing before what is before it has ended", async () => {
    const t = await lanesOf();
    t.answers.push("hang");
    t.lanes.update("ana", stateWith([sayToAgent(1), sayToAgent(2)]));
    await t.clock.advance(policy.tryTimeoutMs - 1);
    expect(t.tried.map(({ command }) => command.seq)).toEqual([1]);
    await t.clock.advance(2_000);
    expect(t.tried.map(({ command }) => command.seq)).toEqual([1, 1, 2]);
  });

  it("of one gateway does not hold up the other, nor another user's", async () => {
    const t = await lanesOf();
    const said = { lane: "channel", kind: "SayToUser", seq: 1, chatId: "chat", giveUpAt: 2_000_000 } as const;
    t.answers.push("hang");
    t.lanes.update("ana", stateWith([sayToAgent(1)]));
    await t.clock.settle();
    t.lanes.update(
      "ana",
      stateWith([sayToAgent(1), { ...said, channel: "whatsapp", messageId: "m", text: "t", about: "message" }]),
    );
    t.lanes.update("bea", stateWith([sayToAgent(1)]));
    await t.clock.settle();
    expect(t.events.map(({ userId }) => userId).sort()).toEqual(["ana", "bea"]);
  });

  it("repeats what failed, under the same number, and says that it may have happened", async () => {
    const t = await lanesOf();
    t.answers.push(again(), again({ mayHaveHappened: true }), again());
    t.lanes.update("ana", stateWith([sayToAgent(1)]));
    await t.clock.advance(10_000);
    expect(t.tried.map(({ postSequence, mayHaveHappened }) => [postSequence, mayHaveHappened])).toEqual([
      ...[
        [3, false],
        [3, false],
        [3, true],
        [3, true],
      ],
    ]);
    expect(results(t)).toEqual([[1, "done", 4]]);
  });

  it("waits before it looks for what a try may have made that ran out of time and said so itself", async () => {
    const tries: number[] = [];
    const t = await lanesOf({
      policyOf: () => ({ ...policy, patienceMs: 1_500 }),
      perform(_command, { signal }) {
        tries.push(t.clock.now());
        if (tries.length > 1) return Promise.resolve(done());
        return new Promise((resolve) =>
          signal.addEventListener("abort", () => resolve(again({ mayHaveHappened: true }))),
        );
      },
    });
    t.lanes.update("ana", stateWith([sayToAgent(1)]));
    await t.clock.advance(10_000);
    const [first = 0, second = 0] = tries;
    expect(second - first).toBeGreaterThanOrEqual(policy.tryTimeoutMs + 1_500);
    expect(second - first).toBeLessThan(policy.tryTimeoutMs + 2_000);
  });

  it("says of a command that failed whose it was, and in which chat", async () => {
    const t = await lanesOf();
    t.answers.push({ kind: "finished", outcome: "refused", reason: "403", postSequence: null, data: null });
    t.lanes.update("ana", stateWith([sayToAgent(1)]));
    await t.clock.settle();
    expect(t.toldOf).toEqual([
      { userId: "ana", chatId: "chat", command: "SayToAgent", outcome: "refused", reason: "403", attempts: 1 },
    ]);
  });

  it("takes the number that the desk told at once, and does not ask on and on without a pause", async () => {
    const t = await lanesOf();
    for (let i = 0; i < 50; i++) t.answers.push(again({ postSequence: 9 }));
    t.lanes.update("ana", stateWith([sayToAgent(1)]));
    await t.clock.settle();
    expect(t.tried.map(({ postSequence }) => postSequence)).toEqual([3, 9]);
    await t.clock.advance(3_000);
    expect(t.tried.length).toBeLessThan(8);
  });

  it("gives up when no try may begin any more, and begins none for a command that is too late", async () => {
    const t = await lanesOf();
    for (let i = 0; i < 9; i++) t.answers.push(again());
    t.lanes.update("ana", stateWith([sayToAgent(1, { giveUpAt: t.clock.now() + 500 })]));
    await t.clock.advance(5_000);
    const triedBefore = t.tried.length;
    expect(results(t)).toEqual([[1, "given_up", triedBefore]]);
    t.lanes.update("ana", stateWith([sayToAgent(2, { giveUpAt: t.clock.now() })]));
    await t.clock.advance(5_000);
    expect(t.tried).toHaveLength(triedBefore);
    expect(results(t).at(-1)).toEqual([2, "given_up", 0]);
  });

  it("gives up after the policy's tries", async () => {
    const t = await lanesOf({ policyOf: () => ({ ...policy, maxTries: 3 }) });
    for (let i = 0; i < 9; i++) t.answers.push(again());
    t.lanes.update("ana", stateWith([sayToAgent(1)]));
    await t.clock.advance(10_000);
    expect(results(t)).toEqual([[1, "given_up", 3]]);
  });

  it("counts for a text only what was sent and failed, not what it was told, or what was held back", async () => {
    const t = await lanesOf({ policyOf: () => ({ ...policy, maxTries: 2 }) });
    const told = [again({ sessionMoved: true }), again({ postSequence: 4 }), again({ heldBack: true })];
    t.answers.push(...told, again(), again({ heldBack: true }));
    t.lanes.update("ana", stateWith([sayToAgent(1)]));
    await t.clock.advance(10_000);
    expect(results(t)).toEqual([[1, "done", 6]]);
    t.answers.push(again({ postSequence: 9 }), again({ postSequence: 8 }), again({ postSequence: 7 }));
    t.lanes.update("ana", stateWith([sayToAgent(2)]));
    await t.clock.advance(10_000);
    expect(results(t).at(-1)).toEqual([2, "given_up", 3]);
  });

  it("ends a try that takes too long, as one that may have happened", async () => {
    const t = await lanesOf();
    t.answers.push("hang");
    t.lanes.update("ana", stateWith([sayToAgent(1)]));
    await t.clock.advance(4_900);
    expect(t.tried).toHaveLength(1);
    await t.clock.advance(1_000);
    expect(t.tried.map(({ mayHaveHappened }) => mayHaveHappened)).toEqual([false, true]);
  });

  it("ends a command on which the gateway fails by a defect as broken", async () => {
    const t = await lanesOf();
    t.answers.push(new TypeError("a defect"));
    t.lanes.update("ana", stateWith([sayToAgent(1), sayToAgent(2)]));
    await t.clock.settle();
    expect(results(t)).toEqual([
      [1, "broken", 1],
      [2, "done", 1],
    ]);
  });

  it("ends a command whose result breaks its schema as broken", async () => {
    const parts = createOwnerParts();
    let first = true;
    const t = await lanesOf({
      tell(partition, event, signal) {
        if (first) {
          first = false;
          return Promise.reject(encodeFailure("agent-events", ["body.CommandResult.data"]));
        }
        return parts.tell(partition, event, signal);
      },
    });
    t.lanes.update("ana", stateWith([sayToAgent(1)]));
    await t.clock.settle();
    expect(results(parts)).toEqual([[1, "broken", 1]]);
    expect(t.fatals).toEqual([]);
  });

  it("lets go of a command that decide has withdrawn", async () => {
    const t = await lanesOf();
    t.answers.push(again());
    t.lanes.update("ana", stateWith([sayToAgent(1), sayToAgent(2)]));
    await t.clock.settle();
    t.lanes.update("ana", stateWith([sayToAgent(2)]));
    await t.clock.advance(1_000);
    expect(results(t)).toEqual([[2, "done", 1]]);
  });
});

describe("marks", () => {
  const mark = { partition: 0, epoch: 5, userId: "ana", chatId: "chat", lane: "desk", seq: 1 };

  it("of a command that was done keep it from being carried out again; its result is told", async () => {
    const t = await lanesOf();
    await t.store.store.begin(mark, 3, false);
    await t.store.store.finish(mark, 3);
    t.lanes.update("ana", stateWith([sayToAgent(1)]));
    await t.clock.settle();
    expect(t.tried).toEqual([]);
    expect(results(t)).toEqual([[1, "done", 0]]);
  });

  it("of a command that was done and brings something have it carried out again, looking for what is there", async () => {
    const t = await lanesOf();
    await t.store.store.begin(mark, null, false);
    await t.store.store.finish(mark, null);
    const head = { lane: "desk", kind: "EnsureContact", seq: 1, chatId: "chat", giveUpAt: 2_000_000 } as const;
    const contact = {
      name: "Ana",
      email: "a@example.org",
      phoneNumber: null,
      extraData: {},
      channel: "whatsapp",
    } as const;
    t.lanes.update("ana", stateWith([{ ...head, ...contact }]));
    await t.clock.settle();
    expect(t.tried.map(({ mayHaveHappened }) => mayHaveHappened)).toEqual([true]);
  });

  it("of a command that had begun keep its number", async () => {
    const t = await lanesOf();
    await t.store.store.begin(mark, 7, false);
    t.lanes.update("ana", stateWith([sayToAgent(1)]));
    await t.clock.settle();
    expect(t.tried.map(({ postSequence, mayHaveHappened }) => [postSequence, mayHaveHappened])).toEqual([[7, true]]);
  });

  it("that the store refuses end the lanes without a call, and without asking on", async () => {
    const t = await lanesOf();
    await t.store.store.claim(0, 6, "other");
    let begins = 0;
    const { begin } = t.store.store;
    t.store.store.begin = (...args) => {
      begins += 1;
      return begin(...args);
    };
    t.lanes.update("ana", stateWith([sayToAgent(1)]));
    await t.clock.advance(1_000);
    t.lanes.update("ana", stateWith([sayToAgent(1), sayToAgent(2)]));
    await t.clock.advance(1_000);
    expect([t.tried, begins]).toEqual([[], 1]);
  });
});

describe("the right to act", () => {
  it("is waited for while nobody can tell", async () => {
    const t = await lanesOf();
    t.rightIs("blind");
    t.lanes.update("ana", stateWith([sayToAgent(1)]));
    await t.clock.advance(60_000);
    expect(t.tried).toEqual([]);
    t.rightIs("mine");
    await t.clock.advance(300);
    expect(t.tried).toHaveLength(1);
  });

  it("gone ends the lane", async () => {
    const t = await lanesOf();
    t.rightIs("gone");
    t.lanes.update("ana", stateWith([sayToAgent(1)]));
    await t.clock.settle();
    t.end.abort();
    await t.lanes.idle();
    expect([t.tried, t.events]).toEqual([[], []]);
  });
});

describe("a mark that the store refuses", () => {
  it("ends the tenure: no lane of it would go on", async () => {
    const t = await lanesOf();
    await t.store.store.claim(0, 6, "the next");
    t.lanes.update("ana", stateWith([sayToAgent(1)]));
    await t.clock.settle();
    expect([t.tried, t.ends.count]).toEqual([[], 1]);
  });
});

describe("an index that goes to another owner", () => {
  it("leaves the call in hand time to end, which is marked for that owner; nothing is told or begun", async () => {
    const answer = Promise.withResolvers<Effect>();
    const begun: number[] = [];
    const t = await lanesOf({
      perform(command) {
        begun.push(command.seq);
        return answer.promise;
      },
    });
    t.lanes.update("ana", stateWith([sayToAgent(1), sayToAgent(2)]));
    await t.clock.settle();
    await t.store.store.claim(0, 9, "the next");
    t.end.abort();
    await t.clock.advance(900);
    answer.resolve(done(1));
    await t.lanes.idle();
    expect([begun, t.events, t.fatals]).toEqual([[1], [], []]);
    const mark = { partition: 0, epoch: 9, userId: "ana", chatId: "chat", lane: "desk" as const, seq: 1 };
    expect(await t.store.store.begin(mark, 1, false)).toEqual({ kind: "done", postSequence: 3 });
  });

  it("waits no longer than the next owner does before its first call", async () => {
    const t = await lanesOf();
    t.answers.push("hang");
    t.lanes.update("ana", stateWith([sayToAgent(1)]));
    await t.clock.settle();
    t.end.abort();
    await t.clock.advance(1_100);
    await t.lanes.idle();
    expect([t.tried.length, t.events, t.fatals]).toEqual([1, [], []]);
  });
});

describe("a stop", () => {
  it("waits for the call in hand and its result, and begins nothing more", async () => {
    const t = await lanesOf();
    t.holdTelling(true);
    t.lanes.update("ana", stateWith([sayToAgent(1), sayToAgent(2)]));
    await t.clock.settle();
    t.stopping.abort();
    let idle = false;
    void t.lanes.idle().then(() => (idle = true));
    await t.clock.settle();
    expect(idle).toBe(false);
    t.holdTelling(false);
    await t.clock.settle();
    expect(idle).toBe(true);
    expect(results(t)).toEqual([[1, "done", 1]]);
  });

  it.each(["between two tries", "while the right is not seen", "while the store is away"])(
    "does not wait %s",
    async (when) => {
      const t = await lanesOf();
      if (when === "between two tries") t.answers.push(again({ retryAfterMs: 60_000 }));
      if (when === "while the right is not seen") t.rightIs("blind");
      if (when === "while the store is away") t.store.faults.away(true);
      t.lanes.update("ana", stateWith([sayToAgent(1)]));
      await t.clock.advance(100);
      t.stopping.abort();
      let idle = false;
      void t.lanes.idle().then(() => (idle = true));
      await t.clock.settle();
      expect(idle).toBe(true);
      expect(t.events).toEqual([]);
    },
  );
});
