// What is passed on of the data API's errors: codes, never personal data.
import { describe, expect, it } from "vitest";

import { apiErrorText } from "../../../../../src/clients/salesforce/data-api/api-errors.ts";

const personal = ["Ana O'Neil", "ana@example.org", "", "5512345678"];

describe("errors of the data API", () => {
  it("are told with code, fields and message", () => {
    const body = [
      { message: "Required fields are missing: [LastName]", errorCode: "REQUIRED_FIELD_MISSING", fields: ["LastName"] },
    ];
    expect(apiErrorText(body, personal)).toBe(
      "REQUIRED_FIELD_MISSING (LastName): Required fields are missing: [LastName]",
    );
  });

  it("come as an object, too, and several at once", () => {
    expect(apiErrorText({ errorCode: "NOT_FOUND", message: "" }, [])).toBe("NOT_FOUND");
    expect(apiErrorText([{ errorCode: "ONE_THING" }, { errorCode: "OTHER_THING", fields: [] }], [])).toBe(
      "ONE_THING; OTHER_THING",
    );
  });

  it.each([
    "Email: invalid email address: ana@example.org",
    "Email: invalid email address: someone.else@example.org",
    "the name ANA O'NEIL is taken",
    "phone 5512345678 is too long",
    "duplicates value on record with id: 0035e00000abcde",
    "unexpected token at 'x'\nSELECT Id FROM Contact",
    "a".repeat(300),
  ])("keep to the code where the message may quote somebody: %s", (message) => {
    expect(apiErrorText([{ errorCode: "SOME_CODE", message, fields: ["Email"] }], personal)).toBe("SOME_CODE (Email)");
  });

  it.each([[undefined], [null], ["text"], [[]], [[null, 7]], [{ errorCode: "see http://org/?q=x" }], [{}]])(
    "are nothing in %j",
    (body) => {
      expect(apiErrorText(body, personal)).toBeNull();
    },
  );
});
