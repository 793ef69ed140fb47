// Finds the files that lie at cases of the simulated org, and their bytes, as an agent would in Salesforce. Called by world-watch.ts and by
// the page's server.
import type { Records } from "../world/salesforce/records.ts";
import type { CaseFile } from "./protocol.ts";

const TYPES: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  pdf: "application/pdf",
};

/** All files at all cases, oldest first. */
export function caseFiles(records: Records): CaseFile[] {
  return [...records.all("ContentDocumentLink")].flatMap((link) => {
    const version = newestVersion(records, String(link["ContentDocumentId"]));
    if (version === undefined) return [];
    const extension = String(version["FileExtension"]).toLowerCase();
    return {
      id: version.Id,
      caseId: String(link["LinkedEntityId"]),
      title: String(version["Title"]),
      url: `/case-files/${version.Id}`,
      mimeType: TYPES[extension] ?? "application/octet-stream",
      bytes: Number(version["ContentSize"]),
    };
  });
}

/** The bytes of one, by the id in its address; undefined when there is none. */
export function caseFile(records: Records, id: string): Buffer | undefined {
  const version = records.get("ContentVersion", id);
  return version === undefined ? undefined : Buffer.from(String(version["VersionData"]), "base64");
}

function newestVersion(records: Records, documentId: string): ReturnType<Records["get"]> {
  const document = records.get("ContentDocument", documentId);
  const versionId = document?.["LatestPublishedVersionId"];
  return typeof versionId === "string" ? records.get("ContentVersion", versionId) : undefined;
}
