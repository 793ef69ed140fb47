// The sandbox's settings for the service, read by the service's own schema: nothing missing, nothing wrong, nothing unknown.
import { describe, expect, it } from "vitest";

import { serviceEnvironment, type ServicePlace, type Surroundings } from "../../../sandbox/environment.ts";
import { loadSettings } from "../../../src/clients/config/settings.ts";

const around: Surroundings = {
  brokers: "127.0.0.1:19092",
  registryUrl: "http://127.0.0.1:18081/apis/ccompat/v7",
  redis: "127.0.0.1:16379",
  salesforceUrl: "http://127.0.0.1:18090",
  integrationsUrl: "http://127.0.0.1:18091",
  botrunnerUrl: "http://127.0.0.1:18092",
};
const place: ServicePlace = {
  port: 0,
  metricsPort: 0,
  topic: "a-topic",
  client: "a-client",
  appName: "an-app",
  stateKey: Buffer.alloc(32, 7).toString("base64"),
};

describe("settings of the sandbox's service", () => {
  it("are complete, right and all known", () => {
    const loaded = loadSettings(serviceEnvironment(around, place));
    expect(loaded).not.toHaveProperty("mistakes");
    // The world's platform signs nothing, as the original's did not; that is what the one warning says.
    expect(loaded.warnings.map(({ settings }) => settings)).toEqual([
      ["INTEGRATIONS_SIGNATURE", "META_APP_SECRET", "WEBHOOK_SECRET"],
    ]);
  });

  it("hold what they are made from, and what is added", () => {
    const environment = serviceEnvironment(around, place, { KAFKA_PARTITIONS: "3", CLIENT: "another" });
    expect(environment).toMatchObject({
      SALESFORCE_INTEGRATION_HOST: "127.0.0.1",
      SALESFORCE_INTEGRATION_KAFKA_HOST: "127.0.0.1",
      SALESFORCE_INTEGRATION_KAFKA_PORT: "19092",
      SALESFORCE_INTEGRATION_KAFKA_TOPIC: "a-topic",
      SALESFORCE_INTEGRATION_KAFKA_PARTITIONS: "3",
      SALESFORCE_INTEGRATION_CLIENT: "another",
    });
  });

  it("are not production's", () => {
    expect(serviceEnvironment(around, place)["SALESFORCE_INTEGRATION_ENVIRONMENT"]).toBe("dev");
  });
});
