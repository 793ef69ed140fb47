// Contacts and cases by the data API: search, creation, and creates of unknown outcome.
import { afterEach, describe, expect, it } from "vitest";

import { createDataApi } from "../../../../../src/clients/salesforce/data-api/api-call.ts";
import { ensureCase } from "../../../../../src/clients/salesforce/data-api/cases.ts";
import { ensureContact } from "../../../../../src/clients/salesforce/data-api/contacts.ts";
import { recordMapping } from "../../../../../src/clients/salesforce/data-api/mapping.ts";
import { createAccessTokens } from "../../../../../src/clients/salesforce/oauth.ts";
import { answeringServer } from "../../http/answering-server.ts";
import type { Received, Reply } from "../../http/answering-server.ts";
import { caseCommand, contactCommand, freely, grant, never, rememberingLog, shortClient, still } from "../clients.ts";

const toClose: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

/** An org that answers the given replies in turn; logins are answered with token-1, token-2 … and not counted. */
async function org(replies: readonly Reply[]) {
  const left = [...replies];
  let logins = 0;
  const received: Received[] = [];
  const server = await answeringServer((request) => {
    if (request.url === "/services/oauth2/token") {
      logins += 1;
      return { status: 200, body: { access_token: `token-${logins}` } };
    }
    received.push(request);
    return left.shift() ?? { status: 599 };
  });
  const http = shortClient();
  toClose.push(
    () => http.close(),
    () => server.close(),
  );
  const { log } = rememberingLog();
  const tokens = createAccessTokens({ http, loginUrl: server.url, grant, knownAddresses: [], log, clock: still });
  return {
    api: createDataApi({ http, tokens, baseUrl: server.url, apiVersion: "52", ...freely }),
    received,
    logins: () => logins,
  };
}

const { contact: contacts, case: cases } = recordMapping({ firstName: "Contacto Bot - " });

const sub = (referenceId: string, httpStatusCode: number, body: unknown) => ({
  body,
  httpHeaders: {},
  httpStatusCode,
  referenceId,
});
const none = { totalSize: 0, done: true, records: [] };
const one = (Id: string) => ({ totalSize: 1, done: true, records: [{ attributes: { type: "Contact" }, Id }] });
const found = (...subResults: unknown[]): Reply => ({ status: 200, body: { compositeResponse: subResults } });
const nothing = found(sub("newQueryEmail", 200, none), sub("newQueryPhone", 200, none));
const created = (id: string): Reply => ({ status: 201, body: { id, success: true, errors: [] } });
const sessionRefused: Reply = {
  status: 401,
  body: [{ message: "Session expired or invalid", errorCode: "INVALID_SESSION_ID" }],
};

