// Each setting of the Go service: its name is known, a value in the original's form stands where the code takes it from, its default is the
// original's, and what docs/parity.md says is better is shown here or by the test that the row names.
import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { describe, expect, it } from "vitest";

import { decideSettings } from "../../../../src/composition-settings.ts";
import { factsOf, settingsSchema } from "../../../../src/clients/config/schema.ts";
import type { Settings } from "../../../../src/clients/config/settings-shape.ts";
import { describeMistakes, loadSettings } from "../../../../src/clients/config/settings.ts";
import { topicName, topics } from "../../../../src/topology/topics.ts";
import { originalSettings } from "../../../parity/settings.ts";
import { places } from "./original-values.ts";

const prefix = "SALESFORCE-INTEGRATION_";
const good = parseEnv(readFileSync("configs/example.env", "utf8"));

/** Defaults that are better than the original's, or not there because something else decides. */
const defaultsHere = new Map<string, string | null>([
  ["SENTRY_DSN", null],
  ["ENVIRONMENT", null],
  ["MAX_RETRIES", null],
]);

type Changes = Readonly<Record<string, string | undefined>>;

const underscored = (changes: Changes): Changes =>
  Object.fromEntries(Object.entries(changes).map(([name, value]) => [`SALESFORCE_INTEGRATION_${name}`, value]));
const loadWith = (changes: Changes): ReturnType<typeof loadSettings> =>
  loadSettings({ ...good, ...underscored(changes) });

function settingsWith(changes: Changes): Settings {
  const loaded = loadWith(changes);
  if ("mistakes" in loaded) throw new Error(describeMistakes(loaded.mistakes));
  return loaded.settings;
}

function mistakesWith(changes: Changes): readonly string[] {
  const loaded = loadWith(changes);
  return "mistakes" in loaded ? loaded.mistakes.map(({ name }) => name) : [];
}

const sampleOf = (name: string): string => originalSettings.find((one) => one.name === name)?.sample ?? "";

const needsNoLogin = (name: string) => (): void => {
  expect(settingsWith({ KAFKA_SECURITY_PROTOCOL: "PLAINTEXT", [name]: undefined }).kafka.sasl).toBeNull();
  const login = { KAFKA_USER: "u", KAFKA_PASSWORD: "p", [name]: "" };
  expect(mistakesWith({ KAFKA_SECURITY_PROTOCOL: "SASL_SSL", ...login })).toEqual([name]);
};
const emptyIsDefault =
  (name: string, beside: Changes = {}) =>
  (): void => {
    const place = places[name];
    const unset = place?.at(settingsWith({ ...beside, [name]: undefined }));
    expect(place?.at(settingsWith({ ...beside, [name]: "" }))).toEqual(unset);
    expect(JSON.stringify(unset)).toContain(factsOf(name).default);
  };

