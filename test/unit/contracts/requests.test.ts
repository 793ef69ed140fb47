// The contract of requests: each ends as exactly one outcome under its id with a reason, also one that breaks a rule of its fields;
// an expired connect gives the user back.
import { describe, expect, it } from "vitest";

import type { Fact } from "../../../src/processors/interconnection/decision.ts";
import { createUser, userIn, type Step, type TestUser } from "../processors/interconnection/user.ts";

const outcomeKinds = ["waiting", "refused", "finish_done", "operator_done"];
const outcomesOf = ({ facts }: { readonly facts: readonly Fact[] }): readonly Fact[] =>
  facts.filter(({ kind, requestId }) => requestId === "r" && outcomeKinds.includes(kind));

describe("a request", () => {
  it.each<[string, (user: TestUser) => Step, string]>([
    ["a name that is empty", (user) => user.connect("r", { name: "" }), "name is empty"],
    ["an e-mail that is empty", (user) => user.connect("r", { email: "" }), "email is empty"],
    ["a bot's id that is empty", (user) => user.connect("r", { botId: "" }), "botId is empty"],
    ["a bot's name that is empty", (user) => user.connect("r", { botSlug: "" }), "botSlug is empty"],
    ["an unknown channel", (user) => user.connect("r", { channel: "unknown" }), "channel is unknown"],
    [
      "a flow that is no text",
      (user) => user.connect("r", { extraData: { source_flow_bot: 7 } }),
      "extraData.source_flow_bot must be text",
    ],
    ["an unknown operator's action", (user) => user.operator("unknown", "r"), "unknown action"],
  ])("with %s is refused once, and says which rule it breaks", (_name, ask, detail) => {
    const user = createUser();
    const step = ask(user);
    expect(outcomesOf(step)).toMatchObject([{ kind: "refused", reason: "invalid_request", detail }]);
    expect(step.replies).toMatchObject([{ requestId: "r", reply: { reason: "invalid_request", detail } }]);
    expect(outcomesOf(ask(user)), "its repeat").toEqual([]);
  });

  it.each(["name", "email", "botId"] as const)("to connect without %s gives the user back to the bot", (field) => {
    const user = createUser();
    user.connect("r", { [field]: "" });
    expect(user.due("hand_back").gave).toMatchObject([{ kind: "HandBack", botState: "from-sf-timeout" }]);
  });

  it.each<[string, (user: TestUser) => Step]>([
    ["connect", (user) => user.connect("")],
    ["finish", (user) => user.finish("")],
    ["operator's request", (user) => user.operator("end_chat", "")],
  ])("to %s without an id is refused and changes no chat: its repeats could not be told", (_name, ask) => {
    const user = userIn("ACTIVE");
    const step = ask(user);
    expect(step.facts.filter(({ kind }) => kind !== "requested")).toMatchObject([{ kind: "refused", requestId: null }]);
    expect(user.state.interconnection?.status).toBe("ACTIVE");
    expect(step.replies).toEqual([]);
  });

  it.each(["NONE", "CLOSED", "FAILED"] as const)(
    "to connect that is too old is refused in %s, the user handed back",
    (status) => {
      const user = userIn(status);
      const step = user.connect("r", {}, user.nowMs);
      expect(step.facts.map(({ kind, reason }) => `${kind} ${reason}`)).toEqual(["requested none", "refused expired"]);
      expect(step.gave).toEqual([]);
      const handedBack = user.due("hand_back");
      expect(handedBack.gave).toMatchObject([{ kind: "HandBack", botState: "from-sf-timeout" }]);
      expect(user.result().facts).toMatchObject([{ kind: "handed_back", botState: "from-sf-timeout" }]);
    },
  );

  it("to connect in its last millisecond is carried out", () => {
    const user = createUser();
    expect(user.connect("r", {}, user.nowMs + 100).gave).toMatchObject([{ kind: "EnsureContact" }]);
  });

  it("to connect that is too old leaves an open chat as it is", () => {
    const user = userIn("ACTIVE");
    const step = user.connect("r", {}, user.nowMs);
    expect(outcomesOf(step)).toMatchObject([{ kind: "refused", reason: "chat_open" }]);
    expect(user.state.interconnection?.status).toBe("ACTIVE");
    expect(step.gave).toEqual([]);
  });
});

describe("the time of a fact", () => {
  const agoMs = 60_000;

  it("of a request is when it was made; of what follows from it, when it was decided", () => {
    const user = createUser();
    user.nowMs += agoMs;
    const madeAt = user.nowMs - agoMs;
    const { facts } = user.connect("r", { channel: "unknown" }, null, { occurredAt: madeAt });
    expect(facts).toMatchObject([
      { kind: "requested", occurredAt: madeAt },
      { kind: "refused", occurredAt: user.nowMs },
    ]);
  });

  it("of an end that a late finish brings is not before the chat's other facts", () => {
    const user = userIn("ACTIVE");
    const { facts } = user.finish("r", { occurredAt: user.nowMs - agoMs });
    expect(facts).toMatchObject([
      { kind: "ended", reason: "finish", occurredAt: user.nowMs, requestId: "r" },
      { kind: "finish_done", occurredAt: user.nowMs, requestId: "r" },
    ]);
  });

  it("of a message is when it was written", () => {
    const user = userIn("ACTIVE");
    const writtenAt = user.nowMs - agoMs;
    expect(user.message("m", "hola", { occurredAt: writtenAt }).facts).toMatchObject([
      { kind: "message_in", occurredAt: writtenAt },
    ]);
  });

  it("of an end by the user's word is when it was decided", () => {
    const user = userIn("ACTIVE");
    const { facts } = user.message("m", "restart", { occurredAt: user.nowMs - agoMs });
    expect(facts).toMatchObject([{ kind: "ended", reason: "user", occurredAt: user.nowMs, requestId: null }]);
  });

  it("of what the desk told is when it was learned", () => {
    const user = userIn("ACTIVE");
    expect(user.desk("ended", { reason: "agent" }).facts).toMatchObject([{ kind: "ended", occurredAt: user.nowMs }]);
  });
});