describe("the search of a contact", () => {
  it("that finds what an earlier try of the same command may have made takes it as made by us", async () => {
    const { api } = await org([found(sub("newQueryEmail", 200, one("003A")), sub("newQueryPhone", 200, none))]);
    expect(await ensureContact(api, contacts, { ...contactCommand, mayExist: true }, never)).toMatchObject({
      value: { contactId: "003A", created: true },
    });
  });

  it("asks by e-mail, then by phone, in one call as the original's", async () => {
    const { api, received } = await org([
      found(sub("newQueryEmail", 200, one("003A")), sub("newQueryPhone", 200, none)),
    ]);
    expect(await ensureContact(api, contacts, contactCommand, never)).toEqual({
      kind: "done",
      value: { contactId: "003A", created: false, blocked: false },
    });
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({ method: "POST", url: "/services/data/v52.0/composite" });
    expect(received[0]?.headers).toMatchObject({ authorization: "Bearer token-1", "content-type": "application/json" });
    const body = JSON.parse(received[0]?.body ?? "") as { compositeRequest: { url: string }[] };
    expect(Object.keys(body)).toEqual(["allOrNone", "collateSubrequests", "compositeRequest"]);
    expect(body).toMatchObject({
      allOrNone: false,
      collateSubrequests: false,
      compositeRequest: [
        { method: "GET", body: null, referenceId: "newQueryEmail" },
        { method: "GET", body: null, referenceId: "newQueryPhone" },
      ],
    });
    expect(Object.keys(body.compositeRequest[0] ?? {})).toEqual(["method", "url", "body", "referenceId"]);
    const soql = body.compositeRequest.map(({ url }) => new URL(url, "https://org.example").searchParams.get("q"));
    expect(soql).toEqual([
      "SELECT Id, FirstName, LastName, MobilePhone, Email FROM Contact WHERE Email = 'ana+bot@example.org' ORDER BY CreatedDate, Id LIMIT 1",
      "SELECT Id, FirstName, LastName, MobilePhone, Email FROM Contact WHERE MobilePhone = '5512345678' ORDER BY CreatedDate, Id LIMIT 1",
    ]);
  });

  it("prefers the e-mail's, in whatever order the answers come", async () => {
    const { api } = await org([found(sub("newQueryPhone", 200, one("003P")), sub("newQueryEmail", 200, one("003E")))]);
    expect(await ensureContact(api, contacts, contactCommand, never)).toMatchObject({ value: { contactId: "003E" } });
  });

  it("asks by configured fields after that, only for keys that extraData has, under the original's names", async () => {
    const empty = { totalSize: 0, done: true, records: [] };
    const { api, received } = await org([
      found(
        ...["newQueryEmail", "newQueryPhone"].map((name) => sub(name, 200, empty)),
        sub("newQueryCustomField_Account_Customer_ID_SF", 200, one("003C")),
      ),
    ]);
    const fields = { absent: "Absent__c", customer: "Account.Customer__ID__SF" };
    const mapping = { ...contacts, search: { ...contacts.search, fields } };
    const request = { ...contactCommand, extraData: { customer: "C-1" } };
    expect(await ensureContact(api, mapping, request, never)).toMatchObject({ value: { contactId: "003C" } });
    const { compositeRequest } = JSON.parse(received[0]?.body ?? "") as { compositeRequest: { referenceId: string }[] };
    expect(compositeRequest.map(({ referenceId }) => referenceId)).toEqual([
      "newQueryEmail",
      "newQueryPhone",
      "newQueryCustomField_Account_Customer_ID_SF",
    ]);
  });

  it.each([null, ""])("leaves the phone out when it is %j", async (phoneNumber) => {
    const { api, received } = await org([found(sub("newQueryEmail", 200, one("003A")))]);
    await ensureContact(api, contacts, { ...contactCommand, phoneNumber }, never);
    expect(received[0]?.body).not.toContain("newQueryPhone");
  });

  const malformed = [{ message: "unexpected token: 'x'", errorCode: "MALFORMED_QUERY" }];
  it.each<[string, Reply, object]>([
    ["trouble", { status: 500, body: "" }, { kind: "retry", mayHaveHappened: false }],
    ["a lost answer", (_, request) => void request.socket.destroy(), { kind: "retry", mayHaveHappened: false }],
    [
      "a limit",
      { status: 403, body: [{ errorCode: "REQUEST_LIMIT_EXCEEDED", message: "" }] },
      { kind: "retry", detail: "status 403: REQUEST_LIMIT_EXCEEDED", mayHaveHappened: false },
    ],
    ["an answer that is no JSON", { status: 200, body: "<html>" }, { kind: "broken" }],
    [
      "a refused first query, though the second one finds somebody",
      found(sub("newQueryEmail", 400, malformed), sub("newQueryPhone", 200, one("003P"))),
      { kind: "refused", detail: "search by Email: status 400: MALFORMED_QUERY: unexpected token: 'x'" },
    ],
    [
      "a second query that failed",
      found(sub("newQueryEmail", 200, none), sub("newQueryPhone", 503, [])),
      { kind: "retry" },
    ],
    [
      "an error as an object",
      found(sub("newQueryEmail", 400, malformed[0]), sub("newQueryPhone", 200, none)),
      { kind: "refused" },
    ],
    ["a missing second result", found(sub("newQueryEmail", 200, none)), { kind: "broken" }],
    [
      "a result without totalSize",
      found(sub("newQueryEmail", 200, {}), sub("newQueryPhone", 200, none)),
      { kind: "broken" },
    ],
    ["a record without Id", found(sub("newQueryEmail", 200, { totalSize: 1, records: [{}] })), { kind: "broken" }],
  ])("that ended in %s is never taken for a miss: nothing is created", async (_, reply, outcome) => {
    const { api, received } = await org([reply, created("003X")]);
    expect(await ensureContact(api, contacts, contactCommand, never)).toMatchObject(outcome);
    expect(received).toHaveLength(1);
  });
});

