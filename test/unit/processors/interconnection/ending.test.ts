// How chats end, by whom, and what follows: last texts, end at the desk, hand-back, and being forgotten.
import { describe, expect, it } from "vitest";

import { formatRecord, homeOf, parseRecord } from "../../../../src/processors/interconnection/record.ts";
import type { Command } from "../../../../src/processors/interconnection/commands.ts";
import { defaultLimits } from "../../../../src/processors/interconnection/settings.ts";
import { nobody } from "../../../../src/processors/interconnection/state.ts";
import { defaultTexts } from "../../../../src/processors/interconnection/texts.ts";
import { blankDeskEvent } from "../../../support/blank-desk-event.ts";
import { session, textsOf, userIn } from "./user.ts";

const kindsOf = (commands: readonly { readonly kind: string }[]): string[] => commands.map(({ kind }) => kind);

describe("the end of a chat", () => {
  it.each([
    ["agent", "agent"],
    [null, "agent"],
    ["NoPost", "desk_ended"],
  ])("by the desk with %s: %s, the bot at once, nothing more to the desk", (word, reason) => {
    const user = userIn("ACTIVE");
    const step = user.desk("ended", { reason: word });
    expect(step.facts).toMatchObject([{ kind: "ended", reason, detail: word }]);
    expect(step.gave).toMatchObject([{ kind: "HandBack", botState: "from-sf-success" }]);
    expect(user.state.interconnection).toMatchObject({ status: "CLOSED", caseId: "500x" });
  });

  it.each(["clientIdleTimeout", "agentsUnavailable", "agentPushTimeout"])(
    "by the desk with %s is no success: the bot after the delay, in the state for time-outs",
    (word) => {
      const user = userIn("ACTIVE");
      const step = user.desk("ended", { reason: word });
      expect(step.facts).toMatchObject([{ kind: "ended", reason: "desk_ended", detail: word }]);
      expect(step.gave).toEqual([]);
      expect(user.due("hand_back").gave).toMatchObject([{ kind: "HandBack", botState: "from-sf-timeout" }]);
    },
  );

  it("without a bot platform hands nobody over, and its fact says so", () => {
    const user = userIn("ACTIVE", { hasBotPlatform: false });
    user.desk("ended", { reason: "agent" });
    expect(user.result().facts).toMatchObject([{ kind: "handed_back", detail: "no bot platform is set" }]);
  });

  it.each([
    ["Unavailable", "desk_unavailable"],
    ["Blocked", "desk_blocked"],
    ["InternalFailure", "desk_refused"],
    [null, "desk_refused"],
  ])("by refusal with %s: %s, the bot after the delay, the case kept", (word, reason) => {
    const user = userIn("ON_HOLD");
    const step = user.desk("refused", { reason: word });
    expect(step.facts).toMatchObject([{ kind: "ended", reason }]);
    expect(step.gave).toEqual([]);
    expect(user.state.interconnection).toMatchObject({ status: "FAILED" });
    expect(user.state.due.find(({ kind }) => kind === "hand_back")?.at).toBe(user.nowMs + 4_000);
    expect(user.state.looseCase).toMatchObject({ caseId: "500x" });
    expect(user.due("hand_back").gave).toMatchObject([{ botState: "from-sf-timeout" }]);
  });

  it.each([
    ["session_gone", "session_lost"],
    ["budget_exhausted", "poll_budget"],
    ["reconnect_failed", "reconnect_failed"],
    ["secret_unreadable", "session_lost"],
  ] as const)("by loss with %s: %s, ended at the desk as well", (word, reason) => {
    const user = userIn("ACTIVE");
    const step = user.agentEvent({ type: "DeskLost", generation: "g1", reason: word, detail: "403" });
    expect(step.facts).toMatchObject([{ kind: "ended", reason, detail: "403" }]);
    expect(step.gave).toMatchObject([{ kind: "EndChat", session, giveUpAt: user.nowMs + 300_000 }]);
  });

  it("by finish says what is still to be said, in order, then ends", () => {
    const user = userIn("ACTIVE", { limits: { ...defaultLimits, laneWindow: 1 } });
    user.message("m1", "one");
    user.message("m2", "two");
    user.desk("said", { text: "uno" });
    user.desk("said", { text: "dos" });
    user.finish();
    const lane = (name: string): string[] =>
      user.state.pending.flatMap((each) => (each.lane !== name ? [] : "text" in each ? [each.text] : [each.kind]));
    expect(lane("desk")).toEqual(["one", "two", "EndChat"]);
    expect(lane("channel")).toEqual(["uno", "dos", "HandBack"]);
  });

  it("by finish lets last words be tried for a minute, and the end longer", () => {
    const user = userIn("ACTIVE");
    user.message("m1", "one");
    user.message("m2", "two");
    user.finish();
    const lives = user.state.pending.flatMap(({ lane, kind, giveUpAt }) =>
      lane === "desk" ? [[kind, giveUpAt - user.nowMs]] : [],
    );
    expect(lives).toEqual([
      ["SayToAgent", 60_000],
      ["SayToAgent", 60_000],
      ["EndChat", 300_000],
    ]);
  });

  it("leaves the agent of the next chat all his room: what waits for the old one counts no more", () => {
    const user = userIn("ACTIVE", { limits: { ...defaultLimits, laneWindow: 1 } });
    user.message("m1", "one");
    user.message("m2", "two");
    user.finish();
    user.connect("again");
    const next = user.state.interconnection?.chatId;
    const ofNext = (): readonly Command[] => user.state.pending.filter(({ chatId }) => chatId === next);
    for (let step = 1; step <= 4; step++) user.result("done", undefined, ofNext()[0]);
    user.desk("accepted");
    const [history, ...others] = ofNext();
    expect([history?.kind, others]).toEqual(["SayToAgent", []]);
    user.result("done", undefined, history);
    expect(kindsOf(ofNext())).toEqual(["SayToAgent"]);
  });

  it("by the agent gives up what he can't be told any more, and tells the user before the bot has him", () => {
    const user = userIn("ACTIVE", { limits: { ...defaultLimits, laneWindow: 1 } });
    user.message("m1", "one");
    user.message("m2", "two");
    const step = user.desk("ended", { reason: "agent" });
    expect(step.facts.map(({ kind, reason }) => `${kind} ${reason}`)).toEqual([
      "message_failed chat_over",
      "ended agent",
    ]);
    expect(step.deadLetters).toMatchObject([{ reason: "undeliverable", text: "two" }]);
    expect(kindsOf(step.gave)).toEqual(["SayToUser", "HandBack"]);
    // One may have reached the agent already: its own result tells. It gets no further try.
    const [said] = user.state.pending;
    expect(said).toMatchObject({ kind: "SayToAgent", text: "one", giveUpAt: user.nowMs });
    expect(user.result("refused").facts).toMatchObject([
      { kind: "message_failed", reason: "chat_over", messageId: "m1" },
    ]);
  });

  it("comes once: what the desk tells afterwards changes nothing, but words are kept", () => {
    const user = userIn("ACTIVE");
    user.finish();
    const closed = user.state.interconnection;
    expect(user.agentEvent({ type: "DeskLost", generation: "g1", reason: "session_gone", detail: null }).facts).toEqual(
      [],
    );
    expect(user.desk("ended", { reason: "client" }).facts).toEqual([]);
    const late = user.desk("said", { text: "Still there?" });
    expect(late.facts).toMatchObject([{ kind: "message_failed", reason: "chat_over" }]);
    expect(late.deadLetters).toMatchObject([{ reason: "chat_over", text: "Still there?" }]);
    expect(user.state.interconnection).toMatchObject({ status: closed?.status });
    expect(user.facts.filter(({ kind }) => kind === "ended")).toHaveLength(1);
  });

  it("told twice by the same record makes no dead letter of words that were delivered", () => {
    const user = userIn("ACTIVE");
    const events = [
      { ...blankDeskEvent, number: 8, kind: "said" as const, text: "Bye" },
      { ...blankDeskEvent, number: 9, kind: "ended" as const, reason: "agent" },
    ];
    const body = { type: "DeskEvents", generation: "g1", position: 9, resumeToken: null, events } as const;
    expect(textsOf(user.agentEvent(body).gave, "SayToUser")).toEqual(["Bye"]);
    const again = user.agentEvent(body);
    expect([again.facts, again.deadLetters, again.gave]).toEqual([[], [], []]);
  });

  it("by ACCEPT_TIMEOUT tells the user, the desk, and the bot", () => {
    const user = userIn("ON_HOLD");
    const step = user.due("accept_limit");
    expect(step.facts).toMatchObject([{ kind: "ended", reason: "accept_timeout" }]);
    expect(textsOf(step.gave, "SayToUser")).toEqual([defaultTexts.acceptTimeout]);
    expect(kindsOf(step.gave)).toEqual(["SayToUser", "EndChat"]);
    expect(user.due("hand_back").gave).toMatchObject([{ botState: "from-sf-timeout" }]);
  });

  it("does not come by ACCEPT_TIMEOUT where there is none", () => {
    expect(userIn("ON_HOLD", { acceptTimeoutMs: null }).state.due.map(({ kind }) => kind)).toEqual(["chat_too_old"]);
    const user = userIn("ACTIVE", { acceptTimeoutMs: null });
    user.desk("waiting_again");
    expect(user.state.due.map(({ kind }) => kind)).toEqual(["chat_too_old"]);
  });

  it("by a restart keyword lets the user connect again", () => {
    const user = userIn("ACTIVE");
    const step = user.message("m1", "RESTART");
    expect(step.facts).toMatchObject([{ kind: "ended", reason: "user" }]);
    expect(kindsOf(step.gave)).toEqual(["EndChat", "HandBack"]);
    user.settle();
    expect(user.facts.at(-1)).toMatchObject({ kind: "handed_back", botState: "from-sf-success" });
    expect(kindsOf(user.connect("again").gave)).toEqual(["EnsureContact"]);
    expect(kindsOf(userIn("ACTIVE").message("m1", "restart it").gave)).toEqual(["SayToAgent"]);
    expect(kindsOf(userIn("ACTIVE", { restartKeywords: new Set() }).message("m1", "restart").gave)).toEqual([
      "SayToAgent",
    ]);
  });
});

