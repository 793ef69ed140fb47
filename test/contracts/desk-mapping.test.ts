// How users and chats become records of an org with fields of its own: search by configured fields, custom fields, person
// accounts, blocked contacts, cases that are closed. The real client against the simulated org.
import { afterEach, describe, expect, it } from "vitest";

import { objectNamed, type SalesforceRecord } from "../../sandbox/world/salesforce/objects.ts";
import type { RecordChoices } from "../../src/clients/salesforce/data-api/mapping.ts";
import type { EnsureCase, EnsureContact } from "../../src/processors/interconnection/commands.ts";
import { startOutside } from "./outside-world.ts";
import type { Outside } from "./outside-world.ts";

const never = new AbortController().signal;
const toClose: Outside[] = [];
afterEach(async () => {
  for (const outside of toClose.splice(0)) await outside.close();
});

async function org(choices: Partial<RecordChoices>) {
  const outside = await startOutside({}, choices);
  toClose.push(outside);
  const { records } = outside.world.parts.desk;
  const put = (object: string, fields: Readonly<Record<string, unknown>>): SalesforceRecord => {
    const type = objectNamed(object);
    if (type === undefined) throw new Error(`no object ${object}`);
    return records.create(type, fields, { autoAssign: false });
  };
  return {
    outside,
    put,
    all: (object: string) => [...records.all(object)],
    contact: (fields: Partial<EnsureContact>) => outside.desk.ensureContact(contactCommand(fields), false, never),
    case: (fields: Partial<EnsureCase>) => outside.desk.ensureCase(caseCommand(fields), false, never),
    close: (caseId: string) =>
      outside.desk.closeCase({ ...head, kind: "CloseCase", caseId, giveUpAt: Date.now() + 8_000 }, never),
  };
}

const head = { lane: "desk", seq: 1, chatId: "chat-1" } as const;
const contactCommand = (fields: Partial<EnsureContact>): EnsureContact => ({
  ...head,
  kind: "EnsureContact",
  giveUpAt: Date.now() + 8_000,
  name: "Ana López",
  email: "ana@example.org",
  phoneNumber: "5512345678",
  extraData: {},
  channel: "whatsapp",
  ...fields,
});
const caseCommand = (fields: Partial<EnsureCase>): EnsureCase => ({
  ...head,
  kind: "EnsureCase",
  giveUpAt: Date.now() + 8_000,
  notBefore: Date.now(),
  contactId: "",
  channel: "whatsapp",
  subject: "subject",
  description: "Caso creado por yalo : subject",
  ownerId: null,
  extraData: {},
  ...fields,
});
const foundAs = (id: string | undefined) => ({
  kind: "done",
  value: { contactId: id, created: false, blocked: false },
});

describe("a search by configured fields", () => {
  const search = { fields: { tax: "TaxId__c", member: "Account.Member__c", vip: "Vip__c" } };

  it("finds by a field, by a path and by values of each type, after e-mail and phone", async () => {
    const { put, contact, all } = await org({ search });
    const account = put("Account", { Name: "Acme", Member__c: 7 });
    const byTax = put("Contact", { LastName: "Tax", Email: "tax@example.org", TaxId__c: "O'1" });
    const byMember = put("Contact", { LastName: "Member", AccountId: account.Id });
    const byVip = put("Contact", { LastName: "Vip", Vip__c: true });
    expect(await contact({ extraData: { tax: "O'1", member: 7 } })).toEqual(foundAs(byTax.Id));
    expect(await contact({ extraData: { tax: "none", member: 7, vip: true } })).toEqual(foundAs(byMember.Id));
    expect(await contact({ extraData: { vip: true } })).toEqual(foundAs(byVip.Id));
    expect(await contact({ email: "tax@example.org", extraData: { member: 7 } })).toEqual(foundAs(byTax.Id));
    expect(all("Contact")).toHaveLength(3);
  });

  it("finds a number that the org keeps as text, and the other way round", async () => {
    const { put, contact } = await org({ search });
    const account = put("Account", { Name: "Acme", Member__c: 7 });
    const byTax = put("Contact", { LastName: "Tax", TaxId__c: "42" });
    const byMember = put("Contact", { LastName: "Member", AccountId: account.Id });
    expect(await contact({ extraData: { tax: 42 } })).toEqual(foundAs(byTax.Id));
    expect(await contact({ extraData: { member: "7" } })).toEqual(foundAs(byMember.Id));
  });

  it("that the org refuses names the field, and creates nobody", async () => {
    const { put, contact, all } = await org({ search });
    put("Contact", { LastName: "Tax", Vip__c: true });
    expect(await contact({ extraData: { vip: "perhaps" } })).toMatchObject({
      kind: "refused",
      detail: expect.stringMatching(/^search by Vip__c: status 400: INVALID_FIELD/) as string,
    });
    expect(all("Contact")).toHaveLength(1);
  });

  it("takes more fields than one call holds", async () => {
    const names = Array.from({ length: 9 }, (_, i) => [`key${String(i)}`, `Field${String(i)}__c`] as const);
    const { put, contact } = await org({ search: { fields: Object.fromEntries(names) } });
    const last = put("Contact", { LastName: "Last", Field8__c: "here" });
    const extraData = Object.fromEntries(names.map(([key]) => [key, key === "key8" ? "here" : "nowhere"]));
    expect(await contact({ extraData })).toEqual(foundAs(last.Id));
  });

  it("tells paths apart that have one name in a call", async () => {
    const { put, contact } = await org({ search: { fields: { a: "Account.X__c", b: "Account_X__c" } } });
    const found = put("Contact", { LastName: "X", Account_X__c: "v" });
    expect(await contact({ extraData: { a: "u", b: "v" } })).toEqual(foundAs(found.Id));
  });
});