describe("the creation of a contact", () => {
  it("follows a real miss, with the original's fields", async () => {
    const { api, received } = await org([nothing, created("003N")]);
    expect(await ensureContact(api, contacts, contactCommand, never)).toEqual({
      kind: "done",
      value: { contactId: "003N", created: true, blocked: false },
    });
    expect(received[1]).toMatchObject({
      method: "POST",
      url: "/services/data/v52.0/sobjects/Contact",
      body: '{"Email":"ana+bot@example.org","FirstName":"Contacto Bot - ","LastName":"Ana O\'Neil","MobilePhone":"5512345678"}',
    });
  });

  it("sends no phone where none is known", async () => {
    const { api, received } = await org([found(sub("newQueryEmail", 200, none)), created("003N")]);
    await ensureContact(api, contacts, { ...contactCommand, phoneNumber: null }, never);
    expect(Object.keys(JSON.parse(received[1]?.body ?? "") as object)).toEqual(["Email", "FirstName", "LastName"]);
  });

  it.each<[string, Reply, object]>([
    [
      "refused, with Salesforce's reason",
      {
        status: 400,
        body: [
          {
            errorCode: "INVALID_EMAIL_ADDRESS",
            fields: ["Email"],
            message: "Email: invalid email address: ana+bot@example.org",
          },
        ],
      },
      { kind: "refused", status: 400, detail: "status 400: INVALID_EMAIL_ADDRESS (Email)" },
    ],
    ["in doubt after a 500", { status: 500 }, { kind: "retry", mayHaveHappened: true }],
    [
      "in doubt when the answer is lost",
      (_, request) => void request.socket.destroy(),
      { kind: "retry", mayHaveHappened: true },
    ],
    ["in doubt without an id", { status: 201, body: "garbage" }, { kind: "retry", mayHaveHappened: true, status: 201 }],
    [
      "not done when told to come later",
      { status: 429, headers: { "retry-after": "9" } },
      { kind: "retry", mayHaveHappened: false, retryAfterMs: 9_000 },
    ],
    ["not understood when redirected", { status: 302 }, { kind: "broken" }],
  ])("is %s", async (_, reply, outcome) => {
    const { api, received } = await org([nothing, reply]);
    expect(await ensureContact(api, contacts, contactCommand, never)).toMatchObject(outcome);
    expect(received).toHaveLength(2);
  });

  it.each(["name", "email"] as const)("is refused without a %s, before anything is sent", async (field) => {
    const { api, received } = await org([]);
    expect(await ensureContact(api, contacts, { ...contactCommand, [field]: "" }, never)).toMatchObject({
      kind: "refused",
    });
    expect(received).toHaveLength(0);
  });
});

