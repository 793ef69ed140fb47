// Records of the Go service as states of ours, ours as records that it can read, and what a chat that was taken over differs in.
import { describe, expect, it } from "vitest";

import { createSealer } from "../../../../src/clients/sealer.ts";
import {
  adoptedState,
  forOriginal,
  hasSession,
  isForOriginal,
  isOriginal,
  type Adoption,
} from "../../../../src/processors/interconnection/original-record.ts";
import { formatRecord, parseRecord } from "../../../../src/processors/interconnection/record.ts";
import type { ContextEntry, UserState } from "../../../../src/processors/interconnection/state.ts";
import { createUser, userIn } from "./user.ts";

const hourMs = 3_600_000;
const openedAt = Date.UTC(2023, 0, 16, 12);
const sealer = createSealer([{ id: "k", key: Buffer.alloc(32, 7) }]);
const adoption: Adoption = {
  client: "salesforce",
  sealer,
  history: [],
  acceptTimeoutMs: null,
  chatMaxAgeMs: 24 * hourMs,
  now: openedAt + 60_000,
};

/** A record as the Go service writes it. */
function written(more: object = {}): string {
  return JSON.stringify({
    ...{
      client: "salesforce",
      userID: "u",
      sessionID: "sid",
      sessionKey: "key!1",
      affinityToken: "aff",
      status: "ACTIVE",
    },
    timestamp: "2023-01-16T06:00:00.123456789-06:00",
    ...{ provider: "whatsapp", botSlug: "slug", botID: "521", name: "Ana", email: "a@example.org", phoneNumber: "" },
    ...{ caseID: "500x", extraData: { order: 17, deep: { a: [1] } } },
    ...more,
  });
}

function adopted(more: object = {}, over: Partial<Adoption> = {}): UserState {
  const state = adoptedState(written(more), { ...adoption, ...over });
  if (state === null) throw new Error("not read");
  return state;
}

describe("a record of the Go service", () => {
  it("is an open chat with sealed secrets, without post numbers, under an id that its session gives", () => {
    const { interconnection: chat, due } = adopted();
    if (chat?.status !== "ACTIVE") throw new Error("not active");
    expect(chat).toMatchObject({
      ...{ channel: "whatsapp", name: "Ana", botSlug: "slug", botId: "521", phoneNumber: null, caseId: "500x" },
      ...{ position: -1, requestedAt: openedAt + 123, extraData: { order: 17, deep: { json: '{"a":[1]}' } } },
      session: { id: "sid", numbered: false, generation: sealer.fingerprint("aff") },
    });
    const owner = { userId: "u", chatId: chat.chatId };
    expect([sealer.unseal(chat.session.key, owner), sealer.unseal(chat.session.route, owner)]).toEqual([
      "key!1",
      "aff",
    ]);
    expect(adopted().interconnection?.chatId).toBe(chat.chatId);
    expect(due).toEqual([{ kind: "chat_too_old", chatId: chat.chatId, at: openedAt + 123 + 24 * hourMs }]);
  });

  it("that waits for an agent holds what was said before and since", () => {
    const entry = (text: string, atMs: number, from: "user" | "bot" = "user"): ContextEntry => {
      return { messageId: text, at: openedAt + atMs, from, text, media: null };
    };
    const history = [entry("before", -hourMs), entry("bot", 5_000, "bot"), entry("since", 6_000)];
    const { interconnection: chat, due } = adopted({ status: "ON_HOLD" }, { history, acceptTimeoutMs: 1_000 });
    if (chat?.status !== "ON_HOLD") throw new Error("not waiting");
    expect([chat.context, chat.said].map((entries) => entries.map(({ text }) => text))).toEqual([
      ["before", "bot"],
      ["since"],
    ]);
    expect(chat.waitTextGiven).toBe(true);
    expect(due.map(({ kind }) => kind)).toEqual(["chat_too_old", "accept_limit"]);
  });

  it.each(["CLOSED", "FAILED"])("that is %s is an ended chat, and forgotten like one", (status) => {
    const { interconnection, due } = adopted({ status });
    expect(interconnection).toMatchObject({ status });
    expect(due).toEqual([{ kind: "forget", chatId: interconnection?.chatId, at: openedAt + 123 + 24 * hourMs }]);
  });

  it.each<[string, string]>([
    ["no JSON", "{"],
    ["a list", "[]"],
    ["without a user", written({ userID: "" })],
    ["of an unknown status", written({ status: "OPEN" })],
    ["one of ours", formatRecord("u", "c", userIn("ACTIVE").state)],
  ])("that is %s is none", (_name, json) => {
    expect(adoptedState(json, adoption)).toBeNull();
  });

  it("may lack times, extra data and a known provider", () => {
    const state = adopted({ timestamp: "0001-01-01T00:00:00Z", extraData: null, provider: "telegram" });
    expect(state.interconnection).toMatchObject({ requestedAt: adoption.now, extraData: {}, channel: "unknown" });
    const json = formatRecord("u", "salesforce", state);
    expect(parseRecord(json)).toMatchObject({ kind: "state", state });
  });

  it("is told apart from ours, whatever its extra data holds", () => {
    expect(isOriginal(written())).toBe(true);
    expect(isOriginal(written({ extraData: { bridge: { x: 1 } } }))).toBe(true);
    expect(isOriginal(formatRecord("u", "c", userIn("ACTIVE").state))).toBe(false);
    expect(isOriginal("{")).toBe(false);
  });
});