describe("a blocked contact", () => {
  it.each([
    ["true", true, true],
    ["false", false, false],
    ["empty", null, false],
  ])("is told by the configured field: %s", async (_, value, blocked) => {
    const { put, contact } = await org({ search: { blockedField: "cp_blockedchatyalo__C" } });
    put("Contact", { LastName: "B", Email: "ana@example.org", CP_BlockedChatYalo__c: value });
    expect(await contact({})).toMatchObject({ kind: "done", value: { blocked } });
  });

  it("is told by a path, and nobody is blocked where no field is configured", async () => {
    const withPath = await org({ search: { blockedField: "Account.Blocked__c" } });
    const account = withPath.put("Account", { Name: "Acme", Blocked__c: true });
    withPath.put("Contact", { LastName: "B", Email: "ana@example.org", AccountId: account.Id });
    withPath.put("Contact", { LastName: "C", Email: "alone@example.org" });
    expect(await withPath.contact({})).toMatchObject({ value: { blocked: true } });
    expect(await withPath.contact({ email: "alone@example.org" })).toMatchObject({ value: { blocked: false } });
    const without = await org({});
    without.put("Contact", { LastName: "B", Email: "ana@example.org", CP_BlockedChatYalo__c: true });
    expect(await without.contact({})).toMatchObject({ value: { blocked: false } });
  });

  it("is looked for nowhere when the org has no such field: the refusal says which query", async () => {
    const { contact, all } = await org({ search: { blockedField: "Bloqueado" } });
    expect(await contact({})).toMatchObject({
      kind: "refused",
      detail: expect.stringMatching(/^search by Email: status 400: INVALID_FIELD/) as string,
    });
    expect(all("Contact")).toEqual([]);
  });
});

it("a phone is found however the org spells it, and no other number is", async () => {
  const { put, contact } = await org({ search: { phonePrefixes: ["521", "52"] } });
  put("Contact", { LastName: "Other", MobilePhone: "+525512345679" });
  const known = put("Contact", { LastName: "P", MobilePhone: "+5215512345678" });
  expect(await contact({ phoneNumber: "5512345678" })).toEqual(foundAs(known.Id));
});

it("a contact is created with custom fields of any type, under our own", async () => {
  const contactFields = { city: "City__c", age: "Age__c", vip: "Vip__c", gone: "Gone__c", mail: "email" };
  const { contact, all } = await org({ contactFields });
  const extraData = { city: "León", age: 40, vip: true, gone: null, mail: "else@example.org", other: "not mapped" };
  expect(await contact({ extraData })).toMatchObject({ kind: "done", value: { created: true } });
  const [made] = all("Contact");
  expect(made).toMatchObject({ City__c: "León", Age__c: 40, Vip__c: true, Gone__c: null, Email: "ana@example.org" });
  expect(JSON.stringify(made)).not.toContain("not mapped");
});

