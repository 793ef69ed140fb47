// The history checker itself: a history that keeps every promise passes, and of each kind of breach of I1 to I5 a broken one is told,
// by its invariant, its kind and what it is about. I6 to I10 are in check-runs.test.ts.
import { describe, expect, it } from "vitest";

import { createHistoryChecker, describeHistory, judgeHistory } from "../../../support/history/check-history.ts";
import { inOrder, type Entry, type Untimed } from "../../../support/history/entries.ts";
import {
  answered,
  began,
  changelog,
  chat,
  cursor,
  down,
  ended,
  found,
  handedBack,
  healed,
  history,
  letter,
  offered,
  phone,
  record,
  said,
  screen,
  state,
  step,
  stored,
  unheard,
  up,
  wayBack,
} from "./histories.ts";

const fact = (offset: number, id: string, content: string, sequence: number): Untimed => ({
  ...(record(offset, id, content) as Extract<Untimed, { kind: "record" }>),
  chat: { id: "c1", sequence },
});

const kept = history(
  step("started"),
  step("ready"),
  ...[offered("r1"), answered("r1"), { kind: "replied", id: "r1", says: "requested" } as const],
  { kind: "created", what: "case", of: "c1" },
  ...[chat("requested"), chat("accepted"), said(up(1)), said(up(2))],
  ...[began("p1", 3), screen(`Cliente: ${up(1)}\n\nCliente: ${up(2)}`), said(down(1)), ended("p1")],
  ...[began("p2", 3), phone(down(1)), offered(up(3)), answered(up(3), "info")],
  ...[
    { kind: "fault", what: "broker away", step: "begins" } as const,
    step("killed"),
    step("started", "b"),
    step("ready", "b"),
  ],
  ...[began("p3", 9, "b"), ended("p3"), healed, chat("ended"), handedBack],
  ...[fact(0, "e1", "requested", 1), fact(1, "e2", "ended", 2), fact(2, "e1", "requested", 1)],
  ...[changelog(0, { type: "claim", actor: "a" }, -1), changelog(1, { type: "fence" }, 0)],
  ...[changelog(2, state("ana", "open"), 0, 1), changelog(3, cursor(0), 0, 1)],
  ...[changelog(4, state("ana", "closed"), 0, 2), changelog(5, cursor(1), 0, 2), stored("ana", "closed")],
);

describe("a history that keeps every promise", () => {
  it("passes, and tells what flowed", () => {
    const verdict = judgeHistory(kept);
    expect(verdict.findings).toEqual([]);
    expect(verdict).toMatchObject({ ok: true, delivered: 3, inFlightDoubles: [], ownerlessMs: 10 });
    expect(describeHistory(verdict)).toMatch(/^all kept; \d+ entries, 3 words delivered/u);
  });

  it("may come from witnesses that tell one after the other", () => {
    const [even, odd] = [kept.filter((_, i) => i % 2 === 0), kept.filter((_, i) => i % 2 === 1)];
    expect(inOrder([...odd, ...even])).toEqual(kept);
    expect(judgeHistory([...odd, ...even]).ok).toBe(true);
  });

  it("survives JSON", () => {
    expect(judgeHistory(JSON.parse(JSON.stringify(kept)) as readonly Entry[]).ok).toBe(true);
  });
});

