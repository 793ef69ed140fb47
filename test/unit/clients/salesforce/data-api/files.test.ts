// Files at a case: the composite request byte for byte, each part of its answer read, 401 renewed, and the search before a repeat.
import { afterEach, describe, expect, it } from "vitest";

import { createDataApi } from "../../../../../src/clients/salesforce/data-api/api-call.ts";
import { attachFile, findFile } from "../../../../../src/clients/salesforce/data-api/files.ts";
import type { CaseFile } from "../../../../../src/processors/desk/files.ts";
import { answeringServer, type Received, type Reply } from "../../http/answering-server.ts";
import { freely, never, shortClient } from "../clients.ts";

const toClose: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

/** An org that answers the given replies in turn, and a token that is another one after each renewal. */
async function org(...replies: readonly Reply[]) {
  const left = [...replies];
  const received: Received[] = [];
  const server = await answeringServer((request) => {
    received.push(request);
    return left.shift() ?? { status: 599 };
  });
  const http = shortClient();
  toClose.push(
    () => http.close(),
    () => server.close(),
  );
  let renewals = 0;
  const token = () => Promise.resolve({ kind: "done", value: `token-${String(renewals)}` } as const);
  const renew = () => {
    renewals += 1;
    return token();
  };
  const api = createDataApi({ http, tokens: { get: token, renew }, baseUrl: server.url, apiVersion: "52", ...freely });
  return { api, received };
}

const part = (referenceId: string, httpStatusCode: number, body: unknown = {}) => ({
  ...{ body, httpHeaders: {}, httpStatusCode, referenceId },
});
const answer = (...parts: readonly unknown[]): Reply => ({ status: 200, body: { compositeResponse: parts } });
const allDone = answer(
  part("newContentVersion", 201, { id: "068x", success: true }),
  part("newQuery", 200, { totalSize: 1, records: [{ ContentDocumentId: "069x" }] }),
  part("newContentDocumentLink", 201, { id: "06Ax", success: true }),
);
const halted = [{ errorCode: "PROCESSING_HALTED", message: "The transaction was rolled back" }];

function fileOf(...chunks: readonly Buffer[]): CaseFile {
  const sizeBytes = chunks.reduce((sum, { length }) => sum + length, 0);
  return { caseId: "500x", reference: "chat-1/7", title: 'Foto "1" ñ', path: 'Foto "1" ñ.png', chunks, sizeBytes };
}

interface Sent {
  readonly compositeRequest: readonly {
    readonly body: Readonly<Record<string, unknown>> | null;
    readonly url: string;
  }[];
}
const bodyOf = (request: Received | undefined): Sent => JSON.parse(request?.body ?? "") as Sent;

