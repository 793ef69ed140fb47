// Titles as a file has them: whole ones only.
import { describe, expect, it } from "vitest";

import { hasLiteral, hasTitle } from "../../support/titles.ts";

const source = `
describe("a chat", () => {
  it("ends for the user", () => undefined);
  it.each([["one"], ["two"]])("is counted %s times", () => undefined);
  it.each(["three", 'it\\'s "four"'])("%s", () => undefined);
});
`;

describe("a title", () => {
  it.each([
    "a chat > ends for the user",
    "a chat > is counted one times",
    "a chat > three",
    `a chat > it's "four"`,
    "ends for the user",
  ])("is there: %s", (title) => expect(hasTitle(source, title)).toBe(true));

  it.each([
    ["is the first half of another", "a chat > ends for"],
    ["is the second half of another", "a chat > for the user"],
    ["has a group of another name", "chat > ends for the user"],
    ["is of no row", "a chat > five"],
  ])("that %s is not", (_what, title) => expect(hasTitle(source, title)).toBe(false));

  it("as it stands in the file is a whole literal", () => {
    expect(["is counted %s times", "is counted", "times"].map((text) => hasLiteral(source, text))).toEqual([
      true,
      false,
      false,
    ]);
  });
});
