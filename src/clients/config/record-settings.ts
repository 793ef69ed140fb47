// Settings of the records that chats become in Salesforce: how contacts are found and made, person accounts, cases.
import type { z } from "zod";

import { form, goBoolean, map, word, type Form } from "./forms.ts";
import { defaulted, optional } from "./setting.ts";

type Map = Readonly<Record<string, string>>;

const namePattern = /^[A-Za-z]\w*$/;
/** Fields by which contacts are searched: more than anybody needs, in few enough calls. */
const mostSearched = 20;

/** True for what can be the API name of a field: another is refused by Salesforce with each record that has it, as it was. */
export function isFieldName(name: string): boolean {
  return namePattern.test(name);
}

/** `key:field,key:path`; they become part of queries. A key without field finds nobody. */
const pathMap: Form<Map> = form(
  `key:Field__c or key:Account.Field__c pairs with commas between them, ${mostSearched.toString()} at most`,
  (raw) => {
    const given = map.safeParse(raw);
    if (!given.success) return undefined;
    const pairs = Object.entries(given.data).filter(([, field]) => field !== "");
    const sound = pairs.length <= mostSearched && pairs.every(([, field]) => isPath(field));
    return sound ? Object.fromEntries(pairs) : undefined;
  },
);

function isPath(path: string): boolean {
  return path.split(".").every(isFieldName);
}

const fieldPath: Form<string> = form("the API name of a field, or a path to it", (raw) =>
  isPath(raw.trim()) ? raw.trim() : undefined,
);

/** A day, as the original writes it with a time of day that no birth date has; empty is the day of the start. */
const day: Form<string | null> = form("a date as YYYY-MM-DDThh:mm:ss or YYYY-MM-DD", (raw) => {
  if (raw.trim() === "") return null;
  const date = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}:\d{2}(\.\d+)?Z?)?$/.exec(raw.trim())?.[1];
  const time = date === undefined ? Number.NaN : Date.parse(`${date}T00:00:00Z`);
  // 30 February parses, as another day.
  return date !== undefined && new Date(time || 0).toISOString().startsWith(date) ? date : undefined;
});

/** Settings of records, by name without prefix. */
export const recordSettings = {
  SFC_RECORD_TYPE_ID: optional(word, { description: "Record type of cases.", example: "012000000000001" }),
  SFC_CUSTOM_FIELDS_CASE: optional(map, {
    description:
      "Keys of a connect's extraData and the fields of Case that they become; one that is mapped to Status or Priority replaces the default.",
    example: "address:CP_Address__c,source_flow_bot:CP_Source_Flow_Bot__c",
  }),
  SFC_CLOSED_CASE_STATUS: defaulted(word, "Cerrado", {
    description:
      "Status by which a case is closed whose chat failed and which the user's next connect has not taken within 24 h.",
    example: "Closed",
  }),
  SFC_CUSTOM_FIELDS_CONTACT: optional(map, {
    description: "Keys of a connect's extraData and the fields of contacts that are created.",
    example: "customer_id:CP_CustomerId__c",
  }),
  SFC_CUSTOM_FIELDS_TO_SEARCH_CONTACT: optional(pathMap, {
    description:
      "Keys of a connect's extraData and the fields of Contact, or paths from it, by which it is searched after e-mail and phone, in this order.",
    example: "customer_id:Account.CP_CustomerId__c",
  }),
  SFC_BLOCKED_CHAT_FIELD: defaulted(goBoolean, "false", {
    description: "Whether contacts are refused in which the field SFC_BLOCKED_CHAT_FIELD_NAME is true.",
    example: "true",
  }),
  SFC_BLOCKED_CHAT_FIELD_NAME: defaulted(fieldPath, "CP_BlockedChatYalo__c", {
    description: "Checkbox of Contact, or path to it, that is set for who may not chat.",
    example: "BlockedChat__c",
  }),
  SFC_ACCOUNT_RECORD_TYPE_ID: optional(word, {
    description:
      "Record type of person accounts. Set: a person account is created where no contact is found. A connect's extraData.AccountRecordTypeId does the same for one.",
    example: "012000000000002",
  }),
  SFC_DEFAULT_BIRTH_DATE_ACCOUNT: defaulted(day, "1921-01-01T00:00:00", {
    description:
      "Birth date of person accounts, also where a connect brings one; empty: the day on which the service was started.",
    example: "1921-01-01T00:00:00",
  }),
  SFC_CUSTOM_FIELDS_ACCOUNT: optional(map, {
    description:
      "Keys of a connect's extraData, all of them texts, and the fields of person accounts that are created.",
    example: "tax_id:CP_TaxId__pc",
  }),
};

type RecordValues = { readonly [Name in keyof typeof recordSettings]: z.output<(typeof recordSettings)[Name]> };

/** The settings of records as they are handed out. */
export interface RecordSettings {
  readonly caseRecordTypeId: string | null;
  /** Key of extraData to field, here and below. */
  readonly caseFields: Map;
  readonly closedCaseStatus: string;
  readonly contactFields: Map;
  readonly searchFields: Map;
  /** Null: nobody is blocked. */
  readonly blockedField: string | null;
  readonly accountRecordTypeId: string | null;
  /** YYYY-MM-DD; null: the day of the start. */
  readonly birthDate: string | null;
  readonly accountFields: Map;
}

/** Puts the values into their shape. */
export function arrangeRecords(values: RecordValues): RecordSettings {
  return {
    caseRecordTypeId: values.SFC_RECORD_TYPE_ID,
    caseFields: values.SFC_CUSTOM_FIELDS_CASE ?? {},
    closedCaseStatus: values.SFC_CLOSED_CASE_STATUS,
    contactFields: values.SFC_CUSTOM_FIELDS_CONTACT ?? {},
    searchFields: values.SFC_CUSTOM_FIELDS_TO_SEARCH_CONTACT ?? {},
    blockedField: values.SFC_BLOCKED_CHAT_FIELD ? values.SFC_BLOCKED_CHAT_FIELD_NAME : null,
    accountRecordTypeId: values.SFC_ACCOUNT_RECORD_TYPE_ID,
    birthDate: values.SFC_DEFAULT_BIRTH_DATE_ACCOUNT,
    accountFields: values.SFC_CUSTOM_FIELDS_ACCOUNT ?? {},
  };
}
