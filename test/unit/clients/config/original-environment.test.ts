// What an operator of the Go service brings along: the manifest of its README as it stands, secrets in files, proxies, Sentinels.
import { describe, expect, it } from "vitest";

import { describeMistakes, loadSettings } from "../../../../src/clients/config/settings.ts";
import type { Settings } from "../../../../src/clients/config/settings-shape.ts";
import { originalManifest } from "../../../support/original-manifest.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the README has a placeholder, a value of its kind. */
const original: Environment = {
  ...originalManifest,
  "SALESFORCE-INTEGRATION_REDIS_SENTINEL_ADDRESS": "sentinel-0:26379;sentinel-1",
  SALESFORCE_INTEGRATION_REDIS_ADDRESS: "redis:6379",
  SALESFORCE_INTEGRATION_REDIS_PASSWORD: "redis-password",
  "SALESFORCE-INTEGRATION_YALO_USERNAME": "yalo-user",
  "SALESFORCE-INTEGRATION_YALO_PASSWORD": "yalo-password",
  "SALESFORCE-INTEGRATION_SALESFORCE_USERNAME": "salesforce-user",
  "SALESFORCE-INTEGRATION_SALESFORCE_PASSWORD": "salesforce-password",
  "SALESFORCE-INTEGRATION_SECRET_KEY": "secret-key",
  "SALESFORCE-INTEGRATION_SFC_CLIENT_ID": "client-id",
  "SALESFORCE-INTEGRATION_SFC_CLIENT_SECRET": "client-secret",
  "SALESFORCE-INTEGRATION_SFC_PASSWORD": "sfc-password",
  "SALESFORCE-INTEGRATION_SFC_SECURITY_TOKEN": "sfc-token",
  "SALESFORCE-INTEGRATION_SFC_BASE_URL": "https://data.example.com",
  "SALESFORCE-INTEGRATION_SFC_CHAT_URL": "https://chat.example.com",
  "SALESFORCE-INTEGRATION_SFC_LOGIN_URL": "https://login.example.com",
  "SALESFORCE-INTEGRATION_SFC_ORGANIZATION_ID": "00D000000000001",
  "SALESFORCE-INTEGRATION_SFC_DEPLOYMENT_ID": "572000000000001",
  "SALESFORCE-INTEGRATION_SFC_RECORD_TYPE_ID": "012000000000001",
  "SALESFORCE-INTEGRATION_SFC_ACCOUNT_RECORD_TYPE_ID": "012000000000002",
  "SALESFORCE-INTEGRATION_SFC_CUSTOM_FIELDS_CASE": "address:CP_Address__c,source_flow_bot:CP_Source_Flow_Bot__c",
  "SALESFORCE-INTEGRATION_INTEGRATIONS_FB_BOT_JWT": "fb-jwt",
  "SALESFORCE-INTEGRATION_INTEGRATIONS_WA_BOT_JWT": "wa-jwt",
  "SALESFORCE-INTEGRATION_INTEGRATIONS_WA_BOT_PHONE": "+5215500000000",
  "SALESFORCE-INTEGRATION_INTEGRATIONS_FB_BOT_PHONE": "100000000000001",
  "SALESFORCE-INTEGRATION_WEBHOOK_BASE_URL": "https://deployment.example.com",
  "SALESFORCE-INTEGRATION_KAFKA_HOST": "kafka",
  "SALESFORCE-INTEGRATION_KAFKA_PORT": "9092",
  "SALESFORCE-INTEGRATION_KAFKA_USER": "kafka-user",
  "SALESFORCE-INTEGRATION_KAFKA_PASSWORD": "kafka-password",
  "SALESFORCE-INTEGRATION_KAFKA_TOPIC": "salesforce",
  "SALESFORCE-INTEGRATION_SFC_SOURCE_FLOW_BOT":
    'default={"subject":"case","providers":{"whatsapp":{"button_id":"b","owner_id":"o"},"facebook":{"button_id":"b","owner_id":"o"}}}',
};
const added: Environment = {
  "SALESFORCE-INTEGRATION_SCHEMA_REGISTRY_URL": "https://registry.example.com",
  "SALESFORCE-INTEGRATION_STATE_ENCRYPTION_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
};
const whole = { ...original, ...added };

function settingsOf(environment: Environment, files: Readonly<Record<string, string>> = {}): Settings {
  const loaded = loadSettings(environment, (path) => read(files, path));
  if ("mistakes" in loaded) throw new Error(describeMistakes(loaded.mistakes));
  return loaded.settings;
}

function mistakesOf(environment: Environment, files: Readonly<Record<string, string>> = {}): readonly string[] {
  const loaded = loadSettings(environment, (path) => read(files, path));
  return "mistakes" in loaded ? loaded.mistakes.map(({ name }) => name) : [];
}

function read(files: Readonly<Record<string, string>>, path: string): string {
  const text = files[path];
  if (text === undefined) throw Object.assign(new Error(`no ${path}`), { code: "ENOENT" });
  return text;
}

const dash = (name: string, value: string | undefined): Environment => ({ [`SALESFORCE-INTEGRATION_${name}`]: value });

