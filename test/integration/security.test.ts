// The wire as production has it: TLS, a login by PLAIN and by SCRAM, and an authorizer that grants exactly what docs/security.md lists. A
// conversation passes by each; what is wrong with login, certificate or rights refuses the start in a sentence; nobody but the service writes
// the service's own topics. Services of its own.
import { readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { Kafka, logLevel, type Admin, type Producer } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";

import { createServices, type Services } from "../../sandbox/services/driver.ts";
import type { SecureListener } from "../../sandbox/services/services.ts";
import { documentedRights } from "../support/acl-table.ts";
import { eventually } from "../support/eventually.ts";
import { keepSecrets } from "../support/outputs.ts";
import { prefixed, refusedStart } from "../support/refused-start.ts";
import { ownNames, type OwnNames, type Wire } from "../support/services.ts";
import { createShortConversations, type ShortConversations } from "../support/short-conversation.ts";
import { openStage, type Stage } from "../support/stage.ts";
import { wireSettings } from "../support/wire.ts";

const upMs = 90_000;
const passwords = {
  service: "canary-password-of-the-service",
  upstream: "canary-password-of-upstream",
  analytics: "canary-password-of-analytics",
  stranger: "canary-password-of-a-stranger",
} as const;
const wrongPassword = "canary-of-a-wrong-password";
type User = keyof typeof passwords;
const ownTopics = ["agent-events", "chat-events", "interconnections", "dead-letters"] as const;

const names = ownNames(import.meta.url);
const open: { services?: Services; admin?: Admin; stage?: Stage; conversations?: ShortConversations } = {};

beforeAll(async () => {
  open.services = await createServices({
    say: () => undefined,
    env: process.env,
    security: { users: passwords, superUsers: [] },
  });
  const { brokers } = await open.services.start();
  // By the plain listener everybody is ANONYMOUS, whom the authorizer lets do everything: the broker itself comes that way.
  open.admin = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING }).admin();
  await open.admin.connect();
  open.stage = await openStage({
    file: import.meta.url,
    names,
    services: { ...open.services.addresses(), wire: wire("PLAIN") },
    start: false,
  });
  open.conversations = createShortConversations(open.stage, 3);
}, upMs);

afterAll(async () => {
  await open.stage?.close();
  await open.admin?.disconnect();
  await open.services?.stop();
  await keepSecrets("security", [...Object.values(passwords), wrongPassword]);
}, upMs);

function there<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error("the stage was not set");
  return value;
}

function listener(): SecureListener {
  return there(there(open.services).addresses().secure);
}

function wire(mechanism: Wire["mechanism"], user: User = "service"): Wire {
  return { ...listener(), mechanism, user, password: passwords[user] };
}

function refused(more: Readonly<Record<string, string>>): Promise<readonly string[]> {
  return refusedStart(there(open.stage).service, more);
}

/** Gives the principals of the table their rights; `setup` is the service at its first start. */
async function grant(to: OwnNames, isWanted: (principal: string) => boolean): Promise<void> {
  const acl = documentedRights(to)
    .filter(({ principal }) => isWanted(principal))
    .map(({ principal, entry }) => ({ ...entry, principal: `User:${principal === "setup" ? "service" : principal}` }));
  await there(open.admin).createAcls({ acl });
}

async function takeAway(from: OwnNames, of: string): Promise<void> {
  const filters = documentedRights(from)
    .filter(({ principal }) => principal === of)
    .map(({ entry }) => ({ ...entry, principal: `User:${of === "setup" ? "service" : of}` }));
  await there(open.admin).deleteAcls({ filters });
}

async function as<Result>(user: User, use: (producer: Producer) => Promise<Result>): Promise<Result> {
  const sasl = { mechanism: "scram-sha-256" as const, username: user, password: passwords[user] };
  const ssl = { ca: [readFileSync(listener().caFile, "utf8")] };
  const producer = new Kafka({
    brokers: [listener().brokers],
    ssl,
    sasl,
    logLevel: logLevel.NOTHING,
    connectionTimeout: 10_000,
    retry: { retries: 1 },
  }).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  try {
    return await use(producer);
  } finally {
    await producer.disconnect();
  }
}

