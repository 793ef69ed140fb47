// Conformance vectors of the parity sheet (section 12): the search of a contact and the case, as they go to the org.
import { afterEach, expect, it } from "vitest";

import { createDataApi } from "../../../src/clients/salesforce/data-api/api-call.ts";
import { ensureCase } from "../../../src/clients/salesforce/data-api/cases.ts";
import { contactQueries } from "../../../src/clients/salesforce/data-api/contact-search.ts";
import { ensureContact } from "../../../src/clients/salesforce/data-api/contacts.ts";
import { recordMapping } from "../../../src/clients/salesforce/data-api/mapping.ts";
import { createAccessTokens } from "../../../src/clients/salesforce/oauth.ts";
import { defaultTexts } from "../../../src/processors/interconnection/texts.ts";
import type { Connect } from "../../../src/processors/messages/generated.ts";
import { answeringServer, type Received } from "../clients/http/answering-server.ts";
import { contactCommand, freely, grant, never, rememberingLog, shortClient } from "../clients/salesforce/clients.ts";
import { createUser } from "../processors/interconnection/user.ts";

const toClose: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

/** An org that logs in, takes every create and finds nobody; what it was sent. */
async function org() {
  const received: Received[] = [];
  const server = await answeringServer((request) => {
    if (request.url === "/services/oauth2/token") return { status: 200, body: { access_token: "t" } };
    received.push(request);
    return { status: 201, body: { id: "500A", success: true } };
  });
  const http = shortClient();
  toClose.push(
    () => http.close(),
    () => server.close(),
  );
  const { log } = rememberingLog();
  const tokens = createAccessTokens({
    http,
    loginUrl: server.url,
    grant,
    knownAddresses: [],
    log,
    clock: { now: () => 0, monotonicMs: () => 0 },
  });
  return { api: createDataApi({ http, tokens, baseUrl: server.url, apiVersion: "52", ...freely }), received };
}

const search = {
  fields: { customer: "Account.Customer__ID__SF", absent: "Absent__c" },
  blockedField: null,
  phonePrefixes: [],
};

it.each([
  [
    "a path is a name without what is no letter or digit",
    { customer: "1" },
    ["newQueryCustomField_Account_Customer_ID_SF"],
  ],
  ["only keys that extraData has are queried", { other: "1" }, []],
])("Search reference id: %s", (_, extraData, expected) => {
  const queries = contactQueries(search, { email: "a@example.org", phoneNumber: "5512345678", extraData });
  expect(queries.map(({ referenceId }) => referenceId)).toEqual(["newQueryEmail", "newQueryPhone", ...expected]);
});

it("Search body: keys and their order, the original's", async () => {
  const { api, received } = await org();
  await ensureContact(api, recordMapping({ firstName: "Contacto Bot - " }).contact, contactCommand, never);
  const body = JSON.parse(received[0]?.body ?? "") as { compositeRequest: readonly object[] };
  expect(Object.keys(body)).toEqual(["allOrNone", "collateSubrequests", "compositeRequest"]);
  expect(body).toMatchObject({ allOrNone: false, collateSubrequests: false });
  expect(body.compositeRequest.map(Object.keys)).toEqual(
    Array.from({ length: 2 }, () => ["method", "url", "body", "referenceId"]),
  );
  expect(body.compositeRequest).toMatchObject([
    { method: "GET", body: null },
    { method: "GET", body: null },
  ]);
});

const mapped = { status: "Status", priority: "Priority" };
const cases: readonly (readonly [string, Connect["extraData"], object])[] = [
  [
    "by source flow and base text",
    {},
    { Description: "Caso creado por yalo : subject", Status: "Nuevo", Priority: "Medium" },
  ],
  ["with extraData.description", { description: "description" }, { Description: "description", Subject: "subject" }],
  ["with mapped status and priority", { status: "Novo", priority: "low" }, { Status: "Novo", Priority: "low" }],
];

it.each(cases)("Case: %s", async (_, extraData, expected) => {
  const { api, received } = await org();
  const user = createUser({
    texts: { ...defaultTexts, descriptionCase: "Caso creado por yalo" },
    sourceFlows: { default: { subject: "subject", providers: { whatsapp: { buttonId: "573x", ownerId: "" } } } },
  });
  user.connect("r1", { extraData });
  user.result();
  const [command] = user.state.pending;
  if (command?.kind !== "EnsureCase") throw new Error("no case is to be made");
  const { case: mapping } = recordMapping({ firstName: "x", case: { fields: mapped } });
  await ensureCase(api, mapping, { ...command, mayExist: false }, never);
  expect(JSON.parse(received[0]?.body ?? "")).toMatchObject(expected);
});