describe("a restart keyword while no agent is there yet", () => {
  it.each([
    ["CONNECTING", "refused", ["HandBack"]],
    ["ON_HOLD", "ended", ["EndChat", "HandBack"]],
  ] as const)("ends a chat that is %s, hands the user back, and lets him connect again", (status, kind, follow) => {
    const user = userIn(status);
    const step = user.message("m1", "Restart");
    expect(step.facts).toMatchObject([{ kind, reason: "user" }]);
    expect(kindsOf(step.gave)).toEqual(follow);
    user.settle();
    expect(user.facts.at(-1)).toMatchObject({ kind: "handed_back", botState: "from-sf-success" });
    expect(kindsOf(user.connect("again").gave)).toEqual(["EnsureContact"]);
  });
});

describe("the hand-back", () => {
  it("is a fact when it worked, and a fact and a dead letter when it did not", () => {
    const done = userIn("ACTIVE");
    done.desk("ended");
    expect(done.result().facts).toMatchObject([{ kind: "handed_back", botState: "from-sf-success" }]);
    const failed = userIn("ACTIVE");
    failed.desk("ended");
    const step = failed.result("given_up");
    expect(step.facts).toMatchObject([
      { kind: "hand_back_failed", reason: "gave_up", botState: "from-sf-success", detail: "503" },
    ]);
    expect(step.deadLetters).toMatchObject([{ reason: "undeliverable" }]);
  });

  it("needs no moment to come where no delay is configured", () => {
    const user = userIn("ON_HOLD", { handBackDelayMs: 0 });
    expect(kindsOf(user.desk("refused").gave)).toEqual(["HandBack"]);
  });

  it("comes at its moment, not at another's", () => {
    const user = userIn("ON_HOLD");
    user.desk("refused");
    const before = user.state;
    const [due] = user.state.due;
    user.agentEvent({ type: "DueTime", kind: "hand_back", dueAt: (due?.at ?? 0) - 1 });
    expect(user.state).toBe(before);
  });
});

