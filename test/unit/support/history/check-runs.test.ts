// The history checker itself, second half: of each kind of breach of I6 to I10 a broken history is told.
import { describe, expect, it } from "vitest";

import { describeHistory, judgeHistory, type HistoryRules } from "../../../support/history/check-history.ts";
import type { Entry, Untimed } from "../../../support/history/entries.ts";
import {
  changelog,
  cursor,
  found,
  healed,
  history,
  letter,
  record,
  said,
  screen,
  state,
  step,
  stored,
  up,
} from "./histories.ts";

describe("I6, neighbours", () => {
  const words = (from: number, delayMs: number): readonly Entry[] =>
    Array.from({ length: 20 }, (_, i): readonly Entry[] => {
      const id = up(from + i, "bo");
      const at = (from + i) * 1_000;
      return [
        { at, kind: "offered", id, user: "bo" },
        { at: at + 1, kind: "answered", id, outcome: "ok" },
        { at: at + delayMs, kind: "shown", witness: "agent", user: "bo", text: id },
      ];
    }).flat();
  const fault: Entry = { at: 20_000, kind: "fault", what: "flood", step: "begins" };
  const rules: HistoryRules = { neighbours: { users: new Set(["bo"]), factor: 2, atLeast: 20 } };

  it("tells of a p99 that more than doubled, and of too few words to say so", () => {
    expect(found([...words(0, 10), fault, ...words(20, 19)], rules)).toEqual([]);
    expect(found([...words(0, 10), fault, ...words(20, 21)], rules)).toEqual(["I6 slowed: neighbours"]);
    expect(found([...words(0, 10), fault], rules)).toEqual(["I6 void: neighbours"]);
  });
});

describe("I7, loud or alive", () => {
  const lag = (value: number): Untimed => ({ kind: "sample", of: "lag", subject: "partition 0", value });
  it.each<readonly [string, readonly Entry[], readonly string[]]>([
    [
      "an instance that ends with 0 and was not told to",
      history(step("ready"), step("exited", "a", 0)),
      ["I7 ended silently: a"],
    ],
    ["one that ends with a code", history(step("ready"), step("exited", "a", 3), healed), []],
    ["one that was told to stop", history(step("ready"), step("told to stop"), step("exited", "a", 0)), []],
    ["one that never becomes ready again", history(step("ready"), step("not ready"), healed), ["I7 not ready: a"]],
    ["lag that stays", history(healed, lag(4)), ["I7 lag: partition 0"]],
  ])("%s", (_, entries, expected) => {
    expect(found(entries)).toEqual(expected);
  });

  it("tells of lag that went too late, and of silence while work was open", () => {
    expect(found(history(healed, lag(4), lag(3), lag(0)), { drainWithinMs: 15 })).toEqual(["I7 lag: partition 0"]);
    const idle: Untimed = { kind: "sample", of: "rss", subject: "a", value: 1 };
    expect(found(history(said(up(1)), healed, idle, idle, idle, screen(up(1))), { silenceMs: 30 })).toEqual([
      "I7 silence: service",
    ]);
  });
});

describe("I7, silence", () => {
  const idle: Untimed = { kind: "sample", of: "rss", subject: "a", value: 1 };
  const settled: Untimed = { kind: "settled", id: up(1), as: "refusal" };
  it.each<readonly [string, readonly Entry[], readonly string[]]>([
    [
      "no effect ever again, and then the work settled",
      history(said(up(1)), healed, idle, idle, idle, settled),
      ["I7 silence: service"],
    ],
    [
      "no effect to the end of the history",
      history(said(up(1)), healed, idle, idle, idle, idle),
      [`I1 lost: ${up(1)}`, "I7 silence: service"],
    ],
    ["work settled in time, and then nothing", history(said(up(1)), healed, settled, idle, idle, idle, idle), []],
    ["work that came long after the faults", history(healed, idle, idle, idle, idle, said(up(1)), screen(up(1))), []],
  ])("%s", (_, entries, expected) => {
    expect(found(entries, { silenceMs: 30 })).toEqual(expected);
  });
});

