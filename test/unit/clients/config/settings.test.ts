// Settings as a whole: both prefixes, every mistake at once and without values, what settings say together, the documents.
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";

import { describe, expect, it } from "vitest";

import { settingDocuments } from "../../../../src/clients/config/print.ts";
import { factsOf, settingsSchema } from "../../../../src/clients/config/schema.ts";
import type { Settings } from "../../../../src/clients/config/settings-shape.ts";
import { describeMistakes, loadOperatorSettings, loadSettings } from "../../../../src/clients/config/settings.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const example: Environment = parseEnv(readFileSync("configs/example.env", "utf8"));
const set = (name: string, value: string | undefined): Environment => ({ [`SALESFORCE_INTEGRATION_${name}`]: value });

function settingsOf(environment: Environment): Settings {
  const loaded = loadSettings(environment);
  if ("mistakes" in loaded) throw new Error(describeMistakes(loaded.mistakes));
  return loaded.settings;
}

function mistakesOf(environment: Environment): readonly string[] {
  const loaded = loadSettings(environment);
  return "mistakes" in loaded ? loaded.mistakes.map(({ name }) => name) : [];
}

function warningsOf(environment: Environment): readonly (readonly string[])[] {
  return loadSettings(environment).warnings.map(({ settings }) => settings);
}