describe("an end at the desk that failed", () => {
  it("takes nothing back of the finish: its caller was answered, the chat is over, the user goes back at once", () => {
    const user = userIn("ACTIVE");
    const step = user.finish("f1");
    expect(step.replies).toMatchObject([{ requestId: "f1", reply: { outcome: "done", reason: "chat_finished" } }]);
    expect(kindsOf(step.gave)).toEqual(["EndChat", "HandBack"]);
    expect(user.result("refused").replies).toEqual([]);
    expect(user.finish("f1").replies).toMatchObject([{ reply: { outcome: "done", reason: "chat_finished" } }]);
    expect(user.state.interconnection).toMatchObject({ status: "CLOSED" });
    expect(user.state.pending).toMatchObject([{ kind: "HandBack", botState: "from-sf-success" }]);
  });

  it("is a dead letter: the agent may still sit before it", () => {
    const user = userIn("ACTIVE");
    user.finish();
    expect(user.result("given_up").deadLetters).toMatchObject([
      { reason: "undeliverable", detail: "EndChat given_up: 503" },
    ]);
  });
});

describe("a user whose chat is over", () => {
  it("is forgotten 24 h later", () => {
    const user = userIn("ACTIVE");
    user.desk("ended", { reason: "agent" });
    const forgottenAt = user.nowMs + 86_400_000;
    user.settle();
    expect(user.state.due).toMatchObject([{ kind: "forget", at: forgottenAt }]);
    expect(user.state.interconnection).toMatchObject({ status: "CLOSED" });
    user.due("forget");
    expect(user.state).toBe(nobody);
  });

  it("is not forgotten while something is pending, but later", () => {
    const user = userIn("ACTIVE");
    user.finish();
    user.due("forget");
    expect(user.state.pending).not.toEqual([]);
    expect(user.state.due).toMatchObject([{ kind: "forget", at: user.nowMs + 86_400_000 }]);
    user.settle();
    user.due("forget");
    expect(user.state).toBe(nobody);
  });

  it("is not forgotten once the next chat has begun, and counts anew from its end", () => {
    const user = userIn("CLOSED");
    user.connect("next");
    expect(user.state.due.map(({ kind }) => kind)).toEqual(["opening_limit"]);
    user.result("refused");
    expect(user.state.due.find(({ kind }) => kind === "forget")).toMatchObject({ at: user.nowMs + 86_400_000 });
  });
});

