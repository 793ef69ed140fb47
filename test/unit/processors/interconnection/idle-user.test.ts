// How long a user may be silent after an agent has said something: when the desk's clock runs, what comes of it, and what stops it.
import { describe, expect, it } from "vitest";

import type { Command } from "../../../../src/processors/interconnection/commands.ts";
import { momentsOf } from "../../../../src/processors/interconnection/due-times.ts";
import type { DecideSettings } from "../../../../src/processors/interconnection/settings.ts";
import { defaultTexts } from "../../../../src/processors/interconnection/texts.ts";
import type { DeskEvent } from "../../../../src/processors/messages/generated.ts";
import { settings, textsOf, userIn, type Step, type TestUser } from "./user.ts";

const limits = { idleLimitSeconds: 180, idleWarningSeconds: 120 };

function chatOfLimits(told: Partial<DeskEvent> = limits, overrides: Partial<DecideSettings> = {}): TestUser {
  const user = userIn("ON_HOLD", overrides);
  user.desk("accepted", { agentName: "Kim", ...told });
  user.settle();
  return user;
}

/** The agent says something, and it reaches the user. */
function agentSays(user: TestUser): void {
  user.desk("said", { text: "Hi" });
  user.settle();
}

const userTextOf = (user: TestUser): Command | undefined => user.state.pending.find(({ kind }) => kind === "SayToUser");
const silence = (user: TestUser): string[] =>
  momentsOf(user.state).flatMap(({ kind, at }) =>
    kind.startsWith("idle") ? [`${kind} ${String(at - user.nowMs)}`] : [],
  );
const reports = ({ gave }: Step): string[] =>
  gave.flatMap((command) => (command.kind === "ReportToDesk" ? [command.report.kind] : []));