describe("documents", () => {
  it.each(Object.entries(settingDocuments()))(
    "%s is as `node src/clients/config/print.ts` writes it",
    (path, content) => {
      expect(readFileSync(path, "utf8")).toBe(content);
    },
  );

  it("has an example environment that the service takes as it stands", () => {
    expect(mistakesOf(example)).toEqual([]);
    expect(warningsOf(example)).toEqual([
      ["STATE_ENCRYPTION_KEY"],
      ["INTEGRATIONS_SIGNATURE", "META_APP_SECRET", "WEBHOOK_SECRET"],
    ]);
  });

  it.each(Object.entries(settingsSchema.shape))(
    "gives %s an example and a default of the right form",
    (name, schema) => {
      const { example: sample, default: byDefault, local } = factsOf(name);
      const written = [sample, byDefault, local].filter((raw) => typeof raw === "string");
      expect(written.filter((raw) => !schema.safeParse(raw).success)).toEqual([]);
    },
  );

  it("takes the example environment with every line uncommented", () => {
    const text = readFileSync("configs/example.env", "utf8").replaceAll(/^#(SALESFORCE_)/gm, "$1");
    expect(mistakesOf(parseEnv(text))).toEqual([]);
  });
});

describe("names", () => {
  it("reads the prefix with the dash too", () => {
    const dashed = Object.entries(example).map(([name, value]) => [name.replace("SALESFORCE_", "SALESFORCE-"), value]);
    expect(settingsOf(Object.fromEntries(dashed) as Environment)).toEqual(settingsOf(example));
  });

  it("lets the dash win and warns of both names when they differ", () => {
    const both = { ...example, ...set("PORT", "1111"), "SALESFORCE-INTEGRATION_PORT": "2222" };
    expect(settingsOf(both).http.port).toBe(2222);
    expect(warningsOf(both)).toContainEqual(["SALESFORCE-INTEGRATION_PORT", "SALESFORCE_INTEGRATION_PORT"]);
  });

  it("is silent when both are set alike", () => {
    const both = { ...example, ...set("PORT", "2222"), "SALESFORCE-INTEGRATION_PORT": "2222" };
    expect(warningsOf(both)).toEqual(warningsOf(example));
  });

  it.each([
    ["unknown", "KAFAK_HOST"],
    ["a prototype's", "__proto__"],
  ])("warns of a name that is %s", (_kind, name) => {
    expect(warningsOf({ ...example, [`SALESFORCE_INTEGRATION_${name}`]: "x" })).toContainEqual([
      `SALESFORCE_INTEGRATION_${name}`,
    ]);
  });

  it("leaves other variables alone", () => {
    expect(loadSettings({ ...example, PATH: "/bin", SALESFORCE_TOKEN: "x" })).toEqual(loadSettings(example));
  });
});

describe("mistakes", () => {
  it("tells all of an empty environment at once, also what only SASL asks for", () => {
    const required = Object.keys(settingsSchema.shape).filter((name) => factsOf(name).presence === "required");
    expect(mistakesOf({}).toSorted()).toEqual(
      [...required, "KAFKA_USER", "KAFKA_PASSWORD", "REDIS_ADDRESS", "SFC_CLIENT_SECRET"].toSorted(),
    );
  });

  it("tells wrong, missing and contradicting ones together", () => {
    const wrong = {
      ...{ ...example, ...set("PORT", "x"), ...set("SECRET_KEY", undefined), ...set("KAFKA_PORT", "") },
      ...{ ...set("SPEC_SCHEDULE", "@sometimes"), ...set("CLEAN_CONTEXT_SCHEDULE", "99 * * * *") },
    };
    const names = ["CLEAN_CONTEXT_SCHEDULE", "KAFKA_PORT", "PORT", "SECRET_KEY", "SPEC_SCHEDULE"];
    expect(mistakesOf(wrong).toSorted()).toEqual(names);
  });

  it("does not repeat what was given", () => {
    const canaries = Object.keys(settingsSchema.shape).map((name) => [
      `SALESFORCE_INTEGRATION_${name}`,
      "canary\u0000:",
    ]);
    const loaded = loadSettings(Object.fromEntries(canaries) as Environment);
    expect("mistakes" in loaded && loaded.mistakes.length).toBeGreaterThan(10);
    expect(JSON.stringify(loaded)).not.toContain("canary");
  });

  it("describes each in one line with name and example", () => {
    const loaded = loadSettings({ ...example, ...set("KAFKA_SESSION_TIMEOUT", "10") });
    expect("mistakes" in loaded && describeMistakes(loaded.mistakes)).toBe(
      "The settings have 1 mistake:\n  SALESFORCE_INTEGRATION_KAFKA_SESSION_TIMEOUT must be a duration with a unit (ms, s, m, h, d) " +
        "from 6s to 5m, for example SALESFORCE_INTEGRATION_KAFKA_SESSION_TIMEOUT=10s",
    );
  });

  it("refuses an empty required text, which the original let pass", () => {
    expect(mistakesOf({ ...example, ...set("SECRET_KEY", "") })).toEqual(["SECRET_KEY"]);
  });
});

describe("what settings say together", () => {
  it("adds KAFKA_PORT to brokers without a port", () => {
    const environment = { ...example, ...set("KAFKA_HOST", "a:1, b,c:3"), ...set("KAFKA_PORT", "9") };
    expect(settingsOf(environment).kafka.brokers).toEqual(["a:1", "b:9", "c:3"]);
  });

  it("needs no KAFKA_PORT when every broker has one", () => {
    const environment = { ...example, ...set("KAFKA_HOST", "a:1"), ...set("KAFKA_PORT", undefined) };
    expect(settingsOf(environment).kafka.brokers).toEqual(["a:1"]);
  });

  it("asks for user and password with SASL, and ignores them without", () => {
    const sasl = { ...example, ...set("KAFKA_SECURITY_PROTOCOL", "SASL_PLAINTEXT") };
    expect(mistakesOf(sasl)).toEqual(["KAFKA_USER", "KAFKA_PASSWORD"]);
    const given = { ...set("KAFKA_USER", "u"), ...set("KAFKA_PASSWORD", "p") };
    expect(settingsOf({ ...sasl, ...given }).kafka.sasl).toEqual({ mechanism: "PLAIN", user: "u", password: "p" });
    expect(settingsOf({ ...example, ...given }).kafka.sasl).toBeNull();
  });

  it.each(["production", "prod", "PROD", "Production"])(
    "takes %s for production, which needs a state key",
    (environment) => {
      const production = { ...example, ...set("ENVIRONMENT", environment) };
      expect(mistakesOf(production)).toEqual(["STATE_ENCRYPTION_KEY"]);
      const key = Buffer.alloc(32, 1).toString("base64");
      const settings = settingsOf({ ...production, ...set("STATE_ENCRYPTION_KEY", key) });
      expect([settings.kafka.createTopics, settings.schemaRegistry.autoRegister]).toEqual([false, false]);
    },
  );

  it("creates topics and registers schemas by default elsewhere, and as told anywhere", () => {
    expect(settingsOf(example).kafka.createTopics).toBe(true);
    expect(settingsOf({ ...example, ...set("KAFKA_CREATE_TOPICS", "false") }).kafka.createTopics).toBe(false);
  });

  it.each([
    ["dev", true],
    ["staging", true],
    [undefined, false],
    ["stag", false],
    ["qa", false],
  ])("with ENVIRONMENT %s: restart keywords %s", (environment, on) => {
    const { chat } = settingsOf({ ...example, ...set("ENVIRONMENT", environment) });
    expect(chat.restartKeywords.length > 0).toBe(on);
  });

  it("logs in with what is set, or as SFC_GRANT says, and asks for what that grant needs", () => {
    const clientId = "client-id";
    const clientSecret = "client-secret";
    const username = "integration@example.com";
    const login = (...more: Environment[]) =>
      settingsOf(Object.assign({}, example, ...more) as Environment).salesforce.login;
    const noPassword = set("SFC_PASSWORD", undefined);
    const { privateKey } = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
    });
    const pem = privateKey.trim();
    const key = set("SFC_JWT_KEY", pem.replaceAll("\n", "\\n"));
    expect(login(key)).toMatchObject({ kind: "password", username, password: "sfc-password" });
    expect(login(noPassword)).toEqual({ kind: "client_credentials", clientId, clientSecret });
    expect(login(noPassword, key)).toEqual({ kind: "jwt_bearer", clientId, username, key: pem });
    expect(login(set("SFC_GRANT", "JWT_BEARER"), key)).toMatchObject({ kind: "jwt_bearer" });
    const none = { ...example, ...noPassword, ...set("SFC_CLIENT_SECRET", ""), ...set("SFC_USERNAME", "") };
    expect(mistakesOf(none)).toEqual(["SFC_CLIENT_SECRET"]);
    expect(mistakesOf({ ...none, ...set("SFC_GRANT", "jwt_bearer") })).toEqual(["SFC_USERNAME", "SFC_JWT_KEY"]);
    expect(mistakesOf({ ...none, ...set("SFC_GRANT", "password") })).toEqual([
      "SFC_CLIENT_SECRET",
      "SFC_USERNAME",
      "SFC_PASSWORD",
    ]);
    expect(mistakesOf({ ...example, ...set("SFC_JWT_KEY", "no key") })).toEqual(["SFC_JWT_KEY"]);
  });

  it.each([
    [undefined, { kind: "every", everyMs: 59 * 60_000 }],
    ["@every 1h30m", { kind: "every", everyMs: 90 * 60_000 }],
    ["@every 500ms", { kind: "every", everyMs: 1_000 }],
    ["@every 0s", { kind: "every", everyMs: 1_000 }],
    ["@every 2.7s", { kind: "every", everyMs: 2_000 }],
    ["@every 1000h", { kind: "every", everyMs: 3_600_000_000 }],
    ["*/30 * * * *", { kind: "cron", expression: "*/30 * * * *" }],
    ["@hourly", { kind: "cron", expression: "@hourly" }],
    ["", null],
  ])("keeps the session alive by SPEC_SCHEDULE %s", (schedule, expected) => {
    expect(settingsOf({ ...example, ...set("SPEC_SCHEDULE", schedule) }).salesforce.keepAlive).toEqual(expected);
  });

  it.each(["@every", "@every -1s", "@every 5", "@sometimes", "99 * * * *", "* * *", "2030-01-01"])(
    "refuses SPEC_SCHEDULE %s",
    (schedule) => {
      expect(mistakesOf({ ...example, ...set("SPEC_SCHEDULE", schedule) })).toEqual(["SPEC_SCHEDULE"]);
    },
  );

  it("has a bot for each channel with an id, and starts without any, as the original did, with a warning", () => {
    const facebook = {
      ...set("INTEGRATIONS_FB_BOT_ID", "page"),
      ...set("INTEGRATIONS_FB_BOT_JWT", "t"),
      ...set("INTEGRATIONS_FB_BOT_PHONE", "1000"),
    };
    const page = { channel: "passthrough", botId: "page", token: "t", phone: "1000" };
    const whatsapp = { channel: "outgoing_webhook", botId: "wa-bot", token: "wa-bot-token", phone: null };
    expect(settingsOf(example).integrations?.bots).toEqual({ whatsapp });
    expect(settingsOf({ ...example, ...facebook }).integrations?.bots).toEqual({ whatsapp, facebook: page });
    const without = { ...example, ...set("INTEGRATIONS_WA_BOT_ID", undefined) };
    expect(settingsOf({ ...without, ...facebook }).integrations?.bots).toEqual({ facebook: page });
    expect(settingsOf(without).integrations?.bots).toEqual({});
    const doubted = ["INTEGRATIONS_WA_BOT_ID", "INTEGRATIONS_FB_BOT_ID"];
    expect(warningsOf(without)).toContainEqual(doubted);
    expect(warningsOf(example)).not.toContainEqual(doubted);
    expect(warningsOf({ ...without, ...facebook })).not.toContainEqual(doubted);
  });

  it("hands users back by Studio NG alone where it is set, with its own delay", () => {
    const delays = { ...set("BOTRUNNER_TIMEOUT", "1"), ...set("STUDIO_NG_TIMEOUT", "2") };
    const studio = { ...set("STUDIO_NG_URL", "http://studio/"), ...set("STUDIO_NG_TOKEN", "t") };
    const botrunner = settingsOf({ ...example, ...delays });
    expect(botrunner.botPlatform).toEqual({ kind: "botrunner", url: "http://127.0.0.1:8092", token: null });
    expect(botrunner.chat.handBackDelayMs).toBe(1_000);
    const both = { ...example, ...delays, ...studio };
    expect(settingsOf(both).botPlatform).toEqual({ kind: "studio-ng", url: "http://studio", token: "t" });
    expect(settingsOf(both).chat.handBackDelayMs).toBe(2_000);
    expect(warningsOf(both)).toContainEqual(["BOTRUNNER_URL", "STUDIO_NG_URL"]);
    expect(warningsOf({ ...both, ...set("BOTRUNNER_URL", "") })).toEqual(warningsOf(example));
    const neither = { ...example, ...set("BOTRUNNER_URL", "") };
    expect(settingsOf(neither).botPlatform).toBeNull();
    expect(warningsOf(neither)).toContainEqual(["BOTRUNNER_URL", "STUDIO_NG_URL"]);
  });

  it.each([
    ["whatsapp:a, facebook:b", 0],
    ["whatsapp:a", 1],
    ["whatsapp:a,facebook:", 1],
    ["whatsapp:a,facebook:b,telegram:c", 1],
    ["telegram:c", 3],
  ])("warns of bot states that lack a served channel or name a strange one: %s", (states, warnings) => {
    const both = { ...example, ...set("INTEGRATIONS_FB_BOT_ID", "page"), ...set("SUCCESS_STATE", states) };
    expect(warningsOf(both).filter(([name]) => name === "SUCCESS_STATE")).toHaveLength(warnings);
  });

  it.each([
    ["TOKEN_TTL", "1s", 1_000],
    ["MAIN_CONTEXT_TIME_OUT", "1", 1_000],
    ["LOG_LEVEL", "debug", "debug"],
    ["LOG_LEVEL", "TRACE", "trace"],
    ["SLEEP_LONG_POLLLING", "0s", 0],
    ["SLEEP_LONG_POLLLING", "10m", 600_000],
    ["SFC_SOURCE_FLOW_FIELD", "", ""],
  ])("takes %s=%s", (name, raw, value) => {
    const { auth, http, log, salesforce, chat } = settingsOf({ ...example, ...set(name, raw) });
    const read = { TOKEN_TTL: auth.tokenTtlMs, MAIN_CONTEXT_TIME_OUT: http.replyTimeoutMs, LOG_LEVEL: log.level };
    const others = { SLEEP_LONG_POLLLING: salesforce.pollConflictPauseMs, SFC_SOURCE_FLOW_FIELD: chat.sourceFlowField };
    expect({ ...read, ...others }).toHaveProperty(name, value);
  });

  it.each(["TOKEN_TTL=0s", "MAIN_CONTEXT_TIME_OUT=0", "LOG_LEVEL=loud", "SLEEP_LONG_POLLLING=5"])(
    "refuses %s",
    (line) => {
      const [name = "", raw] = line.split("=");
      expect(mistakesOf({ ...example, ...set(name, raw) })).toEqual([name]);
    },
  );

  it.each([
    ['default={"subject":"","providers":{"whatsapp":{"button_id":"b"}}}', 1],
    ['default={"subject":"s","providers":{"whatsapp":{"button_id":""}}}', 1],
    ['default={"subject":"","providers":{"whatsapp":{}}}', 2],
    ['default={"subject":"s","providers":{"whatsapp":{"button_id":"b","owner_id":""}}}', 0],
  ])("warns of flows whose chats are refused: %s", (flows, warnings) => {
    const given = warningsOf({ ...example, ...set("SFC_SOURCE_FLOW_BOT", flows) });
    expect(given.filter(([name]) => name === "SFC_SOURCE_FLOW_BOT")).toHaveLength(warnings);
  });

  it("waits 10 s by default, and takes an empty optional setting for unset", () => {
    expect(settingsOf({ ...example, ...set("ACCEPT_TIMEOUT", "") }).chat.acceptTimeoutMs).toBeNull();
    expect(settingsOf(example).http.replyTimeoutMs).toBe(10_000);
  });
});

