// Facebook users, registered webhooks and Studio NG over real HTTP, against a stand-in for the service that takes everything.
import fastify from "fastify";
import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { startWorld } from "../../../sandbox/world/world.ts";
import type { World } from "../../../sandbox/world/world.ts";
import { call, control } from "./harness.ts";
import type { Reply } from "./harness.ts";

interface Received {
  readonly path: string;
  readonly body: Record<string, unknown>;
}

const USER = "6543210987654321";
const PAGE = "100000000000001";

let world: World;
let app: FastifyInstance;
let url: string;
let received: Received[];

beforeEach(async () => {
  received = [];
  app = fastify();
  app.post("/v1/authenticate", () => ({ token: "token" }));
  app.post("/*", (request) => {
    received.push({ path: request.url, body: request.body as Record<string, unknown> });
    return { Message: "insert success" };
  });
  url = await app.listen({ host: "127.0.0.1", port: 0 });
  world = await startWorld({ remembered: null });
  await control(world, "POST", "/bot/connect", { url, username: "yaloUser", password: "p" });
  await control(world, "PUT", `/phones/${USER}`, { channel: "facebook" });
});

afterEach(async () => {
  await world.close();
  await app.close();
});

const type = (text: string, more: Record<string, unknown> = {}): Promise<Reply> =>
  control(world, "POST", `/phones/${USER}/messages`, { text, wait: true, ...more });

const webhook = (author: "user" | "bot", text: string): Received => {
  const [sender, recipient] = author === "user" ? [USER, PAGE] : [PAGE, USER];
  const timestamp = expect.any(Number) as number;
  const mid = expect.any(String) as string;
  const event = { sender: { id: sender }, recipient: { id: recipient }, timestamp, message: { mid, text } };
  const entry = { id: PAGE, time: timestamp, messaging: [event] };
  const message = { object: "page", entry: [entry] };
  const body = { authorRole: author, botId: PAGE, message, msgTracking: {}, provider: "facebook", timestamp };
  return { path: "/v1/integrations/facebook/webhook", body };
};

describe("a Facebook user", () => {
  it("and the bot's answer reach the service in Facebook's form", async () => {
    expect((await type("hola")).body).toMatchObject({ outcome: "accepted", text: "hola" });
    await vi.waitUntil(() => received.length === 2);
    const small = "Hola, soy el bot. Escribe *Ayuda* si quieres hablar con una persona.";
    expect(received).toEqual([webhook("user", "hola"), webhook("bot", small)]);
  });

  it("keeps the message id that a test gives", async () => {
    await type("hola", { quiet: true, id: "m-1" });
    expect(JSON.stringify(received)).toContain('"mid":"m-1"');
  });

  it("is introduced to the service by channel and page", async () => {
    await type("Ayuda");
    await vi.waitUntil(() => received.some(({ path }) => path === "/v1/chats/connect"));
    const connect = received.find(({ path }) => path === "/v1/chats/connect");
    expect(connect?.body).toMatchObject({ userID: USER, provider: "facebook", botId: PAGE });
  });

  it("gets back echoes in Facebook's form", async () => {
    await control(world, "PATCH", "/integrations/modes", { echoes: true });
    await call(
      "POST",
      `${world.integrationsUrl}/api/passthrough/bots/sandbox-facebook-bot/messages`,
      { authorization: "Bearer sandbox-facebook-jwt", "content-type": "application/json" },
      { messaging_type: "RESPONSE", recipient: { id: USER }, message: { text: "soy Ana" } },
    );
    await vi.waitUntil(() => received.length === 1);
    expect(received).toEqual([webhook("bot", "soy Ana")]);
  });
});

describe("a registered webhook", () => {
  const account = (operation: string, body: object): Promise<Reply> =>
    call(
      "POST",
      `${world.integrationsUrl}/api/passthrough/bots/sandbox-facebook-bot/${operation}`,
      { authorization: "Bearer sandbox-facebook-jwt", "content-type": "application/json" },
      body,
    );

  it("is where the channel's messages go until it is removed; other channels go where they went", async () => {
    const registration = { phone: PAGE, provider: "facebook", version: 3, webhook: `${url}/elsewhere` };
    expect((await account("healthcheck", registration)).status).toBe(201);
    await type("uno", { quiet: true });
    await control(world, "POST", "/phones/5215512345678/messages", { text: "dos", quiet: true, wait: true });
    expect((await account("remove", { phone: PAGE, provider: "facebook" })).status).toBe(204);
    await type("tres", { quiet: true });
    expect(received.map(({ path }) => path)).toEqual([
      "/elsewhere",
      "/v1/integrations/whatsapp/webhook",
      "/v1/integrations/facebook/webhook",
    ]);
  });

  it.each([
    ["another provider", { provider: "whatsapp" }],
    ["another form", { version: 0 }],
    ["no address", { webhook: "x" }],
    ["no page", { phone: "" }],
  ])("with %s is refused", async (_what, wrong) => {
    const right = { phone: PAGE, provider: "facebook", version: 3, webhook: `${url}/elsewhere` };
    expect((await account("healthcheck", { ...right, ...wrong })).status).toBe(400);
    expect((await control(world, "GET", "/integrations/registrations")).body).toEqual({ registrations: [] });
  });
});

describe("Studio NG", () => {
  const fire = (path: string, body: unknown = { userId: USER }, token = "sandbox-studio-ng-token"): Promise<Reply> =>
    call(
      "POST",
      `${world.studioNgUrl}${path}`,
      { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body,
    );

  it("gives the user back to the bot, which names the state", async () => {
    expect((await fire("/v1/triggers/from%20sf/webhook")).status).toBe(200);
    const states = await control(world, "GET", `/studio-ng/states?user=${USER}`);
    expect(states.body).toMatchObject({ entries: [{ userId: USER, state: "from sf" }] });
    await vi.waitUntil(() => received.length === 1);
    expect(received).toEqual([webhook("bot", "Estás de vuelta con el bot, en el estado from sf.")]);
    expect(world.parts.botrunner.states.read().entries).toEqual([]);
  });

  it.each([
    ["another path", "/v1/trigger/s/webhook", undefined, undefined, 404],
    ["a path with two slashes", "//v1/triggers/s/webhook", undefined, undefined, 404],
    ["no state", "/v1/triggers/webhook", undefined, undefined, 404],
    ["a wrong token", "/v1/triggers/s/webhook", undefined, "x", 401],
    ["no user", "/v1/triggers/s/webhook", {}, undefined, 400],
  ])("refuses %s", async (_what, path, body, token, status) => {
    expect((await fire(path, body, token)).status).toBe(status);
    expect(world.parts.studioNg.states.read().entries).toEqual([]);
  });

  it("is forgotten by a reset, and can be cut off alone", async () => {
    await fire("/v1/triggers/s/webhook");
    await control(world, "POST", "/reset");
    expect(world.parts.studioNg.states.read().entries).toEqual([]);
    expect((await control(world, "POST", "/systems/studio-ng/cut")).status).toBe(204);
    await expect(fire("/v1/triggers/s/webhook")).rejects.toThrow();
    await control(world, "POST", "/systems/studio-ng/restore");
    expect((await fire("/v1/triggers/s/webhook")).status).toBe(200);
  });
});
