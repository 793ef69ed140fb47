// What follows each answer of the desk to a poll, as the parity sheet has it (4.3): when it is asked again, and with which acknowledgement.
import { describe, expect, it } from "vitest";

import { stateWith } from "../../support/owner-parts.ts";
import { events, pollersOf } from "./test-pollers.ts";

describe("a poll of an open chat", () => {
  it("answered with 204 is asked again at once, with the same acknowledgement", async () => {
    const t = pollersOf();
    t.answers.push(events(5), ...[1, 2].map(() => ({ afterMs: 20_000, answer: { kind: "nothing" } as const })));
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(19_999);
    expect(t.asked.map(({ position }) => position)).toEqual([4, 5]);
    await t.clock.advance(1);
    expect(t.asked.map(({ position }) => position)).toEqual([4, 5, 5]);
    await t.clock.advance(20_000);
    expect(t.asked.map(({ position }) => position)).toEqual([4, 5, 5, 5]);
    expect(t.events.map(({ body }) => body.type)).toEqual(["DeskEvents"]);
  });

  it("answered with 409 waits SLEEP_LONG_POLLLING each time, then is asked again with the same acknowledgement", async () => {
    const t = pollersOf({ conflictWaitMs: 3_000 });
    t.answers.push({ kind: "conflict" }, { kind: "conflict" });
    t.pollers.update("ana", stateWith([]), 0);
    await t.clock.advance(2_999);
    expect(t.asked.map(({ position }) => position)).toEqual([4]);
    await t.clock.advance(1);
    expect(t.asked.map(({ position }) => position)).toEqual([4, 4]);
    await t.clock.advance(2_999);
    expect(t.asked).toHaveLength(2);
    await t.clock.advance(1);
    expect(t.asked.map(({ position }) => position)).toEqual([4, 4, 4]);
    expect([t.events, t.pollers.count]).toEqual([[], 1]);
  });
});

it("a poll that failed is asked again while its session may live, however long a wait was asked for", async () => {
  const t = pollersOf();
  t.answers.push({ kind: "failed", detail: "status 503", retryAfterMs: 60_000 });
  t.pollers.update("ana", stateWith([]), 0);
  await t.clock.advance(30_000);
  expect(t.asked).toHaveLength(2);
  expect(t.events).toEqual([]);
});
