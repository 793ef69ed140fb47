// The environment of the Go service's README, its Kubernetes section, as it stands, plus the two new settings: the service starts on it and
// plays a conversation. Kafka by SASL_SSL and PLAIN, Redis by Sentinel, as that manifest means them. Services of its own.
import { afterAll, beforeAll, expect, it } from "vitest";

import { createServices } from "../../sandbox/services/driver.ts";
import type { Services } from "../../sandbox/services/services.ts";
import { DEFAULT_BOT, DEFAULT_ORG } from "../../sandbox/world/defaults.ts";
import { endByAgent, say } from "../../sandbox/world/live-agent/agents.ts";
import { startWorld, type World } from "../../sandbox/world/world.ts";
import { settingCanaries } from "../support/canaries.ts";
import { eventually } from "../support/eventually.ts";
import { originalManifest } from "../support/original-manifest.ts";
import { startSentinelCluster } from "../support/redis-sentinel.ts";
import { createServiceProcess, type ServiceProcess } from "../support/service-process.ts";
import { ownNames } from "../support/services.ts";

const upMs = 90_000;
const agentId = "0055g0000000AG1";
const kafkaUser = { name: "kafka-user", password: "kafka-password" };
const open: { services?: Services; world?: World } = {};

beforeAll(async () => {
  const security = { users: { [kafkaUser.name]: kafkaUser.password } };
  open.services = await createServices({ say: () => undefined, env: process.env, security, kind: "local" });
  await open.services.start();
  open.world = await startWorld({
    agents: { [agentId]: { name: "Ana Torres", acceptDelayMs: 0 } },
    accounts: [
      { channel: "outgoing_webhook", botId: "coppel-wa-staging", jwt: "wa-jwt", provider: "whatsapp" },
      { channel: "passthrough", botId: "coppel-msn-staging", jwt: "fb-jwt", provider: "facebook" },
    ],
    // The manifest sends Botrunner no token.
    ...({ botrunnerToken: undefined } as object),
    bot: { talks: false },
    org: { username: "api_user_salesforce_enviroment" },
  });
}, upMs);

afterAll(async () => {
  await open.world?.close();
  await open.services?.stop();
}, upMs);

interface RedisOfManifest {
  readonly sentinel: string;
  readonly plain: string;
  readonly password: string;
}

/** What the manifest leaves open, and where its addresses are in this test. Everything else stays as it is there. */
function filledIn(world: World, at: { kafka: string; redis: RedisOfManifest; port: number }) {
  const { kafka, redis, port } = at;
  const { topic } = ownNames(import.meta.url);
  const colon = kafka.lastIndexOf(":");
  const dashed = {
    PORT: String(port),
    REDIS_SENTINEL_ADDRESS: redis.sentinel,
    BOTRUNNER_URL: world.botrunnerUrl,
    ...{ YALO_USERNAME: "yalo_user", YALO_PASSWORD: settingCanaries.botPassword },
    ...{ SALESFORCE_USERNAME: "salesforce_user", SALESFORCE_PASSWORD: "salesforce_user_password" },
    SECRET_KEY: settingCanaries.secretKey,
    ...{ SFC_CLIENT_ID: DEFAULT_ORG.clientId, SFC_CLIENT_SECRET: DEFAULT_ORG.clientSecret },
    ...{ SFC_PASSWORD: DEFAULT_ORG.password, SFC_SECURITY_TOKEN: DEFAULT_ORG.securityToken },
    ...{ SFC_BASE_URL: world.salesforceUrl, SFC_CHAT_URL: world.salesforceUrl, SFC_LOGIN_URL: world.salesforceUrl },
    ...{ SFC_ORGANIZATION_ID: DEFAULT_ORG.organizationId, SFC_DEPLOYMENT_ID: DEFAULT_ORG.deploymentId },
    ...{ SFC_RECORD_TYPE_ID: "012000000000001", SFC_ACCOUNT_RECORD_TYPE_ID: "012000000000002" },
    SFC_CUSTOM_FIELDS_CASE: "address:CP_Address__c",
    SFC_SOURCE_FLOW_BOT: (originalManifest["SALESFORCE-INTEGRATION_SFC_SOURCE_FLOW_BOT"] ?? "")
      .replaceAll("{{subject_case}}", "Ayuda")
      .replaceAll("{{button_id}}", DEFAULT_ORG.buttons[0] ?? "")
      .replaceAll("{{owner_id}}", agentId),
    ...{ INTEGRATIONS_FB_BOT_JWT: "fb-jwt", INTEGRATIONS_WA_BOT_JWT: "wa-jwt" },
    INTEGRATIONS_BASE_URL: world.integrationsUrl,
    ...{ INTEGRATIONS_WA_BOT_PHONE: `+${DEFAULT_BOT.botId}`, INTEGRATIONS_FB_BOT_PHONE: DEFAULT_BOT.pageId },
    WEBHOOK_BASE_URL: `http://127.0.0.1:${String(port)}`,
    ...{ KAFKA_HOST: kafka.slice(0, colon), KAFKA_PORT: kafka.slice(colon + 1), KAFKA_TOPIC: topic },
    ...{ KAFKA_USER: kafkaUser.name, KAFKA_PASSWORD: kafkaUser.password },
  };
  return {
    ...Object.fromEntries(Object.entries(dashed).map(([name, value]) => [`SALESFORCE-INTEGRATION_${name}`, value])),
    SALESFORCE_INTEGRATION_REDIS_ADDRESS: redis.plain,
    SALESFORCE_INTEGRATION_REDIS_PASSWORD: redis.password,
  };
}

