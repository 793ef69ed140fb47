// The WhatsApp webhook: the records it makes, the order of its checks, and what it answers when the broker does not.
import { describe, expect, it } from "vitest";

import { createEdge, startOfTime, type Edge } from "./edge.ts";

const message = {
  id: "wamid-1",
  timestamp: "1630404000000",
  type: "text",
  from: "5215512345678",
  text: { body: "Hola <b>&" },
};
const post = (edge: Edge, payload: unknown): ReturnType<Edge["send"]> =>
  edge.send({
    method: "POST",
    url: "/v1/integrations/whatsapp/webhook",
    payload: typeof payload === "string" ? payload : JSON.stringify(payload),
  });
const error = (text: string): string => JSON.stringify({ ErrorDescription: text });
const key = (field: string, tag = "required"): string =>
  `Key: 'IntegrationsRequest.${field}' Error:Field validation for '${field}' failed on the '${tag}' tag`;

describe("messages", () => {
  it("takes a user's text", async () => {
    const edge = createEdge();
    const response = await post(edge, message);
    expect([response.statusCode, response.body]).toEqual([200, '{"Message":"insert success"}']);
    expect(edge.seen.messages).toEqual([
      {
        messageId: "wamid-1",
        client: "salesforce",
        userId: "5215512345678",
        channel: "whatsapp",
        author: "user",
        occurredAt: 1_630_404_000_000,
        receivedAt: startOfTime,
        type: "text",
        text: "Hola <b>&",
        media: null,
      },
    ]);
  });

  it("takes a bot's message when `to` names the user, whatever `from` says", async () => {
    const edge = createEdge();
    await post(edge, { ...message, to: "5215587654321" });
    expect(edge.seen.messages[0]).toMatchObject({ userId: "5215587654321", author: "bot" });
  });

  it.each(["image", "document", "audio", "voice"])("takes the file of %s", async (type) => {
    const edge = createEdge();
    const file = { url: "http://files.example/1?x=y", mimeType: "a/b", caption: "c" };
    await post(edge, { ...message, type, text: undefined, [type]: file });
    expect(edge.seen.messages[0]).toMatchObject({ type, text: null, media: file });
  });

  it("has null where a file tells nothing, and no media without an address", async () => {
    const edge = createEdge();
    await post(edge, { ...message, type: "image", image: { url: "http://f/1", caption: null } });
    await post(edge, { ...message, type: "image", image: { mimeType: "a/b" } });
    expect(edge.seen.messages.map(({ media }) => media)).toEqual([
      { url: "http://f/1", mimeType: null, caption: null },
      null,
    ]);
  });

  it("keeps other types by their name", async () => {
    const edge = createEdge();
    await post(edge, { ...message, type: "location", text: undefined, location: { latitude: 1 } });
    expect(edge.seen.messages[0]).toMatchObject({ type: "location", text: null, media: null });
  });

  it.each([
    ["9223372036854775807", 9_007_199_254_740_990],
    ["-9223372036854775808", -9_007_199_254_740_990],
    ["9007199254740993", 9_007_199_254_740_990],
    ["+0001630404000000", 1_630_404_000_000],
    ["-0", 0],
  ])("takes the time %s, as any int64, for the nearest that a record can carry", async (timestamp, occurredAt) => {
    const edge = createEdge();
    expect((await post(edge, { ...message, timestamp })).statusCode).toBe(200);
    expect(edge.seen.messages).toMatchObject([{ occurredAt }]);
  });

  it("produces repeats again: who applies them knows the id", async () => {
    const edge = createEdge();
    await post(edge, message);
    expect((await post(edge, message)).statusCode).toBe(200);
    expect(edge.seen.messages).toHaveLength(2);
  });

  it("reads keys in any case, the last of them, and the first value only", async () => {
    const edge = createEdge();
    const response = await post(
      edge,
      '{"ID":"a","id":"b","TimeStamp":"1","TYPE":"text","From":"5","Text":{"BODY":"x"}}{"id":"c"}',
    );
    expect(response.statusCode).toBe(200);
    expect(edge.seen.messages[0]).toMatchObject({ messageId: "b", userId: "5", text: "x" });
  });
});

