// What the page counts: a text is there when the other side shows it, alone or merged with its neighbours; a second time is doubled; one
// that overtakes is out of order; notices and quotes count for nothing.
import { describe, expect, it } from "vitest";

import { createArrivals } from "../../../sandbox/page/arrivals.ts";

const user = "ana";

function saidByUser(...texts: readonly string[]): ReturnType<typeof createArrivals> {
  const arrivals = createArrivals();
  texts.forEach((text, n) => arrivals.saidByUser({ n, at: n * 10, user, text }));
  return arrivals;
}

describe("arrivals", () => {
  it("tell which text came, and how long it took", () => {
    const arrivals = saidByUser("uno", "dos");
    expect(arrivals.seenOnScreen({ at: 25, user, text: "uno" })).toEqual([{ from: "phone", n: 0, ms: 25 }]);
    expect(arrivals.tally()).toMatchObject({ sent: 2, arrived: 1, doubled: 0, reordered: 0, medianMs: 25 });
  });

  it("know texts that were merged into one", () => {
    const arrivals = saidByUser("uno", "dos", "tres");
    expect(arrivals.seenOnScreen({ at: 50, user, text: "uno\ndos\ntres" }).map(({ n }) => n)).toEqual([0, 1, 2]);
  });

  it("take the same words as often as they were said, and no oftener", () => {
    const arrivals = saidByUser("sí", "sí");
    for (let times = 0; times < 3; times += 1) arrivals.seenOnScreen({ at: 50, user, text: "sí" });
    expect(arrivals.tally()).toMatchObject({ arrived: 2, doubled: 1 });
  });

  it("notice a text that overtook another", () => {
    const arrivals = saidByUser("uno", "dos");
    arrivals.seenOnScreen({ at: 50, user, text: "dos" });
    arrivals.seenOnScreen({ at: 60, user, text: "uno" });
    expect(arrivals.tally()).toMatchObject({ arrived: 2, reordered: 1 });
  });

  it("do not take a notice on the phone for the agent's words in it", () => {
    const arrivals = createArrivals();
    arrivals.saidByAgent({ n: 0, at: 0, user, text: "listo" });
    expect(arrivals.seenOnPhone({ at: 5, user, text: "Su caso está listo para revisión" })).toEqual([]);
    expect(arrivals.seenOnPhone({ at: 9, user, text: "listo" })).toHaveLength(1);
  });

  it("wait no longer for what was on its way to the agent when the chat ended", () => {
    const arrivals = saidByUser("tarde");
    arrivals.ended(user);
    expect(arrivals.tally()).toMatchObject({ sent: 0, arrived: 0 });
  });
});
