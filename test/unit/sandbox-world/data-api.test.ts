// OAuth and the data API of the simulated org over real HTTP: tokens, records, composite requests, errors in the org's shape.
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { DEFAULT_ORG } from "../../../sandbox/world/defaults.ts";
import { call, control, stillWorld } from "./harness.ts";
import type { Reply, StillWorld } from "./harness.ts";

let world: StillWorld;
let token: string;

beforeEach(async () => {
  world = await stillWorld({ org: { tokenLifeMs: 60_000 } });
  token = ((await logIn()).body as { access_token: string }).access_token;
});

afterEach(async () => {
  await world.close();
});

function logIn(
  changed: Record<string, string | undefined> = {},
  contentType = "application/x-www-form-urlencoded",
): Promise<Reply> {
  const fields: Record<string, string | undefined> = {
    grant_type: "password",
    client_id: DEFAULT_ORG.clientId,
    client_secret: DEFAULT_ORG.clientSecret,
    username: DEFAULT_ORG.username,
    password: DEFAULT_ORG.password + DEFAULT_ORG.securityToken,
    ...changed,
  };
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) {
      form.set(name, value);
    }
  }
  return call("POST", `${world.salesforceUrl}/services/oauth2/token`, { "content-type": contentType }, form.toString());
}

function data(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
  const usual = { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers };
  return call(method, `${world.salesforceUrl}/services/data/v52.0${path}`, usual, body);
}

function codeOf(reply: Reply): unknown {
  return (reply.body as { errorCode: string }[])[0]?.errorCode;
}

interface PartResult {
  readonly referenceId: string;
  readonly httpStatusCode: number;
  readonly body: unknown;
}

async function composite(parts: readonly unknown[], allOrNone = false): Promise<readonly PartResult[]> {
  const reply = await data("POST", "/composite", { allOrNone, collateSubrequests: false, compositeRequest: parts });
  expect(reply.status).toBe(200);
  return (reply.body as { compositeResponse: PartResult[] }).compositeResponse;
}

const query = (referenceId: string, soql: string): unknown => ({
  method: "GET",
  url: `/services/data/v52.0/query/?q=${soql.replaceAll(" ", "+")}`,
  body: null,
  referenceId,
});
const create = (referenceId: string, object: string, body: unknown): unknown => ({
  method: "POST",
  url: `/services/data/v52.0/sobjects/${object}`,
  body,
  referenceId,
});

describe("tokens", () => {
  it("come with type, instance and time", async () => {
    expect((await logIn()).body).toMatchObject({
      token_type: "Bearer",
      instance_url: world.salesforceUrl,
      issued_at: String(world.clock.nowMs()),
    });
  });

  it.each([
    ["another grant", { grant_type: "magic" }, "unsupported_grant_type"],
    ["no grant", { grant_type: undefined }, "invalid_request"],
    ["another client", { client_id: "x" }, "invalid_client_id"],
    ["a wrong secret", { client_secret: "x" }, "invalid_client"],
    ["another user", { username: "x" }, "invalid_grant"],
    ["a password without the security token", { password: DEFAULT_ORG.password }, "invalid_grant"],
    ["no user", { username: undefined }, "invalid_request"],
  ])("are refused for %s", async (_name, changed, error) => {
    const reply = await logIn(changed);
    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ error, error_description: expect.any(String) as string });
  });

  it("are refused for a form that is not declared as one", async () => {
    expect((await logIn({}, "application/json")).status).toBe(400);
  });

  it("end after their life, and on demand; calls are 401 then", async () => {
    expect((await data("GET", "/query?q=SELECT+Id+FROM+Contact")).status).toBe(200);
    world.clock.advance(60_000);
    const late = await data("GET", "/query?q=SELECT+Id+FROM+Contact");
    expect(late.status).toBe(401);
    expect(late.body).toEqual([{ message: "Session expired or invalid", errorCode: "INVALID_SESSION_ID" }]);
    token = ((await logIn()).body as { access_token: string }).access_token;
    await control(world, "POST", "/salesforce/tokens/expire");
    expect(codeOf(await data("POST", "/sobjects/Contact", { LastName: "A" }))).toBe("INVALID_SESSION_ID");
    expect(codeOf(await data("GET", "/query", undefined, { authorization: "" }))).toBe("INVALID_AUTH_HEADER");
  });
});