describe("a person account", () => {
  const account = { recordTypeId: "012000000000001", birthDate: "1921-01-01", fields: { tax: "TaxId__pc" } };

  it("is created where nobody is found, and its contact is the user's", async () => {
    const { contact, all } = await org({ account });
    const outcome = await contact({ extraData: { tax: "ABC" } });
    const [made] = all("Account");
    expect(made).toMatchObject({
      FirstName: "Contacto Bot - ",
      LastName: "Ana López",
      PersonEmail: "ana@example.org",
      PersonMobilePhone: "5512345678",
      PersonBirthdate: "1921-01-01",
      RecordTypeId: "012000000000001",
      TaxId__pc: "ABC",
    });
    expect(outcome).toEqual({
      kind: "done",
      value: { contactId: made?.["PersonContactId"], created: true, blocked: false },
    });
    expect(await contact({ email: "ana@example.org", phoneNumber: null })).toEqual(
      foundAs(String(made?.["PersonContactId"])),
    );
    expect(all("Account")).toHaveLength(1);
  });

  it("takes the record type that the connect brings, and a birth date only where the settings have none", async () => {
    const fields = { born: "PersonBirthdate" };
    const of = await org({ account: { birthDate: "1921-01-01", fields } });
    await of.contact({ extraData: { AccountRecordTypeId: "012000000000009", born: "1980-05-01" } });
    expect(of.all("Account")).toMatchObject([{ PersonBirthdate: "1921-01-01" }]);
    const { contact, all } = await org({ account: { fields } });
    const extraData = { AccountRecordTypeId: "012000000000009", born: "1980-05-01" };
    expect(await contact({ extraData, phoneNumber: null })).toMatchObject({ kind: "done", value: { created: true } });
    expect(all("Account")).toMatchObject([
      { RecordTypeId: "012000000000009", PersonBirthdate: "1980-05-01", PersonMobilePhone: null },
    ]);
  });

  it.each([
    [{ tax: 7 }, "extraData.tax must be text, for TaxId__pc"],
    [{ tax: null }, "extraData.tax must be text, for TaxId__pc"],
    [{ tax: { json: "[]" } }, "extraData.tax must be text, for TaxId__pc"],
    [{ AccountRecordTypeId: 7 }, "extraData.AccountRecordTypeId must be text and not empty"],
    [{ AccountRecordTypeId: null }, "extraData.AccountRecordTypeId must be text and not empty"],
  ])("is not created with %j: the refusal names the field", async (extraData, rule) => {
    const { contact, all, put } = await org({ account });
    expect(await contact({ extraData })).toEqual({
      kind: "refused",
      status: null,
      detail: `Create account has failed : ${rule}`,
    });
    expect(all("Account")).toEqual([]);
    const known = put("Contact", { LastName: "Known", Email: "ana@example.org" });
    expect(await contact({ extraData }), "who is known needs none of it").toEqual(foundAs(known.Id));
  });

  it("that the org refuses is told with its reason", async () => {
    const { contact } = await org({ account });
    expect(await contact({ email: "no address" })).toEqual({
      kind: "refused",
      status: 400,
      detail: "Create account has failed : status 400: INVALID_EMAIL_ADDRESS (PersonEmail)",
    });
  });

  it.each(["reset", "hang", "cut-body", "garbage"] as const)(
    "whose creation's answer was lost (%s) is found by the next try, and is there once",
    async (kind) => {
      const { contact, all, outside } = await org({ account });
      outside.world.parts.faults.add({ operation: "composite", when: "after", times: 1, skip: 1, effect: { kind } });
      expect(await contact({})).toMatchObject({ kind: "retry", mayHaveHappened: true });
      expect(all("Account")).toHaveLength(1);
      expect(await contact({})).toEqual(foundAs(String(all("Account")[0]?.["PersonContactId"])));
      expect(all("Account")).toHaveLength(1);
    },
  );
});