describe("an agent who disconnects", () => {
  it("leaves the chat open: another may take over", () => {
    const user = userIn("ACTIVE");
    expect(user.desk("agent_disconnected").facts).toMatchObject([{ kind: "agent_disconnected", agentName: "Kim" }]);
    expect(user.state.interconnection).toMatchObject({ status: "ACTIVE", agentName: null });
    expect(textsOf(user.message("m1", "Hello?").gave, "SayToAgent")).toEqual(["Hello?"]);
    const next = user.desk("accepted", { agentName: "Lee" });
    expect(next.facts).toMatchObject([{ kind: "agent_joined", agentName: "Lee" }]);
    expect(next.gave).toEqual([]);
  });
});

describe("finish of what is over already", () => {
  it.each([
    ["a chat that ended", () => userIn("CLOSED"), "no_chat", "interconnection"],
    ["a chat that the desk refused", refusedByDesk, "no_chat", "interconnection"],
    ["a chat that could not be opened anew", lostOnTheMove, "no_chat", "interconnection"],
    ["a connect that a step of the opening refused", () => userIn("FAILED"), "never_connected", "connecting"],
    ["a connect that came too late", expired, "never_connected", "connecting"],
  ] as const)("%s", (_what, make, reason, home) => {
    const user = make();
    expect(homeOf(user.state)).toBe(home);
    const stored = parseRecord(formatRecord("u", "c", user.state));
    if (stored.kind === "bad") throw new Error(stored.detail);
    user.state = stored.state;
    expect(user.finish().replies).toMatchObject([{ reply: { outcome: "refused", reason } }]);
  });

  function refusedByDesk(): ReturnType<typeof userIn> {
    const user = userIn("ON_HOLD");
    user.desk("refused", { reason: "Unavailable" });
    return user;
  }

  function lostOnTheMove(): ReturnType<typeof userIn> {
    const user = userIn("ON_HOLD");
    const { generation } = session;
    user.agentEvent({ type: "DeskLost", generation, reason: "server_switched", detail: "SwitchServer" });
    user.result("refused");
    return user;
  }

  function expired(): ReturnType<typeof userIn> {
    const user = userIn("NONE");
    user.connect("r1", {}, user.nowMs - 1);
    return user;
  }
});