describe("ignored types", () => {
  it.each(["status", "notification-status"])("answers %s with 200 before it checks anything", async (type) => {
    const edge = createEdge();
    const response = await post(edge, { type });
    expect([response.statusCode, response.body]).toEqual([200, `{"Message":"message type: ${type} was skipped"}`]);
    expect(edge.seen.messages).toEqual([]);
  });

  it.each(["stat", "notification", ",", ""])(
    "are whole words, not pieces such as %j, as they were in the original",
    async (type) => {
      expect((await post(createEdge(), { type })).statusCode).toBe(400);
    },
  );
});

describe("refusals", () => {
  it.each<readonly [what: string, payload: unknown, text: string]>([
    ["no JSON", "error", "Invalid payload received : invalid character 'e' looking for beginning of value"],
    ["nothing", "", "Invalid payload received : EOF"],
    [
      "a numeric timestamp",
      { ...message, timestamp: 5 },
      "Invalid payload received : json: cannot unmarshal number into Go struct field IntegrationsRequest.timestamp of type string",
    ],
    [
      "a text that is no object",
      { ...message, text: "Hola" },
      "Invalid payload received : json: cannot unmarshal string into Go struct field IntegrationsRequest.text of type object",
    ],
    ["a missing timestamp", { ...message, timestamp: undefined }, `Error validating payload : ${key("Timestamp")}`],
    ["null", "null", `Error validating payload : ${[key("ID"), key("Timestamp"), key("Type")].join("\n")}`],
    ["no user", { ...message, from: "" }, `Error validating payload : ${key("From", "required_without")}`],
    ["an id that is too long", { ...message, id: "x".repeat(1025) }, `Error validating payload : ${key("ID", "max")}`],
    [
      "a user id that is too long",
      { ...message, from: "5".repeat(256) },
      `Error validating payload : ${key("From", "max")}`,
    ],
    [
      "a text that is too long",
      { ...message, text: { body: "x".repeat(256 * 1024 + 1) } },
      `Error validating payload : ${key("Body", "max")}`,
    ],
    [
      "a time that is none",
      { ...message, timestamp: "5s" },
      'There was an error inserting integration message : strconv.ParseInt: parsing "5s": invalid syntax',
    ],
    ...["9223372036854775808", "-9223372036854775809", "9".repeat(400)].map(
      (timestamp) =>
        [
          `the time ${timestamp}, which is no int64`,
          { ...message, timestamp },
          `There was an error inserting integration message : strconv.ParseInt: parsing "${timestamp}": value out of range`,
        ] as const,
    ),
  ])("answers 400 to %s and keeps nothing", async (_what, payload, text) => {
    const edge = createEdge();
    const response = await post(edge, payload);
    expect([response.statusCode, response.body]).toEqual([400, error(text)]);
    expect(edge.seen.messages).toEqual([]);
    expect((await post(edge, message)).statusCode).toBe(200);
  });
});

describe("the broker", () => {
  const text = "There was an error inserting integration message : the message broker does not answer";

  it("has the message before 200 is answered", async () => {
    const edge = createEdge({ partTimeoutMs: 20 });
    edge.world.broker = "is silent";
    const response = await post(edge, message);
    expect([response.statusCode, response.body, response.headers["retry-after"]]).toEqual([503, error(text), "2"]);
  });

  it("is asked again by the sender when it refused", async () => {
    const edge = createEdge();
    edge.world.broker = "refuses";
    expect((await post(edge, message)).statusCode).toBe(503);
    edge.world.broker = "acknowledges";
    edge.seen.messages.length = 0;
    expect((await post(edge, message)).statusCode).toBe(200);
    expect(edge.seen.messages).toHaveLength(1);
  });

  it("is all that the webhook needs: the store may be away", async () => {
    const edge = createEdge();
    edge.world.store = "is away";
    expect((await post(edge, message)).statusCode).toBe(200);
  });
});
