// What a desk tells again after a reconnect, under new numbers: dropped when it was told before, never when it is new.
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Command } from "../../../../src/processors/interconnection/commands.ts";
import type { DeskEvent, DeskEventKind } from "../../../../src/processors/messages/generated.ts";
import { blankDeskEvent } from "../../../support/blank-desk-event.ts";
import { session, userIn, type TestUser } from "./user.ts";

type Told = readonly [DeskEventKind, string?];

const said = (text: string): Told => ["said", text];
const numbered = (told: readonly Told[], first: number): readonly DeskEvent[] =>
  told.map(([kind, text = null], i) => ({
    ...blankDeskEvent,
    ...{ number: first + i, kind, text, agentName: "Kim" },
  }));

/** One answer of the desk. */
function answer(user: TestUser, generation: string, first: number, told: readonly Told[]): void {
  const position = first + told.length - 1;
  const events = numbered(told, first);
  user.agentEvent({ type: "DeskEvents", generation, position, resumeToken: null, events });
}

function reconnect(user: TestUser, generation: string, unconfirmedEvents: number | null): void {
  const body = {
    session: { ...session, route: `sealed-${generation}`, generation },
    resetsPostSequence: true,
    leftGeneration: null,
  };
  user.agentEvent({ type: "DeskReconnected", ...body, unconfirmedEvents });
}

/** Texts on the way to the user, taken out. */
function shown(user: TestUser): readonly string[] {
  const texts: string[] = [];
  const next = (): Command | undefined => user.state.pending.find(({ kind }) => kind === "SayToUser");
  for (let command = next(); command !== undefined; command = next()) {
    if (command.kind === "SayToUser" && command.about === "message") texts.push(command.text);
    user.result("done", null, command);
  }
  return texts;
}

/** A chat whose agent has said these. */
function chatWith(...texts: readonly string[]): TestUser {
  const user = userIn("ON_HOLD");
  answer(user, "g1", 0, [["queued"], ["accepted"], ...texts.map(said)]);
  expect(shown(user)).toEqual(texts);
  return user;
}

describe("after a reconnect", () => {
  it("what was not acknowledged comes again under new numbers, and is shown once", () => {
    const user = chatWith("a", "b", "c");
    reconnect(user, "g2", 2);
    answer(user, "g2", 0, [["other"], said("b"), said("c"), said("d")]);
    expect(shown(user)).toEqual(["d"]);
    answer(user, "g2", 4, [said("e")]);
    expect(shown(user)).toEqual(["e"]);
  });

  it("the whole log may come again, and nothing of it counts twice", () => {
    const user = chatWith("a", "b", "c");
    const facts = user.facts.length;
    reconnect(user, "g2", 0);
    answer(user, "g2", 0, [["queued"], ["accepted"], said("a"), said("b"), said("c"), said("d")]);
    expect(user.facts.slice(facts).map(({ kind }) => kind)).toEqual(["message_out"]);
    expect(shown(user)).toEqual(["d"]);
  });

  it("a log longer than what is remembered is known by its last 50 events", () => {
    const texts = Array.from({ length: 70 }, (_, i) => `text ${String(i)}`);
    const user = userIn("ACTIVE");
    texts.forEach((text, i) => {
      answer(user, "g1", 10 + i, [said(text)]);
      shown(user);
    });
    reconnect(user, "g2", 0);
    answer(user, "g2", 0, [["accepted"], ...texts.map(said), said("new")]);
    expect(shown(user)).toEqual(["new"]);
  });

  it("repeats may come over two answers", () => {
    const user = chatWith("a", "b", "c", "d");
    reconnect(user, "g2", 4);
    answer(user, "g2", 0, [said("a"), said("b")]);
    answer(user, "g2", 2, [said("c")]);
    answer(user, "g2", 3, [said("d"), said("a")]);
    expect(shown(user)).toEqual(["a"]);
  });

  it("an agent who is announced again does not hide what follows", () => {
    const user = chatWith("a", "b");
    reconnect(user, "g2", 1);
    answer(user, "g2", 0, [["agent_joined"]]);
    answer(user, "g2", 1, [["transferred"], said("b"), said("c")]);
    expect(shown(user)).toEqual(["c"]);
  });

  it("earlier words said anew are shown, when the desk had the acknowledgement of the first", () => {
    const user = chatWith("yes", "ok");
    reconnect(user, "g2", 0);
    answer(user, "g2", 0, [said("yes")]);
    expect(shown(user)).toEqual(["yes"]);
  });

  it("the very last words alone are a repeat, for the desk may have lost their acknowledgement with the server", () => {
    const user = chatWith("yes", "ok");
    reconnect(user, "g2", 0);
    answer(user, "g2", 0, [said("ok"), said("bye")]);
    expect(shown(user)).toEqual(["bye"]);
  });

  it("the same words twice are told apart by how many were not acknowledged", () => {
    const user = chatWith("ok", "ok");
    reconnect(user, "g2", 1);
    answer(user, "g2", 0, [said("ok"), said("ok")]);
    expect(shown(user)).toEqual(["ok"]);
  });

  it("nothing that comes later is taken for a repeat", () => {
    const user = chatWith("a", "b");
    reconnect(user, "g2", 2);
    answer(user, "g2", 0, [said("c")]);
    answer(user, "g2", 1, [said("a"), said("b")]);
    expect(shown(user)).toEqual(["c", "a", "b"]);
  });

  it("and another one before any answer, what was not acknowledged is still awaited", () => {
    const user = chatWith("a", "b");
    reconnect(user, "g2", 2);
    reconnect(user, "g3", null);
    answer(user, "g3", 0, [said("a"), said("b"), said("c")]);
    expect(shown(user)).toEqual(["c"]);
  });

  it("under an unchanged generation numbers go on, and count", () => {
    const user = chatWith("a");
    reconnect(user, "g1", 1);
    answer(user, "g1", 0, [["queued"], ["accepted"], said("a"), said("b")]);
    expect(shown(user)).toEqual(["b"]);
  });

  it("whatever was told and however much of it comes again, each text of the agent is shown once and in order", () => {
    const chunk = fc.record({ fresh: fc.nat(6), unacknowledged: fc.nat(8), whole: fc.boolean(), cut: fc.nat(4) });
    fc.assert(
      fc.property(fc.array(chunk, { minLength: 1, maxLength: 8 }), (chunks) => {
        const user = chatWith();
        const log: Told[] = [["accepted"]];
        const seen: string[] = [];
        let next = 1;
        for (const [i, { fresh, unacknowledged, whole, cut }] of chunks.entries()) {
          const generation = `g${String(i + 2)}`;
          const unconfirmed = Math.min(unacknowledged, log.length);
          reconnect(user, generation, unconfirmed);
          const again = whole ? [...log] : log.slice(log.length - unconfirmed);
          const news = Array.from({ length: fresh }, () => said(`text ${String(next++)}`));
          log.push(...news);
          const all = [...again, ...news];
          // All that a desk has comes in one answer, but for what is cut into records of a hundred.
          const at = whole ? 0 : Math.min(cut, all.length);
          if (at > 0) answer(user, generation, 0, all.slice(0, at));
          if (at < all.length) answer(user, generation, at, all.slice(at));
          seen.push(...shown(user));
        }
        expect(seen).toEqual(log.flatMap(([, text]) => text ?? []));
      }),
      { numRuns: 300 },
    );
  });
});