describe("a token that Salesforce refuses", () => {
  it("is renewed and the call repeated, once", async () => {
    const { api, received, logins } = await org([sessionRefused, nothing, sessionRefused, created("003N")]);
    expect(await ensureContact(api, contacts, contactCommand, never)).toMatchObject({ value: { contactId: "003N" } });
    expect(received.map(({ headers }) => headers.authorization)).toEqual([
      "Bearer token-1",
      "Bearer token-2",
      "Bearer token-2",
      "Bearer token-3",
    ]);
    expect(logins()).toBe(3);
  });

  it("twice in a row is a refusal", async () => {
    const { api, received } = await org([sessionRefused, sessionRefused, nothing]);
    expect(await ensureContact(api, contacts, contactCommand, never)).toMatchObject({
      kind: "refused",
      status: 401,
      detail: "status 401: INVALID_SESSION_ID: Session expired or invalid",
    });
    expect(received).toHaveLength(2);
  });
});

describe("the creation of a case", () => {
  it("sends the original's fields in the original's order, and no assignment rules", async () => {
    const { api, received } = await org([created("500A")]);
    const outcome = await ensureCase(api, cases, { ...caseCommand, mayExist: false }, never);
    expect(outcome).toEqual({ kind: "done", value: { caseId: "500A", created: true } });
    expect(received[0]).toMatchObject({ method: "POST", url: "/services/data/v52.0/sobjects/Case" });
    expect(received[0]?.headers["sforce-auto-assign"]).toBe("false");
    expect(received[0]?.body).toBe(
      JSON.stringify({
        ContactId: "003000000000001AAA",
        Description: "Caso levantado por el Bot : Ayuda",
        Origin: "whatsapp",
        OwnerId: "005000000000001AAA",
        Priority: "Medium",
        Status: "Nuevo",
        Subject: "Ayuda",
      }),
    );
  });

  it("names the record type when there is one, and no owner when there is none", async () => {
    const { api, received } = await org([created("500A")]);
    await ensureCase(
      api,
      { ...cases, recordTypeId: "012A" },
      { ...caseCommand, ownerId: null, mayExist: false },
      never,
    );
    expect(Object.keys(JSON.parse(received[0]?.body ?? "") as object)).toEqual([
      ...["ContactId", "Description", "Origin", "Priority", "RecordTypeId", "Status", "Subject"],
    ]);
  });

  it("puts custom fields among them, as JSON of any type, in alphabetical order", async () => {
    const { api, received } = await org([created("500A")]);
    const fields = { status: "Status", priority: "Priority", n: "A__c", o: "Z__c", mine: "subject" };
    const extraData = { status: "Novo", priority: "low", n: 1.5, o: { json: '{"a":[1]}' }, mine: "not this one" };
    await ensureCase(api, { ...cases, fields }, { ...caseCommand, ownerId: null, extraData, mayExist: false }, never);
    expect(received[0]?.body).toBe(
      JSON.stringify({
        A__c: 1.5,
        ContactId: "003000000000001AAA",
        Description: "Caso levantado por el Bot : Ayuda",
        Origin: "whatsapp",
        Priority: "low",
        Status: "Novo",
        Subject: "Ayuda",
        Z__c: { a: [1] },
      }),
    );
  });

  it.each(["contactId", "subject", "description"] as const)(
    "is refused without a %s, before anything is sent",
    async (field) => {
      const { api, received } = await org([]);
      const outcome = await ensureCase(api, cases, { ...caseCommand, [field]: "", mayExist: false }, never);
      expect(outcome).toMatchObject({ kind: "refused" });
      expect(received).toHaveLength(0);
    },
  );
});

