// The listener as production has it: TLS and a login by PLAIN or SCRAM, and what the authorizer lets a user do. Starts services of its own.
import { readFileSync } from "node:fs";
import { Kafka, logLevel, type Admin, type SASLOptions } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { createServices } from "../../sandbox/services/driver.ts";
import type { SecureListener, Services } from "../../sandbox/services/services.ts";

const UP_MS = 60_000;
const state: { services: Services | undefined } = { services: undefined };

beforeAll(async () => {
  const security = { users: { service: "a-password", stranger: "another" }, superUsers: ["service"] };
  state.services = await createServices({ say: () => undefined, env: process.env, security });
  await state.services.start();
}, UP_MS);
afterAll(async () => {
  await state.services?.stop();
}, UP_MS);

function listener(): SecureListener {
  const secure = state.services?.addresses().secure;
  if (secure === undefined) throw new Error("there is no secure listener");
  return secure;
}

function adminAs(sasl: SASLOptions, ca = readFileSync(listener().caFile, "utf8")): Admin {
  const options = { brokers: [listener().brokers], ssl: { ca: [ca] }, sasl, logLevel: logLevel.NOTHING };
  // KafkaJS's usual second is short for the first handshake of a broker on a busy machine.
  return new Kafka({ ...options, connectionTimeout: 10_000, retry: { retries: 0 } }).admin();
}

describe("the secure listener", () => {
  it.each(["plain", "scram-sha-256", "scram-sha-512"] as const)(
    "lets the service in by %s, and create a topic",
    async (mechanism) => {
      const admin = adminAs({ mechanism, username: "service", password: "a-password" });
      await admin.connect();
      await admin.createTopics({ topics: [{ topic: `by-${mechanism}` }] });
      expect(await admin.listTopics()).toContain(`by-${mechanism}`);
      await admin.disconnect();
    },
    UP_MS,
  );

  it("refuses a wrong password", async () => {
    const admin = adminAs({ mechanism: "plain", username: "service", password: "wrong" });
    await expect(admin.connect()).rejects.toThrow("SASL PLAIN authentication failed");
  });

  it("gives a user without rights neither topics nor the sight of them", async () => {
    const admin = adminAs({ mechanism: "scram-sha-256", username: "stranger", password: "another" });
    await admin.connect();
    await expect(admin.createTopics({ topics: [{ topic: "by-stranger" }] })).rejects.toThrow();
    expect(await admin.listTopics()).toEqual([]);
    await admin.disconnect();
  });
});
