// Values of settings that the Go service started with: each starts this one too, and means what it meant there.
import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { expect, it } from "vitest";

import { describeMistakes, loadSettings } from "../../../../src/clients/config/settings.ts";
import type { Settings } from "../../../../src/clients/config/settings-shape.ts";

const good = parseEnv(readFileSync("configs/example.env", "utf8"));
const own = new Intl.DateTimeFormat().resolvedOptions().timeZone;
const flow = (subject: string): string => `default={"subject":"${subject}","providers":{"whatsapp":null}}`;

const taken: readonly (readonly [name: string, raw: string, read: (settings: Settings) => unknown, value: unknown])[] =
  [
    ["INTEGRATION_CHAN_RATE_LIMIT", "1000000", ({ chat }) => chat.callsPerSecond.channel, 1_000_000],
    ["INTEGRATION_CHAN_RATE_LIMIT", ".5", ({ chat }) => chat.callsPerSecond.channel, 0.5],
    ["SALEFORCE_CHAN_RATE_LIMIT", "1e2", ({ chat }) => chat.callsPerSecond.desk, 100],
    ["SALEFORCE_CHAN_RATE_LIMIT", "20.", ({ chat }) => chat.callsPerSecond.desk, 20],
    ["BOTRUNNER_TIMEOUT", "7200", ({ chat }) => chat.handBackDelayMs, 7_200_000],
    ["BOTRUNNER_TIMEOUT", "-1", ({ chat }) => chat.handBackDelayMs, 0],
    ["SLEEP_LONG_POLLLING", "-1s", ({ salesforce }) => salesforce.pollConflictPauseMs, 0],
    ["SLEEP_LONG_POLLLING", "48h", ({ salesforce }) => salesforce.pollConflictPauseMs, 172_800_000],
    ["MAX_RETRIES", "-1", ({ chat }) => chat.textTries, 1],
    ["MAX_RETRIES", "5000", ({ chat }) => chat.textTries, 5_001],
    ["REDIS_ADDRESS", ":6379", ({ redis }) => redis.address, "localhost:6379"],
    ["TIMEZONE", "Local", ({ chat }) => chat.timeZone, own],
    ["SUCCESS_STATE", "whatsapp:a,whatsapp:b", ({ chat }) => chat.states.success["whatsapp"], "b"],
    ["SFC_SOURCE_FLOW_BOT", `${flow("a")};${flow("b")}`, ({ chat }) => chat.sourceFlows["default"]?.subject, "b"],
    ["SFC_CUSTOM_FIELDS_CASE", "a:,b:X__c", ({ salesforce }) => salesforce.records.caseFields, { a: "", b: "X__c" }],
    ["SFC_CUSTOM_FIELDS_CASE", "a:A.X__c", ({ salesforce }) => salesforce.records.caseFields, { a: "A.X__c" }],
    ["SFC_CUSTOM_FIELDS_TO_SEARCH_CONTACT", "a:", ({ salesforce }) => salesforce.records.searchFields, {}],
  ];

it.each(taken)("%s=%s", (name, raw, read, value) => {
  const loaded = loadSettings({ ...good, [`SALESFORCE_INTEGRATION_${name}`]: raw });
  if ("mistakes" in loaded) throw new Error(describeMistakes(loaded.mistakes));
  expect(read(loaded.settings)).toEqual(value);
});

it("a field that no record can have is warned of", () => {
  const hints = (raw: string): readonly string[] =>
    loadSettings({ ...good, SALESFORCE_INTEGRATION_SFC_CUSTOM_FIELDS_CASE: raw }).warnings.flatMap(
      ({ settings }) => settings,
    );
  expect(hints("a:A.X__c")).toContain("SFC_CUSTOM_FIELDS_CASE");
  expect(hints("a:X__c")).not.toContain("SFC_CUSTOM_FIELDS_CASE");
});
