// The token checker itself: a history that keeps every promise, and one broken history of each kind.
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { checkTokens, describeVerdict, token, tokensIn } from "../../support/tokens.ts";
import type { History, Promised, Seen } from "../../support/tokens.ts";

const up = (n: number, user = "ana"): string => token(user, "user-to-agent", n);
const down = (n: number, user = "ana"): string => token(user, "agent-to-user", n);
const ok = (one: string): Promised => ({ token: one, outcome: "ok" });
const screen = (text: string, user = "ana"): Seen => ({ witness: "agent", user, text });
const phone = (text: string, user = "ana"): Seen => ({ witness: "user", user, text });

const kept: History = {
  promised: [ok(up(1)), ok(up(2)), ok(down(1)), ok(up(3))],
  seen: [screen(`Cliente: ${up(1)}\n\nCliente: ${up(2)}`), phone(`hola ${down(1)}`), screen(up(3))],
};

describe("tokens in texts", () => {
  it("finds several anywhere in a text, in order", () => {
    expect(tokensIn(`a${up(2)}b ${token("u-7", "bot-to-agent", 10)}c`)).toEqual([up(2), "⟨u-7.bot-to-agent.10⟩"]);
  });

  it("finds none in broken ones", () => {
    expect(tokensIn("⟨ana.user-to-agent.⟩ ⟨ana.sideways.1⟩ <ana.user-to-agent.1>")).toEqual([]);
  });

  it("refuses an alias with a dot, a negative number and a phone-like sign", () => {
    expect(() => token("a.b", "user-to-agent", 1)).toThrow(RangeError);
    expect(() => token("+5215512345678", "user-to-agent", 1)).toThrow(RangeError);
    expect(() => token("ana", "user-to-agent", -1)).toThrow(RangeError);
  });
});

describe("a history that keeps all promises", () => {
  it("passes, and counts what flowed", () => {
    expect(checkTokens(kept)).toMatchObject({
      ok: true,
      delivered: 4,
      lost: [],
      doubled: [],
      reordered: [],
      phantom: [],
    });
  });

  it("does not mind a refused text that never arrived, nor an uncertain one either way", () => {
    const promised: Promised[] = [
      { token: up(1), outcome: "fail" },
      { token: up(2), outcome: "info" },
      { token: up(3), outcome: "info" },
    ];
    expect(checkTokens({ promised, seen: [screen(up(3))] }).ok).toBe(true);
  });

  it("lets an uncertain text surface late", () => {
    const promised: Promised[] = [{ token: up(1), outcome: "info" }, ok(up(2))];
    expect(checkTokens({ promised, seen: [screen(up(2)), screen(up(1))] }).ok).toBe(true);
  });

  it("passes for any interleaving of users and directions that keeps each lane's order", () => {
    const lanes = [1, 2, 3].flatMap((user) => [
      { user: `u${user}`, make: (n: number) => screen(up(n, `u${user}`), `u${user}`), token: up },
      { user: `u${user}`, make: (n: number) => phone(down(n, `u${user}`), `u${user}`), token: down },
    ]);
    fc.assert(
      fc.property(fc.array(fc.nat(lanes.length - 1), { maxLength: 60 }), (choices) => {
        const counts = new Map<number, number>();
        const promised: Promised[] = [];
        const seen = choices.map((choice) => {
          const n = (counts.get(choice) ?? 0) + 1;
          counts.set(choice, n);
          const lane = lanes[choice];
          if (lane === undefined) {
            throw new Error("no such lane");
          }
          promised.push(ok(lane.token(n, lane.user)));
          return lane.make(n);
        });
        expect(checkTokens({ promised, seen }).ok).toBe(true);
      }),
    );
  });
});

