// Registration of webhooks at the Integrations API: paths, bodies, what is missing, and what each status means.
import { afterEach, describe, expect, it } from "vitest";

import {
  createWebhookRegistration,
  type RegistrationOptions,
} from "../../../../src/clients/integrations/webhook-registration.ts";
import { answeringServer, type Reply } from "../http/answering-server.ts";
import { never, shortClient } from "../salesforce/clients.ts";

const toClose: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

const whatsapp = { channel: "outgoing_webhook", botId: "bot/1", token: "bot-token", phone: "+5215500000000" };
const facebook = { channel: "passthrough", botId: "page", token: "page-token", phone: "100000000000001" };

async function setUp(reply: Reply, changes: Partial<RegistrationOptions> = {}) {
  const server = await answeringServer(() => reply);
  const http = shortClient();
  toClose.push(
    () => http.close(),
    () => server.close(),
  );
  const registration = createWebhookRegistration({
    http,
    baseUrl: `${server.url}/`,
    bots: { whatsapp, facebook },
    webhookBaseUrl: "https://us.example/base/",
    ...changes,
  });
  return { registration, received: server.received };
}

describe("register", () => {
  it.each([
    ["whatsapp", "/api/outgoing_webhook/bots/bot%2F1/healthcheck", "bot-token", "+5215500000000", 0],
    ["facebook", "/api/passthrough/bots/page/healthcheck", "page-token", "100000000000001", 3],
  ] as const)("tells our address for %s as the parity sheet says", async (provider, url, token, phone, version) => {
    const { registration, received } = await setUp({ status: 201, body: { bot_id: "x" } });
    expect(await registration.register(provider, "/v1/hook", never)).toEqual({ kind: "done", value: null });
    const webhook = "https://us.example/base/v1/hook";
    const body = JSON.stringify({ phone, webhook, provider, version });
    expect(received).toMatchObject([{ method: "POST", url, body, headers: { authorization: `Bearer ${token}` } }]);
  });

  it.each<[string, Partial<RegistrationOptions>]>([
    ["INTEGRATIONS_FB_BOT_ID", { bots: { whatsapp } }],
    ["INTEGRATIONS_FB_BOT_PHONE", { bots: { facebook: { ...facebook, phone: null } } }],
    ["WEBHOOK_BASE_URL", { webhookBaseUrl: null }],
  ])("is refused without %s, by name, and nothing is sent", async (name, changes) => {
    const { registration, received } = await setUp({ status: 201 }, changes);
    const refusal = { kind: "refused", detail: `${name} is not set`, status: null };
    expect(await registration.register("facebook", "/v1/hook", never)).toEqual(refusal);
    expect(received).toHaveLength(0);
  });

  it.each<[number, object]>([
    [401, { kind: "refused", detail: "status 401" }],
    [503, { kind: "retry" }],
  ])("is judged by %i, without telling token and number", async (status, outcome) => {
    const { registration } = await setUp({ status, body: "+5215500000000" });
    const answer = await registration.register("whatsapp", "/v1/hook", never);
    expect(answer).toMatchObject(outcome);
    expect(JSON.stringify(answer)).not.toMatch(/bot-token|5215500000000/);
  });
});

it("any 2xx is success, whatever stands in it", async () => {
  for (const status of [200, 201, 202, 204]) {
    const { registration } = await setUp({ status });
    expect(await registration.register("whatsapp", "/v1/hook", never)).toEqual({ kind: "done", value: null });
    expect(await registration.remove("whatsapp", never)).toEqual({ kind: "done", value: null });
  }
});

describe("remove", () => {
  it("names phone and provider", async () => {
    const { registration, received } = await setUp({ status: 204 });
    expect(await registration.remove("whatsapp", never)).toEqual({ kind: "done", value: null });
    expect(received).toMatchObject([
      {
        url: "/api/outgoing_webhook/bots/bot%2F1/remove",
        body: '{"phone":"+5215500000000","provider":"whatsapp"}',
      },
    ]);
  });

  it("needs no address of ours", async () => {
    const { registration } = await setUp({ status: 204 }, { webhookBaseUrl: null });
    expect(await registration.remove("facebook", never)).toMatchObject({ kind: "done" });
  });

  it("of what is not there is refused", async () => {
    const { registration } = await setUp({ status: 404 });
    expect(await registration.remove("facebook", never)).toMatchObject({ kind: "refused", detail: "status 404" });
  });

  it("without a number is refused, and nothing is sent", async () => {
    const bots = { whatsapp: { ...whatsapp, phone: null } };
    const { registration, received } = await setUp({ status: 204 }, { bots });
    expect(await registration.remove("whatsapp", never)).toMatchObject({
      detail: "INTEGRATIONS_WA_BOT_PHONE is not set",
    });
    expect(received).toHaveLength(0);
  });
});
