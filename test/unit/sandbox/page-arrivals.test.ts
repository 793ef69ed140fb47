// What the page counts: a text is there when the other side shows it, alone or merged with its neighbours; a second time is doubled; one
// that overtakes is out of order; notices and quotes count for nothing; what is nowhere when the bot has the user again is lost.
import { describe, expect, it } from "vitest";

import { createArrivals, REFUSALS } from "../../../sandbox/page/arrivals.ts";
import { defaultTexts } from "../../../src/processors/interconnection/texts.ts";

const user = "ana";

function saidByUser(...texts: readonly string[]): ReturnType<typeof createArrivals> {
  const arrivals = createArrivals();
  texts.forEach((text, n) => arrivals.saidByUser({ n, at: n * 10, user, id: `id-${String(n)}`, text }));
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

  it("know a long text by its pieces, and wait for the last one", () => {
    const [one, other] = ["uno ".repeat(900), "dos ".repeat(200)];
    const arrivals = saidByUser(one + other);
    expect(arrivals.seenOnScreen({ at: 50, user, text: one.trimEnd() })).toEqual([]);
    expect(arrivals.seenOnScreen({ at: 60, user, text: other })).toEqual([{ from: "phone", n: 0, ms: 60 }]);
    expect(arrivals.tally()).toMatchObject({ sent: 1, arrived: 1, doubled: 0 });
  });

  it("count no text of blanks, which no side takes", () => {
    expect(saidByUser(" \n").tally().sent).toBe(0);
  });
});

describe("texts that never came", () => {
  /** Both said a text that did not come; the chat is over and the bot has the user since 1,000. */
  function handedBack(): ReturnType<typeof createArrivals> {
    const arrivals = saidByUser("uno");
    arrivals.saidByAgent({ n: 0, at: 5, user, text: "adiós" });
    arrivals.delivered("id-0", 20, true);
    arrivals.handedBack(user, 1_000);
    return arrivals;
  }

  it("of the agent are lost as soon as the bot has the user, since it has him behind them", () => {
    const arrivals = handedBack();
    expect(arrivals.tally()).toMatchObject({ sent: 2, arrived: 0, lost: 1 });
    arrivals.seenOnPhone({ at: 2_000, user, text: "adiós" });
    expect(arrivals.tally()).toMatchObject({ sent: 2, arrived: 1, lost: 0 });
  });

  it("of the user are lost when the bot was not given them either, once the service had the time", () => {
    const arrivals = handedBack();
    expect(arrivals.toSettle(10_000)).toEqual([]);
    expect(arrivals.toSettle(16_000)).toEqual([user]);
    arrivals.settle(user, 16_000, [{ text: "uno", at: -90_000 }]);
    expect(arrivals.tally()).toMatchObject({ sent: 2, lost: 2 });
  });

  it("of the user belong to the bot when it was given them, also when that is learned late", () => {
    const arrivals = handedBack();
    arrivals.settle(user, 16_000, undefined);
    expect([arrivals.tally().lost, arrivals.toSettle(17_000), arrivals.toSettle(21_000)]).toEqual([1, [], [user]]);
    arrivals.settle(user, 21_000, []);
    expect(arrivals.tally().lost).toBe(2);
    arrivals.settle(user, 30_000, [{ text: "uno", at: 1 }]);
    expect(arrivals.tally()).toMatchObject({ sent: 1, lost: 1 });
    expect(arrivals.toSettle(1_000_000)).toEqual([]);
  });

  it("are on the way while the service has not even taken them, or has not given the user back", () => {
    const arrivals = saidByUser("uno", "dos");
    arrivals.delivered("id-1", 20, true);
    expect(arrivals.toSettle(1_000_000)).toEqual([]);
    arrivals.handedBack(user, 1_000);
    arrivals.seenOnScreen({ at: 2_000, user, text: "dos" });
    expect(arrivals.toSettle(1_000_000)).toEqual([]);
    expect(arrivals.tally()).toMatchObject({ sent: 2, arrived: 1, lost: 0 });
  });

  it("are refused, and not lost, where their sender was told", () => {
    const arrivals = saidByUser("uno", "dos");
    arrivals.saidByAgent({ n: 0, at: 5, user, text: "adiós" });
    arrivals.delivered("id-0", 20, false);
    expect(arrivals.tally()).toMatchObject({ sent: 3, refused: 1 });
    arrivals.seenOnPhone({ at: 30, user, text: REFUSALS.phone[0] });
    arrivals.seenOnScreen({ at: 30, user, text: REFUSALS.screen[0] });
    arrivals.handedBack(user, 1_000);
    expect(arrivals.toSettle(1_000_000)).toEqual([]);
    expect(arrivals.tally()).toMatchObject({ sent: 3, arrived: 0, refused: 3, lost: 0 });
  });

  it("are found by the words that the service has for it", () => {
    const { notToldToAgent, tooManyFromUser, notToldToUser, tooManyFromAgent } = defaultTexts;
    expect(REFUSALS).toEqual({
      phone: [notToldToAgent, tooManyFromUser],
      screen: [notToldToUser, tooManyFromAgent],
    });
  });

  it("still come with the next chat's context", () => {
    const arrivals = handedBack();
    arrivals.settle(user, 16_000, []);
    arrivals.seenOnScreen({ at: 20_000, user, text: "Contexto:\nCliente [10:00]:uno\n\n" });
    expect(arrivals.tally()).toMatchObject({ arrived: 1, lost: 1, doubled: 0 });
  });
});
