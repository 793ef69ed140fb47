// Connect over HTTP against an org with fields of its own: how contact, person account and case come about, who is refused with
// which words and handed back in which state, and that lost replies and a failed chat leave one contact and one case.
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { objectNamed, type SalesforceRecord } from "../../sandbox/world/salesforce/objects.ts";
import type { Person } from "../../sandbox/world/people.ts";
import { eventually } from "../support/eventually.ts";
import { openStage, type Stage } from "../support/stage.ts";

const open: { stage?: Stage } = {};

beforeAll(async () => {
  open.stage = await openStage({
    file: import.meta.url,
    settings: {
      SFC_RECORD_TYPE_ID: "012000000000003",
      SFC_CUSTOM_FIELDS_TO_SEARCH_CONTACT: "customer:Account.CP_CustomerId__c,tax:TaxId__c",
      SFC_CUSTOM_FIELDS_CONTACT: "city:City__c",
      SFC_CUSTOM_FIELDS_ACCOUNT: "tax_id:TaxId__pc",
      SFC_CUSTOM_FIELDS_CASE: "address:CP_Address__c,status:Status",
      SFC_BLOCKED_CHAT_FIELD: "true",
    },
  });
});

afterAll(() => open.stage?.close());

function stage(): Stage {
  if (open.stage === undefined) throw new Error("no stage");
  return open.stage;
}

function put(object: string, fields: Readonly<Record<string, unknown>>): SalesforceRecord {
  const type = objectNamed(object);
  if (type === undefined) throw new Error(`no object ${object}`);
  return stage().world.parts.desk.records.create(type, fields, { autoAssign: false });
}

const all = (object: string): SalesforceRecord[] => [...stage().world.parts.desk.records.all(object)];
const casesOf = (contactId: unknown): SalesforceRecord[] =>
  all("Case").filter(({ ContactId }) => ContactId === contactId);
const contactsOf = ({ email }: Person): SalesforceRecord[] => all("Contact").filter(({ Email }) => Email === email);

interface Answered {
  readonly status: number;
  readonly body: unknown;
}

async function connect(person: Person, extraData: Readonly<Record<string, unknown>> = {}): Promise<Answered> {
  const { userId: userID, name, email, phoneNumber } = person;
  const body = {
    userID,
    name,
    email,
    phoneNumber,
    provider: "whatsapp",
    botSlug: "bot",
    botId: "5215500000000",
    extraData,
  };
  const response = await stage().call("POST", "/v1/chats/connect", body);
  return { status: response.status, body: await response.json() };
}

/** The states that the bot was given for a user, once there is one. */
function statesOf({ userId }: Person): Promise<readonly string[]> {
  const given = (): readonly string[] =>
    stage()
      .world.parts.botrunner.states.read()
      .entries.filter((entry) => entry.userId === userId)
      .map(({ state }) => state);
  return eventually("the bot has the user back", () => given().length > 0 && given());
}

const created = { status: 200, body: { Message: "Chat created succefully" } };
const refused = (words: string): Answered => ({
  status: 500,
  body: { ErrorDescription: `could not create chat in salesforce${words}` },
});