/** Shows what docs/parity.md says is better, where a setting's value can show it; rows of the others name another test. */
const shownHere: Readonly<Record<string, () => void>> = {
  ENVIRONMENT: () => {
    for (const environment of [undefined, "", "stag", "production-like"])
      expect(settingsWith({ ENVIRONMENT: environment, KEYWORDS_RESTART: "menu" }).chat.restartKeywords).toEqual([]);
  },
  MAIN_CONTEXT_TIME_OUT: () => {
    expect(settingsWith({ MAIN_CONTEXT_TIME_OUT: "" }).http.replyTimeoutMs).toBe(10_000);
    expect(decideSettings(settingsWith({ MAIN_CONTEXT_TIME_OUT: "15" })).openBudgetMs).toBe(13_000);
  },
  TIMEZONE: () => expect(mistakesWith({ TIMEZONE: "Nowhere/Here" })).toEqual(["TIMEZONE"]),
  SECRET_KEY: () => {
    const isWarnedOf = (key: string): boolean =>
      loadWith({ SECRET_KEY: key }).warnings.some(({ settings }) => settings.includes("SECRET_KEY"));
    expect([sampleOf("SECRET_KEY"), "k".repeat(47), "k".repeat(48)].map(isWarnedOf)).toEqual([true, true, false]);
  },
  KAFKA_HOST: () => {
    const hosts = { KAFKA_HOST: "one, two:2", KAFKA_PORT: "1" };
    expect(settingsWith(hosts).kafka.brokers).toEqual(["one:1", "two:2"]);
  },
  KAFKA_PORT: () => {
    expect(settingsWith({ KAFKA_HOST: "one:1", KAFKA_PORT: undefined }).kafka.brokers).toEqual(["one:1"]);
    expect(mistakesWith({ KAFKA_HOST: "one", KAFKA_PORT: undefined })).toEqual(["KAFKA_PORT"]);
  },
  KAFKA_USER: needsNoLogin("KAFKA_USER"),
  KAFKA_PASSWORD: needsNoLogin("KAFKA_PASSWORD"),
  KAFKA_TOPIC: () => {
    const { topicPrefix } = settingsWith({ KAFKA_TOPIC: "chats" }).kafka;
    expect(topics.map(({ suffix }) => topicName(topicPrefix, suffix)).sort()).toEqual(
      ["agent-events", "channel-messages", "chat-events", "chat-requests", "dead-letters", "interconnections"].map(
        (suffix) => `chats.${suffix}`,
      ),
    );
  },
  STUDIO_NG_URL: () => {
    const platforms = ["http://studiong:3000/", "http://studiong:3000"].map(
      (url) => settingsWith({ STUDIO_NG_URL: url }).botPlatform,
    );
    expect(platforms[0]).toEqual(platforms[1]);
  },
  INTEGRATIONS_WA_CHANNEL: emptyIsDefault("INTEGRATIONS_WA_CHANNEL"),
  INTEGRATIONS_FB_CHANNEL: emptyIsDefault("INTEGRATIONS_FB_CHANNEL", { INTEGRATIONS_FB_BOT_ID: "page" }),
  SFC_API_VERSION: emptyIsDefault("SFC_API_VERSION"),
  SFC_SOURCE_FLOW_BOT: () => {
    const loaded = loadWith({ SFC_SOURCE_FLOW_BOT: "default={" });
    if (!("mistakes" in loaded)) throw new Error("taken");
    expect(loaded.mistakes).toMatchObject([{ name: "SFC_SOURCE_FLOW_BOT" }]);
    expect(mistakesWith({ SFC_SOURCE_FLOW_BOT: loaded.mistakes[0]?.example })).toEqual([]);
  },
  MESSAGES: () => {
    const { texts } = settingsWith({ MESSAGES: sampleOf("MESSAGES") }).chat;
    expect(texts).toEqual({ ...settingsWith({}).chat.texts, waitAgent: "Un momento" });
  },
  CLEAN_CONTEXT_SCHEDULE: () => {
    const { chat, salesforce } = settingsWith({ SPEC_SCHEDULE: "", CLEAN_CONTEXT_SCHEDULE: "0 3 * * *" });
    expect([salesforce.keepAlive, chat.contextCleanUp]).toEqual([null, { kind: "cron", expression: "0 3 * * *" }]);
  },
};

describe("a setting of the original", () => {
  it.each(originalSettings)("$name", ({ name, byDefault, sample, better, shown }) => {
    const place = places[name];
    const beside = place?.beside ?? {};
    const loaded = loadSettings({ ...good, ...underscored(beside), [`${prefix}${name}`]: sample });
    if ("mistakes" in loaded) throw new Error(describeMistakes(loaded.mistakes));
    expect(Object.keys(settingsSchema.shape)).toContain(name);
    const hints = loaded.warnings.filter(({ settings }) => settings.some((one) => one.endsWith(name)));
    expect(hints.map(({ hint }) => hint)).not.toContain("no setting of this service has this name");
    expect(factsOf(name).default).toBe(defaultsHere.has(name) ? defaultsHere.get(name) : byDefault);
    if (name === "USE_PROFILE") {
      // Known, and taken nowhere.
      expect(loaded.settings).toEqual(settingsWith({}));
      expect(hints.map(({ hint }) => hint)).toEqual(["profiles are not served over HTTP: anybody could have them"]);
    } else {
      expect(place?.at(loaded.settings)).toEqual(place?.value);
      expect(place?.at(settingsWith(beside)), "what stands there without it").not.toEqual(place?.value);
    }
    shownHere[name]?.();
    expect(better === null || shown !== null || Object.hasOwn(shownHere, name), "who shows what is better?").toBe(true);
  });

  it("has a default of its own only where it is told as better", () => {
    const better = originalSettings.filter((one) => one.better !== null).map(({ name }) => name);
    expect(better).toEqual(expect.arrayContaining([...defaultsHere.keys()]));
  });

  it("of no known name is told by the words that the test above looks for", () => {
    const { warnings } = loadSettings({ ...good, [`${prefix}NOBODYS`]: "x" });
    expect(warnings.map(({ hint }) => hint)).toContain("no setting of this service has this name");
  });
});

