// What becomes of records that an operator has replayed from the dead letters: nothing of them shows as new.
import { describe, expect, it } from "vitest";

import { defaultLimits } from "../../../../src/processors/interconnection/settings.ts";
import { createUser, startMs, textsOf, userIn, type TestUser } from "./user.ts";

/** The same user from now on met by replayed records. */
function replayed(user: TestUser): TestUser {
  user.late = true;
  return user;
}

const dated = (text: string): unknown =>
  expect.stringMatching(new RegExp(`^\\[14-11-2023 16:1\\d:\\d\\d\\] ${text}$`, "u"));

describe("a replayed message of the user", () => {
  it("goes to the agent of its chat with its time, once", () => {
    const user = replayed(userIn("ACTIVE"));
    const { nowMs } = user;
    const step = user.message("m1", "Hello", { occurredAt: nowMs });
    expect(textsOf(step.gave, "SayToAgent")).toEqual([dated("Hello")]);
    expect(step.facts).toMatchObject([{ kind: "message_in", messageId: "m1", occurredAt: nowMs, detail: "replayed" }]);
    expect(user.message("m1", "Hello", { occurredAt: nowMs }).gave).toEqual([]);
  });

  it("is known as taken by a replay when the chat's own ids no longer tell", () => {
    const user = replayed(userIn("ACTIVE", { limits: { ...defaultLimits, takenIds: 1 } }));
    const at = { occurredAt: user.nowMs };
    user.message("m1", "one", at);
    user.message("m2", "two", at);
    expect(user.message("m1", "one", at).gave).toEqual([]);
  });

  it("is not told again when the chat had taken it", () => {
    const user = userIn("ACTIVE");
    user.message("m1", "Hello");
    const step = replayed(user).message("m1", "Hello", { occurredAt: user.nowMs });
    expect([step.gave, step.remember, step.facts]).toEqual([[], [], []]);
  });

  it("goes to the agent though it was seen, when it was given up as more than may wait", () => {
    const user = userIn("ACTIVE", { limits: { ...defaultLimits, waitingMessages: 1 } });
    user.message("m1", "one");
    const given = user.message("m2", "two");
    expect(given.deadLetters).toMatchObject([{ reason: "lane_overflow", text: null }]);
    user.settle();
    const step = replayed(user).message("m2", "two", { occurredAt: user.nowMs });
    expect(textsOf(step.gave, "SayToAgent")).toEqual([dated("two")]);
  });

  it("that is more than may wait once more can be replayed again", () => {
    const user = replayed(userIn("ACTIVE", { limits: { ...defaultLimits, waitingMessages: 1 } }));
    const at = { occurredAt: user.nowMs };
    user.message("m1", "one", at);
    expect(user.message("m2", "two", at).deadLetters).toHaveLength(1);
    user.settle();
    expect(textsOf(user.message("m2", "two", at).gave, "SayToAgent")).toEqual([dated("two")]);
  });

  it("waits in its place with the others for an agent to come", () => {
    const user = userIn("ON_HOLD");
    const { nowMs } = user;
    user.message("m2", "second", { occurredAt: nowMs + 60 });
    replayed(user).message("m1", "first", { occurredAt: nowMs + 20 });
    user.late = false;
    const accepted = user.desk("accepted", { agentName: "Kim" });
    expect(textsOf(accepted.gave, "SayToAgent")[0]).toMatch(/:first[^]*:second/u);
  });

  it("becomes context when its chat is over, and only once", () => {
    for (const status of ["NONE", "CLOSED", "FAILED"] as const) {
      const user = replayed(userIn(status));
      const at = { occurredAt: startMs + 50 };
      const step = user.message("m1", "Hello", at);
      expect(step.gave).toEqual([]);
      expect(step.remember).toMatchObject([{ messageId: "m1", at: startMs + 50, text: "Hello" }]);
      expect(user.message("m1", "Hello", at).remember).toEqual([]);
    }
  });

  it("becomes context when another chat was opened since", () => {
    for (const status of ["CONNECTING", "ON_HOLD", "ACTIVE"] as const) {
      const user = replayed(userIn(status));
      const step = user.message("m1", "Hello", { occurredAt: startMs - 60_000 });
      expect(step.gave).toEqual([]);
      expect(step.remember).toMatchObject([{ text: "Hello" }]);
    }
  });

  it("never restarts anything", () => {
    const user = replayed(userIn("ACTIVE"));
    user.message("m1", "restart", { occurredAt: user.nowMs });
    expect(user.state.interconnection?.status).toBe("ACTIVE");
  });

  it("of the bot becomes context", () => {
    const user = replayed(userIn("ACTIVE"));
    const step = user.message("b1", "Hello", { author: "bot", occurredAt: user.nowMs });
    expect(step.gave).toEqual([]);
    expect(step.remember).toMatchObject([{ from: "bot", text: "Hello" }]);
  });
});

describe("a replayed text of the agent", () => {
  it("comes to the user with its time", () => {
    const user = replayed(userIn("ACTIVE"));
    expect(textsOf(user.desk("said", { text: "Hi" }).gave, "SayToUser")).toEqual([dated("Hi")]);
  });

  it("is dropped where the chat has gone past it", () => {
    const user = userIn("ACTIVE");
    user.desk("said", { text: "Hi", number: 5 });
    expect(replayed(user).desk("said", { text: "Before", number: 4 }).gave).toEqual([]);
  });

  it("of a chat that is over is a dead letter again", () => {
    const user = replayed(userIn("CLOSED"));
    const step = user.desk("said", { text: "Hi" });
    expect(step.gave).toEqual([]);
    expect(step.deadLetters).toMatchObject([{ reason: "chat_over", text: "Hi", attempts: 0 }]);
  });
});

describe("a replayed request", () => {
  it("to connect has expired: no agent rings, and the user is handed back", () => {
    const user = replayed(createUser());
    const step = user.connect("r1");
    expect(step.gave).toEqual([]);
    expect(step.replies).toMatchObject([{ requestId: "r1", reply: { outcome: "refused", reason: "expired" } }]);
    expect(user.due("hand_back").gave).toMatchObject([{ kind: "HandBack", botState: "from-sf-timeout" }]);
  });

  it("to connect holds where it says that it still does", () => {
    const user = replayed(createUser());
    expect(user.connect("r1", {}, startMs + 60_000).gave).toMatchObject([{ kind: "EnsureContact" }]);
  });

  it("to connect does not hand back a user who has had a chat since", () => {
    const user = replayed(userIn("CLOSED"));
    const step = user.connect("r1", {}, null, { occurredAt: startMs - 60_000 });
    expect(step.replies).toMatchObject([{ reply: { reason: "expired" } }]);
    expect([step.state.handBack, step.gave]).toEqual([null, []]);
    expect(step.facts.map(({ kind }) => kind)).toEqual(["requested", "refused"]);
  });

  it("to finish ends the chat of its time", () => {
    const user = replayed(userIn("ACTIVE"));
    expect(user.finish("f1").state.interconnection?.status).toBe("CLOSED");
  });

  it("to finish leaves a chat alone that was opened since", () => {
    const user = replayed(userIn("ACTIVE"));
    const step = user.finish("f1", { occurredAt: startMs - 60_000 });
    expect(step.state.interconnection?.status).toBe("ACTIVE");
    expect(step.replies).toMatchObject([{ reply: { outcome: "refused", reason: "no_chat" } }]);
  });
});
