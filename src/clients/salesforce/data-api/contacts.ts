// Finds the contact of a user, or creates it (parity sheet 3.3, 3.4, without its defects E1 to E6). Person accounts, custom
// fields and the blocked flag extend `ContactMapping`. Used by desk.ts.
import type { EnsureContact } from "../../../processors/interconnection/commands.ts";
import type { Outcome } from "../../../processors/outcome.ts";
import { textOf } from "../../http/json.ts";
import type { DataApi } from "./api-call.ts";
import { createRecord, findFirst } from "./records.ts";
import type { NamedQuery } from "./records.ts";
import { soqlString } from "./soql.ts";

/** How a user becomes a contact of the org. */
export interface ContactMapping {
  /** First name of contacts that we create; their last name is the visitor's. Not empty. */
  readonly firstName: string;
}

/** What was found or made. */
export interface EnsuredContact {
  readonly contactId: string;
  readonly created: boolean;
  readonly blocked: boolean;
}

/**
 * The contact by e-mail, else by phone, else a new one. The oldest of several wins, so that it is the same one every day.
 * It always searches before it creates, hence a repeat after a create of unknown outcome finds what that create left.
 */
export async function ensureContact(
  api: DataApi,
  mapping: ContactMapping,
  request: EnsureContact,
  signal: AbortSignal,
): Promise<Outcome<EnsuredContact>> {
  const { name, email, phoneNumber } = request;
  const missing = name === "" ? "name" : email === "" ? "email" : null;
  if (missing !== null) return { kind: "refused", detail: `contact without ${missing}`, status: null };
  const personal = [name, email, phoneNumber ?? ""];
  const found = await findFirst(api, queries(email, phoneNumber), personal, signal);
  if (found.kind !== "done") return found;
  if (found.value !== null) {
    const contactId = textOf(found.value.Id);
    if (contactId === null) return { kind: "broken", detail: "contact without Id", status: 200 };
    return { kind: "done", value: { contactId, created: false, blocked: false } };
  }
  // Alphabetical, as the original sends them.
  const fields = {
    Email: email,
    FirstName: mapping.firstName,
    LastName: name,
    ...(hasText(phoneNumber) ? { MobilePhone: phoneNumber } : {}),
  };
  const created = await createRecord(api, { object: "Contact", fields }, personal, signal);
  if (created.kind !== "done") return created;
  return { kind: "done", value: { contactId: created.value, created: true, blocked: false } };
}

function queries(email: string, phoneNumber: string | null): readonly NamedQuery[] {
  const select = "SELECT Id, FirstName, LastName, MobilePhone, Email FROM Contact";
  const order = "ORDER BY CreatedDate, Id LIMIT 1";
  const byEmail = { referenceId: "newQueryEmail", soql: `${select} WHERE Email = ${soqlString(email)} ${order}` };
  if (!hasText(phoneNumber)) return [byEmail];
  const soql = `${select} WHERE MobilePhone = ${soqlString(phoneNumber)} ${order}`;
  return [byEmail, { referenceId: "newQueryPhone", soql }];
}

function hasText(value: string | null): value is string {
  return value !== null && value !== "";
}
