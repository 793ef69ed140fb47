// Every query that a connect leads to, whatever user and bot gave for it, read by the parser of the simulated org: one condition
// per value, on the field that it is for, equal to the value.
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { parseSoql, type Condition, type Literal } from "../../../../../sandbox/world/salesforce/soql.ts";
import type { ApiRequest, DataApi } from "../../../../../src/clients/salesforce/data-api/api-call.ts";
import { closeCase, ensureCase } from "../../../../../src/clients/salesforce/data-api/cases.ts";
import { ensureContact } from "../../../../../src/clients/salesforce/data-api/contacts.ts";
import { recordMapping } from "../../../../../src/clients/salesforce/data-api/mapping.ts";
import type { EnsureContact } from "../../../../../src/processors/interconnection/commands.ts";
import { caseCommand, contactCommand, never } from "../clients.ts";

/** An API that answers every call with a refusal, and keeps the queries that it was asked, as its server reads them. */
function recording(): { readonly api: DataApi; readonly queries: () => string[] } {
  const requests: ApiRequest[] = [];
  const soqlOf = (address: string): string[] => {
    const found = new URL(address, "https://org.example").searchParams.get("q");
    return found === null ? [] : [found];
  };
  return {
    api: {
      apiVersion: "52",
      call(request) {
        requests.push(request);
        return Promise.resolve({ kind: "refused", detail: "no", status: 400 });
      },
    },
    queries: () =>
      requests.flatMap(({ path, body }) => {
        const parts = (body as { compositeRequest?: { url: string }[] } | undefined)?.compositeRequest;
        return parts === undefined ? soqlOf(path) : parts.flatMap(({ url }) => soqlOf(url));
      }),
  };
}

type Test = Extract<Condition, { kind: "compare" }>;

function conditions(soql: string): Test[] {
  const { where } = parseSoql(soql);
  if (where === undefined) return [];
  const parts = where.kind === "and" ? where.parts : [where];
  return parts.flatMap((part) => (part.kind === "compare" ? [part] : []));
}

const valueOf = (literal: Literal | undefined): unknown =>
  literal !== undefined && "value" in literal ? literal.value : undefined;
const only = ({ values }: Test): unknown => valueOf(values[0]);

const hard = fc.string({
  unit: fc.constantFrom("'", "\\", "\n", "n", " ", "O", "R", "=", "%", "+", "&", "#", "@", "{", "}"),
});
const given = fc.oneof(
  fc.string({ unit: "binary", minLength: 1 }),
  hard.filter((text) => text !== ""),
);

const { contact: mapping, case: cases } = recordMapping({
  firstName: "Bot",
  search: {
    fields: { text: "Text__c", tier: "Account.Tier__c", member: "Member__c" },
    blockedField: "Account.Blocked__c",
    phonePrefixes: ["521", "52"],
  },
});

async function queriesOf(request: Partial<EnsureContact>): Promise<string[]> {
  const { api, queries } = recording();
  await ensureContact(api, mapping, { ...contactCommand, ...request }, never);
  return queries();
}

describe("the queries of a connect", () => {
  it("compare each value with the field it is for, and nothing else, whatever it is", async () => {
    const property = fc.asyncProperty(
      given,
      given,
      given,
      fc.double(),
      fc.boolean(),
      async (email, phone, text, tier, member) => {
        const queries = await queriesOf({ email, phoneNumber: phone, extraData: { text, tier, member } });
        const tests = queries.map(conditions);
        const searched = new Map(tests.flatMap((each) => each.map((test) => [test.field, test] as const)));
        const wanted = new Map<string, unknown>([["Email", email.toWellFormed()]]);
        if (text.trim() !== "") wanted.set("Text__c", text.toWellFormed());
        if (/^-?\d+(\.\d+)?$/.test(String(tier))) wanted.set("Account.Tier__c", tier);
        wanted.set("Member__c", member);
        return (
          tests.every((each) => each.length === 1) &&
          searched.get("MobilePhone")?.values.map(valueOf).includes(phone.toWellFormed()) === true &&
          searched.size === wanted.size + 1 &&
          [...wanted].every(([field, value]) => {
            const test = searched.get(field);
            return test?.operator === "=" && Object.is(only(test), value === 0 ? 0 : value);
          })
        );
      },
    );
    expect(await fc.check(property, { numRuns: 300 })).toMatchObject({ failed: false });
  });

  it("ask for the oldest one, with the field that blocks", async () => {
    for (const soql of await queriesOf({ extraData: { text: "x" } })) {
      expect(parseSoql(soql)).toMatchObject({
        from: "Contact",
        fields: ["Id", "FirstName", "LastName", "MobilePhone", "Email", "Account.Blocked__c"],
        orderBy: [{ field: "CreatedDate" }, { field: "Id" }],
        limit: 1,
      });
    }
  });

  it.each([
    ["5512345678", ["5512345678", "+5512345678", "5215512345678", "+5215512345678", "525512345678", "+525512345678"]],
    [
      "+5215512345678",
      ["+5215512345678", "5512345678", "+5512345678", "5215512345678", "525512345678", "+525512345678"],
    ],
    ["12345", ["12345"]],
    ["call me", ["call me"]],
  ])("find the phone %s however the org spells it", async (phoneNumber, spellings) => {
    const [, byPhone = ""] = await queriesOf({ phoneNumber });
    expect(conditions(byPhone)).toMatchObject([{ field: "MobilePhone" }]);
    expect(conditions(byPhone)[0]?.values.map(valueOf)).toEqual(spellings);
  });

  it.each([null, "", " ", { json: "[1]" }, 1e300])("leave out a value that equals nobody's: %j", async (text) => {
    expect((await queriesOf({ phoneNumber: null, extraData: { text } })).flatMap(conditions)).toMatchObject([
      { field: "Email" },
    ]);
  });
});

it("the query for a case of an earlier try holds contact and subject, whatever they are", async () => {
  const property = fc.asyncProperty(given, given, async (contactId, subject) => {
    const { api, queries } = recording();
    await ensureCase(api, cases, { ...caseCommand, contactId, subject, mayExist: true }, never);
    const tests = queries().flatMap(conditions);
    const found = Object.fromEntries(tests.map((test) => [test.field, only(test)]));
    return (
      tests.length === 4 &&
      found["ContactId"] === contactId.toWellFormed() &&
      found["Subject"] === subject.toWellFormed()
    );
  });
  expect(await fc.check(property, { numRuns: 200 })).toMatchObject({ failed: false });
});

it("the query for a case that is to be closed holds its id, whatever it is", async () => {
  const property = fc.asyncProperty(given, async (caseId) => {
    const { api, queries } = recording();
    await closeCase(api, cases, { caseId }, never);
    const tests = queries().flatMap(conditions);
    return tests.length === 1 && tests.every((test) => test.field === "Id" && only(test) === caseId.toWellFormed());
  });
  expect(await fc.check(property, { numRuns: 200 })).toMatchObject({ failed: false });
});
