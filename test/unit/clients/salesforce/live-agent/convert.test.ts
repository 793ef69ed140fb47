// Every message type of Live Agent as a desk event, tolerant of what real answers hold.
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { convertAnswer, convertEvent } from "../../../../../src/clients/salesforce/live-agent/convert.ts";
import type { DeskEvent } from "../../../../../src/processors/messages/generated.ts";
import { blankDeskEvent } from "../../../../support/blank-desk-event.ts";
import { textMark } from "../../../../../src/processors/desk/text-mark.ts";

const idle = { isEnabled: true, timeout: 180, warningTime: 120 };
const geo = { organization: "Example ISP", countryName: "Spain", countryCode: "ES", latitude: 40.4, longitude: -3.7 };

/** The examples of the fact sheet's section 8.5, as they stand on the wire, and what the desk makes of each. */
const examples: readonly (readonly [string, object, Partial<DeskEvent>])[] = [
  [
    "ChatRequestSuccess",
    {
      connectionTimeout: 150000,
      estimatedWaitTime: 9,
      sensitiveDataRules: [],
      transcriptSaveEnabled: false,
      url: "",
      queuePosition: 1,
      customDetails: [],
      visitorId: "11111111-2222-3333-4444-555555555555",
      geoLocation: geo,
    },
    { kind: "queued", queuePosition: 1, estimatedWaitSeconds: 9, dataRules: [] },
  ],
  [
    "ChatRequestFail",
    { reason: "Unavailable", postChatUrl: "https://example.org/post" },
    { kind: "refused", reason: "Unavailable" },
  ],
  [
    "QueueUpdate",
    { position: 0, estimatedWaitTime: 0 },
    { kind: "queue_moved", queuePosition: 0, estimatedWaitSeconds: 0 },
  ],
  [
    "ChatEstablished",
    { name: "Kim R.", userId: "005000000000001", items: [], sneakPeekEnabled: true, chasitorIdleTimeout: idle },
    { kind: "accepted", agentName: "Kim R.", idleLimitSeconds: 180, idleWarningSeconds: 120 },
  ],
  [
    "AgentTyping",
    { name: "Kim R.", agentId: "66666666-7777-8888-9999-000000000000" },
    { kind: "typing", agentName: "Kim R." },
  ],
  [
    "AgentNotTyping",
    { name: "Kim R.", agentId: "66666666-7777-8888-9999-000000000000" },
    { kind: "not_typing", agentName: "Kim R." },
  ],
  [
    "ChatMessage",
    { text: "Hi", name: "Kim R.", schedule: { responseDelayMilliseconds: 0 }, agentId: "005000000000001" },
    { kind: "said", text: "Hi", agentName: "Kim R." },
  ],
  [
    "RichMessage",
    { type: "ChatWindowMenu", header: "Pick one", items: [{ text: "Order", value: "o1" }] },
    { kind: "other", detail: "RichMessage" },
  ],
  ["CustomEvent", { type: "ShowForm", data: "form-7" }, { kind: "custom", text: "form-7", detail: "ShowForm" }],
  [
    "FileTransfer",
    {
      type: "Requested",
      uploadServletUrl: "https://upload.example.org/servlet",
      cdmServletUrl: "https://cdm.example.org/servlet",
      fileToken: "tok1",
    },
    { kind: "file_requested" },
  ],
  ["FileTransfer", { type: "Canceled" }, { kind: "other", detail: "FileTransfer Canceled" }],
  [
    "ChatTransferred",
    { name: "Lee S.", userId: "005000000000002", sneakPeekEnabled: false, chasitorIdleTimeout: { isEnabled: false } },
    { kind: "transferred", agentName: "Lee S.", idleLimitSeconds: 0 },
  ],
  ["TransferToButtonInitiated", {}, { kind: "waiting_again" }],
  ["TransferToSbrSkillInitiated", {}, { kind: "waiting_again" }],
  ["AgentJoinedConference", { name: "Lee S." }, { kind: "agent_joined", agentName: "Lee S." }],
  ["ChatResumedAfterTransfer", {}, { kind: "agent_joined" }],
  ["AgentLeftConference", {}, { kind: "agent_left" }],
  ["AgentDisconnect", {}, { kind: "agent_disconnected" }],
  ["NewVisitorBreadcrumb", { location: "https://example.org/cart" }, { kind: "other", detail: "NewVisitorBreadcrumb" }],
  [
    "ChatEnded",
    { reason: "agent", attachedRecords: [{ fieldName: "CaseId", fieldValue: "500000000000001" }] },
    { kind: "ended", reason: "agent" },
  ],
  [
    "ChasitorSessionData",
    {
      queuePosition: 1,
      geoLocation: geo,
      url: "",
      oref: "",
      postChatUrl: "",
      sneakPeekEnabled: true,
      chatMessages: [{ type: "Agent", name: "Kim R.", content: "Hi", timestamp: 1700000000000, sequence: 1 }],
    },
    { kind: "other", detail: "ChasitorSessionData", textsHeard: { count: 0, last: null } },
  ],
  [
    "SwitchServer",
    { newUrl: "https://d.la9-c9-xyz.salesforceliveagent.com/chat" },
    { kind: "other", detail: "SwitchServer" },
  ],
  ["AsyncResult", { isSuccess: false, error: "..." }, { kind: "other", detail: "AsyncResult" }],
  [
    "Availability",
    { results: [{ id: "573000000000001", isAvailable: true }] },
    { kind: "other", detail: "Availability" },
  ],
  // Behind the others: docs/parity.md names them with their numbers.
  [
    "SensitiveDataRules",
    {
      sensitiveDataRules: [
        { id: "0GO000000000001", name: "Cards", pattern: "\\d{16}", replacement: "****", actionType: "Replace" },
        { name: "Words", pattern: "secret", replacement: "unused", actionType: "Remove" },
      ],
    },
    {
      kind: "data_rules",
      dataRules: [
        { id: "0GO000000000001", name: "Cards", pattern: "\\d{16}", replacement: "****" },
        { id: null, name: "Words", pattern: "secret", replacement: "" },
      ],
    },
  ],
  [
    "ChasitorSessionData",
    {
      chatMessages: [
        { type: "Chasitor", name: "Ana", content: "Hello", timestamp: 1700000000000, sequence: 1 },
        { type: "Agent", name: "Kim R.", content: "Hi", timestamp: 1700000000001, sequence: 2 },
        { type: "Chasitor", name: "Ana", content: "Help", timestamp: 1700000000002, sequence: 3 },
        { type: "OperatorTransferred", name: "Lee S.", content: "", timestamp: 1700000000003, sequence: 4 },
      ],
    },
    { kind: "other", detail: "ChasitorSessionData", textsHeard: { count: 2, last: textMark("Help") } },
  ],
  ["ChasitorSessionData", { queuePosition: 1 }, { kind: "other", detail: "ChasitorSessionData" }],
  [
    "ChasitorSessionData",
    { chatMessages: [{ type: "Chasitor", content: {} }, "odd", null] },
    { kind: "other", detail: "ChasitorSessionData", textsHeard: { count: 1, last: null } },
  ],
];