describe("a record of ours for the Go service", () => {
  const state = adopted();
  const ours = formatRecord("u", "salesforce", state);
  const theirs = forOriginal(ours, sealer);

  it("has session key and affinity token in the clear where it looks for them, and is read by us as before", () => {
    expect(JSON.parse(theirs)).toMatchObject({ sessionKey: "key!1", affinityToken: "aff", status: "ACTIVE" });
    expect(parseRecord(theirs)).toEqual(parseRecord(ours));
    expect([ours, theirs].map(isForOriginal)).toEqual([false, true]);
  });

  it("has lists and objects of extraData as the Go service wrote them, and we have them as before", () => {
    expect(JSON.parse(theirs)).toMatchObject({ extraData: { order: 17, deep: { a: [1] } } });
    const { bridge: _dropped, ...kept } = JSON.parse(theirs) as { bridge: object };
    const again = adoptedState(JSON.stringify(kept), adoption);
    expect(again?.interconnection?.extraData).toEqual(state.interconnection?.extraData);
  });

  it("keeps the commands that wait", () => {
    const user = userIn("ACTIVE");
    user.message("1", "hello");
    const json = formatRecord("u", "c", user.state);
    const plain = { unseal: (sealed: string) => `open ${sealed}` };
    expect(parseRecord(forOriginal(json, plain))).toMatchObject({ kind: "state", state: user.state });
  });

  it("stays as it is where there is no session, or it can't be opened", () => {
    const none = formatRecord("u", "c", createUser().state);
    expect(forOriginal(none, sealer)).toBe(none);
    expect(hasSession(none)).toBe(false);
    expect(forOriginal(ours, createSealer([{ id: "other", key: Buffer.alloc(32, 8) }]))).toBe(ours);
  });
});

describe("a chat that was taken over", () => {
  const lost = { type: "DeskLost", reason: "session_gone", detail: "status 403" } as const;

  function userWith(state: UserState, ageMs: number): ReturnType<typeof createUser> {
    const user = createUser();
    user.state = state;
    user.nowMs = (state.interconnection?.requestedAt ?? 0) + ageMs;
    return user;
  }

  it.each([
    [1, "timeout", 1],
    [7, "nothing", 0],
  ])("and is gone at the first poll, opened %d h ago: the bot is told %s (defect D10)", (hours, _told, waits) => {
    const state = adopted();
    const user = userWith(state, hours * hourMs);
    user.agentEvent({ ...lost, generation: sealer.fingerprint("aff") }, state.interconnection?.chatId);
    expect(user.state.interconnection?.status).toBe("CLOSED");
    expect(user.state.due.filter(({ kind }) => kind === "hand_back")).toHaveLength(waits);
  });

  it("facts about it tell no contact", () => {
    const state = adopted();
    const user = userWith(state, hourMs);
    user.message("1", "hello");
    expect(user.facts).toMatchObject([{ kind: "message_in", contactId: null, caseId: "500x" }]);
  });

  it("a text that its user was owed is said once; without a chat it is a dead letter", () => {
    const state = adopted();
    const user = userWith(state, hourMs);
    const owed = { type: "LeftOver", messageId: "left-over:0:1:2", text: "owed" } as const;
    expect(user.agentEvent(owed, "").gave).toMatchObject([{ kind: "SayToUser", text: "owed" }]);
    expect(user.agentEvent(owed, "").gave).toEqual([]);
    const nobody = createUser();
    expect(nobody.agentEvent(owed, "").deadLetters).toMatchObject([{ reason: "chat_over", text: "owed" }]);
  });
});
