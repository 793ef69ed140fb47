// Whether one more message may wait: what counts, and that none is too long by itself.
import { describe, expect, it } from "vitest";

import { defaultLimits } from "../../../../src/processors/interconnection/settings.ts";
import { createUser, userIn, type TestUser } from "./user.ts";

/** Succeeds pending commands and returns what the agent was told, in order. */
function drain(user: TestUser): string[] {
  const texts: string[] = [];
  for (let [first] = user.state.pending; first !== undefined; [first] = user.state.pending) {
    if (first.kind === "SayToAgent") texts.push(first.text);
    user.result();
  }
  return texts;
}

describe("the room for what waits", () => {
  it("is for the newest words of the context whatever their length", () => {
    const user = createUser({ limits: { ...defaultLimits, contextBytes: 10 } });
    user.message("m1", "before");
    user.message("m2", "a text that is longer than all of the context may be");
    user.connect("r1");
    expect(user.state.interconnection).toMatchObject({ context: [{ messageId: "m2" }] });
  });

  it("does not hold history and welcome, which are on their way to the agent when he accepts", () => {
    const user = userIn("ON_HOLD", { limits: { ...defaultLimits, waitingBytes: 40, waitingMessages: 2 } });
    user.message("m1", "what I said while I was waiting in the queue");
    user.desk("accepted", { agentName: "Kim" });
    expect(user.state.pending.filter(({ kind }) => kind === "SayToAgent")).toHaveLength(2);
    for (const id of ["m2", "m3"]) expect(user.message(id, "and now").deadLetters).toEqual([]);
    expect(user.message("m4", "too much").deadLetters).toMatchObject([{ reason: "lane_overflow" }]);
  });

  it.each(["ACTIVE", "ON_HOLD"] as const)("takes one that is longer than all that may wait, whole (%s)", (status) => {
    const user = userIn(status);
    const text = Array.from({ length: 30_000 }, (_, i) => `w${String(i)}`).join(" ");
    expect(user.message("m1", text).deadLetters).toEqual([]);
    expect(user.message("m2", "more").deadLetters).toMatchObject([{ reason: "lane_overflow" }]);
    if (status === "ON_HOLD") user.desk("accepted", { agentName: "Kim" });
    const pieces = drain(user);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(defaultLimits.agentTextChars);
    expect(pieces.join("")).toContain(text);
  });
});