describe("I8, bounded", () => {
  it("tells dead letters that nobody poisoned, and poison without one; a repeat is none", () => {
    expect(found(history(letter("t-0@1"), letter("t-0@1")))).toEqual(["I8 dead letter: t-0@1"]);
    const poison = new Set(["t-0@1", "t-0@2"]);
    expect(found(history(letter("t-0@1")), { poison })).toEqual(["I8 poison without dead letter: t-0@2"]);
    const written: Untimed = { kind: "poison", of: "t-0@1" };
    expect(found(history(written, letter("t-0@1")))).toEqual([]);
    expect(found(history(written))).toEqual(["I8 poison without dead letter: t-0@1"]);
    expect(found(history(letter("t-0@7")), { reasons: new Set(["undecodable"]) })).toEqual([]);
  });

  it("tells what has grown", () => {
    const rss = (value: number): Untimed => ({ kind: "sample", of: "rss", subject: "a", value });
    const growth = { rss: { factor: 1.5, slack: 10 } };
    expect(found(history(rss(100), rss(900), rss(160)), { growth })).toEqual([]);
    expect(found(history(rss(100), rss(161)), { growth })).toEqual(["I8 grown: rss of a"]);
  });
});

describe("I9, secret", () => {
  it("tells where a canary is, and not which words they are", () => {
    const text = `nothing ${Buffer.from("canary-of-this-test").toString("base64")} nothing`;
    const verdict = judgeHistory(history({ kind: "wrote", where: "log of a", text }), {
      canaries: ["canary-of-this-test"],
    });
    expect(verdict.findings).toMatchObject([{ invariant: "I9", what: "leak", subject: "log of a" }]);
    expect(describeHistory(verdict)).not.toContain("canary-of-this-test");
  });
});

describe("I10, converged", () => {
  const first = [changelog(2, state("ana", "open"), 0, 1), changelog(3, cursor(4), 0, 1)];
  it.each<readonly [string, readonly Entry[], readonly string[]]>([
    ["Redis behind the changelog", history(...first, stored("ana", "nothing")), ["I10 diverged: ana"]],
    ["a state that Redis lost", history(...first, stored("ana", null)), ["I10 diverged: ana"]],
    [
      "a tombstone",
      history(
        ...first,
        changelog(4, { type: "user", user: "ana", state: null }, 0, 2),
        changelog(5, cursor(5), 0, 2),
        stored("ana", null),
      ),
      [],
    ],
    [
      "a late append of an old owner",
      history(
        ...first,
        changelog(9, { type: "fence" }, 7),
        changelog(10, state("ana", "older"), 0, 2),
        changelog(11, cursor(9), 0, 2),
        stored("ana", "open"),
      ),
      [],
    ],
    [
      "an inherited turn that the new owner produced",
      history(
        ...first,
        changelog(9, { type: "fence" }, 7),
        changelog(10, state("ana", "newer"), 0, 2, 7),
        changelog(11, cursor(9), 0, 2, 7),
        stored("ana", "newer"),
      ),
      [],
    ],
    [
      "a turn whose cursor is not there",
      history(...first, changelog(4, state("ana", "half"), 0, 2), stored("ana", "open")),
      [],
    ],
    [
      "a cursor that went back",
      history(...first, changelog(5, cursor(3), 0, 2)),
      ["I10 cursor went back: partition 0 of chat-requests"],
    ],
    [
      "an offset with two records",
      history(record(0, "e1", "a"), record(0, "e2", "b")),
      ["I10 rewritten: chat-events-0@0"],
    ],
  ])("%s", (_, entries, expected) => {
    expect(found(entries)).toEqual(expected);
  });

  it("tells a state on the changelog of which Redis was not asked, where it was asked at all", () => {
    const second = [changelog(4, state("bo", "open"), 0, 2), changelog(5, cursor(5), 0, 2)];
    expect(found(history(...first, ...second, stored("ana", "open")))).toEqual(["I10 not looked at: bo"]);
    expect(found(history(...first, ...second))).toEqual([]);
    const gone = changelog(6, { type: "user", user: "bo", state: null }, 0, 3);
    expect(found(history(...first, ...second, gone, changelog(7, cursor(6), 0, 3), stored("ana", "open")))).toEqual([]);
  });

  it("names the fields that differ", () => {
    const { findings } = judgeHistory(history(...first, stored("ana", "nothing")));
    expect(findings[0]?.detail).toBe("differ in words");
  });
});
