// The Facebook webhook: the records it makes of events, what it refuses, and what it answers when the broker does not.
import { describe, expect, it } from "vitest";

import { createEdge, startOfTime, type Edge } from "./edge.ts";

const user = "6543210987654321";
const page = "100000000000001";
const event = (message: unknown, more: object = {}): object => ({
  sender: { id: user },
  recipient: { id: page },
  timestamp: 1_630_404_000_000,
  message,
  ...more,
});
const webhook = (events: readonly unknown[], more: object = {}): object => ({
  authorRole: "user",
  botId: "my-fb-bot",
  message: { object: "page", entry: [{ id: page, time: 1_630_404_000_100, messaging: events }] },
  msgTracking: {},
  provider: "facebook",
  timestamp: 1_630_404_000_200,
  ...more,
});
const post = (edge: Edge, payload: unknown): ReturnType<Edge["send"]> =>
  edge.send({
    method: "POST",
    url: "/v1/integrations/facebook/webhook",
    payload: typeof payload === "string" ? payload : JSON.stringify(payload),
  });
const taken = [200, '{"Message":"insert success"}'];
const error = (text: string): string => JSON.stringify({ ErrorDescription: text });
const key = (field: string, tag = "required"): string =>
  `Key: 'IntegrationsFacebook.${field}' Error:Field validation for '${/[^.]*$/.exec(field)?.[0] ?? ""}' failed on the '${tag}' tag`;
const ids = (edge: Edge): readonly string[] => edge.seen.messages.map(({ messageId }) => messageId);

describe("messages", () => {
  it("takes a user's text", async () => {
    const edge = createEdge();
    const response = await post(edge, webhook([event({ mid: "m-1", text: "Hola <b>&" })]));
    expect([response.statusCode, response.body]).toEqual(taken);
    expect(edge.seen.messages).toEqual([
      {
        messageId: "m-1",
        client: "salesforce",
        userId: user,
        channel: "facebook",
        author: "user",
        occurredAt: 1_630_404_000_000,
        receivedAt: startOfTime,
        type: "text",
        text: "Hola <b>&",
        media: null,
      },
    ]);
  });

  it.each(["bot", "agent", "USER"])("takes what the role %s wrote for the bot's, to the recipient", async (role) => {
    const edge = createEdge();
    const echo = event({ mid: "m-1", text: "Hola" }, { sender: { id: page }, recipient: { id: user } });
    await post(edge, webhook([echo], { authorRole: role }));
    expect(edge.seen.messages).toMatchObject([{ userId: user, author: "bot" }]);
  });

  it("takes every attachment as a message of its own, behind the text", async () => {
    const edge = createEdge();
    const attachments = [
      { type: "image", payload: { url: "https://f.example/1" } },
      { type: "file", payload: { url: "https://f.example/2" } },
      { type: "audio", payload: { url: "https://f.example/3" } },
      { type: "location", payload: { coordinates: { lat: 1, long: 2 } } },
      { type: "fallback" },
    ];
    await post(edge, webhook([event({ mid: "m-1", text: "mira", attachments })]));
    const file = (url: string): object => ({ url, mimeType: null, caption: null });
    expect(edge.seen.messages).toMatchObject([
      { messageId: "m-1", type: "text", text: "mira", media: null },
      { messageId: "m-1#1", type: "image", text: null, media: file("https://f.example/1") },
      { messageId: "m-1#2", type: "document", text: null, media: file("https://f.example/2") },
      { messageId: "m-1#3", type: "audio", text: null, media: file("https://f.example/3") },
      { messageId: "m-1#4", type: "location", text: null, media: null },
      { messageId: "m-1#5", type: "fallback", text: null, media: null },
    ]);
  });

  it("takes every event of every entry, in order", async () => {
    const edge = createEdge();
    const [a, b, c] = ["a", "b", "c"].map((mid) => event({ mid, text: mid }, { sender: { id: `user-${mid}` } }));
    const message = { entry: [{ messaging: [a, b] }, {}, null, { messaging: null }, { messaging: [c] }] };
    await post(edge, webhook([], { message }));
    expect(edge.seen.messages.map(({ userId, text }) => [userId, text])).toEqual([
      ["user-a", "a"],
      ["user-b", "b"],
      ["user-c", "c"],
    ]);
  });

  it("has no id for what came without one, nor for its attachments (defect A17)", async () => {
    const edge = createEdge();
    const attachments = [{ type: "image", payload: { url: "https://f.example/1" } }];
    await post(edge, webhook([event({ text: "a", attachments }), event({ mid: "", text: "b" })]));
    expect(ids(edge)).toEqual(["", "", ""]);
  });

  it("produces repeats again: who applies them knows the id", async () => {
    const edge = createEdge();
    await post(edge, webhook([event({ mid: "m-1", text: "a" })]));
    await post(edge, webhook([event({ mid: "m-1", text: "a" })]));
    expect(ids(edge)).toEqual(["m-1", "m-1"]);
  });

  it.each([[undefined], [null], [0]])("was written when it came where its time is %j", async (timestamp) => {
    const edge = createEdge();
    await post(edge, webhook([event({ mid: "m-1", text: "a" }, { timestamp })]));
    expect(edge.seen.messages[0]?.occurredAt).toBe(startOfTime);
  });

  it.each<readonly [what: string, payload: object]>([
    ["receipts", webhook([{ sender: { id: user }, delivery: { mids: ["m-1"] } }])],
    ["an event with an empty message", webhook([event({ mid: "m-1", text: "" })])],
    ["an event without anybody and without words", webhook([{ message: { mid: "m-1" } }])],
    ["no event", webhook([])],
    ["no message", webhook([], { message: null })],
  ])("answers %s with 200 and keeps nothing", async (_what, payload) => {
    const edge = createEdge();
    const response = await post(edge, payload);
    expect([response.statusCode, response.body]).toEqual(taken);
    expect(edge.seen.messages).toEqual([]);
    expect(edge.seen.counts).toContainEqual({ name: "ignored_messages", labels: {} });
  });

  it("is not held to the types that WhatsApp's webhook ignores", async () => {
    const edge = createEdge();
    await post(edge, webhook([event({ mid: "m-1", attachments: [{ type: "status" }] })]));
    expect(ids(edge)).toEqual(["m-1#1"]);
  });

  it("reads keys in any case, the last of them, and the first value only", async () => {
    const edge = createEdge();
    await post(
      edge,
      '{"AUTHORROLE":"bot","authorRole":"user","BotID":"b","Message":{"Entry":[{"Messaging":[{"Sender":{"ID":"5"},"Message":{"MID":"m","TEXT":"x"}}]}]}}{"a":1}',
    );
    expect(edge.seen.messages).toMatchObject([{ messageId: "m", userId: "5", author: "user", text: "x" }]);
  });
});

