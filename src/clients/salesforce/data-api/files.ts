// Files at a case: content version, document, link (parity sheet 4.7, without its defects A10 and E2). Owns the request's form and
// the reading of its parts. Facts: REST API Guide, "Composite" and "Insert or Update Blob Data" (37.5 MB of file in a JSON request);
// Object Reference, ContentVersion and ContentDocumentLink. Used by desk.ts.
import type { CaseFile } from "../../../processors/desk/files.ts";
import { done, type Done, type Outcome } from "../../../processors/outcome.ts";
import { failedAnswer } from "../../http/failed-call.ts";
import type { HttpBody } from "../../http/http-client.ts";
import { listOf, numberOf, objectOf, textOf, type JsonObject } from "../../../processors/json.ts";
import type { DataApi } from "./api-call.ts";
import { apiErrorText } from "./api-errors.ts";
import { queryPath, soqlString } from "./soql.ts";

/** A file that was found. */
export interface FoundFile {
  readonly title: string;
  readonly sizeBytes: number;
}

/**
 * Attaches the file in one composite call, all or none of it. Done only when each part is. `retry` with `mayHaveHappened` when
 * the file may be there: look for it before it is attached again.
 */
export async function attachFile(api: DataApi, file: CaseFile, signal: AbortSignal): Promise<Done> {
  const outcome = await api.call(
    {
      method: "POST",
      path: `/services/data/v${api.apiVersion}.0/composite`,
      rawBody: bodyOf(api.apiVersion, file),
      success: 200,
      personal: [file.title],
    },
    signal,
  );
  if (outcome.kind !== "done") return outcome;
  const results = listOf(objectOf(outcome.value).compositeResponse).map(objectOf);
  const failed = results.filter((result) => !(statusOf(result) < 300));
  // Of parts that fell because another one did, only that one says why.
  const cause = failed.find((result) => !isHalted(result)) ?? failed[0];
  if (cause !== undefined) return partFailure(cause, file.title);
  const isWhole = parts.every((part) => results.some(({ referenceId }) => referenceId === part));
  return isWhole ? done : { kind: "broken", detail: "composite answer lacks a sub-result", status: 200 };
}

const parts = ["newContentVersion", "newQuery", "newContentDocumentLink"] as const;
/** Stands where the bytes of the file go. No text of a request holds it by itself. */
const hole = "\u0000file\u0000";

/** The request as the original sends it, but for a description by which the file is found again. */
function bodyOf(apiVersion: string, file: CaseFile): HttpBody {
  const base = `/services/data/v${apiVersion}.0`;
  const [version, query, link] = parts;
  const request = {
    allOrNone: true,
    collateSubrequests: false,
    compositeRequest: [
      {
        method: "POST",
        url: `${base}/sobjects/ContentVersion`,
        body: {
          Title: file.title,
          Description: file.reference,
          ContentLocation: "S",
          PathOnClient: file.path,
          VersionData: hole,
        },
        referenceId: version,
      },
      {
        method: "GET",
        // As the original: the reference is put in by the composite resource and must not be encoded.
        url: `${base}/query/?q=SELECT+ContentDocumentID+FROM+ContentVersion+WHERE+id+=+'@{${version}.id}'`,
        body: null,
        referenceId: query,
      },
      {
        method: "POST",
        url: `${base}/sobjects/ContentDocumentLink`,
        body: {
          ContentDocumentId: `@{${query}.records[0].ContentDocumentId}`,
          LinkedEntityId: file.caseId,
          shareType: "V",
          visibility: "allUsers",
        },
        referenceId: link,
      },
    ],
  };
  const [before = "", after = ""] = JSON.stringify(request).split(JSON.stringify(hole).slice(1, -1));
  const [head, tail] = [Buffer.from(before), Buffer.from(after)];
  return {
    sizeBytes: head.length + 4 * Math.ceil(file.sizeBytes / 3) + tail.length,
    *chunks() {
      yield head;
      yield* base64(file.chunks);
      yield tail;
    },
  };
}

/** Base64 piece by piece, so that a file is never in memory a second time as a whole. */
function* base64(chunks: readonly Buffer[]): Generator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const whole = bytes.length - (bytes.length % 3);
    rest = bytes.subarray(whole);
    if (whole > 0) yield Buffer.from(bytes.toString("base64", 0, whole), "latin1");
  }
  if (rest.length > 0) yield Buffer.from(rest.toString("base64"), "latin1");
}

function statusOf({ httpStatusCode }: JsonObject): number {
  return numberOf(httpStatusCode) ?? Number.NaN;
}

function isHalted({ body }: JsonObject): boolean {
  return objectOf(listOf(body)[0]).errorCode === "PROCESSING_HALTED";
}

function partFailure(result: JsonObject, title: string): Done {
  const status = numberOf(result.httpStatusCode);
  if (status === null) return { kind: "broken", detail: "composite answer lacks a sub-result", status: 200 };
  const answer = { kind: "answer", status, body: null, retryAfterMs: null } as const;
  const failure = failedAnswer(answer, apiErrorText(result.body, [title]));
  // All or none: where a part failed nothing is left.
  return failure.kind === "retry" ? { ...failure, mayHaveHappened: false } : failure;
}

/** The file of that reference at the case; null when there is none. A link is found only by its case, so they are compared here. */
export async function findFile(
  api: DataApi,
  { caseId, reference }: Pick<CaseFile, "caseId" | "reference">,
  signal: AbortSignal,
): Promise<Outcome<FoundFile | null>> {
  const fields = ["Title", "Description", "ContentSize"].map((field) => `ContentDocument.${field}`).join(", ");
  const soql =
    `SELECT ${fields} FROM ContentDocumentLink WHERE LinkedEntityId = ${soqlString(caseId)} ` +
    "ORDER BY ContentDocument.CreatedDate DESC LIMIT 200";
  const path = queryPath(api.apiVersion, soql);
  const found = await api.call({ method: "GET", path, success: 200, personal: [] }, signal);
  if (found.kind !== "done") return found;
  const document = listOf(objectOf(found.value).records)
    .map((link) => objectOf(objectOf(link).ContentDocument))
    .find(({ Description }) => Description === reference);
  if (document === undefined) return { kind: "done", value: null };
  return {
    kind: "done",
    value: { title: textOf(document.Title) ?? "", sizeBytes: numberOf(document.ContentSize) ?? 0 },
  };
}