describe("a connect", () => {
  it("finds the contact by a path that the settings name, and makes the case with custom fields", async () => {
    const ana = stage().user("found");
    const account = put("Account", { Name: "Acme", CP_CustomerId__c: 77 });
    const contact = put("Contact", { LastName: "Known", AccountId: account.Id });
    const extraData = { customer: 77, address: "Calle 1", status: "Novo", description: "Sin señal" };
    expect(await connect(ana, extraData)).toEqual(created);
    expect(contactsOf(ana)).toEqual([]);
    expect(casesOf(contact.Id)).toMatchObject([
      {
        CP_Address__c: "Calle 1",
        Status: "Novo",
        Priority: "Medium",
        Description: "Sin señal",
        Origin: "whatsapp",
        RecordTypeId: "012000000000003",
        autoAssigned__c: false,
      },
    ]);
  });

  it("makes a contact with custom fields, or a person account where it names the record type", async () => {
    const [bea, carl] = [stage().user("contact"), stage().user("account")];
    expect(await connect(bea, { city: "León" })).toEqual(created);
    expect(contactsOf(bea)).toMatchObject([{ LastName: bea.name, City__c: "León" }]);
    expect(await connect(carl, { AccountRecordTypeId: "012000000000009", tax_id: "ABC" })).toEqual(created);
    const [account] = all("Account").filter(({ PersonEmail }) => PersonEmail === carl.email);
    expect(account).toMatchObject({ RecordTypeId: "012000000000009", TaxId__pc: "ABC", PersonBirthdate: "1921-01-01" });
    expect(casesOf(account?.["PersonContactId"])).toHaveLength(1);
  });

  it("of a blocked contact is refused in the original's words, and the bot has the user back as blocked", async () => {
    const dora = stage().user("blocked");
    const contact = put("Contact", { LastName: "Dora", Email: dora.email, CP_BlockedChatYalo__c: true });
    expect(await connect(dora)).toEqual(refused(": this contact is blocked"));
    expect(await statesOf(dora)).toEqual(["from-sf-blocked"]);
    expect(casesOf(contact.Id)).toEqual([]);
  });

  it.each([
    ["description", { description: 7 }, "extraData.description must be text and not empty"],
    ["source_flow", { source_flow_bot: null }, "extraData.source_flow_bot must be text"],
    ["record_type", { AccountRecordTypeId: 7 }, "extraData.AccountRecordTypeId must be text and not empty"],
    [
      "account_field",
      { AccountRecordTypeId: "012000000000009", tax_id: 7 },
      "extraData.tax_id must be text, for TaxId__pc",
    ],
    ["status", { status: 7 }, "extraData.status must be text and not empty, for Status"],
  ])("with a wrong %s is refused with field and rule, and nothing is begun", async (alias, extraData, words) => {
    const person = stage().user(alias);
    const body = { ErrorDescription: `Invalid payload received : ${words}` };
    expect(await connect(person, extraData)).toEqual({ status: 400, body });
    expect(contactsOf(person)).toEqual([]);
    // He is where he was: the good connect right after finds no failed chat.
    expect(await connect(person)).toEqual(created);
  });

  it("R35 whose creates both lose their replies leaves one contact and one case", async () => {
    const eva = stage().user("lost");
    const { faults } = stage().world.parts;
    for (const operation of ["create Contact", "create Case"])
      faults.add({ operation, user: eva.userId, when: "after", times: 1, effect: { kind: "reset" } });
    expect(await connect(eva)).toEqual(created);
    expect(faults.list().map(({ struck }) => struck)).toEqual([1, 1]);
    faults.clear();
    const contacts = contactsOf(eva);
    expect(contacts).toHaveLength(1);
    expect(casesOf(contacts[0]?.Id)).toHaveLength(1);
  });

  it("whose account's creation loses its reply leaves one account", async () => {
    const fay = stage().user("lost-account");
    const { faults } = stage().world.parts;
    faults.add({ operation: "composite", when: "after", skip: 1, times: 1, effect: { kind: "reset" } });
    expect(await connect(fay, { AccountRecordTypeId: "012000000000009" })).toEqual(created);
    expect(faults.list().map(({ struck }) => struck)).toEqual([1]);
    faults.clear();
    expect(all("Account").filter(({ PersonEmail }) => PersonEmail === fay.email)).toHaveLength(1);
    expect(contactsOf(fay)).toHaveLength(1);
  });

  it("after a chat that could not be requested takes the case that was left", async () => {
    const gil = stage().user("again");
    const { faults } = stage().world.parts;
    faults.add({ operation: "ChasitorInit", times: 1, effect: { kind: "status", status: 400, body: "Bad request" } });
    const failed = await connect(gil);
    expect(failed.status).toBe(500);
    faults.clear();
    const [contact] = contactsOf(gil);
    expect(casesOf(contact?.Id)).toHaveLength(1);
    expect(await connect(gil)).toEqual(created);
    expect(casesOf(contact?.Id)).toHaveLength(1);
    expect(stage().session(gil)?.user).toBe(gil.userId);
  });
});
