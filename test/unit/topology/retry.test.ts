// Waiting that ends with the index.
import { describe, expect, it } from "vitest";

import { isLost, sleep, untilDone } from "../../../src/topology/retry.ts";
import { createOwnerParts } from "../../support/owner-parts.ts";

describe("untilDone", () => {
  it("repeats until it succeeds, telling of each failure", async () => {
    const parts = createOwnerParts();
    let calls = 0;
    const tries: number[] = [];
    const call = (): Promise<string> => (++calls < 4 ? Promise.reject(new Error("no")) : Promise.resolve("yes"));
    const done = untilDone(parts, new AbortController().signal, call, (_error, n) => tries.push(n));
    await parts.clock.advance(10_000);
    expect(await done).toBe("yes");
    expect(tries).toEqual([1, 2, 3]);
  });

  it("ends as lost when the index is, also in the middle of a wait", async () => {
    const parts = createOwnerParts();
    const end = new AbortController();
    const done = untilDone(
      parts,
      end.signal,
      () => Promise.reject(new Error("no")),
      () => undefined,
    );
    const outcome = done.catch((error: unknown) => isLost(error));
    await parts.clock.settle();
    end.abort();
    expect(await outcome).toBe(true);
    expect(parts.clock.nextDueAt()).toBeNull();
  });

  it("tells of no failure that comes after the end: what was waited for is nobody's wait any more", async () => {
    const parts = createOwnerParts();
    const end = new AbortController();
    const answer = Promise.withResolvers<string>();
    let told = 0;
    const done = untilDone(
      parts,
      end.signal,
      () => answer.promise,
      () => (told += 1),
    );
    const outcome = done.catch((error: unknown) => isLost(error));
    end.abort();
    answer.reject(new Error("no"));
    expect([await outcome, told]).toEqual([true, 0]);
  });
});

describe("sleep", () => {
  it("leaves nothing behind on a signal that lives long", async () => {
    const parts = createOwnerParts();
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    const slept = sleep(parts.clock, 100, signal);
    expect(listeners).toBe(1);
    await parts.clock.advance(100);
    await slept;
    expect(listeners).toBe(0);
  });
});