describe("the operator's command line", () => {
  const needed = {
    ...set("KAFKA_HOST", "kafka"),
    ...set("KAFKA_PORT", "9092"),
    ...set("KAFKA_TOPIC", "chats"),
    ...set("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"),
    ...set("SCHEMA_REGISTRY_URL", "http://registry"),
  };

  it("takes the service's environment, and of it only what it needs", () => {
    for (const environment of [example, needed]) expect(loadOperatorSettings(environment)).toHaveProperty("settings");
    expect(mistakesOf(needed).length).toBeGreaterThan(5);
    expect(loadOperatorSettings({ ...needed, ...set("REDIS_ADDRESS", "nonsense") })).toHaveProperty("settings");
  });

  it("needs Redis for chats alone, and takes Sentinels as the service does", () => {
    const asked = { redis: true };
    expect(loadOperatorSettings(needed)).toMatchObject({ settings: { redis: null } });
    expect(loadOperatorSettings(needed, asked)).toMatchObject({ mistakes: [{ name: "REDIS_ADDRESS" }] });
    const nonsense = loadOperatorSettings({ ...needed, ...set("REDIS_ADDRESS", "nonsense") }, asked);
    expect(nonsense).toMatchObject({ mistakes: [{ name: "REDIS_ADDRESS", problem: "must be host:port" }] });
    const sentinels = { ...set("REDIS_MASTER", "main"), ...set("REDIS_SENTINEL_ADDRESS", "one:26379") };
    expect(loadOperatorSettings({ ...needed, ...sentinels }, asked)).toMatchObject({
      settings: { redis: { address: null, sentinel: { master: "main", addresses: ["one:26379"] } } },
    });
  });

  it("finds every mistake in what it needs at once", () => {
    const loaded = loadOperatorSettings({ ...set("KAFKA_HOST", "kafka"), ...set("LOG_LEVEL", "loud") });
    const names = "mistakes" in loaded ? loaded.mistakes.map(({ name }) => name) : [];
    expect(names.sort()).toEqual(
      ["KAFKA_PASSWORD", "KAFKA_PORT", "KAFKA_TOPIC", "KAFKA_USER", "LOG_LEVEL", "SCHEMA_REGISTRY_URL"].sort(),
    );
  });
});
