// The queries by which a user's contact is looked for, in their fixed order: e-mail, phone, configured fields (parity sheet 3.3,
// without its defects E3 to E5, E8 and E9). Pure. Used by contacts.ts.
import type { EnsureContact } from "../../../processors/interconnection/commands.ts";
import { objectOf, type JsonObject } from "../../../processors/json.ts";
import { fieldOf, present, type ExtraData, type FieldMap } from "./custom-fields.ts";
import type { NamedQuery } from "./records.ts";
import { soqlNumber, soqlString } from "./soql.ts";

/** How contacts of the org are found. */
export interface ContactSearch {
  /** Key of extraData to field of Contact, or path from it such as `Account.X__c`; searched in this order. */
  readonly fields: FieldMap;
  /** Field that is true for who may not chat, or path to it; null: nobody is blocked. */
  readonly blockedField: string | null;
  /** Codes that may stand before the same number in the org, such as 521 and 52. */
  readonly phonePrefixes: readonly string[];
}

type Request = Pick<EnsureContact, "email" | "phoneNumber" | "extraData">;

/** The queries. The oldest of several contacts wins each, so that it is the same one every day. */
export function contactQueries(search: ContactSearch, { email, phoneNumber, extraData }: Request): NamedQuery[] {
  const blocked = search.blockedField === null ? "" : `, ${search.blockedField}`;
  const select = `SELECT Id, FirstName, LastName, MobilePhone, Email${blocked} FROM Contact WHERE`;
  const soql = (condition: string): string => `${select} ${condition} ORDER BY CreatedDate, Id LIMIT 1`;
  const byEmail = { referenceId: "newQueryEmail", about: "Email", soql: soql(`Email = ${soqlString(email)}`) };
  const byPhone =
    phoneNumber === null || phoneNumber === ""
      ? []
      : [
          {
            referenceId: "newQueryPhone",
            about: "MobilePhone",
            soql: soql(phoneCondition(phoneNumber, search.phonePrefixes)),
          },
        ];
  const queries: NamedQuery[] = [byEmail, ...byPhone];
  for (const { field, literals } of searched(search.fields, extraData)) {
    const [first = "", ...others] = literals.map((literal) => soql(`${field} = ${literal}`));
    const referenceId = free(`newQueryCustomField_${field.replace(/[^a-zA-Z0-9]+/g, "_")}`, queries);
    queries.push({ referenceId, about: field, soql: first, otherwise: others });
  }
  return queries;
}

/**
 * The values by which a search makes sense, each as the literal of its JSON type and then as the other that it may be in the
 * org: whether a customer's number is a text there is not known here. Nothing, an empty text, a list or an object equals
 * nobody's field but those that are empty.
 */
function searched(
  fields: FieldMap,
  extraData: ExtraData,
): readonly { readonly field: string; readonly literals: readonly string[] }[] {
  return present(fields, extraData).flatMap(({ field, value }) => {
    const literals = literalsOf(value);
    return literals.length === 0 ? [] : [{ field, literals }];
  });
}

function literalsOf(value: ExtraData[string]): readonly string[] {
  if (typeof value === "string") {
    const number = /^-?\d{1,15}(\.\d{1,10})?$/.test(value) ? [value] : [];
    return value.trim() === "" ? [] : [soqlString(value), ...number];
  }
  if (typeof value === "number") {
    const number = soqlNumber(value);
    return number === null ? [] : [number, soqlString(number)];
  }
  return typeof value === "boolean" ? [String(value), soqlString(String(value))] : [];
}

/** Names of sub-requests are unique: two paths may differ in what a name can't hold. */
function free(name: string, queries: readonly NamedQuery[]): string {
  const taken = new Set(queries.map(({ referenceId }) => referenceId));
  let found = name;
  for (let n = 2; taken.has(found); n += 1) found = `${name}_${String(n)}`;
  return found;
}

/** The number as it is, or with one of the codes and a plus before it: one number, however the org has spelt it. */
function phoneCondition(phoneNumber: string, prefixes: readonly string[]): string {
  const bare = phoneNumber.replace(/^\+/, "");
  if (!/^\d{10,}$/.test(bare) || prefixes.length === 0) return `MobilePhone = ${soqlString(phoneNumber)}`;
  const code = prefixes.find((each) => bare.startsWith(each) && bare.length - each.length >= 10) ?? "";
  const local = bare.slice(code.length);
  const withCodes = prefixes.flatMap((each) => [each + local, `+${each}${local}`]);
  const spellings = new Set([phoneNumber, local, `+${local}`, ...withCodes]);
  return `MobilePhone IN (${[...spellings].map(soqlString).join(", ")})`;
}

/** Whether the field is true in what a search has found. */
export function isBlocked({ blockedField }: ContactSearch, contact: JsonObject): boolean {
  if (blockedField === null) return false;
  const path = blockedField.split(".");
  return path.reduce<unknown>((value, name) => fieldOf(objectOf(value), name), contact) === true;
}
