// Creates a person account and answers its contact (parity sheet 3.4, without defects C5, C6 and E7). Used by contacts.ts.
import type { EnsureContact } from "../../../processors/interconnection/commands.ts";
import type { Outcome } from "../../../processors/outcome.ts";
import { accountFailed } from "../../../processors/desk/port.ts";
import type { Failure } from "../../http/failed-call.ts";
import { textOf } from "../../../processors/json.ts";
import type { DataApi } from "./api-call.ts";
import { fieldOf, mappedFields, notText, overlaid, type FieldMap } from "./custom-fields.ts";
import { compositeResults, firstRecord } from "./records.ts";
import { queryPath } from "./soql.ts";

/** How a user becomes a person account. */
export interface AccountMapping {
  /** Record type of person accounts; null: contacts are made, unless a connect names one itself. */
  readonly recordTypeId: string | null;
  /** Birth date of all accounts, `YYYY-MM-DD`; null sends what extraData has. */
  readonly birthDate: string | null;
  readonly fields: FieldMap;
}

/** Key of extraData by which a connect names the record type. */
export const recordTypeKey = "AccountRecordTypeId";

/** True when this user is to be a person account where nobody is found. */
export function becomesAccount(mapping: AccountMapping, { extraData }: Pick<EnsureContact, "extraData">): boolean {
  return mapping.recordTypeId !== null || Object.hasOwn(extraData, recordTypeKey);
}

/**
 * A new person account; answers the id of its contact. One call makes it and reads the contact. Where it was made and the
 * contact is not known, `retry`: the search by e-mail that comes before the next try finds it.
 */
export async function createPersonAccount(
  api: DataApi,
  account: {
    readonly mapping: AccountMapping & { readonly firstName: string };
    readonly request: EnsureContact;
    /** Values that must not show in an error's text. */
    readonly personal: readonly string[];
  },
  signal: AbortSignal,
): Promise<Outcome<string>> {
  const { mapping, request, personal } = account;
  const fields = fieldsOf(mapping, request);
  if (typeof fields === "string") return { kind: "refused", detail: `${accountFailed} : ${fields}`, status: null };
  const select = "SELECT Id, FirstName, LastName, PersonMobilePhone, PersonEmail, PersonContactId FROM Account";
  // The reference stands as it is: Salesforce puts the id in before it reads the address.
  const query = `${queryPath(api.apiVersion, `${select} WHERE Id = '`)}@{newAccount.id}'`;
  const parts = [
    {
      method: "POST",
      url: `/services/data/v${api.apiVersion}.0/sobjects/Account`,
      body: fields,
      referenceId: "newAccount",
    },
    { method: "GET", url: query, body: null, referenceId: "newQuery" },
  ] as const;
  const outcome = await compositeResults(api, parts, personal, signal);
  if (outcome.kind !== "done") return failed(outcome);
  const created = outcome.value("newAccount", 201);
  if (created.kind !== "done") return failed(created.kind === "broken" ? inDoubt(created) : created);
  const read = outcome.value("newQuery", 200);
  const found = read.kind === "done" ? firstRecord(read.value) : read;
  if (found.kind !== "done") return failed(found.kind === "refused" ? found : inDoubt(found));
  const contactId = textOf(found.value === null ? null : fieldOf(found.value, "PersonContactId"));
  if (contactId !== null) return { kind: "done", value: contactId };
  // Made, and without a contact: another try would find nobody and make another one.
  const detail = found.value === null ? "account not found" : "the record type is none of person accounts";
  return failed({ kind: "broken", detail, status: 200 });
}

/** Made perhaps, for all that the answer says: the search of the next try tells. */
function inDoubt({ detail, status }: { readonly detail: string; readonly status: number | null }): Failure {
  return { kind: "retry", detail, status, mayHaveHappened: true, retryAfterMs: null };
}

function failed(outcome: Failure): Outcome<never> {
  return { ...outcome, detail: `${accountFailed} : ${outcome.detail}` };
}

/** The fields, or what is wrong with what was given for them. */
function fieldsOf(
  mapping: AccountMapping & { readonly firstName: string },
  { name, email, phoneNumber, extraData }: EnsureContact,
): Readonly<Record<string, unknown>> | string {
  const given = Object.hasOwn(extraData, recordTypeKey) ? extraData[recordTypeKey] : mapping.recordTypeId;
  if (typeof given !== "string" || given === "") return `extraData.${recordTypeKey} must be text and not empty`;
  const wrong = notText(mapping.fields, extraData);
  if (wrong !== null) return wrong;
  const mapped = mappedFields(mapping.fields, extraData);
  return overlaid(mapped, {
    FirstName: mapping.firstName,
    LastName: name,
    // Over one that a connect brings, as the original has it.
    ...(mapping.birthDate === null ? {} : { PersonBirthDate: mapping.birthDate }),
    PersonEmail: email,
    PersonMobilePhone: phoneNumber ?? "",
    RecordTypeID: given,
  });
}
