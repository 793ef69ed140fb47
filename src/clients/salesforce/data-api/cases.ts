// Creates the case of a chat (parity sheet 3.6). Custom fields extend `CaseMapping`. Used by
// desk.ts.
import type { EnsureCase } from "../../../processors/interconnection/commands.ts";
import type { Outcome } from "../../../processors/outcome.ts";
import { textOf } from "../../http/json.ts";
import type { DataApi } from "./api-call.ts";
import { createRecord, findOne } from "./records.ts";
import { soqlDateTime, soqlString } from "./soql.ts";

/** How a chat becomes a case of the org. */
export interface CaseMapping {
  /** Record type of the case; null leaves it to the org. */
  readonly recordTypeId: string | null;
  readonly priority: string;
  readonly status: string;
}

/** What was found or made. */
export interface EnsuredCase {
  readonly caseId: string;
  readonly created: boolean;
}

/** How far the org's clock may be behind ours. */
const clockSkewMs = 30_000;

/**
 * A new case. With `mayExist` the case that an earlier try left is looked for first: by contact, subject, origin and a
 * creation since the command was given, as a plain org has no field for a marker. What is found so is taken as ours.
 */
export async function ensureCase(
  api: DataApi,
  mapping: CaseMapping,
  request: EnsureCase & { readonly mayExist: boolean },
  signal: AbortSignal,
): Promise<Outcome<EnsuredCase>> {
  const { contactId, subject, description } = request;
  const missing = Object.entries({ contactId, subject, description }).find(([, value]) => value === "")?.[0];
  if (missing !== undefined) return { kind: "refused", detail: `case without ${missing}`, status: null };
  if (request.mayExist) {
    const found = await findOne(api, leftBehind(request), [], signal);
    // Nothing is known yet of the earlier try: the doubt stays with the command.
    if (found.kind === "retry") return { ...found, mayHaveHappened: true };
    if (found.kind !== "done") return found;
    const caseId = textOf(found.value?.Id);
    if (caseId !== null) return { kind: "done", value: { caseId, created: true } };
    if (found.value !== null) return { kind: "broken", detail: "case without Id", status: 200 };
  }
  // The org's own assignment rules must not move the case away from the chat's owner.
  const headers = { "Sforce-Auto-Assign": "false" };
  const created = await createRecord(api, { object: "Case", fields: fieldsOf(mapping, request), headers }, [], signal);
  return created.kind === "done" ? { kind: "done", value: { caseId: created.value, created: true } } : created;
}

/** Alphabetical, as the original sends them. */
function fieldsOf(mapping: CaseMapping, request: EnsureCase): Readonly<Record<string, string>> {
  const hasOwner = request.ownerId !== null && request.ownerId !== "";
  const hasRecordType = mapping.recordTypeId !== null && mapping.recordTypeId !== "";
  return {
    ContactId: request.contactId,
    Description: request.description,
    Origin: request.channel,
    ...(hasOwner ? { OwnerId: request.ownerId } : {}),
    Priority: mapping.priority,
    ...(hasRecordType ? { RecordTypeId: mapping.recordTypeId } : {}),
    Status: mapping.status,
    Subject: request.subject,
  };
}

function leftBehind(request: EnsureCase): string {
  const since = soqlDateTime(request.notBefore - clockSkewMs);
  const conditions = [
    `ContactId = ${soqlString(request.contactId)}`,
    `Subject = ${soqlString(request.subject)}`,
    `Origin = ${soqlString(request.channel)}`,
    `CreatedDate >= ${since}`,
  ];
  return `SELECT Id FROM Case WHERE ${conditions.join(" AND ")} ORDER BY CreatedDate DESC, Id DESC LIMIT 1`;
}
