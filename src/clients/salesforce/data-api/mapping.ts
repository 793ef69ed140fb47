// How users and chats become records of one org, from the settings' parts, with the original's words where a setting has none.
// Called by the composition and by tests.
import type { AccountMapping } from "./accounts.ts";
import type { CaseMapping } from "./cases.ts";
import type { ContactMapping } from "./contacts.ts";
import type { ContactSearch } from "./contact-search.ts";
import type { FieldMap } from "./custom-fields.ts";

/** All of it. */
export interface RecordMapping {
  readonly contact: ContactMapping;
  readonly case: CaseMapping;
}

/** What an operator chooses; what is left out is as in an org without custom fields. */
export interface RecordChoices {
  readonly firstName: string;
  readonly contactFields?: FieldMap;
  readonly search?: Partial<ContactSearch>;
  readonly account?: Partial<AccountMapping>;
  readonly case?: Partial<Pick<CaseMapping, "recordTypeId" | "closedStatus" | "fields">>;
}

/** The mapping with the original's defaults (parity sheet 3.4, 3.6). */
export function recordMapping(choices: RecordChoices): RecordMapping {
  const { firstName, contactFields = {}, search, account, case: cases } = choices;
  return {
    contact: {
      firstName,
      fields: contactFields,
      search: { fields: {}, blockedField: null, phonePrefixes: [], ...search },
      account: { recordTypeId: null, birthDate: null, fields: {}, ...account },
    },
    case: { recordTypeId: null, priority: "Medium", status: "Nuevo", closedStatus: "Cerrado", fields: {}, ...cases },
  };
}
