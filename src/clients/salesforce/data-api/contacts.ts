// Finds the contact of a user, or creates it, as a contact or as a person account (parity sheet 3.3, 3.4, without its defects E1
// to E7). What is searched by is contact-search.ts's, person accounts are accounts.ts's. Used by desk.ts.
import type { EnsureContact } from "../../../processors/interconnection/commands.ts";
import type { Outcome } from "../../../processors/outcome.ts";
import { textOf, type JsonObject } from "../../../processors/json.ts";
import { becomesAccount, createPersonAccount, type AccountMapping } from "./accounts.ts";
import type { DataApi } from "./api-call.ts";
import { contactQueries, isBlocked, type ContactSearch } from "./contact-search.ts";
import { mappedFields, overlaid, personalValues, type FieldMap } from "./custom-fields.ts";
import { createRecord, findFirst } from "./records.ts";

/** How a user becomes a contact of the org. */
export interface ContactMapping {
  /** First name of contacts that we create; their last name is the visitor's. Not empty. */
  readonly firstName: string;
  /** Custom fields of contacts that we create. */
  readonly fields: FieldMap;
  readonly search: ContactSearch;
  readonly account: AccountMapping;
}

/** What was found or made. */
export interface EnsuredContact {
  readonly contactId: string;
  readonly created: boolean;
  readonly blocked: boolean;
}

/**
 * The contact by e-mail, else by phone, else by the configured fields, else a new one. It always searches before it creates,
 * hence a repeat after a create of unknown outcome finds what that create left. What creation needs of extraData is checked
 * only then: who is found needs none of it.
 */
export async function ensureContact(
  api: DataApi,
  mapping: ContactMapping,
  request: EnsureContact & { readonly mayExist?: boolean },
  signal: AbortSignal,
): Promise<Outcome<EnsuredContact>> {
  const { name, email, phoneNumber, extraData } = request;
  const missing = name === "" ? "name" : email === "" ? "email" : null;
  if (missing !== null) return { kind: "refused", detail: `contact without ${missing}`, status: null };
  const personal = [name, email, phoneNumber ?? "", ...personalValues(extraData)];
  const found = await findFirst(api, contactQueries(mapping.search, request), personal, signal);
  // A search makes nothing: without an answer it leaves no doubt of its own.
  if (found.kind !== "done") return found.kind === "retry" ? { ...found, mayHaveHappened: false } : found;
  if (found.value !== null) {
    const contactId = textOf(found.value.Id);
    if (contactId === null) return { kind: "broken", detail: "contact without Id", status: 200 };
    const blocked = isBlocked(mapping.search, found.value);
    // What an earlier try of the same command may have made is taken as ours, like a case; nobody makes a blocked one.
    return { kind: "done", value: { contactId, created: request.mayExist === true && !blocked, blocked } };
  }
  const { firstName, account } = mapping;
  const created = becomesAccount(account, request)
    ? await createPersonAccount(api, { mapping: { ...account, firstName }, request, personal }, signal)
    : await createRecord(api, { object: "Contact", fields: fieldsOf(mapping, request) }, personal, signal);
  if (created.kind !== "done") return created;
  return { kind: "done", value: { contactId: created.value, created: true, blocked: false } };
}

function fieldsOf(mapping: ContactMapping, { name, email, phoneNumber, extraData }: EnsureContact): JsonObject {
  return overlaid(mappedFields(mapping.fields, extraData), {
    Email: email,
    FirstName: mapping.firstName,
    LastName: name,
    ...(phoneNumber === null || phoneNumber === "" ? {} : { MobilePhone: phoneNumber }),
  });
}