describe("I1, delivered", () => {
  it.each<readonly [string, readonly Entry[], readonly string[]]>([
    ["a word that nobody saw", history(said(up(1))), [`I1 lost: ${up(1)}`]],
    ["a word of uncertain outcome that nobody saw", history(offered(up(1)), answered(up(1), "info")), []],
    [
      "a refused word that was shown",
      history(offered(up(1)), answered(up(1), "fail"), screen(up(1))),
      [`I1 phantom: ${up(1)}`],
    ],
    ["a word that nobody said", history(screen(up(1))), [`I1 phantom: ${up(1)}`]],
    ["a word before the wrong eyes", history(said(up(1)), phone(up(1))), [`I1 phantom: ${up(1)}`, `I1 lost: ${up(1)}`]],
    [
      "a word at another user",
      history(said(up(1)), screen(up(1), "bo")),
      [`I1 phantom: ${up(1)}`, `I1 lost: ${up(1)}`],
    ],
    ["a word whose sender was told", history(said(up(1)), { kind: "settled", id: up(1), as: "refusal" }), []],
    [
      "a word that the dead letters hold",
      history(said(up(1)), { ...letter("t-0@1", up(1)), reason: "lane-overflow" } as Untimed),
      ["I8 dead letter: t-0@1"],
    ],
    [
      "a word shown, whose sender was told that it will not arrive",
      history(said(up(1)), screen(up(1)), { kind: "settled", id: up(1), as: "refusal" }),
      [`I1 two ends: ${up(1)}`],
    ],
    [
      "a word shown whose answer was lost, and its sender told so",
      history(said(up(1)), screen(up(1)), unheard(up(1)), { kind: "settled", id: up(1), as: "refusal" }),
      [],
    ],
    [
      "a word shown that became a dead letter besides",
      history({ kind: "poison", of: "t-0@1" }, said(up(1)), screen(up(1)), letter("t-0@1", up(1))),
      [`I1 two ends: ${up(1)}`],
    ],
    [
      "a word shown in the history of the next chat after it had ended as context",
      history(said(up(1)), { kind: "settled", id: up(1), as: "context" }, screen(up(1))),
      [],
    ],
    [
      "a word shown that stands in the history which could not be told to the next chat",
      history({ kind: "poison", of: "t-0@1" }, said(up(1)), screen(up(1)), {
        ...(letter("t-0@1", up(1)) as Extract<Untimed, { kind: "dead letter" }>),
        isCopy: true,
      }),
      [],
    ],
    ["a request without an end", history(offered("r1"), answered("r1")), ["I1 lost: r1"]],
    [
      "an answer to a request that nobody made",
      history({ kind: "replied", id: "r1", says: "requested" }),
      ["I1 phantom: r1"],
    ],
    [
      "a chat whose third fact is missing",
      history(fact(0, "e1", "a", 1), fact(1, "e2", "b", 2), fact(2, "e4", "d", 4)),
      ["I1 missing fact: c1"],
    ],
    [
      "a record that the broker acknowledged and does not have",
      history(
        record(0, up(1), "hola", "channel-messages"),
        ...[
          offered(up(2)),
          {
            kind: "answered",
            id: up(2),
            outcome: "ok",
            stored: { topic: "channel-messages", partition: 0, offset: 1 },
          } as const,
        ],
        screen(up(2)),
        offered(up(1)),
      ),
      [`I1 acknowledged, not stored: ${up(2)}`],
    ],
  ])("%s", (_, entries, expected) => {
    expect(found(entries)).toEqual(expected);
  });
});

describe("I2, once", () => {
  it("tells a word shown twice, and counts what a hard stop explains", () => {
    const twice = [said(up(1)), screen(up(1)), screen(up(1))] as const;
    expect(found(history(...twice))).toEqual([`I2 doubled: ${up(1)}`]);
    const excused = judgeHistory(history(...twice, { kind: "in flight", lane: "desk", stop: "1", ids: [up(1)] }));
    expect(excused).toMatchObject({ ok: true, inFlightDoubles: [up(1)] });
    expect(
      found(history(...twice, screen(up(1)), { kind: "in flight", lane: "desk", stop: "1", ids: [up(1)] })),
    ).toEqual([`I2 doubled: ${up(1)}`]);
  });

  it.each<readonly [string, readonly Entry[], readonly string[]]>([
    [
      "a word of uncertain outcome shown twice",
      history(offered(up(1)), screen(up(1)), screen(up(1))),
      [`I2 doubled: ${up(1)}`],
    ],
    [
      "a case made twice",
      history({ kind: "created", what: "case", of: "c1" }, { kind: "created", what: "case", of: "c1" }),
      ["I2 doubled: case c1"],
    ],
    [
      "a request with two ends",
      history(
        offered("r1"),
        { kind: "replied", id: "r1", says: "requested" },
        { kind: "replied", id: "r1", says: "refused" },
      ),
      ["I2 two ends: r1"],
    ],
    [
      "one fact that says two things",
      history(fact(0, "e1", "requested", 1), fact(1, "e1", "refused", 1)),
      ["I2 conflict: e1"],
    ],
  ])("%s", (_, entries, expected) => {
    expect(found(entries)).toEqual(expected);
  });

  it("lets the next chat's agent read as history what was said in the one before", () => {
    const at = (session: string): Untimed => ({ kind: "shown", witness: "agent", user: "ana", text: up(1), session });
    expect(found(history(said(up(1)), at("s1"), at("s2"), at("s3")))).toEqual([]);
    expect(found(history(said(up(1)), at("s1"), at("s2"), at("s2")))).toEqual([`I2 doubled: ${up(1)}`]);
  });

  it("refuses evidence that can't be: an id offered twice", () => {
    expect(() => judgeHistory(history(offered(up(1)), offered(up(1))))).toThrow("offered twice");
  });
});