describe("an event of Live Agent", () => {
  it.each(examples)("%s %#", (type, message, expected) => {
    expect(convertEvent({ type, message }, 7)).toEqual({ ...blankDeskEvent, number: 7, ...expected });
  });

  it.each<[string, unknown, Partial<DeskEvent>]>([
    [
      "numbers as texts",
      { type: "QueueUpdate", message: { position: "3", estimatedWaitTime: "61.6" } },
      { kind: "queue_moved", queuePosition: 3, estimatedWaitSeconds: 62 },
    ],
    [
      "the guide's spelling of the time for idle users, as texts",
      { type: "ChatEstablished", message: { chasitorIdletimeout: { isEnabled: "true", timeout: "90" } } },
      { kind: "accepted", idleLimitSeconds: 90 },
    ],
    [
      "a time for idle users that is on and not told",
      {
        type: "ChatEstablished",
        message: { chasitorIdleTimeout: { isEnabled: true, timeout: "soon", warningTime: -5 } },
      },
      { kind: "accepted", idleLimitSeconds: 0 },
    ],
    [
      "a time for idle users that is no object",
      { type: "ChatTransferred", message: { chasitorIdleTimeout: 30 } },
      { kind: "transferred" },
    ],
    [
      "an unknown wait",
      { type: "ChatRequestSuccess", message: { queuePosition: 1, estimatedWaitTime: -1 } },
      { kind: "queued", queuePosition: 1 },
    ],
    [
      "lists that hold objects",
      {
        type: "ChatRequestSuccess",
        message: { customDetails: [{ a: 1 }], sensitiveDataRules: [{}], queuePosition: 2 },
      },
      { kind: "queued", queuePosition: 2, dataRules: [] },
    ],
    [
      "a number too large for the record",
      { type: "QueueUpdate", message: { position: 1e12 } },
      { kind: "queue_moved", queuePosition: 2_147_483_647 },
    ],
    [
      "a text that is a number",
      { type: "ChatMessage", message: { text: 42, name: "Kim" } },
      { kind: "said", text: "42", agentName: "Kim" },
    ],
    [
      "a message without text",
      { type: "ChatMessage", message: { name: "Kim" } },
      { kind: "other", detail: "ChatMessage", agentName: "Kim" },
    ],
    ["an end without a reason", { type: "ChatEnded", message: {} }, { kind: "ended" }],
    ["a refusal without content", { type: "ChatRequestFail" }, { kind: "refused" }],
    ["content that is a text", { type: "ChatEstablished", message: "odd" }, { kind: "accepted" }],
    ["a type nobody knows", { type: "BrandNew", message: { name: "x" } }, { kind: "other", detail: "BrandNew" }],
    ["no type", { message: {} }, { kind: "other", detail: "unnamed" }],
    ["no object at all", null, { kind: "other", detail: "unnamed" }],
  ])("with %s is taken as it is", (_, event, expected) => {
    expect(convertEvent(event, 0)).toEqual({ ...blankDeskEvent, number: 0, ...expected });
  });
});