describe("a file for the case", () => {
  it("goes in one call as the original's, all or none", async () => {
    const { api, received } = await org(allDone);
    expect(await attachFile(api, fileOf(Buffer.from("hi")), never)).toEqual({ kind: "done", value: null });
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({ method: "POST", url: "/services/data/v52.0/composite" });
    expect(received[0]?.headers).toMatchObject({ "content-type": "application/json" });
    expect(JSON.parse(received[0]?.body ?? "")).toEqual({
      allOrNone: true,
      collateSubrequests: false,
      compositeRequest: [
        {
          method: "POST",
          url: "/services/data/v52.0/sobjects/ContentVersion",
          referenceId: "newContentVersion",
          body: {
            Title: 'Foto "1" ñ',
            Description: "chat-1/7",
            ContentLocation: "S",
            PathOnClient: 'Foto "1" ñ.png',
            VersionData: "aGk=",
          },
        },
        {
          method: "GET",
          url: "/services/data/v52.0/query/?q=SELECT+ContentDocumentID+FROM+ContentVersion+WHERE+id+=+'@{newContentVersion.id}'",
          body: null,
          referenceId: "newQuery",
        },
        {
          method: "POST",
          url: "/services/data/v52.0/sobjects/ContentDocumentLink",
          referenceId: "newContentDocumentLink",
          body: {
            ContentDocumentId: "@{newQuery.records[0].ContentDocumentId}",
            LinkedEntityId: "500x",
            shareType: "V",
            visibility: "allUsers",
          },
        },
      ],
    });
  });

  it.each([[[1]], [[2]], [[3]], [[1, 1, 1]], [[2, 2]], [[4, 5, 1, 7]], [[65_536, 65_535, 3]], [[1, 0, 300_000]]])(
    "comes whole, in chunks of %j bytes",
    async (sizes) => {
      const { api, received } = await org(allDone);
      const chunks = sizes.map((size, i) => Buffer.alloc(size, 17 * (i + 3)));
      expect(await attachFile(api, fileOf(...chunks), never)).toMatchObject({ kind: "done" });
      const data = bodyOf(received[0]).compositeRequest[0]?.body?.["VersionData"];
      expect(Buffer.from(String(data), "base64").equals(Buffer.concat(chunks))).toBe(true);
    },
  );

  it("is sent again whole with a new token when the old one is refused", async () => {
    const { api, received } = await org({ status: 401, body: [{ errorCode: "INVALID_SESSION_ID" }] }, allDone);
    expect(await attachFile(api, fileOf(Buffer.from("hello")), never)).toMatchObject({ kind: "done" });
    expect(received.map(({ headers }) => headers.authorization)).toEqual(["Bearer token-0", "Bearer token-1"]);
    expect(received[1]?.body).toBe(received[0]?.body);
  });

  it.each([
    ["the first part", [part("newContentVersion", 400, [{ errorCode: "STORAGE_LIMIT_EXCEEDED", message: "storage" }])]],
    ["the last part", [part("newContentVersion", 400, halted), part("newQuery", 400, halted)]],
  ])("that fell in %s is refused with that part's code (defect A10)", async (_which, parts) => {
    const last = part("newContentDocumentLink", 400, [{ errorCode: "STORAGE_LIMIT_EXCEEDED", message: "storage" }]);
    const all = parts.length === 1 ? [...parts, part("newContentDocumentLink", 400, halted)] : [...parts, last];
    const { api } = await org(answer(...all));
    expect(await attachFile(api, fileOf(Buffer.from("x")), never)).toMatchObject({
      kind: "refused",
      detail: "status 400: STORAGE_LIMIT_EXCEEDED: storage",
    });
  });

  it("whose part fell by a trouble of the org may be sent again, and left nothing", async () => {
    const { api } = await org(answer(part("newContentVersion", 503, [{ errorCode: "SERVER_UNAVAILABLE" }])));
    expect(await attachFile(api, fileOf(Buffer.from("x")), never)).toMatchObject({
      kind: "retry",
      mayHaveHappened: false,
    });
  });

  it("whose title stands in an error is not told by it", async () => {
    const message = 'bad value: foto "1" ñ';
    const { api } = await org(answer(part("newContentVersion", 400, [{ errorCode: "STRING_TOO_LONG", message }])));
    const outcome = await attachFile(api, fileOf(Buffer.from("x")), never);
    expect(outcome).toMatchObject({ kind: "refused", detail: "status 400: STRING_TOO_LONG" });
  });

  it.each([
    ["a part is missing", answer(part("newContentVersion", 201), part("newQuery", 200))],
    ["a part has no status", answer({ referenceId: "newContentVersion", body: {} })],
    ["there is no answer in it", { status: 200, body: "<html>" }],
  ])("is not understood when %s", async (_name, reply) => {
    const { api } = await org(reply);
    expect(await attachFile(api, fileOf(Buffer.from("x")), never)).toMatchObject({ kind: "broken" });
  });

  it("of unknown fate stays in doubt", async () => {
    const { api } = await org((response) => void response.destroy());
    expect(await attachFile(api, fileOf(Buffer.from("x")), never)).toMatchObject({
      kind: "retry",
      mayHaveHappened: true,
    });
  });
});

describe("the search for a file", () => {
  const link = (Description: string | null, Title = "t", ContentSize = 2) => ({
    ContentDocument: { attributes: {}, Title, Description, ContentSize },
  });
  const found = (...records: readonly unknown[]): Reply => ({
    status: 200,
    body: { totalSize: records.length, done: true, records },
  });

  it("goes by the case, and takes the file of that reference only", async () => {
    const { api, received } = await org(found(link(null), link("chat-1/70", "other"), link("chat-1/7", "mine", 5)));
    expect(await findFile(api, { caseId: "500'x", reference: "chat-1/7" }, never)).toEqual({
      kind: "done",
      value: { title: "mine", sizeBytes: 5 },
    });
    const soql = new URL(received[0]?.url ?? "", "http://org").searchParams.get("q");
    expect(soql).toContain("WHERE LinkedEntityId = '500\\'x'");
  });

  it("finds nothing among others, and knows nothing when it fails", async () => {
    const { api } = await org(found(link("chat-1/8")), { status: 503 });
    expect(await findFile(api, { caseId: "500x", reference: "chat-1/7" }, never)).toEqual({
      kind: "done",
      value: null,
    });
    expect(await findFile(api, { caseId: "500x", reference: "chat-1/7" }, never)).toMatchObject({ kind: "retry" });
  });
});
