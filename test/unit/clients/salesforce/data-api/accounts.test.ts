// Person accounts: what is told of one that Salesforce refuses. What is made of a connect is shown against the org itself in
// test/contracts/desk-mapping.test.ts.
import { expect, it } from "vitest";

import type { DataApi } from "../../../../../src/clients/salesforce/data-api/api-call.ts";
import { createPersonAccount } from "../../../../../src/clients/salesforce/data-api/accounts.ts";
import { contactCommand, never } from "../clients.ts";

const mapping = { recordTypeId: "012x", birthDate: null, fields: {}, firstName: "Contacto Bot - " };

it("a person account that Salesforce refuses is told with Salesforce's reason", async () => {
  const refusal = [{ errorCode: "REQUIRED_FIELD_MISSING", message: "Required fields are missing", fields: ["X__c"] }];
  const compositeResponse = [
    { referenceId: "newAccount", httpStatusCode: 400, body: refusal },
    { referenceId: "newQuery", httpStatusCode: 400, body: [{ errorCode: "PROCESSING_HALTED" }] },
  ];
  const api: DataApi = {
    apiVersion: "52",
    call: () => Promise.resolve({ kind: "done", value: { compositeResponse } }),
  };
  const outcome = await createPersonAccount(api, { mapping, request: contactCommand, personal: [] }, never);
  expect(outcome).toMatchObject({
    kind: "refused",
    detail: expect.stringMatching(/^Create account has failed : .*REQUIRED_FIELD_MISSING \(X__c\)/) as string,
  });
});