describe("broken histories", () => {
  it("tells a lost text", () => {
    const verdict = checkTokens({ ...kept, seen: kept.seen.slice(0, 2) });
    expect(verdict).toMatchObject({ ok: false, lost: [up(3)], doubled: [], reordered: [], phantom: [], delivered: 3 });
  });

  it("tells a doubled text, also inside one merged text", () => {
    const verdict = checkTokens({ ...kept, seen: [...kept.seen, screen(`${up(3)} ${up(3)}`)] });
    expect(verdict).toMatchObject({ ok: false, doubled: [{ token: up(3), times: 3 }], lost: [], reordered: [] });
  });

  it("tells an uncertain text that arrived twice", () => {
    const verdict = checkTokens({
      promised: [{ token: down(1), outcome: "info" }],
      seen: [phone(down(1)), phone(down(1))],
    });
    expect(verdict).toMatchObject({ ok: false, doubled: [{ token: down(1), times: 2 }] });
  });

  it("tells reordered texts, and only those", () => {
    const promised = [1, 2, 3, 4].map((n) => ok(down(n)));
    const verdict = checkTokens({ promised, seen: [1, 3, 2, 4].map((n) => phone(down(n))) });
    expect(verdict).toMatchObject({
      ok: false,
      reordered: [{ token: down(2), after: down(3) }],
      lost: [],
      doubled: [],
    });
  });

  it("goes by the order of sending, not by the number", () => {
    const promised = [ok(up(9)), ok(up(1))];
    expect(checkTokens({ promised, seen: [screen(up(9)), screen(up(1))] }).ok).toBe(true);
    expect(checkTokens({ promised, seen: [screen(up(1)), screen(up(9))] }).reordered).toHaveLength(1);
  });

  it.each([
    ["never promised", { promised: [], seen: [screen(up(1))] }],
    ["refused to its sender", { promised: [{ token: up(1), outcome: "fail" }], seen: [screen(up(1))] }],
    ["wrong witness", { promised: [{ token: up(1), outcome: "info" }], seen: [phone(up(1))] }],
    ["wrong user", { promised: [{ token: up(1), outcome: "info" }], seen: [screen(up(1), "eva")] }],
  ] as const)("tells a phantom: %s", (reason, history) => {
    expect(checkTokens(history)).toMatchObject({ ok: false, phantom: [{ token: up(1), reason }] });
  });
});

describe("doubles in flight", () => {
  const seen = [screen(`${up(1)} ${up(2)}`), screen(`${up(1)} ${up(2)}`)];
  const promised = [ok(up(1)), ok(up(2))];
  const command = { lane: "ana/desk", seq: 4, kill: 1, tokens: [up(1), up(2)] };

  it("keeps apart a double whose command was begun and not done at the kill", () => {
    const verdict = checkTokens({ promised, seen, inFlight: [command] });
    expect(verdict).toMatchObject({ ok: true, doubled: [] });
    expect(verdict.inFlightDoubles.map((double) => double.token)).toEqual([up(1), up(2)]);
  });

  it("does not cover a third sighting, nor another token", () => {
    expect(checkTokens({ promised, seen: [...seen, screen(up(1))], inFlight: [command] }).doubled).toEqual([
      { token: up(1), times: 3 },
    ]);
    expect(checkTokens({ promised, seen, inFlight: [{ ...command, tokens: [up(1)] }] }).doubled).toEqual([
      { token: up(2), times: 2 },
    ]);
  });

  it("covers one sighting for each kill", () => {
    const again = [command, { ...command, kill: 2 }];
    expect(checkTokens({ promised, seen: [...seen, screen(`${up(1)} ${up(2)}`)], inFlight: again }).ok).toBe(true);
  });
});

describe("impossible evidence", () => {
  it("throws for two commands in flight on one lane at one kill", () => {
    const inFlight = [1, 2].map((seq) => ({ lane: "ana/desk", seq, kill: 1, tokens: [] }));
    expect(() => checkTokens({ promised: [], seen: [], inFlight })).toThrow("two commands in flight");
  });

  it("throws for a token promised twice, and for a promise that is no token", () => {
    expect(() => checkTokens({ promised: [ok(up(1)), ok(up(1))], seen: [] })).toThrow("promised twice");
    expect(() => checkTokens({ promised: [ok("hola")], seen: [] })).toThrow("not a token");
  });
});

describe("the verdict in one line", () => {
  it("names counts and tokens", () => {
    expect(describeVerdict(checkTokens({ ...kept, seen: kept.seen.slice(0, 2) }))).toBe(
      `3 delivered, lost 1 ("${up(3)}"), doubled 0, reordered 0, phantom 0, in-flight doubles 0`,
    );
  });
});