describe("records", () => {
  it("are created, read and changed; ids have 18 characters and the object's prefix", async () => {
    const created = await data("POST", "/sobjects/Contact", { LastName: "Ada", email: "ada@example.org", X__c: 5 });
    expect(created.status).toBe(201);
    const { id } = created.body as { id: string };
    expect(created.body).toEqual({ id, success: true, errors: [] });
    expect(id).toMatch(/^003[0-9A-Za-z]{12}[A-Z0-5]{3}$/);
    expect((await data("PATCH", `/sobjects/Contact/${id.slice(0, 15)}`, { MobilePhone: "55" })).status).toBe(204);
    const read = await data("GET", `/sobjects/Contact/${id}`);
    expect(read.body).toMatchObject({ Id: id, LastName: "Ada", Email: "ada@example.org", X__c: 5, MobilePhone: "55" });
  });

  it.each([
    ["a contact without last name", "Contact", { FirstName: "A" }, "REQUIRED_FIELD_MISSING"],
    ["an empty last name", "Contact", { LastName: "" }, "REQUIRED_FIELD_MISSING"],
    ["a field that is none", "Contact", { LastName: "A", Colour: "x" }, "INVALID_FIELD"],
    ["a prototype name", "Contact", { LastName: "A", constructor: "x" }, "INVALID_FIELD"],
    ["an e-mail that is none", "Contact", { LastName: "A", Email: "x" }, "INVALID_EMAIL_ADDRESS"],
    ["a text too long", "Contact", { LastName: "A".repeat(81) }, "STRING_TOO_LONG"],
    ["an object for a text", "Contact", { LastName: {} }, "JSON_PARSER_ERROR"],
    [
      "a contact that is not there",
      "Case",
      { ContactId: "0030000000000AA" },
      "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
    ],
    ["an id that is none", "Case", { ContactId: "x" }, "MALFORMED_ID"],
    ["a field that the org writes", "Case", { CaseNumber: "1" }, "INVALID_FIELD_FOR_INSERT_UPDATE"],
    [
      "a birth date with a time of day",
      "Contact",
      { LastName: "A", Birthdate: "1980-01-01T00:00:00" },
      "JSON_PARSER_ERROR",
    ],
    ["no object at all", "Contact", "[]", "JSON_PARSER_ERROR"],
    ["broken JSON", "Contact", "{", "JSON_PARSER_ERROR"],
  ])("are refused: %s", async (_name, object, body, code) => {
    const reply = await data("POST", `/sobjects/${object}`, body);
    expect([reply.status, codeOf(reply)]).toEqual([400, code]);
    expect((await control(world, "GET", `/salesforce/records/${object}`)).body).toEqual({ records: [], total: 0 });
  });

  it("answers 404 to unknown objects and records, 405 to wrong methods, 415 to other content", async () => {
    expect((await data("POST", "/sobjects/Unicorn", {})).status).toBe(404);
    expect((await data("GET", "/sobjects/Contact/0030000000000AA")).status).toBe(404);
    expect((await data("PUT", "/sobjects/Contact", {})).status).toBe(405);
    expect((await data("POST", "/sobjects/Contact", {}, { "content-type": "text/plain" })).status).toBe(415);
  });

  it("know the type of a custom field by what stands in it", async () => {
    await data("POST", "/sobjects/Contact", { LastName: "A", Number__c: 5, Text__c: "5" });
    const asked = (condition: string): Promise<Reply> =>
      data("GET", `/query/?q=${encodeURIComponent(`SELECT Id FROM Contact WHERE ${condition}`)}`);
    for (const right of ["Number__c = 5", "Text__c = '5'", "Nothing__c = 5", "Nothing__c = '5'", "Number__c = null"])
      expect((await asked(right)).status, right).toBe(200);
    for (const wrong of ["Number__c = '5'", "Text__c = 5", "Text__c = true"])
      expect(codeOf(await asked(wrong)), wrong).toBe("INVALID_FIELD");
  });

  it("remembers whether assignment rules were kept away", async () => {
    await data("POST", "/sobjects/Case", { Subject: "a" }, { "sforce-auto-assign": "false" });
    await data("POST", "/sobjects/Case", { Subject: "b" });
    const { records } = (await control(world, "GET", "/salesforce/records/Case")).body as { records: object[] };
    expect(records).toMatchObject([{ autoAssigned__c: false }, { autoAssigned__c: true }]);
  });

  it("upserts by an external id: created once, then updated; ambiguous is 300", async () => {
    const first = await data("PATCH", "/sobjects/Case/Key__c/chat%2F1", { Subject: "a" });
    expect([first.status, first.body]).toMatchObject([201, { created: true }]);
    const second = await data("PATCH", "/sobjects/Case/Key__c/chat%2F1", { Subject: "b" });
    expect([second.status, second.body]).toMatchObject([
      200,
      { created: false, id: (first.body as { id: string }).id },
    ]);
    expect((await data("GET", "/sobjects/Case/Key__c/chat%2F1")).body).toMatchObject({
      Subject: "b",
      Key__c: "chat/1",
    });
    await data("POST", "/sobjects/Case", { Key__c: "chat/1" });
    expect((await data("PATCH", "/sobjects/Case/Key__c/chat%2F1", {})).status).toBe(300);
  });

  it("makes a contact for a person account", async () => {
    const person = { FirstName: "A", LastName: "Ada", PersonEmail: "ada@example.org", RecordTypeID: "012000000000000" };
    const { id } = (await data("POST", "/sobjects/Account", person)).body as { id: string };
    const soql = `SELECT+id,PersonContactId,PersonEmail+FROM+Account+WHERE+id='${id}'`;
    const { records } = (await data("GET", `/query/?q=${soql}`)).body as { records: { PersonContactId: string }[] };
    const contact = await data("GET", `/sobjects/Contact/${records[0]?.PersonContactId ?? ""}`);
    expect(contact.body).toMatchObject({
      LastName: "Ada",
      Email: "ada@example.org",
      AccountId: id,
      IsPersonAccount: true,
    });
  });
});

