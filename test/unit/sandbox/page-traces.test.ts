// Following a message: what belongs to it is found by the ids in the records, in whatever order they are learned, both ways.
import { describe, expect, it } from "vitest";

import { createTraces, traceOfScreenLine } from "../../../sandbox/page/traces.ts";
import type { TappedRecord } from "../../../sandbox/page/record-tap.ts";

const user = "5215512345678";

function record(topic: string, at: number, value: unknown): TappedRecord {
  return { topic, partition: 3, offset: String(at), at, key: user, value };
}

function stateWith(at: number, command: object): TappedRecord {
  const state = JSON.stringify({ bridge: { pending: [command] } });
  const body = { "salesforceintegration.UserRecord": { userId: user, chatId: "c1", status: "ACTIVE", state } };
  return record("interconnections", at, { body });
}

function resultOf(at: number, lane: string, seq: number): TappedRecord {
  const body = { "salesforceintegration.CommandResult": { lane, seq, outcome: "done", attempts: 2 } };
  return record("agent-events", at, { chatId: "c1", userId: user, body });
}

describe("a message of a user", () => {
  it("is followed from the phone to the agent's screen and to the fact", () => {
    const traces = createTraces();
    const line = { n: 1, at: 100, user, from: "user" as const, id: "wamid.1", text: "Hola", file: null };
    traces.onPhoneLine(line);
    traces.onWebhook({ id: "wamid.1", at: 120, attempts: 1, outcome: "accepted" });
    // Seen on the screen before the records are read: the tap is behind the world.
    traces.onCall({
      at: 140,
      system: "salesforce",
      operation: "ChatMessage",
      user,
      status: 200,
      request: { text: "Hola" },
    });
    const seen = { n: 1, at: 141, session: "s", user, from: "visitor" as const, text: "Hola", agent: "a", trace: null };
    traces.onScreenLine(seen);
    expect(traces.onRecord("r1", record("channel-messages", 110, { messageId: "wamid.1" }))).toBe("wamid.1");
    const command = { kind: "SayToAgent", lane: "desk", seq: 4, messageIds: ["wamid.1"] };
    expect(traces.onRecord("r2", stateWith(130, command))).toBe("wamid.1");
    expect(traces.onRecord("r3", stateWith(131, command))).toBeNull();
    expect(traces.onRecord("r4", resultOf(150, "desk", 4))).toBe("wamid.1");
    expect(traces.find("wamid.1")?.isOver).toBe(false);
    expect(traces.onRecord("r5", record("chat-events", 160, { messageId: "wamid.1", kind: "message_in" }))).toBe(
      "wamid.1",
    );

    const trace = traces.find("wamid.1");
    expect(trace?.hops.map(({ place }) => place)).toEqual([
      ...["phone", "channel-messages", "webhook", "interconnections", "salesforce", "console"],
      ...["agent-events", "chat-events"],
    ]);
    expect(trace?.hops.at(-2)?.what).toBe("result: done after 2 tries");
    expect(trace?.isOver).toBe(true);
  });
});

describe("a text of an agent", () => {
  it("is followed from the console over the long poll to the phone", () => {
    const traces = createTraces();
    const id = traceOfScreenLine(7);
    const said = { n: 7, at: 10, session: "s", user, from: "agent" as const, text: "Diga", agent: "a", trace: id };
    traces.onScreenLine(said);
    const events = [{ kind: "typing" }, { kind: "said", text: "Diga" }];
    const polled = { userId: user, chatId: "c1", body: { "salesforceintegration.DeskEvents": { events } } };
    expect(traces.onRecord("r1", record("agent-events", 20, polled))).toBe(id);
    const command = { kind: "SayToUser", lane: "channel", seq: 2, messageId: "m-1", text: "Diga" };
    expect(traces.onRecord("r2", stateWith(30, command))).toBe(id);
    traces.onPhoneLine({ n: 9, at: 40, user, from: "service", id: "m-1", text: "Diga", file: null });
    expect(traces.onRecord("r3", resultOf(50, "channel", 2))).toBe(id);
    expect(traces.onRecord("r4", record("chat-events", 60, { messageId: "m-1", kind: "message_out" }))).toBe(id);
    expect(traces.find(id)).toMatchObject({ direction: "to-user", isOver: true });
    expect(traces.find(id)?.hops.map(({ at }) => at)).toEqual([10, 20, 30, 40, 50, 60]);
  });

  it("keeps what was learned before the state that names its command: call, result, fact", () => {
    const traces = createTraces();
    const id = traceOfScreenLine(8);
    traces.onScreenLine({ n: 8, at: 10, session: "s", user, from: "agent", text: "Diga", agent: "a", trace: id });
    traces.onCall({ at: 40, system: "integrations", operation: "send", user, status: 200, request: { id: "m-2" } });
    traces.onRecord("r1", resultOf(50, "channel", 3));
    traces.onRecord("r2", record("chat-events", 60, { messageId: "m-2", kind: "message_out" }));
    const command = { kind: "SayToUser", lane: "channel", seq: 3, messageId: "m-2", text: "Diga" };
    expect(traces.onRecord("r3", stateWith(30, command))).toBe(id);
    const places = traces.find(id)?.hops.map(({ place }) => place);
    expect(places).toEqual(["console", "interconnections", "integrations", "agent-events", "chat-events"]);
  });
});