describe("the silence of a user", () => {
  it("counts from when the agent's words have reached him, not from the accept", () => {
    const user = chatOfLimits();
    expect(silence(user)).toEqual([]);
    user.desk("said", { text: "Hi" });
    expect(silence(user)).toEqual([]);
    user.settle();
    expect(silence(user)).toEqual(["idle_warning 120000", "idle_limit 180000"]);
  });

  it("counts from the last words that he got, and not while others are on their way to him", () => {
    const user = chatOfLimits();
    user.desk("said", { text: "Hi" });
    user.desk("said", { text: "Your number, please?" });
    user.result();
    expect(silence(user)).toEqual([]);
    user.result();
    expect(silence(user)).toEqual(["idle_warning 120000", "idle_limit 180000"]);
    user.desk("said", { text: "Are you there?" });
    expect(silence(user)).toEqual([]);
    user.result("given_up", null, userTextOf(user));
    expect(silence(user)).toEqual(["idle_warning 119800", "idle_limit 179800"]);
  });

  it("is none while words for him wait behind others, and none from words alone that he did not get", () => {
    const user = chatOfLimits(limits, { limits: { ...settings.limits, laneWindow: 1 } });
    user.desk("said", { text: "Hi" });
    user.desk("said", { text: "Are you there?" });
    user.result();
    expect(silence(user)).toEqual([]);
    user.result();
    expect(silence(user)).toHaveLength(2);
    const other = chatOfLimits();
    other.desk("said", { text: "Hi" });
    other.result("given_up");
    expect(silence(other)).toEqual([]);
  });

  it.each(["waiting_again", "agent_disconnected"] as const)("is none once the agent has left: %s", (left) => {
    const user = chatOfLimits();
    user.desk("said", { text: "I will transfer you" });
    user.desk(left);
    user.settle();
    expect(silence(user)).toEqual([]);
    user.desk("transferred", { agentName: "Lee" });
    expect(silence(user)).toEqual([]);
    agentSays(user);
    expect(silence(user)).toHaveLength(2);
    user.desk(left);
    agentSays(user);
    expect(silence(user)).toHaveLength(2);
  });

  it.each<[string, Partial<DeskEvent>, string[]]>([
    ["that the desk does not limit", { idleLimitSeconds: null }, []],
    ["whose limit is off", { idleLimitSeconds: 0, idleWarningSeconds: 5 }, []],
    ["without a warning", { idleLimitSeconds: 60 }, ["idle_limit 60000"]],
    ["whose warning comes too late", { idleLimitSeconds: 60, idleWarningSeconds: 60 }, ["idle_limit 60000"]],
  ])("%s", (_what, told, moments) => {
    const user = chatOfLimits(told);
    agentSays(user);
    expect(silence(user)).toEqual(moments);
  });

  it("is told to the desk, then ends the chat as a time-out; the user hears nothing of it unless there are words for it", () => {
    const user = chatOfLimits();
    agentSays(user);
    const warned = user.due("idle_warning");
    expect([reports(warned), textsOf(warned.gave, "SayToUser")]).toEqual([["user_silent"], []]);
    user.settle();
    const ended = user.due("idle_limit");
    expect(ended.gave).toMatchObject([{ kind: "EndChat", isUserIdle: true }]);
    expect(ended.facts).toMatchObject([{ kind: "ended", reason: "user_idle" }]);
    expect(ended.state.handBack).toMatchObject({ botState: "from-sf-timeout" });
    expect(silence(user)).toEqual([]);
  });

  it("is told to the user where MESSAGES has words for it", () => {
    const texts = { ...defaultTexts, idleWarning: "Still there?", idleEnd: "Bye" };
    const user = chatOfLimits(limits, { texts });
    agentSays(user);
    expect(textsOf(user.due("idle_warning").gave, "SayToUser")).toEqual(["Still there?"]);
    user.settle();
    expect(textsOf(user.due("idle_limit").gave, "SayToUser")).toEqual(["Bye"]);
  });

  it("ends with whatever he writes, and the desk is told when it was told of it", () => {
    const user = chatOfLimits();
    agentSays(user);
    expect(reports(user.message("m1", "Yes"))).toEqual([]);
    expect(silence(user)).toEqual([]);
    agentSays(user);
    user.due("idle_warning");
    const back = user.message("m2", null, { type: "sticker" });
    expect([reports(back), silence(user)]).toEqual([["user_back"], []]);
    expect(reports(user.message("m3", "Hello"))).toEqual([]);
  });

  it("is not ended by a bot, nor by what an operator has replayed", () => {
    const user = chatOfLimits();
    agentSays(user);
    user.message("b1", "echo", { author: "bot" });
    user.late = true;
    user.message("m1", "of yesterday");
    expect(silence(user)).toHaveLength(2);
  });

  it("is told once, also when the agent says more after that", () => {
    const user = chatOfLimits();
    agentSays(user);
    user.due("idle_warning");
    user.settle();
    agentSays(user);
    expect(silence(user)).toEqual(["idle_limit 180000"]);
  });

  it("is none where his answer is known before the delivery of what it answers", () => {
    const user = chatOfLimits();
    user.desk("said", { text: "Hi" });
    user.message("m1", "Hello", { receivedAt: user.nowMs + 10_000 });
    user.settle();
    expect(silence(user)).toHaveLength(2);
    user.desk("said", { text: "Which order?" });
    user.nowMs += 60_000;
    user.message("m2", "The last");
    const delivered = userTextOf(user);
    user.nowMs -= 30_000;
    user.result("done", null, delivered);
    expect(silence(user)).toEqual([]);
  });

  it("begins anew when its moment comes long after it was due: his words may not have been read meanwhile", () => {
    const user = chatOfLimits();
    agentSays(user);
    user.nowMs += 400_000;
    const late = user.due("idle_limit");
    expect([late.facts, late.gave]).toEqual([[], []]);
    expect(silence(user)).toEqual(["idle_warning 120000", "idle_limit 180000"]);
  });

  it("has the limits of the agent who has him now, and none while there is no agent", () => {
    const user = chatOfLimits();
    agentSays(user);
    user.desk("transferred", { agentName: "Lee", idleLimitSeconds: 60 });
    expect(silence(user)).toEqual(["idle_limit 60000"]);
    user.desk("accepted", { agentName: "Lee" });
    expect(silence(user)).toHaveLength(1);
    user.desk("agent_disconnected");
    expect(silence(user)).toEqual([]);
    agentSays(user);
    expect(silence(user)).toHaveLength(1);
    user.desk("waiting_again");
    expect(silence(user)).toEqual([]);
    user.desk("transferred", { agentName: "Kim", idleLimitSeconds: 0 });
    agentSays(user);
    expect(silence(user)).toEqual([]);
  });

  it("that was told to the desk is told to be over where the next agent sets no limit", () => {
    const user = chatOfLimits();
    agentSays(user);
    user.due("idle_warning");
    expect(reports(user.desk("transferred", { agentName: "Lee", idleLimitSeconds: 0 }))).toEqual(["user_back"]);
    expect(reports(user.desk("transferred", { agentName: "Kim", idleLimitSeconds: 0 }))).toEqual([]);
  });

  it("reports carry their place among the posts when the chat ends, and are dropped with a lost session", () => {
    const user = chatOfLimits();
    agentSays(user);
    user.due("idle_warning");
    const lost = user.agentEvent({ type: "DeskLost", generation: "g1", reason: "session_gone", detail: null });
    expect(lost.state.pending.find(({ kind }) => kind === "ReportToDesk")).toMatchObject({ giveUpAt: user.nowMs });
    const other = chatOfLimits();
    agentSays(other);
    other.due("idle_warning");
    expect(other.finish().state.pending).toMatchObject([
      { kind: "ReportToDesk", postsBefore: 0 },
      { kind: "EndChat", postsBefore: 1 },
      { kind: "HandBack" },
    ]);
  });
});
