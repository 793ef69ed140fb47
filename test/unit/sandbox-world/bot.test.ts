// The bot, the channel and Botrunner over real HTTP, against a stand-in for the service that answers as the test says.
import fastify from "fastify";
import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { startWorld } from "../../../sandbox/world/world.ts";
import type { World } from "../../../sandbox/world/world.ts";
import { call, control } from "./harness.ts";
import type { Reply } from "./harness.ts";

interface Webhook {
  readonly id: string;
  readonly timestamp: string;
  readonly type: string;
  readonly from?: string;
  readonly to?: string;
  readonly text: { readonly body: string };
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** What the stand-in got, and what it answers: each list is used up from the front, its last entry stays. */
interface Service {
  readonly webhooks: Webhook[];
  readonly connects: Record<string, unknown>[];
  readonly logins: unknown[];
  webhookStatuses: number[];
  connectAnswers: Answer[];
  requestAnswers: Answer[];
}

const USER = "5215512345678";
const CONNECTED = { status: 200, body: { Message: "Chat created succefully" } };

let world: World;
let app: FastifyInstance;
let service: Service;

const next = <T>(list: T[]): T | undefined => (list.length > 1 ? list.shift() : list[0]);

beforeEach(async () => {
  service = {
    webhooks: [],
    connects: [],
    logins: [],
    webhookStatuses: [200],
    connectAnswers: [CONNECTED],
    requestAnswers: [CONNECTED],
  };
  app = fastify();
  app.post("/v1/integrations/whatsapp/webhook", (request, reply) => {
    service.webhooks.push(request.body as Webhook);
    return reply.code(next(service.webhookStatuses) ?? 200).send({ Message: "insert success" });
  });
  app.post("/v1/authenticate", (request) => {
    service.logins.push(request.body);
    return { token: `token-${service.logins.length}` };
  });
  app.post("/v1/chats/connect", (request, reply) => {
    service.connects.push({ ...(request.body as object), authorization: request.headers.authorization });
    const answer = next(service.connectAnswers) ?? CONNECTED;
    return reply.code(answer.status).send(answer.body);
  });
  app.get("/v1/chats/:requestId", (_request, reply) => {
    const answer = next(service.requestAnswers) ?? CONNECTED;
    return reply.code(answer.status).send(answer.body);
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  world = await startWorld({ remembered: null });
  const address = app.server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  await control(world, "POST", "/bot/connect", {
    url: `http://127.0.0.1:${port}`,
    username: "yaloUser",
    password: "p",
  });
});

afterEach(async () => {
  await world.close();
  await app.close();
});

const type = (text: string, more: Record<string, unknown> = {}): Promise<Reply> =>
  control(world, "POST", `/phones/${USER}/messages`, { text, wait: true, ...more });

const phone = (): readonly (readonly [string, string])[] =>
  world.parts.phones.log.read().entries.map((line) => [line.from, line.text]);

const holder = async (): Promise<unknown> =>
  ((await control(world, "GET", `/phones/${USER}`)).body as { holder: string }).holder;

async function handBack(state: string): Promise<Reply> {
  const url = `${world.botrunnerUrl}/sandbox-bot/send-to?jwt=sandbox-botrunner-token`;
  return call("POST", url, { "content-type": "application/json" }, { message: "", state, userId: USER });
}

describe("small talk", () => {
  it("reaches the service as webhooks of user and bot, in order", async () => {
    await type("hola");
    await type("qué tal");
    await vi.waitUntil(() => service.webhooks.length === 4);
    expect(service.webhooks.map(({ from, to }) => from ?? `to ${to ?? ""}`)).toEqual([
      USER,
      `to ${USER}`,
      USER,
      `to ${USER}`,
    ]);
    const stamps = service.webhooks.map((webhook) => Number(webhook.timestamp));
    expect(new Set(stamps).size).toBe(4);
    expect([...stamps].sort((a, b) => a - b)).toEqual(stamps);
    expect(phone().map(([from]) => from)).toEqual(["user", "bot", "user", "bot"]);
  });

  it("is left out when the test wants quiet", async () => {
    await type("Ayuda", { quiet: true, id: "my-id" });
    expect(service.webhooks.map((webhook) => webhook.id)).toEqual(["my-id"]);
    expect(service.connects).toEqual([]);
    expect(phone()).toEqual([["user", "Ayuda"]]);
  });
});

describe("webhook delivery", () => {
  it("repeats the same message until it is accepted, and keeps later ones behind it", async () => {
    service.webhookStatuses = [503, 500, 200];
    const [first, second] = await Promise.all([
      type("a", { quiet: true, id: "1" }),
      type("b", { quiet: true, id: "2" }),
    ]);
    expect(first.body).toMatchObject({ id: "1", attempts: 3, outcome: "accepted", status: 200 });
    expect(second.body).toMatchObject({ id: "2", attempts: 1, outcome: "accepted" });
    expect(service.webhooks.map((webhook) => webhook.id)).toEqual(["1", "1", "1", "2"]);
    expect((await control(world, "GET", "/webhooks/pending")).body).toEqual({ pending: 0 });
  });

  it("gives up on a refusal", async () => {
    service.webhookStatuses = [400];
    expect((await type("a", { quiet: true })).body).toMatchObject({ attempts: 1, outcome: "refused", status: 400 });
  });
});

describe("calling for an agent", () => {
  it("logs in, connects with the user's data, and is silent while an agent has the user", async () => {
    await control(world, "PUT", `/phones/${USER}`, { name: "Ada", email: "ada@example.org", extraData: { a: 1 } });
    await type("  AYUDA ");
    await vi.waitFor(async () => {
      expect(await holder()).toBe("agent");
    });
    await type("sigo aquí");
    expect(service.logins).toEqual([{ username: "yaloUser", password: "p" }]);
    expect(service.connects).toEqual([
      {
        userID: USER,
        name: "Ada",
        provider: "whatsapp",
        botSlug: "sandbox-bot",
        botId: "5215500000000",
        email: "ada@example.org",
        phoneNumber: USER,
        extraData: { a: 1 },
        authorization: "Bearer token-1",
      },
    ]);
    expect(phone().filter(([from]) => from === "bot")).toEqual([]);
  });

  it("names the state in which it got the user back, and talks again", async () => {
    await type("ayuda");
    await vi.waitFor(async () => {
      expect(await holder()).toBe("agent");
    });
    expect((await handBack("from-sf-success")).body).toEqual({});
    expect(phone().at(-1)).toEqual(["bot", "Estás de vuelta con el bot, en el estado from-sf-success."]);
    const { entries } = (await control(world, "GET", `/botrunner/states?user=${USER}`)).body as { entries: object[] };
    expect(entries).toMatchObject([{ state: "from-sf-success", botSlug: "sandbox-bot" }]);
    expect(await holder()).toBe("bot");
  });

  it("says so when it is refused", async () => {
    service.connectAnswers = [{ status: 500, body: { ErrorDescription: "could not create chat in salesforce: no" } }];
    await type("ayuda");
    await vi.waitUntil(() => phone().length === 2);
    expect(phone()[1]?.[1]).toContain("500: could not create chat in salesforce: no");
    expect(await holder()).toBe("bot");
  });

  it("follows a request that was only taken (202) to its outcome", async () => {
    service.connectAnswers = [{ status: 202, body: { requestId: "r-1" } }];
    service.requestAnswers = [{ status: 202, body: {} }, CONNECTED];
    await type("ayuda");
    await vi.waitFor(async () => {
      expect(await holder()).toBe("agent");
    });
    expect(service.connects).toHaveLength(1);
  });

  it("logs in again after a 401, and waits out a 503", async () => {
    service.connectAnswers = [{ status: 401, body: {} }, { status: 503, body: {} }, CONNECTED];
    await type("ayuda");
    await vi.waitFor(async () => {
      expect(await holder()).toBe("agent");
    });
    expect(service.connects.map((connect) => connect["authorization"])).toEqual([
      "Bearer token-1",
      "Bearer token-2",
      "Bearer token-2",
    ]);
  });
});

describe("the channel", () => {
  const send = (
    body: unknown,
    channel = "outgoing_webhook",
    bot = "sandbox-whatsapp-bot",
    jwt = "sandbox-whatsapp-jwt",
  ): Promise<Reply> =>
    call(
      "POST",
      `${world.integrationsUrl}/api/${channel}/bots/${bot}/messages`,
      { authorization: `Bearer ${jwt}`, "content-type": "application/json" },
      body,
    );
  const message = { id: "m1", type: "text", userId: USER, text: { body: "hola" } };

  it("shows a repeated id twice, marked, unless it is told to dedupe", async () => {
    expect((await send(message)).body).toEqual({ messages: [{ id: "m1" }] });
    await send(message);
    await control(world, "PATCH", "/integrations/modes", { dedupe: true });
    await send(message);
    const lines = world.parts.phones.log.read().entries.map(({ repeat, shown }) => [repeat, shown]);
    expect(lines).toEqual([
      [false, true],
      [true, true],
      [true, false],
    ]);
  });

  it("sends texts back as bot webhooks when it is told to", async () => {
    await control(world, "PATCH", "/integrations/modes", { echoes: true });
    await send(message);
    await vi.waitUntil(() => service.webhooks.length === 1);
    expect(service.webhooks[0]).toMatchObject({ to: USER, text: { body: "hola" } });
    expect(service.webhooks[0]).not.toHaveProperty("from");
  });

  it("takes Facebook's form on Facebook's account", async () => {
    const facebook = { messaging_type: "RESPONSE", recipient: { id: "fb1" }, message: { text: "hola" }, metadata: "m" };
    const reply = await send(facebook, "passthrough", "sandbox-facebook-bot", "sandbox-facebook-jwt");
    expect(reply.body).toEqual({ messages: [{ id: expect.any(String) as string }] });
    expect(world.parts.phones.log.read().entries).toMatchObject([{ channel: "facebook", userId: "fb1", text: "hola" }]);
    expect((await send(message, "passthrough", "sandbox-facebook-bot", "sandbox-facebook-jwt")).status).toBe(400);
  });

  it.each([
    ["no id", { ...message, id: undefined }, 400],
    ["no body text", { ...message, text: { body: "" } }, 400],
    ["another type", { ...message, type: "image" }, 400],
    ["no object", "[]", 400],
  ])("refuses %s", async (_name, body, status) => {
    expect((await send(body)).status).toBe(status);
    expect(world.parts.phones.log.read().entries).toEqual([]);
  });

  it("refuses a wrong bearer with 401 and an unknown bot with 404", async () => {
    expect((await send(message, "outgoing_webhook", "sandbox-whatsapp-bot", "x")).status).toBe(401);
    expect((await send(message, "outgoing_webhook", "nobody")).status).toBe(404);
  });

  it("registers and removes a webhook", async () => {
    const base = `${world.integrationsUrl}/api/outgoing_webhook/bots/sandbox-whatsapp-bot`;
    const headers = { authorization: "Bearer sandbox-whatsapp-jwt", "content-type": "application/json" };
    const registration = { phone: "+52155", webhook: "http://x/webhook", provider: "whatsapp", version: 0 };
    const registered = await call("POST", `${base}/healthcheck`, headers, registration);
    expect([registered.status, registered.body]).toEqual([
      201,
      { bot_id: "sandbox-whatsapp-bot", channel: "outgoing_webhook", webhook: "http://x/webhook" },
    ]);
    const gone = { phone: "+52155", provider: "whatsapp" };
    expect((await call("POST", `${base}/remove`, headers, gone)).status).toBe(204);
    expect((await call("POST", `${base}/remove`, headers, gone)).status).toBe(404);
  });
});

describe("Botrunner", () => {
  const send = (body: unknown, query = "?jwt=sandbox-botrunner-token"): Promise<Reply> =>
    call("POST", `${world.botrunnerUrl}/sandbox-bot/send-to${query}`, { "content-type": "application/json" }, body);
  const given = { message: "", state: "s", userId: USER };

  it.each([
    ["a wrong token", given, "?jwt=x", 401],
    ["no token", given, "", 401],
    ["an empty state", { ...given, state: "" }, undefined, 400],
    ["no user", { ...given, userId: undefined }, undefined, 400],
    ["a message that is not empty", { ...given, message: "x" }, undefined, 400],
  ])("refuses %s", async (_name, body, query, status) => {
    expect((await send(body, query)).status).toBe(status);
    expect(world.parts.botrunner.states.read().entries).toEqual([]);
  });
});

describe("reset", () => {
  it("forgets everybody and everything, and the agents are as at the start", async () => {
    await type("hola");
    await vi.waitUntil(() => world.parts.webhooks.pending() === 0);
    await control(world, "PUT", "/agents/0055g0000000AG1", { online: false });
    await control(world, "POST", "/faults", { effect: { kind: "reset" } });
    expect((await control(world, "POST", "/reset")).status).toBe(204);
    expect((await control(world, "GET", `/phones/${USER}`)).status).toBe(404);
    expect(phone()).toEqual([]);
    expect(world.parts.faults.list()).toEqual([]);
    expect((await control(world, "GET", "/agents")).body).toMatchObject({
      agents: [{ online: true, name: "Ana Torres" }],
    });
  });
});