describe("refusals", () => {
  const place = "Message.Entry[0].Messaging[1]";
  const good = event({ mid: "m-1", text: "a" });
  const many = Array.from({ length: 1_001 }, () => event({ mid: "", text: "a" }));
  it.each<readonly [what: string, payload: unknown, text: string]>([
    ["no JSON", "error", "Invalid payload received : invalid character 'e' looking for beginning of value"],
    ["nothing", "", "Invalid payload received : EOF"],
    ["null", "null", `Error validating payload : ${key("AuthorRole")}\n${key("BotID")}`],
    ["no role", webhook([good], { authorRole: "" }), `Error validating payload : ${key("AuthorRole")}`],
    ["no bot", webhook([good], { botId: undefined }), `Error validating payload : ${key("BotID")}`],
    [
      "a time as text",
      webhook([event({ mid: "m-1", text: "a" }, { timestamp: "5" })]),
      "Invalid payload received : json: cannot unmarshal string into Go struct field IntegrationsFacebook.timestamp of type int64",
    ],
    [
      "a broken time",
      webhook([event({ mid: "m-1", text: "a" }, { timestamp: 1.5 })]),
      "Invalid payload received : json: cannot unmarshal number into Go struct field IntegrationsFacebook.timestamp of type int64",
    ],
    [
      "events that are no list",
      webhook([], { message: { entry: { messaging: [] } } }),
      "Invalid payload received : json: cannot unmarshal object into Go struct field IntegrationsFacebook.entry of type list",
    ],
    [
      "an event that is no object",
      webhook([good, "x"]),
      "Invalid payload received : json: cannot unmarshal string into Go struct field IntegrationsFacebook.messaging of type object",
    ],
    [
      "a user without a name",
      webhook([good, event({ mid: "m-2", text: "b" }, { sender: {} })]),
      `Error validating payload : ${key(`${place}.Sender.ID`)}`,
    ],
    [
      "a page's message to nobody",
      webhook([event({ mid: "m-2", text: "b" }, { recipient: null })], { authorRole: "bot" }),
      `Error validating payload : ${key("Message.Entry[0].Messaging[0].Recipient.ID")}`,
    ],
    [
      "what is too long",
      webhook([
        good,
        event(
          {
            mid: "m".repeat(1_025),
            text: "x".repeat(256 * 1024 + 1),
            attachments: [{ type: "t".repeat(1_025), payload: { url: "u".repeat(8 * 1024 + 1) } }],
          },
          { sender: { id: "5".repeat(256) } },
        ),
      ]),
      `Error validating payload : ${[
        ...["Sender.ID", "Message.Mid", "Message.Text"],
        ...["Message.Attachments[0].Type", "Message.Attachments[0].Payload.URL"],
      ]
        .map((field) => key(`${place}.${field}`, "max"))
        .join("\n")}`,
    ],
    ["more than Messenger puts into one", webhook(many), `Error validating payload : ${key("Message", "max")}`],
  ])("answers 400 to %s and keeps nothing", async (_what, payload, text) => {
    const edge = createEdge();
    const response = await post(edge, payload);
    expect([response.statusCode, response.body]).toEqual([400, error(text)]);
    expect(edge.seen.messages).toEqual([]);
  });
});

describe("the broker", () => {
  const unanswered = "There was an error inserting integration message : the message broker does not answer";

  it.each(["is silent", "refuses"] as const)("that %s makes it 503, for the sender to repeat", async (broker) => {
    const edge = createEdge({ partTimeoutMs: 20 });
    edge.world.broker = broker;
    const body = webhook([event({ mid: "m-1", text: "a" }), event({ mid: "m-2", text: "b" })]);
    const response = await post(edge, body);
    expect([response.statusCode, response.body, response.headers["retry-after"]]).toEqual([
      503,
      error(unanswered),
      "2",
    ]);
    edge.world.broker = "acknowledges";
    expect((await post(edge, body)).statusCode).toBe(200);
    expect(ids(edge)).toEqual(["m-1", "m-2", "m-1", "m-2"]);
  });
});

it("is logged only when it was refused", async () => {
  const edge = createEdge();
  await post(edge, webhook([event({ mid: "m-1", text: "a" })]));
  expect(edge.seen.lines).toEqual([]);
  await post(edge, "");
  expect(edge.seen.lines).toMatchObject([{ text: "request", fields: { status: 400 } }]);
});