describe("an answer of the long poll", () => {
  const three = ["AgentTyping", "ChatMessage", "AgentNotTyping"].map((type) => ({ type, message: { text: "x" } }));
  const numbers = (answer: { events: readonly DeskEvent[] }) => answer.events.map(({ number }) => number);

  it("numbers its events up to its sequence", () => {
    const answer = convertAnswer({ messages: three, sequence: 9, offset: 1600000001 }, 6);
    expect(numbers(answer)).toEqual([7, 8, 9]);
    expect(answer).toMatchObject({ position: 9, resumeToken: "1600000001" });
  });

  it("R25 that comes again has the same numbers", () => {
    expect(numbers(convertAnswer({ messages: three, sequence: 9 }, 8))).toEqual([7, 8, 9]);
  });

  it("begins at 0", () => {
    expect(numbers(convertAnswer({ messages: three, sequence: 2 }, -1))).toEqual([0, 1, 2]);
  });

  it.each([
    ["text", "9"],
    ["number", 9],
  ])("takes the sequence as a %s", (_, sequence) => {
    expect(convertAnswer({ messages: three, sequence }, 6).position).toBe(9);
  });

  it.each([[undefined], [null], ["x"], [1.5], [0], [-1]])(
    "counts on from the acknowledged number where the sequence is %j",
    (sequence) => {
      expect(numbers(convertAnswer({ messages: three, sequence }, 6))).toEqual([7, 8, 9]);
    },
  );

  it.each([[undefined], [0], ["0"], [-1], ["x"]])("tells no place to resume where the offset is %j", (offset) => {
    expect(convertAnswer({ messages: three, sequence: 9, offset }, 6).resumeToken).toBeNull();
  });

  it("without messages only moves the position", () => {
    expect(convertAnswer({ sequence: 4 }, 3)).toEqual({ position: 4, resumeToken: null, events: [] });
    expect(convertAnswer({}, 3)).toEqual({ position: 3, resumeToken: null, events: [] });
  });

  it("R25 of any JSON is converted, with rising whole numbers", () => {
    const anyAnswer = fc.record(
      {
        messages: fc.oneof(
          fc.array(
            fc.oneof(
              fc.jsonValue(),
              fc.record({ type: fc.constantFrom(...examples.map(([type]) => type)), message: fc.jsonValue() }),
            ),
          ),
          fc.jsonValue(),
        ),
        sequence: fc.jsonValue(),
        offset: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(anyAnswer, fc.integer({ min: -1, max: 1e6 }), (body, position) => {
        const answer = convertAnswer(body, position);
        const count = answer.events.length;
        expect(numbers(answer)).toEqual(answer.events.map((_, index) => answer.position - count + 1 + index));
        for (const event of answer.events) {
          for (const number of [event.queuePosition, event.estimatedWaitSeconds]) {
            expect(number === null || (Number.isInteger(number) && number >= 0 && number < 2 ** 31)).toBe(true);
          }
        }
      }),
    );
  });
});
