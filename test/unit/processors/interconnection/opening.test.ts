// Opening a chat: the steps and their order, what refuses it, and what is left behind when it fails.
import { describe, expect, it } from "vitest";

import { destinationOf } from "../../../../src/processors/interconnection/opening.ts";
import { createUser, session, settings, startMs, userIn } from "./user.ts";

const kinds = (step: { readonly gave: readonly { readonly kind: string }[] }): string[] =>
  step.gave.map(({ kind }) => kind);

/** A user whose chat was refused when its case was there already. */
function refusedWithACase(): ReturnType<typeof createUser> {
  const user = createUser();
  user.connect("r1");
  user.result();
  user.result();
  user.result("refused");
  return user;
}

describe("opening a chat", () => {
  it("goes step by step and answers when the chat is requested", () => {
    const user = createUser();
    const first = user.connect("r1");
    expect(first.gave).toMatchObject([
      { kind: "EnsureContact", seq: 1, lane: "desk", phoneNumber: "1245124510", giveUpAt: user.nowMs + 8_000 },
    ]);
    expect(kinds(user.result())).toEqual(["EnsureCase"]);
    expect(user.state.pending).toMatchObject([
      { seq: 2, contactId: "003x", subject: "Help", description: "Caso levantado por el Bot : Help", ownerId: "00Gx" },
    ]);
    expect(kinds(user.result())).toEqual(["OpenSession"]);
    const request = user.result();
    expect(request.gave).toMatchObject([{ kind: "RequestChat", seq: 4, session, buttonId: "573x", caseId: "500x" }]);
    expect(request.replies).toEqual([]);
    const chatId = user.state.interconnection?.chatId;
    expect(user.result().replies).toEqual([
      { requestId: "r1", reply: { outcome: "done", reason: "chat_created", chatId, detail: null } },
    ]);
    expect(user.facts.map(({ kind, sequence }) => `${kind} ${String(sequence)}`)).toEqual([
      "requested 1",
      "contact_created 2",
      "case_created 3",
      "waiting 4",
    ]);
    expect(user.facts.every(({ requestId }) => requestId === "r1")).toBe(true);
    expect(user.state.due.map(({ kind }) => kind)).toEqual(["chat_too_old", "accept_limit"]);
  });

  it.each([
    [0, "refused", "contact_failed"],
    [0, "given_up", "contact_failed"],
    [1, "broken", "case_failed"],
    [2, "refused", "session_failed"],
    [3, "given_up", "chat_request_failed"],
  ] as const)("step %i %s: refused with %s, and the bot has the user after the delay", (steps, outcome, reason) => {
    const user = createUser();
    user.connect("r1");
    for (let i = 0; i < steps; i++) user.result();
    const failed = user.result(outcome);
    expect(failed.replies).toMatchObject([{ requestId: "r1", reply: { outcome: "refused", reason, detail: "503" } }]);
    expect(failed.facts).toMatchObject([{ kind: "refused", reason, requestId: "r1" }]);
    // A session that is known is ended at the desk; it may hold a chat request whose answer was lost.
    expect(kinds(failed)).toEqual(steps === 3 ? ["EndChat"] : []);
    const handBack = user.due("hand_back");
    expect(handBack.gave).toMatchObject([
      { kind: "HandBack", botState: "from-sf-timeout", botSlug: "bot", giveUpAt: user.nowMs + 86_400_000 },
    ]);
  });

  it("hands a blocked contact to the blocked state", () => {
    const user = createUser();
    user.connect("r1");
    const step = user.result("done", { type: "ContactReady", contactId: "003x", created: false, blocked: true });
    expect(step.facts.map(({ kind }) => kind)).toEqual(["contact_found", "refused"]);
    expect(step.replies).toMatchObject([{ reply: { reason: "contact_blocked" } }]);
    expect(user.due("hand_back").gave).toMatchObject([{ botState: "from-sf-blocked" }]);
  });

  it("takes a step that brought nothing for a failed one", () => {
    const user = createUser();
    user.connect("r1");
    expect(user.result("done", null).replies).toMatchObject([{ reply: { reason: "contact_failed" } }]);
  });

  it("refuses at the limit, and ends a session that opens after it", () => {
    const user = createUser();
    user.connect("r1");
    user.result();
    user.result();
    const [open] = user.state.pending;
    expect(open?.kind).toBe("OpenSession");
    expect(user.due("opening_limit").replies).toMatchObject([{ reply: { reason: "opening_timeout" } }]);
    const late = user.result("done", undefined, open);
    expect(late.gave).toMatchObject([{ kind: "EndChat", session, seq: 4, lane: "desk" }]);
    expect(late.replies).toEqual([]);
    expect(user.state.interconnection?.status).toBe("FAILED");
  });

  it("refuses while the chat request may have arrived: the session is ended under the next number, not as its repeat", () => {
    const user = createUser();
    user.connect("r1");
    for (const _step of ["contact", "case", "session"]) user.result();
    expect(user.state.pending).toMatchObject([{ kind: "RequestChat" }]);
    expect(user.due("opening_limit").gave).toContainEqual(expect.objectContaining({ kind: "EndChat", postsBefore: 1 }));
  });

  it("ends such a session also when the next chat is being opened already", () => {
    const user = createUser();
    user.connect("r1");
    user.result();
    user.result();
    const [open] = user.state.pending;
    user.due("opening_limit");
    const firstChat = user.state.interconnection?.chatId;
    user.connect("r2");
    const late = user.result("done", undefined, open);
    expect(late.gave).toMatchObject([{ kind: "EndChat", session, chatId: firstChat, seq: 4 }]);
    expect(user.state.interconnection?.status).toBe("CONNECTING");
    expect(user.state.earlier).toMatchObject([{ chatId: firstChat, lastSeq: { desk: 4 } }]);
    user.settle();
    expect(user.state.earlier).toEqual([]);
    expect(user.state.interconnection?.status).toBe("ON_HOLD");
  });

  it("uses the case of a failed try for the same contact within 24 h, and no other", () => {
    const failed = createUser();
    failed.connect("r1");
    failed.result();
    failed.result();
    failed.result("refused");
    expect(failed.state.looseCase).toMatchObject({ caseId: "500x", contactId: "003x" });
    const failedState = failed.state;

    failed.connect("r2");
    expect(failed.result().gave).toMatchObject([{ kind: "EnsureCase", kept: "500x" }]);
    const taken = failed.result("done", { type: "CaseReady", caseId: "500x", created: false });
    expect(kinds(taken)).toEqual(["OpenSession"]);
    expect(taken.facts).toEqual([]);
    expect(failed.state.interconnection).toMatchObject({ caseId: "500x" });
    expect(failed.state.looseCase).toBeNull();
    expect(failed.state.due.map(({ kind }) => kind)).not.toContain("close_case");

    const late = createUser();
    late.state = failedState;
    late.nowMs = startMs + 86_400_000 - 5_000;
    late.connect("r3");
    expect(late.result().gave).toMatchObject([{ kind: "EnsureCase" }]);
    expect(late.state.pending[0]).not.toHaveProperty("kept");

    const otherContact = createUser();
    otherContact.state = failedState;
    otherContact.nowMs = failed.nowMs;
    otherContact.connect("r4");
    const data = { type: "ContactReady", contactId: "003y", created: false, blocked: false } as const;
    expect(kinds(otherContact.result("done", data))).toEqual(["EnsureCase"]);
    expect(otherContact.state.pending[0]).not.toHaveProperty("kept");
  });

  it("has the case of a failed try made what the new connect is about", () => {
    const provider = (id: string) => ({ whatsapp: { buttonId: `573${id}`, ownerId: `00G${id}` } });
    const sourceFlows = {
      default: { subject: "Help", providers: provider("x") },
      sales: { subject: "Sales", providers: provider("s") },
    };
    const user = createUser({ sourceFlows });
    user.connect("r1");
    user.settle();
    user.desk("refused", { reason: "Unavailable" });
    user.due("hand_back");
    user.settle();
    const extraData = { source_flow_bot: "sales", description: "A new order" };
    user.connect("r2", { extraData });
    expect(user.result().gave).toMatchObject([
      { kind: "EnsureCase", kept: "500x", subject: "Sales", description: "A new order", ownerId: "00Gs", extraData },
    ]);
  });

  it("goes on to keep a case when the opening that was to take it fails, and closes it when another was made", () => {
    const user = refusedWithACase();
    user.connect("r2");
    user.result();
    user.result("given_up");
    expect(user.state.looseCase).toMatchObject({ caseId: "500x" });
    user.connect("r3");
    user.result();
    const step = user.result("done", { type: "CaseReady", caseId: "500z", created: true });
    expect(step.gave).toMatchObject([{ kind: "CloseCase", caseId: "500x" }, { kind: "OpenSession" }]);
    expect(user.state.looseCase).toBeNull();
    user.settle();
    expect(user.state.interconnection).toMatchObject({ status: "ON_HOLD", caseId: "500z" });
  });

  it("goes on to keep a case that was taken after the refusal", () => {
    const user = refusedWithACase();
    user.connect("r2");
    user.result();
    const [ensureCase] = user.state.pending;
    user.due("opening_limit");
    const late = user.result("done", { type: "CaseReady", caseId: "500x", created: false }, ensureCase);
    expect(late.gave).toEqual([]);
    expect(user.state.looseCase).toMatchObject({ caseId: "500x" });
    expect(user.state.due.filter(({ kind }) => kind === "close_case")).toHaveLength(1);
  });

  it("closes a case that nobody used within 24 h, and tells so", () => {
    const user = refusedWithACase();
    const due = user.state.due.find(({ kind }) => kind === "close_case");
    expect(due?.at).toBe(user.nowMs + 86_400_000);
    user.due("hand_back");
    user.settle();
    expect(user.due("close_case").gave).toMatchObject([
      { kind: "CloseCase", caseId: "500x", lane: "desk", giveUpAt: user.nowMs + 300_000 },
    ]);
    expect(user.state.looseCase).toBeNull();
    expect(user.result().facts).toMatchObject([{ kind: "case_closed", caseId: "500x" }]);
    expect(user.state.due.map(({ kind }) => kind)).toEqual(["forget"]);
  });

  it("tells nothing of a case that somebody else has taken on, and gives one up that can't be closed", () => {
    for (const [outcome, facts, letters] of [
      ["done", [], 0],
      ["given_up", [], 1],
    ] as const) {
      const user = refusedWithACase();
      user.due("hand_back");
      user.settle();
      user.due("close_case");
      const step = user.result(outcome, { type: "CaseClosed", closed: false });
      expect([step.facts, step.deadLetters.length]).toEqual([facts, letters]);
    }
  });

  it("waits with no case any more that a connect has taken, nor closes it", () => {
    const user = refusedWithACase();
    user.connect("r2");
    user.settle();
    expect(user.state.interconnection).toMatchObject({ status: "ON_HOLD", caseId: "500x" });
    expect(user.state.due.map(({ kind }) => kind)).toEqual(["chat_too_old", "accept_limit"]);
  });

  it("closes the case of another contact when a second one is left over", () => {
    const user = refusedWithACase();
    user.connect("r2");
    user.result("done", { type: "ContactReady", contactId: "003y", created: false, blocked: false });
    user.result("done", { type: "CaseReady", caseId: "500y", created: true });
    const step = user.result("refused");
    expect(step.gave).toMatchObject([{ kind: "CloseCase", caseId: "500x" }]);
    expect(user.state.looseCase).toMatchObject({ caseId: "500y", contactId: "003y" });
    expect(user.state.due.filter(({ kind }) => kind === "close_case")).toHaveLength(1);
  });

  it("closes a case behind the chat that has been opened since for another contact", () => {
    const user = refusedWithACase();
    user.connect("r2");
    user.result("done", { type: "ContactReady", contactId: "003y", created: false, blocked: false });
    user.settle();
    const { chatId } = user.state.interconnection ?? {};
    expect(user.due("close_case").gave).toMatchObject([{ kind: "CloseCase", caseId: "500x", chatId }]);
    user.settle();
    expect(user.state.interconnection?.status).toBe("ON_HOLD");
  });

  it("keeps a case whose creation is known only after the refusal", () => {
    const user = createUser();
    user.connect("r1");
    user.result();
    const [ensureCase] = user.state.pending;
    user.due("opening_limit");
    user.result("done", undefined, ensureCase);
    expect(user.state.looseCase).toMatchObject({ caseId: "500x", contactId: "003x" });
  });

  it("closes such a case when another one waits already", () => {
    const user = refusedWithACase();
    user.connect("r2");
    user.result("done", { type: "ContactReady", contactId: "003y", created: false, blocked: false });
    const [ensureCase] = user.state.pending;
    user.due("opening_limit");
    const late = user.result("done", { type: "CaseReady", caseId: "500y", created: true }, ensureCase);
    expect(late.gave).toMatchObject([{ kind: "CloseCase", caseId: "500y" }]);
    expect(user.state.looseCase).toMatchObject({ caseId: "500x" });
  });

  it("gives a repeat of a request its first outcome and does nothing else", () => {
    const user = userIn("ON_HOLD");
    const repeated = user.connect("connect");
    expect(repeated.replies).toMatchObject([{ reply: { reason: "chat_created" } }]);
    expect(repeated.facts).toEqual([]);
    user.finish("f1");
    const again = user.finish("f1");
    expect(again.replies).toMatchObject([{ reply: { reason: "chat_finished" } }]);
    expect(again.gave).toEqual([]);
  });

  it("drops a hand-back that the next connect overtakes, waiting or pending", () => {
    const waiting = createUser();
    waiting.connect("r1");
    waiting.result("refused");
    const next = waiting.connect("r2");
    expect(next.facts).toMatchObject([
      { kind: "hand_back_failed", reason: "superseded", botState: "from-sf-timeout" },
      { kind: "requested", sequence: 1 },
    ]);
    expect(waiting.state.handBack).toBeNull();
    expect(waiting.state.due.map(({ kind }) => kind)).toEqual(["opening_limit"]);

    const pending = userIn("ACTIVE");
    pending.finish("f1");
    const after = pending.connect("r3");
    expect(after.facts.map(({ kind, reason }) => `${kind} ${reason}`)).toEqual([
      "hand_back_failed superseded",
      "requested none",
    ]);
    expect(pending.state.pending.map(({ kind }) => kind)).toEqual(["EndChat", "EnsureContact"]);
  });

  it("counts each chat's commands and facts from 1", () => {
    const user = userIn("CLOSED");
    const step = user.connect("r2");
    expect(step.gave).toMatchObject([{ seq: 1 }]);
    expect(step.facts).toMatchObject([{ kind: "requested", sequence: 1 }]);
    expect(new Set(user.facts.map(({ eventId }) => eventId)).size).toBe(user.facts.length);
  });

  it("tells no user of a bot without a configured state, and says so", () => {
    const user = createUser({ botStates: { success: {}, timeout: {}, blocked: {} } });
    user.connect("r1");
    const failed = user.result("refused");
    expect(failed.facts.map(({ kind }) => kind)).toEqual(["refused", "hand_back_failed"]);
    expect(failed.deadLetters).toMatchObject([{ reason: "undeliverable" }]);
  });
});

