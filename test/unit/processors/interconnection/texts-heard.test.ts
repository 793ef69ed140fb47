// A text to the agent whose answer was lost with a move of its session: what the desk tells there of the texts that it has had.
import { describe, expect, it } from "vitest";

import { textMark } from "../../../../src/processors/desk/text-mark.ts";
import type { Active } from "../../../../src/processors/interconnection/state.ts";
import { blankDeskEvent } from "../../../support/blank-desk-event.ts";
import { session, userIn, type TestUser } from "./user.ts";

/** The desk has moved the session, and tells first there how many texts it has had, and the last. */
function movedHaving(user: TestUser, count: number, last: string | null, resetsPostSequence = true): void {
  const moved = { ...session, route: "sealed-2", generation: "g2" };
  const way = { resetsPostSequence, unconfirmedEvents: 0, leftGeneration: "g1" };
  user.agentEvent({ type: "DeskReconnected", session: moved, ...way });
  const textsHeard = { count, last: last === null ? null : textMark(last) };
  user.desk("other", { number: 0, textsHeard });
}

const waiting = ({ state }: TestUser): readonly string[] =>
  state.pending.flatMap((command) => (command.kind === "SayToAgent" ? [command.text] : []));

/** A user with an agent, to whom the desk has been given the history already, and who says these texts, none with a result. */
function saying(...texts: readonly string[]): { readonly user: TestUser; readonly given: number } {
  const user = userIn("ACTIVE");
  const given = user.state.textsGiven?.count ?? 0;
  texts.forEach((text, i) => user.message(`m${String(i)}`, text));
  expect(waiting(user)).toEqual(texts);
  return { user, given };
}

function chatOf({ state: { interconnection } }: TestUser): Active {
  if (interconnection?.status !== "ACTIVE") throw new Error("no agent has the user");
  return interconnection;
}

describe("after a move, a text without a result", () => {
  it("that the desk has is not said again, and its result counts once", () => {
    const { user, given } = saying("Hello", "Help");
    const [hello] = user.state.pending;
    movedHaving(user, given + 1, "Hello");
    expect(waiting(user)).toEqual(["Help"]);
    expect(user.result("done", null, hello).state).toEqual(user.state);
    expect(user.facts.filter(({ kind }) => kind === "message_failed")).toEqual([]);
  });

  it("behind another that waits was not posted yet, whatever the desk has", () => {
    const { user, given } = saying("Hello", "Help");
    movedHaving(user, given + 2, "Help");
    expect(waiting(user)).toEqual(["Hello", "Help"]);
  });

  it.each<[string, number, string | null]>([
    ["none of it", 0, null],
    ["the one before it last", 0, "other"],
    ["fewer than it should, and the same words last", -1, "Hello"],
  ])("is said again to a desk that has %s", (_, more, last) => {
    const { user, given } = saying("Hello");
    movedHaving(user, given + more, last);
    expect(waiting(user)).toEqual(["Hello"]);
  });

  it("that the desk has is known also where one before it was heard twice", () => {
    const { user, given } = saying("Hello");
    movedHaving(user, given + 2, "Hello");
    expect(waiting(user)).toEqual([]);
  });

  it("like the one before it is said again: nobody knows which of the two the desk has", () => {
    const { user, given } = saying("ok", "ok");
    user.result();
    movedHaving(user, given + 2, "ok");
    expect(waiting(user)).toEqual(["ok"]);
  });

  it("that the desk has has used up a number where numbers go on: the next one must not go out under it", () => {
    const { user, given } = saying("Hello", "Help");
    user.state = { ...user.state, interconnection: { ...chatOf(user), postSequence: 3 } };
    movedHaving(user, given + 1, "Hello", false);
    expect([waiting(user), chatOf(user).postSequence]).toEqual([["Help"], 4]);
    const anew = saying("Hello");
    movedHaving(anew.user, anew.given + 1, "Hello");
    expect([waiting(anew.user), chatOf(anew.user).postSequence]).toEqual([[], 0]);
  });

  it("of a chat that was begun before texts were counted is said again, and so are all behind it", () => {
    const user = userIn("ACTIVE");
    const { textsGiven: _, ...before } = user.state;
    user.state = before;
    user.message("m0", "Hello");
    movedHaving(user, 1, "Hello");
    expect(waiting(user)).toEqual(["Hello"]);
    expect(user.state.textsGiven).toBeUndefined();
  });

  it("that the desk has is not said again either where the chat has ended meanwhile, or the next has begun", () => {
    const ended = saying("Hello", "Help");
    ended.user.finish();
    movedHaving(ended.user, ended.given + 1, "Hello");
    expect(waiting(ended.user)).toEqual(["Help"]);
    const { user, given } = saying("Hello", "Help");
    const [{ chatId }] = [chatOf(user)];
    user.finish();
    user.connect();
    expect(user.state.interconnection?.chatId).not.toBe(chatId);
    const textsHeard = { count: given + 1, last: textMark("Hello") };
    const event = { ...blankDeskEvent, number: 0, kind: "other" as const, textsHeard };
    user.agentEvent({ type: "DeskEvents", generation: "g2", position: 0, resumeToken: "t", events: [event] }, chatId);
    expect(waiting(user)).toEqual(["Help"]);
  });
});
