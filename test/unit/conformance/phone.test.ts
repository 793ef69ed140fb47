// Conformance vectors of the parity sheet (section 12): phone numbers without the codes of SFC_CODE_PHONE_REMOVE.
import { expect, it } from "vitest";

import { withoutPrefix } from "../../../src/processors/interconnection/opening.ts";

it.each([
  ["5211245124510", ["521", "52"], "1245124510"],
  // 521 leaves nine digits, so the next code is tried.
  ["521245124510", ["521", "52"], "1245124510"],
  ["52124512451", ["521", "52"], "52124512451"],
  ["5211245124510", [], "5211245124510"],
  ["5212345678", ["521", "52"], "5212345678"],
  ["+5211245124510", ["521", "52"], "+5211245124510"],
])("Phone: %s with the codes %j is %s", (phone, codes, expected) => {
  expect(withoutPrefix(phone, codes)).toBe(expected);
});
