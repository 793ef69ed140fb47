// From the settings to what each part is told: where the two differ, because the deployment or another setting says so.
import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";

import { expect, it } from "vitest";

import { arrangeRecords } from "../../src/clients/config/record-settings.ts";
import { describeMistakes, loadSettings } from "../../src/clients/config/settings.ts";
import { decideSettings, extraDataRules } from "../../src/composition-settings.ts";
import { readExtraData } from "../../src/ingress/extra-data.ts";

const example = parseEnv(readFileSync("configs/example.env", "utf8"));
const key = Buffer.alloc(32, 7).toString("base64");

/** What decide is told with these settings. */
function toldWith(settings: Readonly<Record<string, string>>): ReturnType<typeof decideSettings> {
  const given = Object.entries(settings).map(([name, value]) => [`SALESFORCE_INTEGRATION_${name}`, value] as const);
  const loaded = loadSettings({ ...example, ...Object.fromEntries(given) });
  if ("mistakes" in loaded) throw new Error(describeMistakes(loaded.mistakes));
  return decideSettings(loaded.settings);
}

it.each(["production", "PROD", "", "preview"])(
  "restart keywords do not hold where ENVIRONMENT is %j",
  (environment) => {
    const words = { KEYWORDS_RESTART: "Menu,regresar", STATE_ENCRYPTION_KEY: key };
    expect([...toldWith({ ...words, ENVIRONMENT: environment }).restartKeywords]).toEqual([]);
    expect([...toldWith({ ...words, ENVIRONMENT: "staging" }).restartKeywords]).toEqual(["menu", "regresar"]);
  },
);

function rulesWith(accountRecordTypeId: string | null): ReturnType<typeof extraDataRules> {
  const records = arrangeRecords({
    SFC_RECORD_TYPE_ID: null,
    SFC_CUSTOM_FIELDS_CASE: { address: "CP_Address__c", state: "STATUS", urgency: "Priority" },
    SFC_CLOSED_CASE_STATUS: "Cerrado",
    SFC_CUSTOM_FIELDS_CONTACT: { age: "Age__c" },
    SFC_CUSTOM_FIELDS_TO_SEARCH_CONTACT: { customer: "Customer__c" },
    SFC_BLOCKED_CHAT_FIELD: false,
    SFC_BLOCKED_CHAT_FIELD_NAME: "CP_BlockedChatYalo__c",
    SFC_ACCOUNT_RECORD_TYPE_ID: accountRecordTypeId,
    SFC_DEFAULT_BIRTH_DATE_ACCOUNT: "1921-01-01",
    SFC_CUSTOM_FIELDS_ACCOUNT: { tax: "Tax__pc" },
  });
  return extraDataRules({ chat: { sourceFlowField: "flow" }, salesforce: { records } });
}

it.each<readonly [extraData: object, problem: string | null]>([
  [{ flow: 7 }, "extraData.flow must be text"],
  [{ flow: "" }, null],
  [{ source_flow_bot: 7 }, null],
  [{ description: null }, "extraData.description must be text and not empty"],
  [{ description: "" }, "extraData.description must be text and not empty"],
  [{ AccountRecordTypeId: 7 }, "extraData.AccountRecordTypeId must be text and not empty"],
  [{ state: 3 }, "extraData.state must be text and not empty, for STATUS"],
  [{ urgency: "" }, "extraData.urgency must be text and not empty, for Priority"],
  [{ address: 3, age: [1], customer: 7, other: null }, null],
  [{ tax: 7 }, null],
  [{ tax: 7, AccountRecordTypeId: "012" }, "extraData.tax must be text, for Tax__pc"],
])("extraData %j", (extraData, problem) => {
  const read = readExtraData({ ...extraData }, rulesWith(null));
  expect(read.ok ? null : read.problem).toBe(problem);
});

it("checks an account's fields with every connect where all are accounts", () => {
  const read = readExtraData({ tax: 7 }, rulesWith("012"));
  expect(read).toEqual({ ok: false, problem: "extraData.tax must be text, for Tax__pc" });
});