describe("source flow", () => {
  const flows = {
    default: { subject: "subject", providers: { whatsapp: { buttonId: "b0", ownerId: "" } } },
    sales: { subject: "Sales", providers: { whatsapp: { buttonId: "b1", ownerId: "o1" } } },
    bare: { subject: "", providers: {} },
  };
  const from = {
    ...settings,
    sourceFlows: flows,
    texts: { ...settings.texts, descriptionCase: "Caso creado por yalo" },
  };
  const of = (extraData: Record<string, string | number>, channel: "whatsapp" | "facebook" = "whatsapp") =>
    destinationOf(from, { channel, extraData });

  it("takes the named flow, else the default, and describes the case", () => {
    expect(of({})).toEqual({
      subject: "subject",
      description: "Caso creado por yalo : subject",
      buttonId: "b0",
      ownerId: null,
    });
    expect(of({ source_flow_bot: "sales" })).toMatchObject({ subject: "Sales", buttonId: "b1", ownerId: "o1" });
    expect(of({ source_flow_bot: "nobody knows" })).toMatchObject({ subject: "subject" });
    expect(of({ description: "description" })).toMatchObject({ description: "description" });
  });

  it.each([
    [{ source_flow_bot: 7 }, "whatsapp"],
    [{ description: 7 }, "whatsapp"],
    [{ description: "" }, "whatsapp"],
    [{ source_flow_bot: "bare" }, "whatsapp"],
    [{}, "facebook"],
  ] as const)("refuses %j on %s before anything is created", (extraData, channel) => {
    expect(of(extraData, channel)).toBeTypeOf("string");
    const user = createUser({ sourceFlows: flows });
    const step = user.connect("r1", { extraData, channel });
    expect(step.replies).toMatchObject([{ reply: { outcome: "refused", reason: "invalid_request" } }]);
    expect(step.gave.filter(({ lane }) => lane === "desk")).toEqual([]);
  });

  it("does not mistake what every object has for a flow", () => {
    expect(of({ source_flow_bot: "constructor" })).toMatchObject({ subject: "subject" });
    expect(of({ source_flow_bot: "__proto__" })).toMatchObject({ subject: "subject" });
  });
});
