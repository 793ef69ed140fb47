// Moments that states wait for, armed and appended.
import { describe, expect, it } from "vitest";

import type { Due } from "../../../src/processors/interconnection/state.ts";
import { createDueTimes } from "../../../src/topology/due-times.ts";
import { createOwnerParts, stateWith, type OwnerParts } from "../../support/owner-parts.ts";

function dueTimesOf(): OwnerParts & { readonly due: ReturnType<typeof createDueTimes>; readonly end: AbortController } {
  const parts = createOwnerParts();
  const end = new AbortController();
  return { ...parts, end, due: createDueTimes(parts, 0, end.signal) };
}
const at = (parts: OwnerParts, ms: number): Due => ({
  kind: "accept_limit",
  chatId: "chat",
  at: parts.clock.now() + ms,
});

describe("a moment", () => {
  it("is appended once when it has come, and not before", async () => {
    const t = dueTimesOf();
    const due = at(t, 1_000);
    t.due.update("ana", stateWith([], { due: [due] }));
    await t.clock.advance(900);
    t.due.update("ana", stateWith([], { due: [due] }));
    expect([t.events.length, t.due.count]).toEqual([0, 1]);
    await t.clock.advance(5_000);
    t.due.update("ana", stateWith([], { due: [due] }));
    await t.clock.advance(5_000);
    expect(t.events.map(({ body }) => body)).toEqual([{ type: "DueTime", kind: "accept_limit", dueAt: due.at }]);
  });

  it("that has passed already is appended at once; one that no longer applies is not", async () => {
    const t = dueTimesOf();
    t.due.update("ana", stateWith([], { due: [at(t, -5_000)] }));
    t.due.update("bea", stateWith([], { due: [at(t, 1_000)] }));
    t.due.update("bea", stateWith([]));
    await t.clock.advance(5_000);
    expect(t.events.map(({ userId }) => userId)).toEqual(["ana"]);
  });

  it("further away than a timer can reach still comes", async () => {
    const t = dueTimesOf();
    t.due.update("ana", stateWith([], { due: [at(t, 2 ** 31 + 5_000)] }));
    await t.clock.advance(2 ** 31 + 4_000);
    expect(t.events).toEqual([]);
    await t.clock.advance(2_000);
    expect(t.events).toHaveLength(1);
  });

  it("does not come after a stop or a loss", async () => {
    const t = dueTimesOf();
    t.due.update("ana", stateWith([], { due: [at(t, 1_000)] }));
    t.due.stop();
    t.end.abort();
    t.due.update("bea", stateWith([], { due: [at(t, 1_000)] }));
    await t.clock.advance(5_000);
    expect([t.events, t.due.count, t.clock.nextDueAt()]).toEqual([[], 0, null]);
  });
});
