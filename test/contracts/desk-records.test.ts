// The desk port's contacts and cases, by the real client against the simulated org, which parses the SOQL it gets.
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { EnsureCase, EnsureContact } from "../../src/processors/interconnection/commands.ts";
import { startOutside } from "./outside-world.ts";
import type { Outside } from "./outside-world.ts";

let outside: Outside;
beforeEach(async () => {
  outside = await startOutside();
});
afterEach(() => outside.close());

const never = new AbortController().signal;
const records = (object: string) => [...outside.world.parts.desk.records.all(object)];

function contactCommand(fields: Partial<EnsureContact> = {}): EnsureContact {
  return {
    lane: "desk",
    kind: "EnsureContact",
    seq: 1,
    chatId: "chat-1",
    giveUpAt: Date.now() + 8_000,
    name: "Ana López",
    email: "ana@example.org",
    phoneNumber: "5512345678",
    extraData: {},
    channel: "whatsapp",
    ...fields,
  };
}

function caseCommand(contactId: string): EnsureCase {
  return {
    lane: "desk",
    kind: "EnsureCase",
    seq: 2,
    chatId: "chat-1",
    giveUpAt: Date.now() + 8_000,
    notBefore: Date.now(),
    contactId,
    channel: "whatsapp",
    subject: "Ayuda con mi pedido",
    description: "Caso levantado por el Bot : Ayuda con mi pedido",
    ownerId: null,
    extraData: {},
  };
}

async function contactIdOf(command: EnsureContact, created: boolean): Promise<string> {
  const outcome = await outside.desk.ensureContact(command, false, never);
  expect(outcome).toMatchObject({ kind: "done", value: { created, blocked: false } });
  return outcome.kind === "done" ? outcome.value.contactId : "";
}

describe("a contact", () => {
  it("is created on a real miss, and found by e-mail and by phone from then on", async () => {
    const contactId = await contactIdOf(contactCommand(), true);
    expect(records("Contact")).toMatchObject([
      { Email: "ana@example.org", FirstName: "Contacto Bot - ", LastName: "Ana López", MobilePhone: "5512345678" },
    ]);
    expect(await contactIdOf(contactCommand({ phoneNumber: null }), false)).toBe(contactId);
    expect(await contactIdOf(contactCommand({ email: "other@example.org" }), false)).toBe(contactId);
    expect(records("Contact")).toHaveLength(1);
  });

  it("found by e-mail wins over one found by phone", async () => {
    await contactIdOf(contactCommand({ email: "first@example.org", phoneNumber: "1" }), true);
    const second = await contactIdOf(contactCommand({ email: "second@example.org", phoneNumber: "2" }), true);
    expect(await contactIdOf(contactCommand({ email: "second@example.org", phoneNumber: "1" }), false)).toBe(second);
  });

  it.each(["o'neil+bot&co#1%20@example.org", String.raw`back\slash\'@example.org`])(
    "with the e-mail %j is found again, and no other is",
    async (email) => {
      await contactIdOf(contactCommand({ email: "victim@example.org", phoneNumber: null }), true);
      const contactId = await contactIdOf(contactCommand({ email, phoneNumber: null }), true);
      expect(await contactIdOf(contactCommand({ email, phoneNumber: null }), false)).toBe(contactId);
      expect(records("Contact")).toHaveLength(2);
    },
  );

  it.each(["@{newQueryEmail.records[0].Id}", "línea\ttab\n+&#%25", "' OR Id != '", String.raw`\' OR Id != \'`, "%"])(
    "with the phone %j is found again, and no other is",
    async (phoneNumber) => {
      await contactIdOf(contactCommand({ email: "victim@example.org" }), true);
      const contactId = await contactIdOf(contactCommand({ email: "other@example.org", phoneNumber }), true);
      expect(await contactIdOf(contactCommand({ email: "third@example.org", phoneNumber }), false)).toBe(contactId);
      expect(records("Contact")).toHaveLength(2);
    },
  );

  it("of somebody else is not reached by an e-mail that would widen the search; the org refuses it as an address", async () => {
    await contactIdOf(contactCommand({ email: "victim@example.org" }), true);
    const email = "x' OR Email = 'victim@example.org";
    const outcome = await outside.desk.ensureContact(contactCommand({ email, phoneNumber: null }), false, never);
    expect(outcome).toEqual({ kind: "refused", status: 400, detail: "status 400: INVALID_EMAIL_ADDRESS (Email)" });
  });

  it.each([
    [
      { kind: "status", status: 500 },
      { kind: "retry", mayHaveHappened: false },
    ],
    [
      { kind: "status", status: 503, retryAfterS: 2 },
      { kind: "retry", retryAfterMs: 2_000 },
    ],
    [{ kind: "reset" }, { kind: "retry", mayHaveHappened: false }],
    [{ kind: "cut-body" }, { kind: "broken" }],
    [{ kind: "garbage" }, { kind: "broken" }],
  ] as const)("is not created after a search that ended in %j", async (effect, outcome) => {
    outside.world.parts.faults.add({ operation: "composite", effect });
    expect(await outside.desk.ensureContact(contactCommand(), false, never)).toMatchObject(outcome);
    expect(records("Contact")).toHaveLength(0);
  });

  it.each(["reset", "hang", "cut-body", "garbage"] as const)(
    "whose creation's answer was lost (%s) is found by the next try, and is there once",
    async (kind) => {
      outside.world.parts.faults.add({ operation: "create Contact", when: "after", times: 1, effect: { kind } });
      const first = await outside.desk.ensureContact(contactCommand(), false, never);
      // A 200 where 201 is due says nothing of the record: it is not taken for a success, and not repeated blindly.
      if (kind === "garbage") expect(first).toMatchObject({ kind: "broken" });
      else expect(first).toMatchObject({ kind: "retry", mayHaveHappened: true });
      expect(records("Contact")).toHaveLength(1);
      expect(await outside.desk.ensureContact(contactCommand(), true, never)).toMatchObject({
        kind: "done",
        value: { contactId: records("Contact")[0]?.Id, created: true },
      });
      expect(records("Contact")).toHaveLength(1);
    },
  );
});