/** Taken as the empty text that it is, with the meaning that it had. */
const emptyAsThere: Readonly<Record<string, (settings: Settings) => readonly [seen: unknown, expected: unknown]>> = {
  APP_NAME: ({ kafka }) => [kafka.groupId, "-salesforce"],
  CLIENT: ({ client }) => [client, ""],
  HOST: ({ http }) => [http.host, ""],
  PORT: ({ http }) => [http.port, 0],
  TIMEZONE: ({ chat }) => [chat.timeZone, "UTC"],
  BLOCKED_USER_STATE: ({ chat }) => [chat.states.blocked, {}],
  TIMEOUT_STATE: ({ chat }) => [chat.states.timeout, {}],
  SUCCESS_STATE: ({ chat }) => [chat.states.success, {}],
  KEYWORDS_RESTART: ({ chat }) => [chat.restartKeywords, []],
  IGNORE_MESSAGE_TYPES: ({ http }) => [http.ignoredTypes, []],
  SFC_DEFAULT_BIRTH_DATE_ACCOUNT: ({ salesforce }) => [salesforce.records.birthDate, null],
  SFC_SOURCE_FLOW_FIELD: ({ chat }) => [chat.sourceFlowField, ""],
  SFC_CODE_PHONE_REMOVE: ({ chat }) => [chat.phonePrefixes, []],
  SPEC_SCHEDULE: ({ salesforce }) => [salesforce.keepAlive, null],
  CLEAN_CONTEXT_SCHEDULE: ({ chat }) => [chat.contextCleanUp, null],
};

/** No number, boolean or JSON: the original did not start either. */
const noTextThere = [
  ...["USE_PROFILE", "BOTRUNNER_TIMEOUT", "STUDIO_NG_TIMEOUT", "INTEGRATION_CHAN_RATE_LIMIT", "MESSAGES"],
  ...["SFC_BLOCKED_CHAT_FIELD", "SALEFORCE_CHAN_RATE_LIMIT", "SLEEP_LONG_POLLLING", "SEND_IMAGE_NAME_IN_MESSAGE"],
];

/** The original started, and could not do its work or let anybody in: refused at the start, by name (defect H2). */
const refusedHere = [
  // Anybody could log in, or sign a token.
  ...["YALO_USERNAME", "YALO_PASSWORD", "SALESFORCE_USERNAME", "SALESFORCE_PASSWORD", "SECRET_KEY"],
  // There is nothing to connect to.
  ...["REDIS_ADDRESS", "KAFKA_HOST", "KAFKA_PORT", "KAFKA_TOPIC"],
  // No chat could be opened.
  ...["SFC_CLIENT_ID", "SFC_CLIENT_SECRET", "SFC_USERNAME", "SFC_LOGIN_URL", "SFC_BASE_URL", "SFC_CHAT_URL"],
  ...["SFC_ORGANIZATION_ID", "SFC_DEPLOYMENT_ID", "SFC_SOURCE_FLOW_BOT"],
];

describe("a setting of the original that is left empty", () => {
  const withEmpty = (name: string) => {
    const { [`SALESFORCE_INTEGRATION_${name}`]: _given, ...others } = good;
    return { unset: loadSettings(others), empty: loadSettings({ ...others, [`${prefix}${name}`]: "" }) };
  };

  it.each(originalSettings.map(({ name }) => name))("%s", (name) => {
    const { unset, empty } = withEmpty(name);
    if (noTextThere.includes(name) || refusedHere.includes(name)) {
      expect("mistakes" in empty && empty.mistakes.map((mistake) => mistake.name)).toEqual([name]);
      return;
    }
    if ("mistakes" in empty) throw new Error(describeMistakes(empty.mistakes));
    const asThere = emptyAsThere[name];
    if (asThere === undefined) {
      expect(empty).toEqual(unset);
      return;
    }
    const [seen, expected] = asThere(empty.settings);
    expect(seen).toEqual(expected);
  });
});