describe("the manifest of the original's README", () => {
  it("starts the service with the two new settings", () => {
    expect(mistakesOf(original)).toEqual(["SCHEMA_REGISTRY_URL"]);
    expect(mistakesOf(whole)).toEqual([]);
    expect(mistakesOf({ ...whole, ...dash("ENVIRONMENT", "production") })).toEqual([]);
    expect(mistakesOf({ ...original, ...dash("ENVIRONMENT", "production") })).toContain("STATE_ENCRYPTION_KEY");
  });

  it("means the Sentinels: the plain address has the prefix that the original did not read", () => {
    expect(settingsOf(whole).redis).toEqual({
      address: null,
      sentinel: {
        master: "mymaster",
        addresses: ["sentinel-0:26379", "sentinel-1:26379"],
        otherwise: "redis:6379",
      },
      password: "redis-password",
      tls: false,
    });
    expect(loadSettings(whole).warnings.map(({ settings }) => settings)).toContainEqual([
      "SALESFORCE_INTEGRATION_REDIS_ADDRESS",
      "SALESFORCE-INTEGRATION_REDIS_MASTER",
    ]);
    const without = { ...whole, SALESFORCE_INTEGRATION_REDIS_ADDRESS: "" };
    expect(loadSettings(without).warnings.flatMap(({ settings }) => settings)).not.toContain(
      "SALESFORCE_INTEGRATION_REDIS_ADDRESS",
    );
  });

  it("means the plain address where both have the dash, with a warning", () => {
    const both = { ...whole, ...dash("REDIS_ADDRESS", "redis:6379") };
    expect(settingsOf(both).redis).toMatchObject({ address: "redis:6379", sentinel: null });
    expect(loadSettings(both).warnings.map(({ settings }) => settings)).toContainEqual([
      "REDIS_ADDRESS",
      "REDIS_MASTER",
    ]);
  });

  it("must say where Redis is", () => {
    const without = {
      ...whole,
      ...dash("REDIS_SENTINEL_ADDRESS", undefined),
      SALESFORCE_INTEGRATION_REDIS_ADDRESS: "",
    };
    expect(mistakesOf(without)).toEqual(["REDIS_SENTINEL_ADDRESS"]);
    expect(mistakesOf({ ...without, ...dash("REDIS_MASTER", "") })).toEqual(["REDIS_ADDRESS"]);
    expect(mistakesOf({ ...whole, ...dash("REDIS_SENTINEL_ADDRESS", "a:1;b c") })).toContain("REDIS_SENTINEL_ADDRESS");
  });

  it("warns of a short key and of webhooks that anybody may send", () => {
    const hints = loadSettings(whole).warnings.map(({ settings }) => settings);
    expect(hints).toContainEqual(["SECRET_KEY"]);
    expect(hints).toContainEqual(["INTEGRATIONS_SIGNATURE", "META_APP_SECRET", "WEBHOOK_SECRET"]);
  });
});

describe("a secret in a file", () => {
  const inFile = { ...whole, ...dash("SECRET_KEY", undefined), ...dash("SECRET_KEY_FILE", "/run/key") };

  it("is what the file holds, without the line feed at its end", () => {
    expect(settingsOf(inFile, { "/run/key": " in a file \n" }).auth.secretKey).toBe(" in a file ");
    expect(loadSettings(inFile, () => "x").warnings.flatMap(({ settings }) => settings)).not.toContain(
      "SALESFORCE-INTEGRATION_SECRET_KEY_FILE",
    );
  });

  it("must be readable, which is told by name and once", () => {
    const loaded = loadSettings(inFile, (path) => read({}, path));
    expect("mistakes" in loaded && describeMistakes(loaded.mistakes)).toBe(
      "The settings have 1 mistake:\n  SALESFORCE_INTEGRATION_SECRET_KEY_FILE must be a file that can be read (ENOENT), " +
        "for example SALESFORCE_INTEGRATION_SECRET_KEY_FILE=/run/secrets/secret_key_file",
    );
  });

  it("must not be given a second time", () => {
    expect(mistakesOf({ ...inFile, ...dash("SECRET_KEY", "x") }, { "/run/key": "y" })).toEqual(["SECRET_KEY_FILE"]);
  });

  it("is for secrets only", () => {
    const strange = { ...whole, ...dash("PORT_FILE", "/run/port") };
    expect(loadSettings(strange).warnings.flatMap(({ settings }) => settings)).toContain(
      "SALESFORCE-INTEGRATION_PORT_FILE",
    );
  });
});

describe("signatures", () => {
  it("takes keys of Standard Webhooks with and without their prefix", () => {
    const [one, two] = [Buffer.alloc(24, 1), Buffer.alloc(64, 2)];
    const keys = `whsec_${one.toString("base64")}, ${two.toString("base64")}`;
    expect(settingsOf({ ...whole, ...dash("WEBHOOK_SECRET", keys) }).http.signatures.standardKeys).toEqual([one, two]);
  });

  it.each(["whsec_", "whsec_c2hvcnQ=", "not base64!", `whsec_${Buffer.alloc(65).toString("base64")}`])(
    "refuses the key %s",
    (key) => {
      expect(mistakesOf({ ...whole, ...dash("WEBHOOK_SECRET", key) })).toEqual(["WEBHOOK_SECRET"]);
    },
  );
});

describe("proxies", () => {
  it("are read without prefix, capitals first", () => {
    const proxies = {
      HTTP_PROXY: "proxy:3128",
      http_proxy: "http://other",
      https_proxy: "https://s:1",
      NO_PROXY: "a, .b,,",
    };
    expect(settingsOf({ ...whole, ...proxies }).proxy).toEqual({
      http: "http://proxy:3128/",
      https: "https://s:1/",
      direct: ["a", ".b"],
    });
    expect(settingsOf(whole).proxy).toEqual({ http: null, https: null, direct: [] });
  });

  it("are told when they are none, without their value", () => {
    const loaded = loadSettings({ ...whole, HTTPS_PROXY: "socks5://user:canary@proxy" });
    expect("mistakes" in loaded && describeMistakes(loaded.mistakes)).toBe(
      "The settings have 1 mistake:\n  HTTPS_PROXY must be the http or https address of a proxy, for example HTTPS_PROXY=http://proxy:3128",
    );
  });
});