/** The world, and a service that will start on the manifest with these places of Redis. */
async function serviceOn(
  name: string,
  redis: RedisOfManifest,
): Promise<{ readonly world: World; readonly service: ServiceProcess }> {
  const { services, world } = open;
  if (services === undefined || world === undefined) throw new Error("not set");
  const { registryUrl, secure } = services.addresses();
  if (secure === undefined) throw new Error("no secure listener");
  const service = await createServiceProcess({
    name,
    environment: ({ port }) => {
      const values = filledIn(world, { kafka: secure.brokers, redis, port });
      expect(Object.keys(values).filter((name) => !Object.hasOwn(originalManifest, name))).toEqual([]);
      const manifest: Record<string, string | null> = { ...originalManifest, ...values };
      expect(
        Object.entries(manifest).filter(([, value]) => value === null),
        "every placeholder has a value",
      ).toEqual([]);
      return {
        ...(manifest as Record<string, string>),
        "SALESFORCE-INTEGRATION_SCHEMA_REGISTRY_URL": registryUrl,
        "SALESFORCE-INTEGRATION_STATE_ENCRYPTION_KEY": settingCanaries.stateKey,
        // Of the pod, not of the service: the broker's certificate is of a made-up authority here.
        NODE_EXTRA_CA_CERTS: secure.caFile,
      };
    },
  });
  return { world, service };
}

it("the manifest as it stands and two settings: the service starts, and a conversation goes both ways and back to the bot", async () => {
  const password = "redis-password";
  const { ports } = await startSentinelCluster(password);
  const { world, service } = await serviceOn("original-environment", {
    ...{ sentinel: `127.0.0.1:${String(ports.sentinel)}`, plain: "redis.that.the.go.service.never.saw:6379", password },
  });
  try {
    await service.spawn();
    await eventually("the port is open", () => welcome(service.url), { timeoutMs: upMs, why: () => service.output() });
    world.connectBot({ url: service.url, username: "yalo_user", password: settingCanaries.botPassword });
    const { parts } = world;
    const person = {
      ...{ userId: "5215512340001", name: "Eva", email: "eva@canary.example", phoneNumber: "5215512340001" },
      channel: "whatsapp" as const,
    };
    parts.people.put(person);
    await parts.bot.sent(person.userId, "antes");
    await parts.bot.typed(person.userId, "Ayuda");
    const session = await eventually("an agent has the user", () =>
      [...parts.desk.byId.values()].find(({ user, state }) => user === person.userId && state === "ENGAGED"),
    );
    await parts.bot.sent(person.userId, "hola agente");
    await eventually("the agent reads it", () =>
      parts.desk.screens.read().entries.some(({ text }) => text.includes("hola agente")),
    );
    say(parts.desk, session, "hola usuario");
    await eventually("the user reads it", () =>
      parts.phones.log.read().entries.some(({ from, text }) => from === "service" && text === "hola usuario"),
    );
    endByAgent(parts.desk, session);
    await eventually("the bot has the user back", () =>
      parts.botrunner.states.read().entries.some(({ state }) => state === "from-sf-success"),
    );
    expect(await service.terminate()).toMatchObject({ code: 0 });
  } finally {
    await service.close();
  }
}, 180_000);

it("the manifest with one plain Redis in both places: the service starts, and says that no Sentinel is there", async () => {
  const plain = open.services?.addresses().redis ?? "";
  const { service } = await serviceOn("original-plain-redis", { sentinel: plain, plain, password: "" });
  try {
    await service.spawn();
    await eventually("the port is open", () => welcome(service.url), { timeoutMs: upMs, why: () => service.output() });
    expect(await service.output()).toContain("REDIS_SENTINEL_ADDRESS names a Redis, not a Sentinel");
    expect(await service.terminate()).toMatchObject({ code: 0 });
  } finally {
    await service.close();
  }
}, 180_000);

async function welcome(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/v1/welcome`);
    return (await response.text()) === '{"Message":"Welcome to API!"}';
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}