describe("a desk whose server has changed", () => {
  const moved = { ...session, id: "session-2", generation: "g9" };
  const lost = (generation: string) =>
    ({ type: "DeskLost", generation, reason: "server_switched", detail: "SwitchServer" }) as const;

  function reopened(): ReturnType<typeof userIn> {
    const user = userIn("ON_HOLD");
    user.desk("queued", { queuePosition: 2 });
    user.settle();
    user.message("w1", "Anybody?");
    user.agentEvent(lost(session.generation));
    return user;
  }

  it("opens a new session for the same case while the user waits, and tells no second outcome of the connect", () => {
    const user = reopened();
    const told = user.facts.length;
    expect(user.state.interconnection).toMatchObject({
      status: "CONNECTING",
      caseId: "500x",
      said: [{ text: "Anybody?" }],
    });
    expect(user.result("done", { type: "SessionOpened", session: moved }).gave).toMatchObject([
      { kind: "RequestChat", session: moved, caseId: "500x" },
    ]);
    const step = user.result();
    expect(user.state.interconnection).toMatchObject({ status: "ON_HOLD", session: moved, position: -1 });
    expect(step.replies).toEqual([]);
    expect(user.facts.slice(told)).toMatchObject([{ kind: "waiting", requestId: null, detail: "server_switched" }]);
    expect(user.desk("queued", { queuePosition: 2, number: 0 }).gave, "told to wait once").toEqual([]);
    const texts = textsOf(user.desk("accepted", { number: 1 }).gave, "SayToAgent");
    expect(texts[0]).toContain("Anybody?");
  });

  it("ends the chat when the new session can't be had, or when it sends us on a second time", () => {
    const failed = reopened().result("refused");
    expect(failed.facts).toMatchObject([{ kind: "ended", reason: "session_failed", requestId: null }]);
    expect(failed.replies).toEqual([]);
    const user = reopened();
    user.result("done", { type: "SessionOpened", session: moved });
    user.result();
    expect(user.agentEvent(lost("g9")).facts).toMatchObject([{ kind: "ended", reason: "session_lost" }]);
  });

  it("ends a chat that an agent has", () => {
    const step = userIn("ACTIVE").agentEvent(lost(session.generation));
    expect(step.facts).toMatchObject([{ kind: "ended", reason: "session_lost", detail: "SwitchServer" }]);
  });
});