describe("a case", () => {
  const withFields = {
    case: {
      recordTypeId: "012000000000003",
      fields: { address: "CP_Address__c", status: "Status", priority: "Priority", n: "N__c", list: "List__c" },
    },
  };

  it("has the original's status and priority, owner and record type", async () => {
    const { put, all, case: ensure } = await org(withFields);
    const contactId = put("Contact", { LastName: "C" }).Id;
    expect(await ensure({ contactId, ownerId: "005000000000001" })).toMatchObject({ kind: "done" });
    expect(all("Case")).toMatchObject([
      {
        Status: "Nuevo",
        Priority: "Medium",
        Description: "Caso creado por yalo : subject",
        OwnerId: "005000000000001",
        RecordTypeId: "012000000000003",
        autoAssigned__c: false,
      },
    ]);
  });

  it("has mapped fields of any type, and status and priority that are mapped", async () => {
    const { put, all, case: ensure } = await org(withFields);
    const contactId = put("Contact", { LastName: "C" }).Id;
    const extraData = { status: "Novo", priority: "low", address: "Calle 1", n: 3, source_flow_bot: "sales" };
    expect(await ensure({ contactId, extraData })).toMatchObject({ kind: "done" });
    expect(all("Case")).toMatchObject([{ Status: "Novo", Priority: "low", CP_Address__c: "Calle 1", N__c: 3 }]);
  });

  it.each([
    [{ status: 7 }, "extraData.status must be text and not empty, for Status"],
    [{ priority: "" }, "extraData.priority must be text and not empty, for Priority"],
    [{ status: null }, "extraData.status must be text and not empty, for Status"],
  ])("is not created with %j: the refusal names the field", async (extraData, detail) => {
    const { put, all, case: ensure } = await org(withFields);
    const contactId = put("Contact", { LastName: "C" }).Id;
    expect(await ensure({ contactId, extraData })).toEqual({ kind: "refused", status: null, detail });
    expect(all("Case")).toEqual([]);
  });

  it("with a value that the org refuses is told with its reason", async () => {
    const { put, case: ensure } = await org(withFields);
    const contactId = put("Contact", { LastName: "C" }).Id;
    const outcome = await ensure({ contactId, extraData: { list: { json: "[1]" } } });
    expect(outcome).toMatchObject({
      kind: "refused",
      status: 400,
      detail: expect.stringContaining("JSON_PARSER_ERROR") as string,
    });
  });

  it("that was kept is made what the next connect is about, also when the answer was lost; one that is somebody's is left alone", async () => {
    const { put, case: ensure, all, outside } = await org({ case: { fields: { urgency: "Priority" } } });
    const contactId = put("Contact", { LastName: "Ana" }).Id;
    const kept = put("Case", { ContactId: contactId, Subject: "Help", Origin: "whatsapp" }).Id;
    const wanted = { contactId, kept, subject: "Sales", description: "A new order", extraData: { urgency: "High" } };
    outside.world.parts.faults.add({ operation: "update Case", when: "after", times: 1, effect: { kind: "reset" } });
    expect(await ensure(wanted)).toMatchObject({ kind: "retry" });
    expect(await ensure(wanted)).toEqual({ kind: "done", value: { caseId: kept, created: false } });
    const [record] = all("Case");
    expect(record).toMatchObject({ Subject: "Sales", Description: "A new order", Priority: "High" });
    if (record !== undefined) record["LastModifiedById"] = "0055g0000000AG1";
    expect(await ensure({ ...wanted, subject: "Returns" })).toMatchObject({ kind: "done", value: { created: true } });
    expect(all("Case").map(({ Subject }) => Subject)).toEqual(["Sales", "Returns"]);
  });

  it("that nobody used is closed, also when the answer was lost; a second time changes nothing", async () => {
    const { put, close, all, outside } = await org({ case: { closedStatus: "Closed" } });
    const caseId = put("Case", { Subject: "s", Status: "Nuevo" }).Id;
    outside.world.parts.faults.add({ operation: "update Case", when: "after", times: 1, effect: { kind: "reset" } });
    expect(await close(caseId)).toMatchObject({ kind: "retry" });
    expect(all("Case")).toMatchObject([{ Status: "Closed", IsClosed: true }]);
    expect(await close(caseId)).toEqual({ kind: "done", value: { closed: false } });
  });

  it("is closed as the setting says, and left alone when it is gone or somebody else has changed it", async () => {
    const { put, close, all } = await org({});
    const [ours, theirs] = [put("Case", { Subject: "s" }), put("Case", { Subject: "t", Status: "Nuevo" })];
    theirs["LastModifiedById"] = "0055g0000000AG1";
    expect(await close(ours.Id)).toEqual({ kind: "done", value: { closed: true } });
    expect(await close(theirs.Id)).toEqual({ kind: "done", value: { closed: false } });
    expect(await close("5005g0000000GONE00")).toEqual({ kind: "done", value: { closed: false } });
    expect(all("Case").map(({ Status }) => Status)).toEqual(["Cerrado", "Nuevo"]);
  });
});