describe("I3, in order", () => {
  it("tells a word shown after one that was said when it had long been accepted", () => {
    expect(found(history(said(up(1)), said(up(2)), screen(up(2)), screen(up(1))))).toEqual([`I3 reordered: ${up(1)}`]);
  });

  it("judges a word that ended as context within the session that shows it in its history", () => {
    const at = (session: string, ...ids: string[]): Untimed => {
      return { kind: "shown", witness: "agent", user: "ana", text: ids.join(" "), session };
    };
    const settled: Untimed = { kind: "settled", id: up(1), as: "context" };
    const words = [said(up(1)), settled, said(up(2))];
    expect(found(history(...words, at("s1", up(2)), at("s2", up(1), up(2))))).toEqual([]);
    expect(found(history(...words, at("s1", up(2)), at("s1", up(1))))).toEqual([`I3 reordered: ${up(1)}`]);
    expect(found(history(...words, at("s1", up(2)), at("s2", up(2), up(1))))).toEqual([`I3 reordered: ${up(1)}`]);
  });

  it("judges a word of a chat that is over within its own session: words of the next chat may be shown before it", () => {
    const at = (session: string, id: string): Untimed => {
      return { kind: "shown", witness: "agent", user: "ana", text: id, session };
    };
    const late: Untimed = { kind: "late", id: up(1) };
    const words = [said(up(1)), late, said(up(2))];
    expect(found(history(...words, at("s2", up(2)), at("s1", up(1))))).toEqual([]);
    expect(found(history(...words, at("s1", up(2)), at("s1", up(1))))).toEqual([`I3 reordered: ${up(1)}`]);
    expect(found(history(said(up(1)), said(up(2)), at("s2", up(2)), at("s1", up(1))))).toEqual([
      `I3 reordered: ${up(1)}`,
    ]);
    expect(found(history(...words, at("s2", up(2)))), "it must be shown all the same").toEqual([`I1 lost: ${up(1)}`]);
  });

  it("does not judge the place of a word whose promise was taken back", () => {
    const words = [said(up(1)), said(up(2)), answered(up(1), "info")];
    expect(found(history(...words, screen(up(2)), screen(up(1))))).toEqual([]);
    expect(found(history(...words, screen(up(2)))), "nor that it comes").toEqual([]);
  });

  it("lets words that were under way together come in any order, and another user's and direction's too", () => {
    expect(
      found(history(offered(up(1)), offered(up(2)), answered(up(1)), answered(up(2)), screen(up(2)), screen(up(1)))),
    ).toEqual([]);
    const others = [said(up(1)), said(down(2)), said(up(3, "bo"), "bo")];
    expect(found(history(...others, screen(up(3, "bo"), "bo"), phone(down(2)), screen(up(1))))).toEqual([]);
  });

  it("sees each breach when it happens", () => {
    const checker = createHistoryChecker();
    const told = history(said(up(1)), said(up(2)), screen(up(2)), screen(up(1))).map(
      (entry) => checker.see(entry).length,
    );
    expect(told).toEqual([0, 0, 0, 0, 0, 1]);
  });
});

