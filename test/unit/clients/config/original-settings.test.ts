// Each setting of the Go service: its name is known, a value in the original's form is read without a complaint, and its default is the
// original's, or what docs/parity.md says is better.
import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { describe, expect, it } from "vitest";

import { factsOf, settingsSchema } from "../../../../src/clients/config/schema.ts";
import type { Settings } from "../../../../src/clients/config/settings-shape.ts";
import { describeMistakes, loadSettings } from "../../../../src/clients/config/settings.ts";
import { originalSettings } from "../../../parity/settings.ts";

const prefix = "SALESFORCE-INTEGRATION_";
const good = parseEnv(readFileSync("configs/example.env", "utf8"));

/** Defaults that are better than the original's, or not there because something else decides. */
const defaultsHere = new Map<string, string | null>([
  ["SENTRY_DSN", null],
  ["ENVIRONMENT", null],
  ["MAX_RETRIES", null],
]);

describe("a setting of the original", () => {
  it.each(originalSettings)("$name", ({ name, byDefault, sample }) => {
    const loaded = loadSettings({ ...good, [`${prefix}${name}`]: sample });
    expect("mistakes" in loaded ? describeMistakes(loaded.mistakes) : null).toBeNull();
    expect(Object.keys(settingsSchema.shape)).toContain(name);
    const hints = loaded.warnings.filter(({ settings }) => settings.includes(`${prefix}${name}`));
    expect(hints.map(({ hint }) => hint)).not.toContain("no setting of this service has this name");
    expect(factsOf(name).default).toBe(defaultsHere.has(name) ? defaultsHere.get(name) : byDefault);
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
  HOST: ({ http }) => [http.host, "0.0.0.0"],
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
