// Settings of the records that chats become: what they take, what they refuse, and what they mean to the clients.
import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";

import { describe, expect, it } from "vitest";

import { recordSettings } from "../../../../src/clients/config/record-settings.ts";
import { loadSettings } from "../../../../src/clients/config/settings.ts";
import { deskMapping } from "../../../../src/composition-settings.ts";

const example = parseEnv(readFileSync("configs/example.env", "utf8"));

const startedAt = Date.UTC(2026, 10, 22, 23, 59);

function mappingOf(settings: Readonly<Record<string, string>>) {
  const given = Object.entries(settings).map(([name, value]) => [`SALESFORCE_INTEGRATION_${name}`, value]);
  const loaded = loadSettings({ ...example, ...(Object.fromEntries(given) as Record<string, string>) });
  if ("mistakes" in loaded) throw new Error(JSON.stringify(loaded.mistakes));
  return { mapping: deskMapping(loaded.settings, startedAt), salesforce: loaded.settings.salesforce };
}

describe("settings of records", () => {
  it("are those of an org without custom fields where nothing is set", () => {
    expect(mappingOf({}).mapping).toEqual({
      contact: {
        firstName: "Contacto Bot - ",
        fields: {},
        search: { fields: {}, blockedField: null, phonePrefixes: ["521", "52"] },
        account: { recordTypeId: null, birthDate: "1921-01-01", fields: {} },
      },
      case: { recordTypeId: null, priority: "Medium", status: "Nuevo", closedStatus: "Cerrado", fields: {} },
    });
  });

  it("reach the clients", () => {
    const { mapping } = mappingOf({
      SFC_RECORD_TYPE_ID: "012A",
      SFC_CUSTOM_FIELDS_CASE: "address:CP_Address__c, status:Status",
      SFC_CLOSED_CASE_STATUS: "Closed",
      SFC_CUSTOM_FIELDS_CONTACT: "city:City__c",
      SFC_CUSTOM_FIELDS_TO_SEARCH_CONTACT: "b:Account.Customer__ID__SF,a:X__c",
      SFC_BLOCKED_CHAT_FIELD: "T",
      SFC_ACCOUNT_RECORD_TYPE_ID: "012B",
      SFC_DEFAULT_BIRTH_DATE_ACCOUNT: "1980-02-29T12:00:00",
      SFC_CUSTOM_FIELDS_ACCOUNT: "tax:TaxId__pc",
    });
    expect(mapping.contact).toMatchObject({
      fields: { city: "City__c" },
      search: { blockedField: "CP_BlockedChatYalo__c" },
      account: { recordTypeId: "012B", birthDate: "1980-02-29", fields: { tax: "TaxId__pc" } },
    });
    expect(Object.keys(mapping.contact.search.fields), "in the order of the setting").toEqual(["b", "a"]);
    expect(mapping.case).toMatchObject({
      recordTypeId: "012A",
      closedStatus: "Closed",
      fields: { address: "CP_Address__c", status: "Status" },
    });
  });

  it("block by another field, only where blocking is on", () => {
    const named = { SFC_BLOCKED_CHAT_FIELD_NAME: "Account.Blocked__c" };
    expect(mappingOf(named).mapping.contact.search.blockedField).toBeNull();
    expect(mappingOf({ ...named, SFC_BLOCKED_CHAT_FIELD: "1" }).mapping.contact.search.blockedField).toBe(
      "Account.Blocked__c",
    );
  });

  it("make the day of the start the birth date where it is empty", () => {
    expect(mappingOf({ SFC_DEFAULT_BIRTH_DATE_ACCOUNT: "" }).mapping.contact.account.birthDate).toBe("2026-11-22");
  });

  it("give Live Agent the data API's version, or its own", () => {
    expect(mappingOf({ SFC_API_VERSION: "58" }).salesforce).toMatchObject({ apiVersion: "58", chatApiVersion: "58" });
    expect(mappingOf({ SFC_API_VERSION: "58", SFC_CHAT_API_VERSION: "52" }).salesforce).toMatchObject({
      apiVersion: "58",
      chatApiVersion: "52",
    });
  });

  const many = Array.from({ length: 21 }, (_, i) => `k${String(i)}:F${String(i)}__c`).join(",");
  it.each([
    ["SFC_CUSTOM_FIELDS_CASE", "a"],
    ["SFC_CUSTOM_FIELDS_ACCOUNT", "a"],
    ["SFC_CUSTOM_FIELDS_TO_SEARCH_CONTACT", "a:X__c = '' OR Name"],
    ["SFC_CUSTOM_FIELDS_TO_SEARCH_CONTACT", "a:Account..X__c"],
    ["SFC_CUSTOM_FIELDS_TO_SEARCH_CONTACT", many],
    ["SFC_BLOCKED_CHAT_FIELD", "CP_BlockedChatYalo__c"],
    ["SFC_BLOCKED_CHAT_FIELD_NAME", "Blocked, Name"],
    ["SFC_DEFAULT_BIRTH_DATE_ACCOUNT", "1980-02-30"],
    ["SFC_DEFAULT_BIRTH_DATE_ACCOUNT", "01/02/1980"],
  ] as const)("refuse %s=%s", (name, raw) => {
    expect(recordSettings[name].safeParse(raw).success).toBe(false);
  });
});
