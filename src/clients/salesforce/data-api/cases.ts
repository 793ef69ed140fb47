// Creates the case of a chat (parity sheet 3.6), and closes one whose chat failed and which nobody has used. Used by desk.ts.
import type { CloseCase, EnsureCase } from "../../../processors/interconnection/commands.ts";
import type { Outcome } from "../../../processors/outcome.ts";
import { textOf, type JsonObject } from "../../../processors/json.ts";
import type { DataApi } from "./api-call.ts";
import { fieldOf, mappedFields, overlaid, personalValues, present, type FieldMap } from "./custom-fields.ts";
import { createRecord, findOne, updateRecord } from "./records.ts";
import { soqlDateTime, soqlString } from "./soql.ts";

/** How a chat becomes a case of the org. */
export interface CaseMapping {
  /** Record type of the case; null leaves it to the org. */
  readonly recordTypeId: string | null;
  /** Unless a custom field is mapped to it. */
  readonly priority: string;
  /** Unless a custom field is mapped to it. */
  readonly status: string;
  /** Status of a case that is closed. */
  readonly closedStatus: string;
  /** Custom fields of cases. */
  readonly fields: FieldMap;
}

/** What was found or made. */
export interface EnsuredCase {
  readonly caseId: string;
  readonly created: boolean;
}

/** How far the org's clock may be behind ours. */
const clockSkewMs = 30_000;

/**
 * A new case. With `mayExist` the case that an earlier try left is looked for first: by contact, subjects, origin and a
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
  const wrong = notUsable(mapping.fields, request.extraData);
  if (wrong !== null) return { kind: "refused", detail: wrong, status: null };
  if (request.kept !== undefined) {
    const taken = await takeOver(api, mapping, { ...request, kept: request.kept }, signal);
    // What an earlier try of the create has left is as doubtful as before.
    if (taken.kind === "retry") return { ...taken, mayHaveHappened: request.mayExist };
    if (taken.kind === "done" && taken.value) return { kind: "done", value: { caseId: request.kept, created: false } };
  }
  if (request.mayExist) {
    const found = await findOne(api, leftBehind(request), [], signal);
    // Nothing is known yet of the earlier try: the doubt stays with the command.
    if (found.kind === "retry") return { ...found, mayHaveHappened: true };
    if (found.kind !== "done") return found;
    const caseId = textOf(found.value?.Id);
    if (caseId !== null) return { kind: "done", value: { caseId, created: true } };
    if (found.value !== null) return { kind: "broken", detail: "case without Id", status: 200 };
  }
  const record = { object: "Case", fields: fieldsOf(mapping, request), headers: notAssigned } as const;
  const created = await createRecord(api, record, personalValues(request.extraData), signal);
  return created.kind === "done" ? { kind: "done", value: { caseId: created.value, created: true } } : created;
}

/** The org's own assignment rules must not move the case away from the chat's owner. */
const notAssigned = { "Sforce-Auto-Assign": "false" };

/**
 * Makes the case of a chat that failed what this one asks for. Repeat-safe. False where somebody else has changed it, and where it is closed
 * or gone. What the org refuses to change is as good as gone.
 */
async function takeOver(
  api: DataApi,
  mapping: CaseMapping,
  request: EnsureCase & { readonly kept: string },
  signal: AbortSignal,
): Promise<Outcome<boolean>> {
  const isLeft = await isUntouched(api, request.kept, signal);
  if (isLeft.kind !== "done" || !isLeft.value) return isLeft;
  const { kept: id, extraData } = request;
  const record = { object: "Case", id, fields: fieldsOf(mapping, request), headers: notAssigned } as const;
  return updateRecord(api, record, personalValues(extraData), signal);
}

/** Whether a case is open and nobody but us has changed it. */
async function isUntouched(api: DataApi, caseId: string, signal: AbortSignal): Promise<Outcome<boolean>> {
  const soql = `SELECT Id, IsClosed, CreatedById, LastModifiedById FROM Case WHERE Id = ${soqlString(caseId)} LIMIT 1`;
  const found = await findOne(api, soql, [], signal);
  if (found.kind !== "done") return found;
  const { value } = found;
  const isOpen = value !== null && value.IsClosed !== true;
  return { kind: "done", value: isOpen && value.LastModifiedById === value.CreatedById };
}

/** What of extraData can't be a case's status or priority, which no case is without; null when nothing is. */
function notUsable(fields: FieldMap, extraData: EnsureCase["extraData"]): string | null {
  const wrong = present(fields, extraData).find(
    ({ field, value }) => /^(status|priority)$/i.test(field) && (typeof value !== "string" || value === ""),
  );
  return wrong === undefined ? null : `extraData.${wrong.key} must be text and not empty, for ${wrong.field}`;
}

function fieldsOf(mapping: CaseMapping, request: EnsureCase): JsonObject {
  const hasOwner = request.ownerId !== null && request.ownerId !== "";
  const hasRecordType = mapping.recordTypeId !== null && mapping.recordTypeId !== "";
  const mapped = mappedFields(mapping.fields, request.extraData);
  return overlaid(mapped, {
    ContactId: request.contactId,
    Description: request.description,
    Origin: request.channel,
    ...(hasOwner ? { OwnerId: request.ownerId } : {}),
    ...(fieldOf(mapped, "Priority") === undefined ? { Priority: mapping.priority } : {}),
    ...(hasRecordType ? { RecordTypeId: mapping.recordTypeId } : {}),
    ...(fieldOf(mapped, "Status") === undefined ? { Status: mapping.status } : {}),
    Subject: request.subject,
  });
}

/**
 * Closes a case whose chat failed. Repeat-safe. One that somebody else has changed since it was made is theirs and stays as
 * it is, one that is closed or gone stays so: then `closed` is false.
 */
export async function closeCase(
  api: DataApi,
  mapping: CaseMapping,
  { caseId }: Pick<CloseCase, "caseId">,
  signal: AbortSignal,
): Promise<Outcome<{ readonly closed: boolean }>> {
  const isLeft = await isUntouched(api, caseId, signal);
  if (isLeft.kind !== "done") return isLeft;
  if (!isLeft.value) return { kind: "done", value: { closed: false } };
  const record = { object: "Case", id: caseId, fields: { Status: mapping.closedStatus } } as const;
  const changed = await updateRecord(api, record, [], signal);
  return changed.kind === "done" ? { kind: "done", value: { closed: changed.value } } : changed;
}

function leftBehind(request: EnsureCase): string {
  const { subject, otherSubjects = [] } = request;
  const since = soqlDateTime(request.notBefore - clockSkewMs);
  const subjects = [subject, ...otherSubjects].map(soqlString);
  const conditions = [
    `ContactId = ${soqlString(request.contactId)}`,
    subjects.length === 1 ? `Subject = ${soqlString(subject)}` : `Subject IN (${subjects.join(", ")})`,
    `Origin = ${soqlString(request.channel)}`,
    `CreatedDate >= ${since}`,
  ];
  return `SELECT Id FROM Case WHERE ${conditions.join(" AND ")} ORDER BY CreatedDate DESC, Id DESC LIMIT 1`;
}