describe("a token", () => {
  it("R35 is fetched once for twenty at a time, and again once when it has expired", async () => {
    const many = () =>
      Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          outside.desk.ensureContact(contactCommand({ email: `u${n}@example.org`, phoneNumber: null }), false, never),
        ),
      );
    expect((await many()).map(({ kind }) => kind)).toEqual(Array.from({ length: 20 }, () => "done"));
    expect(outside.world.parts.oauth.issued()).toBe(1);
    outside.world.parts.oauth.expireAll();
    expect((await many()).map(({ kind }) => kind)).toEqual(Array.from({ length: 20 }, () => "done"));
    expect(outside.world.parts.oauth.issued()).toBe(2);
    expect(records("Contact")).toHaveLength(20);
  });

  it("R35 that expires between search and creation costs no contact", async () => {
    await contactIdOf(contactCommand({ email: "warm-up@example.org", phoneNumber: null }), true);
    const { faults, oauth } = outside.world.parts;
    const body = JSON.stringify([{ errorCode: "INVALID_SESSION_ID", message: "Session expired or invalid" }]);
    faults.add({ operation: "create Contact", times: 1, effect: { kind: "status", status: 401, body } });
    await contactIdOf(contactCommand(), true);
    expect(oauth.issued()).toBe(2);
  });

  it("that is not given is told with Salesforce's reason, and nothing was done", async () => {
    const body = '{"error":"invalid_grant","error_description":"authentication failure"}';
    outside.world.parts.faults.add({ operation: "token", effect: { kind: "status", status: 400, body } });
    expect(await outside.desk.ensureContact(contactCommand(), false, never)).toEqual({
      kind: "refused",
      status: 400,
      detail: "Salesforce login: status 400: invalid_grant: authentication failure",
    });
    expect(outside.logged).toHaveLength(1);
  });
});

describe("a case", () => {
  it("is created with what the chat knows, and kept from the org's assignment rules", async () => {
    const contactId = await contactIdOf(contactCommand(), true);
    const outcome = await outside.desk.ensureCase(caseCommand(contactId), false, never);
    const [only] = records("Case");
    expect(outcome).toEqual({ kind: "done", value: { caseId: only?.Id, created: true } });
    expect(only).toMatchObject({
      ContactId: contactId,
      Subject: "Ayuda con mi pedido",
      Description: "Caso levantado por el Bot : Ayuda con mi pedido",
      Origin: "whatsapp",
      Priority: "Medium",
      Status: "Nuevo",
    });
  });

  it("R35 whose creation's answer was lost is found by the next try, and is there once", async () => {
    const command = caseCommand(await contactIdOf(contactCommand(), true));
    outside.world.parts.faults.add({ operation: "create Case", when: "after", times: 1, effect: { kind: "reset" } });
    expect(await outside.desk.ensureCase(command, false, never)).toMatchObject({
      kind: "retry",
      mayHaveHappened: true,
    });
    expect(records("Case")).toHaveLength(1);
    expect(await outside.desk.ensureCase(command, true, never)).toEqual({
      kind: "done",
      value: { caseId: records("Case")[0]?.Id, created: true },
    });
    expect(records("Case")).toHaveLength(1);
  });

  it("that may exist and does not is created", async () => {
    const command = caseCommand(await contactIdOf(contactCommand(), true));
    outside.world.parts.faults.add({ operation: "create Case", times: 1, effect: { kind: "reset" } });
    expect(await outside.desk.ensureCase(command, false, never)).toMatchObject({
      kind: "retry",
      mayHaveHappened: true,
    });
    expect(await outside.desk.ensureCase(command, true, never)).toMatchObject({ kind: "done" });
    expect(records("Case")).toHaveLength(1);
  });

  it("of an earlier chat, or with another subject, is not taken for ours", async () => {
    const contactId = await contactIdOf(contactCommand(), true);
    const ours = caseCommand(contactId);
    await outside.desk.ensureCase({ ...ours, subject: "O'tro" }, false, never);
    await outside.desk.ensureCase(ours, false, never);
    const aMinuteLater = { ...ours, notBefore: ours.notBefore + 60_000 };
    await outside.desk.ensureCase(aMinuteLater, true, never);
    expect(records("Case")).toHaveLength(3);
    await outside.desk.ensureCase({ ...ours, subject: "O'tro" }, true, never);
    expect(records("Case")).toHaveLength(3);
    await outside.desk.ensureCase({ ...ours, subject: "Nuevo", otherSubjects: ["Venta", "O'tro"] }, true, never);
    expect(records("Case")).toHaveLength(3);
  });

  it("for a contact that does not exist is refused with a reason", async () => {
    const outcome = await outside.desk.ensureCase(caseCommand("0035g000000XXXXAAA"), false, never);
    expect(outcome).toMatchObject({ kind: "refused", status: 400 });
    expect(records("Case")).toHaveLength(0);
  });
});

it("an org that is away has certainly done nothing", async () => {
  await outside.world.parts.exchanges.get("salesforce")?.cut();
  expect(await outside.desk.ensureContact(contactCommand(), false, never)).toMatchObject({
    kind: "retry",
    mayHaveHappened: false,
    detail: "Salesforce login: ECONNREFUSED",
  });
  await outside.world.parts.exchanges.get("salesforce")?.restore();
  await contactIdOf(contactCommand(), true);
});