describe("a case that may exist", () => {
  const mayExist = { ...caseCommand, mayExist: true };

  it("is looked for first, from the moment of the command on, and taken", async () => {
    const { api, received } = await org([{ status: 200, body: one("500L") }]);
    expect(await ensureCase(api, cases, mayExist, never)).toEqual({
      kind: "done",
      value: { caseId: "500L", created: true },
    });
    expect(received).toHaveLength(1);
    expect(new URL(received[0]?.url ?? "", "https://org.example").searchParams.get("q")).toBe(
      "SELECT Id FROM Case WHERE ContactId = '003000000000001AAA' AND Subject = 'Ayuda' AND Origin = 'whatsapp' AND CreatedDate >= 2026-11-22T11:59:30Z ORDER BY CreatedDate DESC, Id DESC LIMIT 1",
    );
  });

  it("is looked for under what earlier chats called it, too", async () => {
    const { api, received } = await org([{ status: 200, body: one("500L") }]);
    await ensureCase(api, cases, { ...mayExist, otherSubjects: ["O'tro", "Venta"] }, never);
    expect(new URL(received[0]?.url ?? "", "https://org.example").searchParams.get("q")).toContain(
      " AND Subject IN ('Ayuda', 'O\\'tro', 'Venta') AND ",
    );
  });

  it("is created when it is not there", async () => {
    const { api, received } = await org([{ status: 200, body: none }, created("500N")]);
    expect(await ensureCase(api, cases, mayExist, never)).toMatchObject({ value: { caseId: "500N" } });
    expect(received.map(({ method }) => method)).toEqual(["GET", "POST"]);
  });

  it.each<[string, Reply, object]>([
    ["trouble", { status: 500 }, { kind: "retry", mayHaveHappened: true }],
    ["refusal", { status: 400, body: [{ errorCode: "INVALID_FIELD" }] }, { kind: "refused" }],
    ["unreadable answer", { status: 200, body: "<html>" }, { kind: "broken" }],
  ])("is not created after a search that ended in %s, and stays in doubt", async (_, reply, outcome) => {
    const { api, received } = await org([reply, created("500X")]);
    expect(await ensureCase(api, cases, mayExist, never)).toMatchObject(outcome);
    expect(received).toHaveLength(1);
  });
});

describe("a case that was kept", () => {
  const kept = { ...caseCommand, kept: "500K", mayExist: false };
  const stands = (more: object): Reply => ({
    status: 200,
    body: { totalSize: 1, done: true, records: [{ Id: "500K", IsClosed: false, CreatedById: "u", ...more }] },
  });

  it("is made what is asked for, where nobody else has worked on it", async () => {
    const { api, received } = await org([stands({ LastModifiedById: "u" }), { status: 204 }]);
    const outcome = await ensureCase(api, cases, kept, never);
    expect(outcome).toEqual({ kind: "done", value: { caseId: "500K", created: false } });
    expect(received[1]).toMatchObject({ method: "PATCH", url: "/services/data/v52.0/sobjects/Case/500K" });
    expect(received[1]?.headers["sforce-auto-assign"]).toBe("false");
    expect(JSON.parse(received[1]?.body ?? "")).toMatchObject({
      Subject: caseCommand.subject,
      Description: caseCommand.description,
    });
  });

  it.each<[string, readonly Reply[]]>([
    ["that somebody else has changed", [stands({ LastModifiedById: "v" })]],
    ["that is closed", [stands({ LastModifiedById: "u", IsClosed: true })]],
    ["that is gone", [{ status: 200, body: none }]],
    ["that went just now", [stands({ LastModifiedById: "u" }), { status: 404 }]],
    ["that may not be changed", [stands({ LastModifiedById: "u" }), { status: 400 }]],
  ])("%s is not taken: another one is made", async (_, replies) => {
    const { api } = await org([...replies, created("500N")]);
    const outcome = await ensureCase(api, cases, kept, never);
    expect(outcome).toEqual({ kind: "done", value: { caseId: "500N", created: true } });
  });

  it.each([[[{ status: 500 }]], [[stands({ LastModifiedById: "u" }), { status: 503 }]]])(
    "is tried again when that was not answered",
    async (replies) => {
      const { api, received } = await org(replies);
      const outcome = await ensureCase(api, cases, kept, never);
      expect(outcome).toMatchObject({ kind: "retry", mayHaveHappened: false });
      expect(received).toHaveLength(replies.length);
    },
  );
});