describe("a start is refused, in one sentence", () => {
  it("with a wrong password, by PLAIN", async () => {
    const sentences = await refused({ KAFKA_PASSWORD: wrongPassword });
    expect(sentences).toEqual([
      expect.stringMatching(/^The Kafka broker refuses the login: KAFKA_USER or KAFKA_PASSWORD/),
    ]);
  });

  it("with a wrong password, by SCRAM", async () => {
    const more = { KAFKA_SASL_MECHANISM: "SCRAM-SHA-512", KAFKA_PASSWORD: wrongPassword };
    expect(await refused(more)).toEqual([expect.stringMatching(/^The Kafka broker refuses the login/)]);
  });

  it("with an authority that did not sign the broker's certificate", async () => {
    const file = join(tmpdir(), `${names.topic}.pem`);
    onTestFinished(() => rm(file, { force: true }));
    await writeFile(file, rootCertificates[0] ?? "");
    expect(await refused({ KAFKA_CA_FILE: file })).toEqual([
      expect.stringMatching(/^The Kafka broker's certificate is not trusted \([A-Z_]+\): KAFKA_CA_FILE must hold/),
    ]);
  });

  it("with a file that is not there, or holds no certificate", async () => {
    const start = /^KAFKA_CA_FILE must be a readable file with certificates in PEM: /;
    expect(await refused({ KAFKA_CA_FILE: join(tmpdir(), "nowhere.pem") })).toEqual([expect.stringMatching(start)]);
    expect(await refused({ KAFKA_CA_FILE: "package.json" })).toEqual([expect.stringMatching(start)]);
  });

  it("without rights", async () => {
    const sentences = await refused({
      KAFKA_USER: "stranger",
      KAFKA_PASSWORD: passwords.stranger,
      KAFKA_CREATE_TOPICS: "false",
    });
    expect(sentences.length).toBeGreaterThan(0);
    expect(sentences.join("\n")).toContain("KAFKA_USER");
  });
});

it("a broker that does not answer is waited for", async () => {
  const { service } = there(open.stage);
  await service.spawn(prefixed({ KAFKA_PORT: "1" }));
  const log = await eventually("it says for what it waits", async () => {
    const output = await service.latestOutput();
    return output.includes('"service":"kafka"') && output;
  });
  expect(log).not.toContain("the start is refused");
  expect(service.isRunning()).toBe(true);
  await service.kill();
});

describe("with exactly the documented rights", () => {
  it("a conversation passes over SASL_SSL with PLAIN, topics created by the service", async () => {
    await grant(names, () => true);
    const { service } = there(open.stage);
    await service.start();
    await there(open.conversations).have();
    expect(await service.terminate()).toMatchObject({ code: 0 });
    await takeAway(names, "setup");
  });

  it.each(["SCRAM-SHA-256", "SCRAM-SHA-512"] as const)(
    "a conversation passes over SASL_SSL with %s",
    async (mechanism) => {
      const { service } = there(open.stage);
      const more = { ...wireSettings(wire(mechanism)), KAFKA_CREATE_TOPICS: "false" };
      await service.start(prefixed(more));
      await there(open.conversations).have();
      expect(await service.terminate()).toMatchObject({ code: 0 });
    },
  );

  it.each(["upstream", "analytics", "stranger"] as const)("%s can't write the service's own topics", async (user) => {
    const messages = [{ key: "521", value: "forged" }];
    await as(user, async (producer) => {
      for (const topic of ownTopics) {
        const send = producer.send({ topic: `${names.topic}.${topic}`, messages });
        await expect(send, topic).rejects.toThrow("Not authorized to access topics");
      }
    });
  });

  it("upstream can write the inputs, and the service its own topics", async () => {
    const topics = ["chat-requests", "channel-messages"];
    await as("upstream", async (producer) => {
      for (const topic of topics)
        await producer.send({ topic: `${names.topic}.${topic}`, messages: [{ key: "1", value: "" }] });
    });
    const written = async (topic: string): Promise<number> => {
      const offsets = await there(open.admin).fetchTopicOffsets(`${names.topic}.${topic}`);
      return offsets.reduce((sum, { high }) => sum + Number(high), 0);
    };
    for (const topic of ["agent-events", "chat-events", "interconnections"])
      expect(await written(topic)).toBeGreaterThan(0);
    expect(await written("dead-letters"), "nobody forged any, and nothing went wrong").toBe(0);
  });
});