describe("I4, one speaker", () => {
  it.each<readonly [string, readonly Entry[], readonly string[]]>([
    ["two polls at once", history(began("p1"), began("p2")), ["I4 two at once: poll s1"]],
    [
      "two polls, of which the first belonged to the dead",
      history(began("p1"), step("killed"), began("p2", null, "b")),
      [],
    ],
    [
      "two polls, of which the first belonged to one asleep",
      history(began("p1"), step("held"), began("p2", null, "b")),
      [],
    ],
    [
      "one who woke and polls",
      history(began("p1", 3), step("held"), began("p2", 5, "b"), step("released"), began("p3", 3)),
      ["I4 two at once: poll s1", "I4 stale owner: poll s1"],
    ],
    [
      "an effect of an older epoch",
      history(began("p1", 5), ended("p1"), began("p2", 3, "b")),
      ["I4 stale owner: poll s1"],
    ],
    [
      "an epoch that went back",
      history(changelog(5, { type: "claim", actor: "a" }), changelog(3, { type: "claim", actor: "b" })),
      ["I4 epoch went back: partition 0"],
    ],
  ])("%s", (_, entries, expected) => {
    expect(found(entries)).toEqual(expected);
  });
});

describe("I5, one owner", () => {
  const chatted = [chat("requested"), chat("accepted"), chat("ended")];
  it.each<readonly [string, readonly Entry[], readonly string[]]>([
    ["an ended chat and no hand-back", history(...chatted), ["I5 ownerless: ana"]],
    [
      "a hand-back while the agent has the user",
      history(chat("requested"), chat("accepted"), handedBack),
      ["I5 two owners: ana"],
    ],
    [
      "the next chat after a hand-back",
      history(...chatted, handedBack, chat("requested", "s2"), chat("accepted", "s2")),
      [],
    ],
    [
      "a hand-back just before the desk hears of the end",
      history(chat("requested"), chat("accepted"), handedBack, chat("ended")),
      [],
    ],
  ])("%s", (_, entries, expected) => {
    expect(found(entries)).toEqual(expected);
  });

  it("tells a hand-back in the middle of a chat that goes on, also when the chat ends later", () => {
    const middle = [chat("requested"), chat("accepted"), said(up(1)), handedBack];
    expect(found(history(...middle, said(down(2)), phone(down(2)), screen(up(1)), chat("ended")))).toEqual([
      "I5 two owners: ana",
    ]);
    expect(found(history(...middle, said(up(2)), screen(up(1)), screen(up(2)), chat("ended")))).toEqual([
      "I5 two owners: ana",
    ]);
    // What was on its way when the chat was given up may still come.
    expect(found(history(...middle, screen(up(1)), chat("ended")))).toEqual([]);
  });

  it("counts the hand-backs of a chat, and what an answer that was lost explains", () => {
    const over = [...chatted, wayBack("c1"), wayBack("c1"), handedBack];
    const repeat: Untimed = { kind: "in flight", lane: "channel", stop: "1", ids: ["hand-back ana"] };
    expect(found(history(...over))).toEqual([]);
    expect(found(history(...over, handedBack))).toEqual(["I2 doubled: hand-back ana"]);
    expect(found(history(...over, handedBack, repeat))).toEqual([]);
    expect(found(history(...over, handedBack, handedBack, repeat))).toEqual(["I2 doubled: hand-back ana"]);
    expect(found(history(...over, wayBack("c2"), handedBack))).toEqual([]);
  });

  it("takes a repeat that the network held until the next chat had begun for one, where it is shown to be one", () => {
    const next = [chat("requested", "s2"), chat("accepted", "s2"), handedBack, said(down(9)), phone(down(9))];
    const held = history(...chatted, wayBack("c1"), handedBack, ...next);
    const repeat: Untimed = { kind: "in flight", lane: "channel", stop: "1", ids: ["hand-back ana"] };
    expect(found(held)).toEqual(["I5 two owners: ana", "I2 doubled: hand-back ana", "I5 two owners: ana"]);
    expect(found([...history(repeat), ...held])).toEqual([]);
    const again = [...next, chat("ended", "s2"), wayBack("c2"), handedBack];
    expect(found([...history(repeat), ...history(...chatted, wayBack("c1"), handedBack, ...again)])).toEqual([]);
  });

  it("tells a hand-back that came too late", () => {
    expect(found(history(...chatted, handedBack), { handBackWithinMs: 5 })).toEqual(["I5 ownerless: ana"]);
  });
});