describe("query", () => {
  it("is refused as the org does", async () => {
    const reply = await data("GET", "/query/?q=SELECT+Id+FROM+Contact+WHERE+LastName+=+'O'Brien'");
    expect(reply.status).toBe(400);
    expect(reply.body).toEqual([
      { message: expect.stringContaining("mismatched character") as string, errorCode: "MALFORMED_QUERY" },
    ]);
    expect((await data("GET", "/query")).status).toBe(400);
    expect((await data("POST", "/query?q=x", {})).status).toBe(405);
  });
});

describe("composite", () => {
  it("holds five queries at most", async () => {
    const queries = Array.from({ length: 6 }, (_, i) => query(`q${String(i)}`, "SELECT Id FROM Contact"));
    expect(await composite(queries.slice(1))).toHaveLength(5);
    const reply = await data("POST", "/composite", { compositeRequest: queries });
    expect([reply.status, codeOf(reply)]).toEqual([400, "LIMIT_EXCEEDED"]);
  });

  it("answers each part in order, errors as arrays", async () => {
    await data("POST", "/sobjects/Contact", { LastName: "Ada", MobilePhone: "5512345678" });
    const parts = [
      query("newQueryEmail", "SELECT id , email FROM Contact WHERE email = 'nobody@example.org'"),
      query("newQueryPhone", "SELECT id , lastName FROM Contact WHERE mobilePhone = '5512345678'"),
      query("newQueryBad", "SELECT id FROM Contact WHERE nothing = 'x'"),
    ];
    expect(await composite(parts)).toMatchObject([
      { referenceId: "newQueryEmail", httpStatusCode: 200, body: { totalSize: 0, done: true, records: [] } },
      { referenceId: "newQueryPhone", httpStatusCode: 200, body: { totalSize: 1, records: [{ LastName: "Ada" }] } },
      { referenceId: "newQueryBad", httpStatusCode: 400, body: [{ errorCode: "INVALID_FIELD" }] },
    ]);
  });

  it("resolves references in addresses and bodies: a file linked to a case", async () => {
    const { id } = (await data("POST", "/sobjects/Case", { Subject: "x" })).body as { id: string };
    const version = { Title: "t", Description: "", ContentLocation: "S", PathOnClient: "t.png", VersionData: "aGk=" };
    const link = {
      ContentDocumentId: "@{newQuery.records[0].ContentDocumentId}",
      LinkedEntityId: id,
      shareType: "V",
      visibility: "allUsers",
    };
    const results = await composite(
      [
        create("newContentVersion", "ContentVersion", version),
        query("newQuery", "SELECT ContentDocumentID FROM ContentVersion WHERE id = '@{newContentVersion.id}'"),
        create("newContentDocumentLink", "ContentDocumentLink", link),
      ],
      true,
    );
    expect(results.map((result) => result.httpStatusCode)).toEqual([201, 200, 201]);
    const links = (await control(world, "GET", "/salesforce/records/ContentDocumentLink")).body;
    expect(links).toMatchObject({ records: [{ LinkedEntityId: id, ShareType: "V" }] });
    const soql = `SELECT ContentDocument.Title, ContentDocument.ContentSize FROM ContentDocumentLink WHERE LinkedEntityId = '${id}'`;
    const found = await data("GET", `/query/?q=${encodeURIComponent(soql)}`);
    expect(found.body).toMatchObject({ records: [{ ContentDocument: { Title: "t", ContentSize: 2 } }] });
  });

  it("refuses a file whose bytes are no base64 to the end, or none, and a link to nothing", async () => {
    for (const VersionData of ["", "aGk", "aG k=", "aGk=\n", "not base64!"]) {
      const reply = await data("POST", "/sobjects/ContentVersion", { PathOnClient: "t.png", VersionData });
      expect([VersionData, reply.status]).toEqual([VersionData, 400]);
    }
    await data("POST", "/sobjects/ContentVersion", { PathOnClient: "t.png", VersionData: "aGk=" });
    const documents = (await control(world, "GET", "/salesforce/records/ContentDocument")).body;
    const Id = (documents as { records: { Id: string }[] }).records[0]?.Id;
    const reply = await data("POST", "/sobjects/ContentDocumentLink", {
      ContentDocumentId: Id,
      LinkedEntityId: "500000000000001AAA",
    });
    expect([reply.status, codeOf(reply)]).toEqual([400, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"]);
  });

  it("tells of links only by what they hang on", async () => {
    const reply = await data("GET", "/query/?q=SELECT+Id+FROM+ContentDocumentLink");
    expect([reply.status, codeOf(reply)]).toEqual([400, "MALFORMED_QUERY"]);
  });

  it("halts parts that refer to one that failed", async () => {
    const results = await composite([
      create("newAccount", "Account", {}),
      query("newQuery", "SELECT id FROM Account WHERE id = '@{newAccount.id}'"),
    ]);
    expect(results).toMatchObject([
      { httpStatusCode: 400, body: [{ errorCode: "REQUIRED_FIELD_MISSING" }] },
      { httpStatusCode: 400, body: [{ errorCode: "PROCESSING_HALTED" }] },
    ]);
  });

  it("keeps nothing of all-or-none when one part fails, but all that succeeded otherwise", async () => {
    const parts = [create("one", "Contact", { LastName: "Ada" }), create("two", "Contact", {})];
    const rolledBack = await composite(parts, true);
    expect(rolledBack).toMatchObject([
      { httpStatusCode: 400, body: [{ errorCode: "PROCESSING_HALTED" }] },
      { httpStatusCode: 400, body: [{ errorCode: "REQUIRED_FIELD_MISSING" }] },
    ]);
    expect((await control(world, "GET", "/salesforce/records/Contact")).body).toMatchObject({ total: 0 });
    await composite(parts);
    expect((await control(world, "GET", "/salesforce/records/Contact")).body).toMatchObject({ total: 1 });
  });

  it.each([
    ["no list", {}],
    ["a repeated reference id", { compositeRequest: [query("a", "x"), query("a", "x")] }],
    ["a reference id with a dot", { compositeRequest: [query("a.b", "x")] }],
    ["an address elsewhere", { compositeRequest: [{ method: "GET", url: "/x", referenceId: "a" }] }],
    ["allOrNone as text", { allOrNone: "false", compositeRequest: [] }],
    ["26 parts", { compositeRequest: Array.from({ length: 26 }, (_, n) => query(`q${n}`, "x")) }],
  ])("refuses a request with %s", async (_name, body) => {
    expect((await data("POST", "/composite", body)).status).toBe(400);
  });
});
