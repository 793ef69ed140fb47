// The channel port on the Integrations API: path, body, and what each status means.
import { afterEach, describe, expect, it } from "vitest";

import type { BotAccess, ByChannel } from "../../../../src/clients/integrations/bot-call.ts";
import { createChannel } from "../../../../src/clients/integrations/channel.ts";
import { answeringServer } from "../http/answering-server.ts";
import type { Reply } from "../http/answering-server.ts";
import { never, shortClient } from "../salesforce/clients.ts";

const toClose: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

const whatsapp = { channel: "outgoing_webhook", botId: "bot/1", token: "bot-token" };
const facebook = { channel: "passthrough", botId: "page 1", token: "page-token" };

async function setUp(reply: Reply, responseTimeoutMs?: number, bots: ByChannel<BotAccess> = { whatsapp, facebook }) {
  const server = await answeringServer(() => reply);
  const http = shortClient(responseTimeoutMs);
  toClose.push(
    () => http.close(),
    () => server.close(),
  );
  return { channel: createChannel({ http, baseUrl: `${server.url}/`, bots }), received: server.received };
}

const message = { channel: "whatsapp", userId: "5215512345678", messageId: "id-1", text: 'Hola "tú"\n🙂' } as const;

describe("a text to a WhatsApp user", () => {
  it("goes out as the parity sheet says", async () => {
    const { channel, received } = await setUp({ status: 200, body: { messages: [{ id: "x" }] } });
    expect(await channel.say(message, never)).toEqual({ kind: "done", value: null });
    expect(received[0]).toMatchObject({
      method: "POST",
      url: "/api/outgoing_webhook/bots/bot%2F1/messages",
      body: JSON.stringify({ id: "id-1", type: "text", userId: "5215512345678", text: { body: 'Hola "tú"\n🙂' } }),
    });
    expect(received[0]?.headers).toMatchObject({
      authorization: "Bearer bot-token",
      "content-type": "application/json",
    });
  });

  it.each<[string, Reply]>([
    ["201", { status: 201, body: { messages: [{ id: "x" }] } }],
    ["no JSON", { status: 200, body: "<html>" }],
    ["no receipt", { status: 200 }],
    [
      "a receipt that breaks off",
      (response) => {
        response.writeHead(200, { "content-length": "100" });
        response.write("{");
        setImmediate(() => response.destroy());
      },
    ],
  ])("has gone out with %s: the status decides", async (_, reply) => {
    const { channel } = await setUp(reply);
    expect(await channel.say(message, never)).toEqual({ kind: "done", value: null });
  });

  it.each<[string, Reply, object]>([
    ["400", { status: 400, body: "5215512345678 is not a user" }, { kind: "refused", detail: "status 400" }],
    ["401", { status: 401 }, { kind: "refused" }],
    [
      "429",
      { status: 429, headers: { "retry-after": "1" } },
      { kind: "retry", mayHaveHappened: false, retryAfterMs: 1_000 },
    ],
    ["500", { status: 500 }, { kind: "retry", mayHaveHappened: true }],
    ["503", { status: 503 }, { kind: "retry", mayHaveHappened: true }],
    ["a lost answer", (_, request) => void request.socket.destroy(), { kind: "retry", mayHaveHappened: true }],
    ["silence", () => undefined, { kind: "retry", mayHaveHappened: true }],
    ["a redirect", { status: 307, headers: { location: "/x" } }, { kind: "broken" }],
  ])("is judged by %s", async (name, reply, outcome) => {
    const { channel, received } = await setUp(reply, name === "silence" ? 50 : undefined);
    const answer = await channel.say(message, never);
    expect(answer).toMatchObject(outcome);
    expect(JSON.stringify(answer)).not.toMatch(/5215512345678|Hola|bot-token/);
    expect(received).toHaveLength(1);
  });

  it("is not sent when it is empty", async () => {
    const { channel, received } = await setUp({ status: 200 });
    expect(await channel.say({ ...message, text: "" }, never)).toMatchObject({ kind: "refused" });
    expect(received).toHaveLength(0);
  });
});

describe("a text to a Facebook user", () => {
  const toFacebook = { ...message, channel: "facebook", userId: "6543210987654321" } as const;

  it("goes out as the parity sheet says, by the page's account", async () => {
    const { channel, received } = await setUp({ status: 200, body: { messages: [{ id: "x" }] } });
    expect(await channel.say(toFacebook, never)).toEqual({ kind: "done", value: null });
    expect(received[0]).toMatchObject({
      method: "POST",
      url: "/api/passthrough/bots/page%201/messages",
      body: JSON.stringify({
        messaging_type: "RESPONSE",
        recipient: { id: "6543210987654321" },
        message: { text: 'Hola "tú"\n🙂' },
        metadata: "YALOSOURCE:FIREHOSE",
      }),
    });
    expect(received[0]?.headers).toMatchObject({ authorization: "Bearer page-token" });
  });

  it("is judged as one to WhatsApp is", async () => {
    const { channel } = await setUp({ status: 500 });
    expect(await channel.say(toFacebook, never)).toMatchObject({ kind: "retry", mayHaveHappened: true });
  });
});

it.each([
  ["facebook", { whatsapp }],
  ["whatsapp", { facebook }],
  ["whatsapp", {}],
  ["unknown", { whatsapp, facebook, unknown: whatsapp }],
] as const)("a text on %s without a bot of its own is refused, and nothing is sent", async (name, bots) => {
  const { channel, received } = await setUp({ status: 200 }, undefined, bots);
  expect(await channel.say({ ...message, channel: name }, never)).toEqual({
    kind: "refused",
    detail: `channel ${name} is not set up`,
    status: null,
  });
  expect(received).toHaveLength(0);
});
